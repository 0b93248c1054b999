"""HTTP responses of the news world as values: charset, ETag, 304, gzip."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, replace
from email.utils import format_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

SMALLEST_GZIP = 200  # bytes; below, the gzip frame eats what it saves


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP response. The server adds Content-Length and Connection.

    ``missing`` bytes of the body are announced and never sent.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    missing: int = 0

    def with_headers(self, *headers: tuple[str, str]) -> Reply:
        """Return the reply with these headers added."""
        return replace(self, headers=(*self.headers, *headers))

    def with_etag(self, tagged_body: bytes | None = None) -> Reply:
        """Return the reply with the ETag of its body, or (a lie) of another body."""
        body = self.body if tagged_body is None else tagged_body
        return self.with_headers(("ETag", f'"{hashlib.sha256(body).hexdigest()[:16]}"'))

    def as_not_modified(self) -> Reply:
        """Return a 304 with the headers of this reply."""
        return replace(self, status=304, body=b"")

    def truncate(self) -> Reply:
        """Return the reply with half of its body lost on the way."""
        half = len(self.body) // 2
        return replace(self, body=self.body[:half], missing=len(self.body) - half)

    def finalize(self, now: datetime, request_headers: Mapping[str, str]) -> Reply:
        """Return the reply as sent at ``now``: with a date, a 304 if the client has the page, gzipped if it may be.

        Names in ``request_headers`` are in lower case.
        """
        dated = self.with_headers(("Date", format_datetime(now, usegmt=True)))
        tag = dict(self.headers).get("ETag", "")
        if tag and tag in request_headers.get("if-none-match", ""):
            return dated.as_not_modified()
        return _gzip(dated) if "gzip" in request_headers.get("accept-encoding", "") else dated


def _gzip(reply: Reply) -> Reply:
    if len(reply.body) < SMALLEST_GZIP:
        return reply
    encoded = replace(reply, body=gzip.compress(reply.body, mtime=0))
    return encoded.with_headers(("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding"))


def html(status: int, page: str, charset: str = "utf-8", declared: str = "utf-8") -> Reply:
    """Return a page in ``charset`` whose header declares ``declared``. The two may differ."""
    return Reply(status, (("Content-Type", f"text/html; charset={declared}"),), page.encode(charset))


def xml(media_type: str, document: str) -> Reply:
    """Return a feed or a sitemap, with an ETag."""
    return Reply(200, (("Content-Type", media_type),), document.encode()).with_etag()


def text(content: str) -> Reply:
    """Return plain text."""
    return Reply(200, (("Content-Type", "text/plain; charset=utf-8"),), content.encode())


def redirect(url: str, *, permanent: bool = True) -> Reply:
    """Return a permanent or temporary redirect."""
    headers = (("Location", url), ("Content-Type", "text/html; charset=utf-8"))
    return Reply(301 if permanent else 302, headers, b"<p>Moved.</p>")
