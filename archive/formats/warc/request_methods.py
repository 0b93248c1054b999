"""Finds the responses of a WARC file that are no pages because they answer a POST, a HEAD or another method than GET.

Such a response has the address of a page and is none of its versions. The method is in a ``request`` record, which may
be anywhere in the file. So the requests are read before the pages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Final

from archive.formats.warc.reader import (
    concurrent_to,
    date_and_url,
    field_value,
    id_value,
    read_block,
    read_records,
    target_url,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from archive.formats.imported import ImportItem
    from archive.formats.warc.reader import WarcRecord

_METHOD: Final = re.compile(rb"\s*(?::method:[ \t]*)?([!#$%&'*+.^_`|~0-9A-Za-z-]{1,40})[ \t\r\n]")
_METHOD_IN_URL: Final = re.compile(r"[?&]__wb_method=(?!GET\b)[A-Z]", re.IGNORECASE)  # Webrecorder's way
_LINE: Final = 100  # bytes in which the method is


@dataclass(slots=True)
class RequestMethods:
    """The requests with other methods than GET: their own record ids, and the ids of the records they name.

    A request that names no record belongs to the response of its address and date, unless a GET has both too.
    ``unlinked`` has these by place: true if one is a GET.
    """

    own_ids: set[str] = field(default_factory=set)
    named_ids: set[str] = field(default_factory=set)
    unlinked: dict[str, bool] = field(default_factory=dict)

    def handle(self, _number: int, record: WarcRecord) -> None:
        """Read the method of a request record."""
        method = _METHOD.match(read_block(record, _LINE)) if record.rec_type == "request" else None
        if method is None:
            return
        is_get = method[1].upper() == b"GET"
        if not concurrent_to(record) and (key := _place(record)):
            self.unlinked[key] = self.unlinked.get(key, False) or is_get
        if not is_get:
            self.own_ids.add(id_value(record, "WARC-Record-ID"))
            self.named_ids.update(concurrent_to(record))

    def reject(self, number: int, problem: str) -> None:
        """Ignore a damaged record. It is reported when its page is read."""

    def report(self, number: int, problem: str) -> None:
        """Ignore a problem, as ``reject`` does."""

    def pop_finished(self) -> list[ImportItem]:
        """Return nothing: this reader has no results of its own."""
        return []

    def answers_page(self, record: WarcRecord) -> bool:
        """False for a response to another method than GET. True if its request is unknown."""
        if _METHOD_IN_URL.search(target_url(record)):
            return False
        named = concurrent_to(record)
        if id_value(record, "WARC-Record-ID") in self.named_ids or self.own_ids.intersection(named):
            return False
        return bool(named) or self.unlinked.get(_place(record), True)


def _place(record: WarcRecord) -> str:
    return date_and_url(target_url(record), field_value(record, "WARC-Date"))


def read_methods(open_file: Callable[[], IO[bytes]], loader: Any) -> RequestMethods:
    """Return the methods of all requests in a file. Raises OSError if it cannot be opened."""
    methods = RequestMethods()
    with open_file() as raw:
        for _ in read_records(raw, loader, methods):
            pass
    return methods
