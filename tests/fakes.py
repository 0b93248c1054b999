"""The one stand-in of the tests: a fetcher that says what it was told to. Everything else is the real part."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from archive.crawl.fetch import SideCaptures
from db.records import Outcome, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from db.records import Visit


class ScriptedFetcher:
    """Answers each address with its outcomes in turn, the last one for ever; an unknown address is a DNS failure.

    ``visits`` holds every visit made, in order.
    """

    def __init__(self, script: Mapping[str, Sequence[Outcome]], *, at: datetime) -> None:
        self.script = dict(script)
        self.visits: list[Visit] = []
        self._at = at
        self._asked: dict[str, int] = defaultdict(int)

    async def fetch(self, visit: Visit) -> Outcome:
        """The next outcome of this address."""
        self.visits.append(visit)
        told = self.script.get(visit.url)
        if not told:
            return self._unknown(visit.url)
        turn = min(self._asked[visit.url], len(told) - 1)
        self._asked[visit.url] += 1
        return told[turn]

    def side_captures(self) -> SideCaptures:
        """Return nothing: a script makes no side captures."""
        return SideCaptures()

    async def finish_probes(self) -> None:
        """Do nothing: a script makes no probes."""

    def urls(self) -> list[str]:
        """The addresses asked, in order."""
        return [visit.url for visit in self.visits]

    def _unknown(self, url: str) -> Outcome:
        return Outcome(
            requested_url=url,
            final_url=url,
            started_at=self._at,
            finished_at=self._at,
            reason=Reason.DNS,
            detail="no such host in the script",
        )
