"""Queries about outlets: their articles with what became of their texts. An outlet is a host without www."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from db.views import article_edits

if TYPE_CHECKING:
    from datetime import datetime

    from db.reader import Ask


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleEdits:
    """An article as ``v_article_edits`` has it, by the month in which it was first seen (``2026-01``).

    ``first_edit``: seconds from the first sight to the first edit, None without one. ``declared``: a note of
    correction appeared. ``silent``: a fact changed, and none did.
    """

    source_id: int
    url: str
    outlet: str
    month: str
    edits: int
    first_edit: int | None
    declared: bool
    silent: bool
    headlines: int
    headline_test: bool


# The text of the view, not the view: an archive of an earlier release has none until its next migration.
_ARTICLES = f"""
    SELECT id, url, outlet, month, edits, seconds_to_first_edit, declared, silent, headlines, headline_test
    FROM ({article_edits()}) e
    WHERE first_seen_at >= :since AND first_seen_at <= :until
    ORDER BY outlet, month, id"""


def article_edits_between(ask: Ask, since: datetime | None, until: datetime | None) -> list[ArticleEdits]:
    """Return the articles first seen in a period, both ends included, to the second."""
    rows = ask(_ARTICLES, since=_second(since) or "", until=_second(until) or "9")
    return [
        ArticleEdits(
            source_id=row["id"],
            url=row["url"],
            outlet=row["outlet"],
            month=row["month"],
            edits=row["edits"],
            first_edit=row["seconds_to_first_edit"],
            declared=bool(row["declared"]),
            silent=bool(row["silent"]),
            headlines=row["headlines"],
            headline_test=bool(row["headline_test"]),
        )
        for row in rows
    ]


def _second(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"
