"""Joins the pages of one article: which parts are missing, and which lines repeat on every page."""

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
    """One further page as derive sees it: whether it came, where from, and what was read on it (None: nothing)."""

    number: int
    url: str
    final_url: str
    reason: Reason | None = None
    verdict: Verdict | None = None
    body: str = ""

    @property
    def missing(self) -> str:
        """Why its words are not there; empty if they are."""
        if self.reason is not None:
            return str(self.reason)
        if url_key(self.final_url) != url_key(self.url):
            return f"sent to {self.final_url}"
        # The last page of an article may hold two sentences, which alone would be thin.
        if self.verdict is not Verdict.THIN and (self.verdict is None or not self.verdict.opens_version):
            return str(self.verdict or "not read")
        return "" if self.body else "empty"


def missing_part(parts: Sequence[Part]) -> str:
    """Which part of an article is missing and why, in a few words; empty if none is."""
    return next((f"part {each.number} is missing: {why}" for each in parts if (why := each.missing)), "")


def repeated_lines(bodies: Sequence[str]) -> list[set[int]]:
    """Of each part's text the lines that stand elsewhere in the article, by position.

    A part that says what an earlier one said goes whole. A line on every part is furniture of the article: at the head
    of the first it stays there alone, otherwise on the last.
    """
    lines = [body.split("\n") for body in bodies]
    again = [body in bodies[:number] for number, body in enumerate(bodies)]
    told = [number for number, is_again in enumerate(again) if not is_again]
    common = set.intersection(*(set(lines[number]) for number in told)) if len(told) > 1 else set()
    opening = next((at for at, line in enumerate(lines[0]) if line not in common), len(lines[0]))
    stays = {line: told[0] if line in lines[0][:opening] else told[-1] for line in common}
    return [
        {at for at, line in enumerate(part) if again[number] or stays.get(line, number) != number}
        for number, part in enumerate(lines)
    ]
