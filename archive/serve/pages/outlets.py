"""The pages of outlets: what all of them do, and one by month, with a picture of who copies whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archive.api import serialize_outlets
from archive.api.outlets import MOST_DERIVED
from archive.serve import charts, paths, wording
from archive.serve.charts.copy_flows import MOST_FLOWS
from archive.serve.request_context import PageResult
from archive.serve.responses import page
from db.errors import BadInput

if TYPE_CHECKING:
    from starlette.routing import Route

    from archive.serve.request_context import RequestContext

    Json = dict[str, Any]


def show(context: RequestContext) -> PageResult:
    """Answer with the figures of all outlets; ``since`` and ``until``: of articles first seen then. Raises BadInput."""
    return _answer(context, None)


def show_one(context: RequestContext) -> PageResult:
    """Answer with the figures of one outlet by month. Raises BadInput, NotArchived."""
    return _answer(context, context.path["outlet"])


def _answer(context: RequestContext, outlet: str | None) -> PageResult:
    since, until = context.moment("since"), context.moment("until", end=True)
    if since is not None and until is not None and until < since:
        raise BadInput(f"until={context.query['until'][:30]} is before since={context.query['since'][:30]}")
    answer = serialize_outlets.report(context.archive.outlets(outlet, since=since, until=until, most=MOST_DERIVED))
    view: Json = {
        "title": "Outlets" if outlet is None else outlet,
        "outlet": outlet,
        "since": context.query.get("since", ""),
        "until": context.query.get("until", ""),
        **answer,
        "next": None,
    }
    drawn = {"chart": charts.copy_flows(answer["flows"], _summary(answer["flows"])), "drawn_flows": MOST_FLOWS}
    return PageResult(view=view, template="outlets.html", rows="months", drawn=drawn | {"outlet_path": paths.outlet})


def _summary(flows: list[Json]) -> str:
    """Return what the chart shows, in a sentence."""
    if not flows:
        return ""
    first = flows[0]
    most = f"{first['copier']} copies {first['original']} most, {wording.many(first['articles'], 'article')}"
    return f"Who copies whom: {most}. The table below has the same numbers."


def routes() -> list[Route]:
    """Return the routes of all outlets and of one, whose name may end like a format."""
    return [*page(paths.OUTLETS, show), *page(paths.OUTLET, show_one)[::-1]]
