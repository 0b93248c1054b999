"""One request at the desk: its archive, its parameters, the present; and what outlasts requests, the house."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from archive.api import Archive
from archive.serve.pagination import Paging, link_to, paging
from archive.timestamps import parse_instant
from db.errors import BadInput
from db.records import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from starlette.requests import Request

    from db.reader import Ask

    Json = dict[str, Any]

PATIENCE = 1.5
"""Seconds the questions of one request may take together: no request holds the server longer than two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppState:
    """What all requests share: where the archive is, what the outside calls it, and what may be changed how.

    ``check`` visits an address now, in the background; None: this server cannot. ``prefect``: where its pages are.
    """

    db: Path
    base: str | None
    token: str | None
    clock: Callable[[], datetime]
    check: Callable[[str], None] | None = None
    prefect: str | None = None


@dataclass
class RequestContext:
    """A request with its open archive. ``form``: html, or the ending of the form that was asked for."""

    request: Request
    archive: Archive
    house: AppState
    form: str

    @property
    def ask(self) -> Ask:
        """What the questions take."""
        return self.archive.ask

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters behind the question mark; of several with one name the last."""
        return self.request.query_params

    @property
    def path(self) -> Mapping[str, Any]:
        """The parameters in the path."""
        return self.request.path_params

    @cached_property
    def now(self) -> datetime:
        """The present, the same for all of the request."""
        return self.house.clock()

    @property
    def base(self) -> str:
        """What absolute links begin with: the configured base, else how this request named us, without final slash."""
        return self.house.base or str(self.request.base_url).rstrip("/")

    def paging(self, *, usual: int = 50) -> Paging:
        """Which page of a list was asked for. Raises BadInput."""
        return paging(self.query, usual=usual)

    def following(self, after: Any) -> str | None:
        """The path of the page behind the key ``after``, in the same form; None where that is None: there is none."""
        return link_to(self.request.url.path, self.query, after)

    def moment(self, name: str, *, end: bool = False) -> datetime | None:
        """The instant a parameter names, None where it is not given. Raises BadInput."""
        said = self.query.get(name)
        return parse_instant(said, now=self.now, end=end) if said else None


def kind_of(name: str) -> Kind | None:
    """The kind of change with a name; None where none is named. Raises BadInput."""
    if name and name not in set(Kind):
        raise BadInput(f"no such kind of change: {name[:20]}; there are: {', '.join(Kind)}")
    return Kind(name) if name else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageResult:
    """What a page answers: its ``view``, JSON values and no others, and how it is shown.

    ``template`` None: it is no page. ``rows`` names the list in the view that csv and ndjson hold; ``feed`` the one
    Atom holds, as entries. ``files``: what else it is to be had as, by the ending, written when it is asked for.
    ``drawn`` are values for the template that are drawn from the same facts. ``etag``: a digest of what can never
    change under this address.
    """

    view: Json
    template: str | None = None
    rows: str | None = None
    feed: Json | None = None
    files: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    drawn: Json = field(default_factory=dict)
    etag: str | None = None


@contextmanager
def request_context(request: Request, form: str) -> Iterator[RequestContext]:
    """The desk of a request, with an archive of its own, open until the answer is written."""
    house: AppState = request.app.state.house
    with Archive(house.db, patience=PATIENCE) as archive:
        yield RequestContext(request=request, archive=archive, house=house, form=form)
