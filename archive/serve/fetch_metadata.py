"""Rules about the purpose of a request, which browsers state in ``Sec-Fetch-*`` (W3C, Fetch Metadata Request Headers).

Scripts cannot set these headers. Programs other than browsers send none, and are not bound by these rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_OURS: Final = frozenset({"same-origin", "none"})  # none: typed, a bookmark, or started by the browser itself
_FRAMES: Final = frozenset({"iframe", "frame"})
_REPLAY: Final = ("/web/", "/archive/")


def is_foreign_load(headers: Mapping[str, str], path: str) -> bool:
    """True if a page of another site loads this address into itself, as a picture, script, frame or by ``fetch``.

    Another site may link to any page, so a navigation of the whole window is none. Nor is one of a frame on the way to
    an archived page: a link in a replayed page starts at an opaque origin, and ``frame-ancestors`` protects the rest.
    """
    if headers.get("sec-fetch-site", "none").lower() in _OURS:
        return False
    purpose = headers.get("sec-fetch-dest", "document").lower()
    navigates = headers.get("sec-fetch-mode", "navigate").lower() == "navigate"
    return not (navigates and (purpose == "document" or (purpose in _FRAMES and path.startswith(_REPLAY))))


def may_have_raw_bytes(headers: Mapping[str, str]) -> bool:
    """True if a request may be answered with a capture's raw bytes, under the media type its own server declared.

    They are for programs, and for a person who saves them by typing the address. Refused are uses that would run or
    show them (script, style, worker, frame, picture ...), and navigations that a page starts.
    """
    purpose = headers.get("sec-fetch-dest", "empty").lower()
    if purpose == "document":
        return headers.get("sec-fetch-site", "none").lower() == "none"
    return purpose == "empty" and headers.get("sec-fetch-mode", "cors").lower() != "navigate"
