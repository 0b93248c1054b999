"""The only things a browser may change: what was seen, what people say of two texts, and that a page be checked now.

All come by POST, past the guard; each ends with a redirect back to where it was asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from archive.api import Archive, curation
from archive.api.version_ref import Ref
from archive.timestamps import parse_stamp
from db.errors import BadInput, NotArchived
from db.queries import sources

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from archive.serve.request_context import AppState
    from db.records import Source

    Form = Mapping[str, str]

_LONGEST_NOTE = 2000
_MOST_ID = 1 << 62


def _route(path: str, change: Callable[[AppState, int, Form], str]) -> Route:
    async def answer(request: Request) -> Response:
        body = (await request.body()).decode("utf-8", "replace")
        form = {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}
        told = await run_in_threadpool(change, request.app.state.house, request.path_params.get("id", 0), form)
        # Some browsers ask in the background, and want no page for it.
        if request.headers.get("accept") == "application/json":
            return Response(status_code=204)
        return RedirectResponse(_inside(form.get("back", "")) or told, 303)

    return Route(path, answer, methods=["POST"])


def _inside(path: str) -> str:
    """A path of ours to go back to; empty for anything that could lead elsewhere."""
    plain = path.startswith("/") and not path.startswith("//") and path.isascii() and path.isprintable()
    return path if plain and "\\" not in path else ""


def _source(house: AppState, source_id: int) -> Source:
    with Archive(house.db) as archive:
        found = sources.history_root(archive.ask, source_id) if 0 < source_id < _MOST_ID else None
    if found is None:
        raise NotArchived(f"there is no article {source_id} in this archive")
    return found


def mark_one(house: AppState, source_id: int, form: Form) -> str:
    """Mark an article as seen up to ``until``; an earlier instant takes that back. Raises BadInput, NotArchived."""
    source = _source(house, source_id)
    curation.mark_seen(house.db, source.id, parse_stamp(form.get("until", "")), now=house.clock())
    return f"/a/{source.id}"


def mark_all(house: AppState, _: int, form: Form) -> str:
    """Mark every article as seen, up to ``until`` if that is given. Raises BadInput."""
    until = form.get("until")
    curation.catch_up(house.db, until=parse_stamp(until) if until else None, now=house.clock())
    return "/"


def label(house: AppState, source_id: int, form: Form) -> str:
    """Keep what a person says of two texts: ``say`` is copy or not-copy; ``a`` and ``b`` are digests of their texts.

    Raises BadInput, NotArchived.
    """
    said = {"copy": True, "not-copy": False}.get(form.get("say", ""))
    other = form.get("with", "")
    if said is None or not other.isdigit():
        raise BadInput("a label says copy or not-copy, of two articles")
    pair = [_source(house, source_id), _source(house, int(other[:18]))]
    versions = [form.get("a", ""), form.get("b", "")]
    refs = [_ref(house, each, digest) for each, digest in zip(pair, versions, strict=True)]
    note = form.get("note", "")[:_LONGEST_NOTE]
    curation.label_in(house.db, refs[0], refs[1], copy=said, note=note, now=house.clock())
    return f"/g/{source_id}?with={other}"


def _ref(house: AppState, source: Source, digest: str) -> Ref:
    """The version of an article with a text; its newest if the form names none."""
    if not digest:
        return Ref(url=source.url)
    with Archive(house.db) as archive:
        _, told = archive.history(source.url)
    number = next((each.number for each in told.versions if each.text_sha256 == digest), None)
    if number is None:
        raise NotArchived(f"no version of {source.url} has the text that was shown; reload the page")
    return Ref(url=source.url, number=number)


def check(house: AppState, source_id: int, form: Form) -> str:
    """Visit an article now, in the background."""
    del form
    if house.check is None:
        raise HTTPException(501, "this server cannot visit pages; use wirecopy refresh")
    source = _source(house, source_id)
    house.check(source.url)
    return f"/a/{source.id}"


def routes() -> list[Route]:
    """What can be changed."""
    return [
        _route("/seen", mark_all),
        _route("/a/{id:int}/seen", mark_one),
        _route("/a/{id:int}/check", check),
        _route("/g/{id:int}/label", label),
    ]
