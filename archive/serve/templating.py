"""The Jinja environment: autoescape, and filters for times, shares, sizes and words."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from archive.serve import charts, wording
from archive.versions.diff.layout import strip_controls

if TYPE_CHECKING:
    from archive.serve.request_context import RequestContext

    Json = dict[str, Any]


def draw(template: str, view: Json, *, context: RequestContext | None = None, **drawn: Any) -> str:
    """Render a template with a view, and with charts and markup made from the same data."""
    variables: Json = {"path": "", "here": "/", "token": None, "now": None, "context": context, "view": view}
    if context:
        url = context.request.url
        here = f"{url.path}?{url.query}" if url.query else url.path
        variables |= {"path": url.path, "here": here, "token": context.identity.form_token, "now": context.now}
    return environment().get_template(template).render(variables | drawn)


@lru_cache(maxsize=1)  # templates are compiled once
def environment() -> Environment:
    """Return the Jinja environment of our templates."""
    jinja = Environment(
        loader=PackageLoader("archive.serve"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        finalize=_plain,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.filters |= {
        "moment": moment,
        "day": day,
        "period": period,
        "percent": percent,
        "capital": _capital,
        "host": wording.host,
        "cause": wording.cause,
        "state": wording.state,
        "kind": wording.kind,
        "relation": wording.relation,
        "lag": wording.lag,
        "did": wording.describe_run,
        "many": wording.many,
        "quoted": lambda text: quote(str(text), safe=""),
    }
    jinja.globals["charts"] = charts
    return jinja


def _capital(text: object) -> str:
    """Return a message with a capital letter and without its full stop. An address at its start keeps its case."""
    message = str(text).rstrip(".")
    return message if "://" in message.partition(" ")[0] else message[:1].upper() + message[1:]


def _plain(value: Any) -> Any:
    """Remove control characters, so that archived text cannot hide or change the direction of a page."""
    return strip_controls(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def moment(iso: str | None) -> Markup:
    """Return an instant as ``<time>``, to the minute, UTC."""
    if not iso:
        return Markup('<span class="none">never</span>')
    instant = datetime.fromisoformat(iso)
    return Markup('<time datetime="{}">{}</time>').format(iso, f"{instant.day} {instant:%b %Y %H:%M}")


def period(start: str, end: str) -> Markup:
    """Return the instants of a period, or the one instant if they are the same to the minute."""
    first, last = moment(start), moment(end)
    return first if start[:16] == end[:16] else Markup("{} to {}").format(first, last)


def day(iso: str) -> Markup:
    """Return the day of an instant as ``<time>``."""
    instant = datetime.fromisoformat(iso)
    return Markup('<time datetime="{}">{}</time>').format(iso[:10], f"{instant.day} {instant:%b %Y}")


def percent(share: float) -> str:
    """Return a share from 0 to 1 as a percentage."""
    return f"{share:.0%}" if share >= 0.01 or not share else "under 1%"  # noqa: PLR2004 - what a percent is


__all__ = ["day", "draw", "environment", "escape", "moment", "percent"]
