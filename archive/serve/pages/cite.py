"""The page of citations of a version: address, instant and digests, and a command to verify them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from archive.api import serialize
from archive.api.version_ref import Ref
from archive.serve import paths, wording
from archive.serve.memento.rewrite import Links, escape_url
from archive.serve.pages.parameters import number_of, source_of
from archive.serve.request_context import PageResult
from archive.serve.responses import page
from archive.versions.diff.layout import strip_controls

if TYPE_CHECKING:
    from starlette.routing import Route

    from archive.serve.request_context import RequestContext
    from db.records import Citation, Source, Version

    Json = dict[str, Any]

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|])")
_TEX = {**{sign: f"\\{sign}" for sign in "&%$#_{}"}, "\\": r"\textbackslash{}", "~": r"\~{}", "^": r"\^{}"}


def view(source: Source, version: Version, citation: Citation, base: str) -> Json:
    """Return the page as JSON values."""
    cited = serialize.citation(citation)
    captured_at = datetime.fromisoformat(cited["captured_at"])
    memento = Links(f"{base}/web").memento(captured_at, citation.capture.url)
    return {
        "id": source.id,
        "article": paths.article(source.id),
        "version": version.number,
        **cited,
        "outlet": wording.host(source.url),
        "byline": version.byline,
        "memento": memento,
        "forms": _forms(cited, version, memento, captured_at),
        "check": f"wirecopy cite '{citation.capture.url}@{cited['captured_at']}' --raw | sha256sum",
    }


def _forms(cited: Json, version: Version, memento: str, captured_at: datetime) -> list[Json]:
    """Return the citation as a sentence (APA's order), as Markdown and as BibTeX; each value on one line."""
    outlet = wording.host(cited["url"])
    title, byline = (" ".join(strip_controls(text or "").split()) for text in (cited["title"], version.byline))
    dated = version.published_at or captured_at
    day = f"{dated.day} {dated:%B %Y}"
    archived = f"archived {cited['captured_at']}"
    digest = f"text sha256 {cited['text_sha256']}"
    key = re.sub(r"[^a-z0-9]+", "", outlet.lower()) + f"{dated:%Y%m%d}" + cited["text_sha256"][:8]
    fields = {
        "title": f"{{{_tex(title)}}}",
        **({"author": f"{{{_tex(byline)}}}"} if byline else {}),
        "organization": _tex(outlet),
        "date": f"{dated:%Y-%m-%d}",
        "url": escape_url(cited["url"]).replace("{", "%7B").replace("}", "%7D"),
        "urldate": f"{captured_at:%Y-%m-%d}",
        "note": f"{archived}, {digest}",
    }
    tex = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    escaped = _MARKDOWN.sub(r"\\\1", title)
    markdown = f"[{escaped}](<{escape_url(cited['url'])}>)"
    return [
        {
            "name": "APA",
            "text": f"{byline or outlet} ({dated.year}, {dated:%B} {dated.day}). {title}. {outlet}. {cited['url']} "
            f"({archived}; {digest})",
        },
        {"name": "Markdown", "text": f"{markdown}, {outlet}, {day} ([{archived}](<{memento}>), {digest})"},
        {"name": "BibTeX", "text": f"@online{{{key},\n{tex}\n}}"},
    ]


def _tex(text: str) -> str:
    return "".join(_TEX.get(sign, sign) for sign in text)


def show(context: RequestContext) -> PageResult:
    """Answer with the citation of a version; without ``v`` the newest. Raises NotArchived."""
    source = source_of(context)
    ref = Ref(url=source.url, number=number_of(context.query.get("v", "")))
    citation = view(source, context.archive.version(ref), context.archive.cite(ref), context.base)
    return PageResult(view=citation, template="cite.html")


def routes() -> list[Route]:
    """Return the routes of a citation."""
    return page(f"{paths.ARTICLE}/cite", show)
