"""FetchError: a visit that failed in an expected way. Private to this package."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from db.records import Reason


class FetchError(Exception):
    """A visit failed in an expected way.

    ``reason`` is from the closed list, ``detail`` is for people. ``retry_at`` is set if the server named a time.
    """

    def __init__(self, reason: Reason, detail: str = "", retry_at: datetime | None = None) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.retry_at = retry_at


class SiteBusy(Exception):
    """Another run makes the requests to a site. It is no outcome: the visit is made later, by this run or another."""
