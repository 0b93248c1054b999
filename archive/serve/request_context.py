"""The context of a request (its open archive, its parameters, the current time), and the state all requests share."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from archive.api import Archive
from archive.serve.access import identity_of
from archive.serve.pagination import Paging, link_to, paging
from archive.timestamps import parse_instant
from db.errors import BadInput
from db.records import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from starlette.requests import Request

    from archive.api.version_ref import Ref
    from archive.serve.access import Identity
    from archive.serve.jobs import Jobs, Project
    from db.reader import Ask

    Json = dict[str, Any]

PATIENCE = 1.5
"""Seconds of processor time that all queries of one request may use. On a busy machine they take longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppState:
    """The state all requests share: the archive's file, the public address, the clock.

    ``zone`` is the name of the time zone that pages show times in. None: that of each browser.

    ``project`` is what the server can start and change besides, ``jobs`` what it has started. ``evidence`` writes an
    evidence file about versions. None: this server gives out none.
    """

    db: Path
    base: str | None
    zone: str | None
    clock: Callable[[], datetime]
    project: Project
    jobs: Jobs
    evidence: Callable[[Path, Sequence[Ref]], object] | None = None


@dataclass
class RequestContext:
    """A request with its open archive. ``form``: html, or the ending of the requested format."""

    request: Request
    archive: Archive
    state: AppState
    form: str

    @property
    def ask(self) -> Ask:
        """The connection, for ``archive.serve.memento``, which has queries of its own."""
        return self.archive.ask

    @property
    def identity(self) -> Identity:
        """The person who makes the request."""
        return identity_of(self.request.scope)

    @property
    def query(self) -> Mapping[str, str]:
        """The query parameters; the last one of each name."""
        return self.request.query_params

    @property
    def path(self) -> Mapping[str, Any]:
        """The parameters in the path."""
        return self.request.path_params

    @cached_property
    def now(self) -> datetime:
        """The current time, constant within the request."""
        return self.state.clock()

    @property
    def base(self) -> str:
        """The base of absolute links without a final slash: as configured, else from this request."""
        return self.state.base or str(self.request.base_url).rstrip("/")

    def paging(self, *, usual: int = 50) -> Paging:
        """Return the requested page of a list. Raises BadInput."""
        return paging(self.query, usual=usual)

    def following(self, key: Any) -> str | None:
        """Return the path of the page after a key in the same format, None for no key."""
        return link_to(self.request.url.path, self.query, key)

    def moment(self, name: str, *, end: bool = False) -> datetime | None:
        """Return the instant in a parameter, None if it is absent. Raises BadInput."""
        text = self.query.get(name)
        return parse_instant(text, now=self.now, end=end) if text else None


def kind_of(name: str) -> Kind | None:
    """Return the kind of change with a name, None for an empty name. Raises BadInput."""
    if name and name not in set(Kind):
        raise BadInput(f"no such kind of change: {name[:20]}; choose from: {', '.join(Kind)}")
    return Kind(name) if name else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageResult:
    """The result of a page: its ``view`` of JSON values, and its formats.

    ``template``: None without an HTML page. ``rows``: the list in the view for csv and ndjson. ``feed``: the feed for
    Atom, with entries. ``files``: writers of further formats by ending. ``drawn``: charts and markup for the template.
    ``etag``: a digest if the content of this address never changes. ``reload_seconds``: a browser asks again after so
    many seconds.
    """

    view: Json
    template: str | None = None
    rows: str | None = None
    feed: Json | None = None
    files: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    drawn: Json = field(default_factory=dict)
    etag: str | None = None
    reload_seconds: int | None = None


@contextmanager
def request_context(request: Request, form: str) -> Iterator[RequestContext]:
    """Yield the context of a request, with an archive that is open until the response is written."""
    state: AppState = request.app.state.shared
    with Archive(state.db, patience=PATIENCE) as archive:
        yield RequestContext(request=request, archive=archive, state=state, form=form)
