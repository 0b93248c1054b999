"""Forms, the only changes a browser can make: read marks, labels of two texts, and immediate checks.

All are POST requests and pass the middleware. Each redirects back to the page it was sent from.
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
from archive.serve import paths
from archive.timestamps import parse_stamp
from db.errors import BadInput, NotArchived

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from archive.serve.request_context import AppState
    from db.records import Source

    Form = Mapping[str, str]

_LONGEST_NOTE = 2000


def _route(path: str, change: Callable[[AppState, int, Form], str]) -> Route:
    async def answer(request: Request) -> Response:
        body = (await request.body()).decode("utf-8", "replace")
        form = {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}
        back = await run_in_threadpool(change, request.app.state.shared, request.path_params.get("id", 0), form)
        # The page's script sends forms in the background and needs no page in return.
        if request.headers.get("accept") == "application/json":
            return Response(status_code=204)
        return RedirectResponse(_inside(form.get("back", "")) or back, 303)

    return Route(path, answer, methods=["POST"])


def _inside(path: str) -> str:
    """Return a path on this site to go back to, empty for anything that could lead to another site."""
    plain = path.startswith("/") and not path.startswith("//") and path.isascii() and path.isprintable()
    return path if plain and "\\" not in path else ""


def _source(state: AppState, source_id: int) -> Source:
    with Archive(state.db) as archive:
        return archive.source_by_id(source_id)


def mark_one(state: AppState, source_id: int, form: Form) -> str:
    """Mark an article as seen up to ``until``; an earlier instant takes that back. Raises BadInput, NotArchived."""
    source = _source(state, source_id)
    curation.mark_seen(state.db, source.id, parse_stamp(form.get("until", "")), now=state.clock())
    return paths.article(source.id)


def mark_all(state: AppState, _: int, form: Form) -> str:
    """Mark every article as seen, up to ``until`` if given. Raises BadInput."""
    until = form.get("until")
    curation.catch_up(state.db, until=parse_stamp(until) if until else None, now=state.clock())
    return paths.INBOX


def label(state: AppState, source_id: int, form: Form) -> str:
    """Record a label of two texts. ``say`` is copy or not-copy, ``a`` and ``b`` are digests of the texts.

    Raises BadInput, NotArchived.
    """
    is_copy = {"copy": True, "not-copy": False}.get(form.get("say", ""))
    other = form.get("with", "")
    if is_copy is None or not other.isdigit():
        raise BadInput("a label needs two articles, and copy or not-copy")
    sources = [_source(state, source_id), _source(state, int(other[:18]))]
    digests = [form.get("a", ""), form.get("b", "")]
    refs = [_ref(state, source, digest) for source, digest in zip(sources, digests, strict=True)]
    note = form.get("note", "")[:_LONGEST_NOTE]
    curation.label_in(state.db, refs[0], refs[1], copy=is_copy, note=note, now=state.clock())
    return paths.copies(source_id, other)


def original(state: AppState, source_id: int, form: Form) -> str:
    """Record whether an article is the original of its group, or take that back. ``of`` is the id of the article.

    ``say`` is original, not-original or undo. Raises BadInput, NotArchived.
    """
    say, of = form.get("say", ""), form.get("of", "")
    if say not in {"original", "not-original", "undo"} or not of.isdigit():
        raise BadInput("a label needs an article, and original, not-original or undo")
    source = _source(state, int(of[:18]))
    if say == "undo":
        curation.forget_original_in(state.db, source.url)
    else:
        note = form.get("note", "")[:_LONGEST_NOTE]
        ref = Ref(url=source.url)
        curation.label_original_in(state.db, ref, original=say == "original", note=note, now=state.clock())
    return paths.copies(source_id)


def _ref(state: AppState, source: Source, digest: str) -> Ref:
    """Return the version of an article with a text, its newest if the form names none. Raises NotArchived."""
    if not digest:
        return Ref(url=source.url)
    with Archive(state.db) as archive:
        _, history = archive.history(source.url)
    number = next((version.number for version in history.versions if version.text_sha256 == digest), None)
    if number is None:
        raise NotArchived(f"no version of {source.url} has the text that was shown; reload the page")
    return Ref(url=source.url, number=number)


def check(state: AppState, source_id: int, form: Form) -> str:
    """Check an article now, in the background. Raises NotArchived."""
    del form
    if state.check is None:
        raise HTTPException(501, "this server cannot check pages; run wirecopy refresh")
    source = _source(state, source_id)
    state.check(source.url)
    return paths.article(source.id)


def routes() -> list[Route]:
    """Return the routes of the forms."""
    return [
        _route("/seen", mark_all),
        _route(f"{paths.ARTICLE}/seen", mark_one),
        _route(f"{paths.ARTICLE}/check", check),
        _route(f"{paths.COPIES_OF}/label", label),
        _route(f"{paths.COPIES_OF}/original", original),
    ]
