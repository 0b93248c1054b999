"""Joining the pages of one article: missing parts, and lines that repeat on every page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.urls import url_key
from db.records import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from db.records import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A further page of an article: its origin and what was read on it. ``verdict`` None means it was not read."""

    number: int
    url: str
    final_url: str
    reason: Reason | None = None
    verdict: Verdict | None = None
    body: str = ""

    @property
    def missing(self) -> str:
        """The reason why its text is missing, or an empty string if it is there."""
        if self.reason is not None:
            return str(self.reason)
        if url_key(self.final_url) != url_key(self.url):
            return f"sent to {self.final_url}"
        # The last page of an article may hold only two sentences, which would otherwise be thin.
        if self.verdict is not Verdict.THIN and (self.verdict is None or not self.verdict.opens_version):
            return str(self.verdict or "not read")
        return "" if self.body else "empty"


def missing_part(parts: Sequence[Part]) -> str:
    """Return a short message about the first missing part of an article, or an empty string if none is missing."""
    return next((f"part {part.number} is missing: {why}" for part in parts if (why := part.missing)), "")


def repeated_lines(bodies: Sequence[str]) -> list[set[int]]:
    """Return, for each part, the positions of lines to drop because another part of the article has them.

    A part whose text equals an earlier one is dropped whole. A line on every part is the article's own page chrome: at
    the head of the first part it stays there only, elsewhere it stays on the last part only.
    """
    lines = [body.split("\n") for body in bodies]
    is_copy = [body in bodies[:number] for number, body in enumerate(bodies)]
    distinct = [number for number, is_repeated in enumerate(is_copy) if not is_repeated]
    common = set.intersection(*(set(lines[number]) for number in distinct)) if len(distinct) > 1 else set()
    opening = next((position for position, line in enumerate(lines[0]) if line not in common), len(lines[0]))
    stays_on = {line: distinct[0] if line in lines[0][:opening] else distinct[-1] for line in common}
    return [
        {position for position, line in enumerate(part) if is_copy[number] or stays_on.get(line, number) != number}
        for number, part in enumerate(lines)
    ]
