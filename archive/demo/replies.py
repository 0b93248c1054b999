"""HTTP answers of the news world as values: charset, ETag, 304, gzip."""

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
    """An HTTP answer. Headers lack Content-Length and Connection: those are the server's own.

    ``missing`` bytes of the body are announced and never sent.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    missing: int = 0

    def headed(self, *headers: tuple[str, str]) -> Reply:
        """Return the reply with these headers added."""
        return replace(self, headers=(*self.headers, *headers))

    def tagged(self, of: bytes | None = None) -> Reply:
        """Return the reply with an ETag of its body, or falsely of another one."""
        body = self.body if of is None else of
        return self.headed(("ETag", f'"{hashlib.sha256(body).hexdigest()[:16]}"'))

    def unmodified(self) -> Reply:
        """Return a 304 with the headers of this reply, whatever the asker has."""
        return replace(self, status=304, body=b"")

    def cut_off(self) -> Reply:
        """Return the reply with half of its body lost on the way."""
        half = len(self.body) // 2
        return replace(self, body=self.body[:half], missing=len(self.body) - half)

    def finished(self, now: datetime, asked: Mapping[str, str]) -> Reply:
        """Return what goes out at ``now``: dated, 304 where the asker has it already, gzipped where it may be.

        ``asked`` are the request's headers, names in lower case.
        """
        dated = self.headed(("Date", format_datetime(now, usegmt=True)))
        tag = dict(self.headers).get("ETag", "")
        if tag and tag in asked.get("if-none-match", ""):
            return dated.unmodified()
        return _zipped(dated) if "gzip" in asked.get("accept-encoding", "") else dated


def _zipped(reply: Reply) -> Reply:
    if len(reply.body) < SMALLEST_GZIP:
        return reply
    coded = replace(reply, body=gzip.compress(reply.body, mtime=0))
    return coded.headed(("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding"))


def html(status: int, page: str, charset: str = "utf-8", declared: str = "utf-8") -> Reply:
    """Return a page in ``charset`` whose header declares ``declared``: not always the same."""
    return Reply(status, (("Content-Type", f"text/html; charset={declared}"),), page.encode(charset))


def xml(media_type: str, document: str) -> Reply:
    """Return a feed or a sitemap, with an ETag."""
    return Reply(200, (("Content-Type", media_type),), document.encode()).tagged()


def text(content: str) -> Reply:
    """Return plain text."""
    return Reply(200, (("Content-Type", "text/plain; charset=utf-8"),), content.encode())


def moved(url: str, *, for_good: bool = True) -> Reply:
    """Return a redirect, permanent or of the moment."""
    headers = (("Location", url), ("Content-Type", "text/html; charset=utf-8"))
    return Reply(301 if for_good else 302, headers, b"<p>Moved.</p>")
