"""Forms, the only changes a browser can make: read marks, labels of two texts, and immediate checks.

All are POST requests and pass the middleware. Each names the role that it needs, and redirects back to the page it was
sent from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from archive.api import Archive, curation
from archive.api.version_ref import Ref
from archive.serve import paths
from archive.serve.access import identity_of
from archive.timestamps import parse_stamp
from db.errors import BadInput, NotArchived
from db.records import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from archive.serve.access import Identity
    from archive.serve.request_context import AppState
    from db.records import Source

    Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Posted:
    """A form as it was sent: by whom, for the article with an id (0: none), and its fields."""

    state: AppState
    identity: Identity
    source_id: int
    form: Form


_LONGEST_NOTE = 2000


def form_route(path: str, role: Role, change: Callable[[Posted], str]) -> Route:
    """Return the route of a form that people with ``role`` may send. ``change`` returns the address to go to."""

    async def answer(request: Request) -> Response:
        identity = identity_of(request.scope)
        if not identity.may(role):
            raise HTTPException(403, f"this needs the role {role}, which {identity.name or 'this token'} does not have")
        body = (await request.body()).decode("utf-8", "replace")
        form = {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}
        posted = Posted(request.app.state.shared, identity, request.path_params.get("id", 0), form)
        back = await run_in_threadpool(change, posted)
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


def mark_one(posted: Posted) -> str:
    """Mark an article as seen up to ``until``; an earlier instant takes that back. Raises BadInput, NotArchived."""
    state, reader = posted.state, posted.identity.name
    source = _source(state, posted.source_id)
    curation.mark_seen(state.db, source.id, parse_stamp(posted.form.get("until", "")), now=state.clock(), reader=reader)
    return paths.article(source.id)


def mark_all(posted: Posted) -> str:
    """Mark every article as seen, up to ``until`` if given. Raises BadInput."""
    state, until = posted.state, posted.form.get("until")
    instant = parse_stamp(until) if until else None
    curation.catch_up(state.db, until=instant, now=state.clock(), reader=posted.identity.name)
    return paths.INBOX


def label(posted: Posted) -> str:
    """Record a label of two texts. ``say`` is copy or not-copy, ``a`` and ``b`` are digests of the texts.

    Raises BadInput, NotArchived.
    """
    state, form = posted.state, posted.form
    is_copy = {"copy": True, "not-copy": False}.get(form.get("say", ""))
    other = form.get("with", "")
    if is_copy is None or not other.isdigit():
        raise BadInput("a label needs two articles, and copy or not-copy")
    sources = [_source(state, posted.source_id), _source(state, int(other[:18]))]
    digests = [form.get("a", ""), form.get("b", "")]
    a, b = (_ref(state, source, digest) for source, digest in zip(sources, digests, strict=True))
    note, actor = form.get("note", "")[:_LONGEST_NOTE], posted.identity.actor
    curation.label_in(state.db, a, b, copy=is_copy, note=note, now=state.clock(), actor=actor)
    return paths.copies(posted.source_id, other)


def original(posted: Posted) -> str:
    """Record whether an article is the original of its group, or take that back. ``of`` is the id of the article.

    ``say`` is original, not-original or undo. Raises BadInput, NotArchived.
    """
    state, form, actor = posted.state, posted.form, posted.identity.actor
    say, of = form.get("say", ""), form.get("of", "")
    if say not in {"original", "not-original", "undo"} or not of.isdigit():
        raise BadInput("a label needs an article, and original, not-original or undo")
    source = _source(state, int(of[:18]))
    if say == "undo":
        curation.forget_original_in(state.db, source.url, now=state.clock(), actor=actor)
    else:
        note = form.get("note", "")[:_LONGEST_NOTE]
        is_original = say == "original"
        ref = Ref(url=source.url)
        curation.label_original_in(state.db, ref, original=is_original, note=note, now=state.clock(), actor=actor)
    return paths.copies(posted.source_id)


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


def check(posted: Posted) -> str:
    """Check an article now, in the background, and show the job. Raises BadInput, NotArchived."""
    state = posted.state
    if state.project.check is None:
        raise HTTPException(501, "this server cannot check pages; run wirecopy refresh")
    source = _source(state, posted.source_id)
    return state.jobs.check(state.project, [source.url], state.clock()).path


def routes() -> list[Route]:
    """Return the routes of the forms."""
    return [
        form_route("/seen", Role.READ, mark_all),
        form_route(f"{paths.ARTICLE}/seen", Role.READ, mark_one),
        form_route(f"{paths.ARTICLE}/check", Role.LABEL, check),
        form_route(f"{paths.COPIES_OF}/label", Role.LABEL, label),
        form_route(f"{paths.COPIES_OF}/original", Role.LABEL, original),
    ]
