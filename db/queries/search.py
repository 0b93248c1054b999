"""Questions about words in all versions there ever were: ranked, page by page, with a bound on the work of each page.

What full-text search finds is ranked by bm25 (Robertson and Zaragoza 2009) in windows: the newest ``AT_ONCE`` texts
with the words, then those before them. Nearly every search has fewer, and is ranked as a whole.
"""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import count
from typing import TYPE_CHECKING

from db.microseconds import instant, micros_or_none
from db.queries import row_mapping
from db.records import SNIPPET_MARKS, Cause, Match, SearchFilters, SearchKey, SearchPage, SearchRank

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from db.reader import Ask, Row

    History = Mapping[int, Row]  # today's versions of an article by their numbers

AT_ONCE = 2_000
"""Texts with the words that make a window. A word in all of 150,000 texts is ranked so in 15 ms CPU, and so is a prefix
of three letters, which the index has; the worst of four takes 45, of two 500. To rank all of them took 1.5 s."""

LOOKED_AT, PICKED_FROM = 200, 5_000
"""Texts of a window whose versions and histories are looked at for one page, the best ones: 10 ms, and on a slow disk
one second for each 1,000. Of a search by site or time all of a window are, which is so large then."""

EXCERPTED = 2_000_000
"""Characters that are read for the excerpts of one page, 0.1 s: what is longer is shown by its beginning. SQLite reads
a text to its end for an excerpt, and cannot be stopped on the way."""

_WINDOW = """
    SELECT rowid AS text_id, bm25(text_fts, 4.0, 1.0) AS score FROM text_fts
    WHERE text_fts MATCH :query AND rowid <= :top ORDER BY rowid DESC LIMIT :n"""
_THEIRS = """
    SELECT v.id, v.source_id, v.number, v.text_id, v.first_seen_at
    FROM json_each(:texts) f
    CROSS JOIN version v ON v.text_id = f.value AND v.superseded_at IS NULL
    CROSS JOIN source s ON s.id = v.source_id
    WHERE v.first_seen_at >= :since AND v.first_seen_at < :until
      AND (:site IS NULL OR (s.url_key >= :site AND s.url_key < :behind))
      AND (:at IS NULL OR v.id = (SELECT w.id FROM version w WHERE w.source_id = v.source_id
                                  AND w.superseded_at IS NULL AND w.first_seen_at <= :at
                                  ORDER BY w.first_seen_at DESC, w.number DESC LIMIT 1))"""
_THEIRS_ANYWHERE = _THEIRS.replace("CROSS JOIN source s ON s.id = v.source_id", "").replace(
    "AND (:site IS NULL OR (s.url_key >= :site AND s.url_key < :behind))", ""
)
_HISTORIES = """
    SELECT v.id, v.source_id, v.number, v.text_id, v.first_seen_at, v.last_seen_at, v.cause
    FROM json_each(:sources) f CROSS JOIN version v ON v.source_id = f.value AND v.superseded_at IS NULL"""
_SHOWN = f"""
    SELECT {row_mapping.VERSION}, v.source_id, length(t.body) AS length, substr(t.body, 1, 160) AS start
    FROM json_each(:ids) f
    CROSS JOIN version v ON v.id = f.value
    JOIN source s ON s.id = v.source_id
    JOIN text t ON t.id = v.text_id"""
# One pass over what matches: asked for one text at a time, a prefix would be looked up anew for each.
_AMONG = """
    FROM text_fts WHERE text_fts MATCH :query AND rowid BETWEEN :first AND :last
    AND +rowid IN (SELECT value FROM json_each(:texts))"""
_MATCHING = f"SELECT rowid AS text_id {_AMONG}"
_EXCERPTS = f"SELECT rowid AS text_id, snippet(text_fts, 1, :open, :close, :gap, 24) AS snippet {_AMONG}"

_LAST = 1 << 62


def first_seen_window(only: SearchFilters) -> tuple[int, int]:
    """Return from when on, and before when, a version must be first seen, in microseconds."""
    return micros_or_none(only.since) or 0, micros_or_none(only.until) or _LAST


def search(ask: Ask, query: str, *, limit: int, only: SearchFilters | None = None) -> list[Match]:
    """What ``search_page`` gives, page after page until there are ``limit`` or no more."""
    page = search_page(ask, query, limit=limit, only=only)
    found = page.matches
    while page.following is not None and len(found) < limit:
        page = search_page(ask, query, limit=limit - len(found), only=only, place=page.following)
        found += page.matches
    return found


def search_page(
    ask: Ask,
    query: str,
    *,
    limit: int,
    only: SearchFilters | None = None,
    place: SearchKey | None = None,
    window: int | None = None,
) -> SearchPage:
    """Versions matching an FTS5 query, best first, each stretch of matching versions of one article once.

    A page may have fewer than ``limit``, even none, and yet be followed by others. Snippets carry ``SNIPPET_MARKS``.
    ``window``: how many texts make one, instead of the usual number.
    """
    only, place = only or SearchFilters(), place or SearchKey(_LAST, None)
    at_once = window or (PICKED_FROM if only.picks else AT_ONCE)
    scores = {row["text_id"]: row["score"] for row in ask(_WINDOW, query=query, top=place.top, n=at_once)}
    left, rest = _left(scores, place.behind, only)
    found = _Found(ask, query, scores, _theirs(ask, left, only), only)
    picked: list[tuple[Row, range]] = []
    rank: SearchRank | None
    for rank, row in sorted(found.ranked.items()):
        if place.behind is not None and rank <= place.behind:
            continue
        stretch = found.stretch(row)
        gone = not only.gone or not found.stands(row, stretch)
        if gone and found.is_first(rank, row, stretch) and not found.before(row, stretch, place.top):
            picked.append((row, stretch))
        if len(picked) == limit:
            break
    else:
        rank = None
    last = len(scores) < at_once
    following = None if last else SearchKey(min(scores) - 1, None)
    if rest or (rank is not None and rank < max(found.ranked)):
        following = SearchKey(place.top, rank or SearchRank(scores[left[-1]], left[-1], _LAST))
    matches = _matches(ask, query, picked, found)
    return SearchPage(matches, following, list(scores), whole=last and place.top == _LAST)


def _left(scores: Mapping[int, float], behind: SearchRank | None, only: SearchFilters) -> tuple[list[int], bool]:
    """The texts of a window from the one of ``behind`` on that are looked at now, best first; and if there are more."""
    order = sorted(scores, key=lambda each: (scores[each], each))
    left = [each for each in order if behind is None or (scores[each], each) >= behind[:2]]
    at_once = len(left) if only.picks else LOOKED_AT
    return left[:at_once], len(left) > at_once


def _theirs(ask: Ask, texts: Sequence[int], only: SearchFilters) -> list[Row]:
    """Today's versions with these texts that the search is narrowed to."""
    (site, behind), (since, until) = only.site or (None, None), first_seen_window(only)
    return ask(
        _THEIRS if only.site else _THEIRS_ANYWHERE,
        texts=json.dumps(texts),
        site=site,
        behind=behind,
        since=since,
        until=until,
        at=micros_or_none(only.when),
    )


class _Found:
    """The versions that were found, the histories around them, and which versions of those match."""

    def __init__(
        self, ask: Ask, query: str, scores: Mapping[int, float], theirs: Sequence[Row], only: SearchFilters
    ) -> None:
        self.ranked = {SearchRank(scores[row["text_id"]], row["text_id"], row["id"]): row for row in theirs}
        self.histories: dict[int, dict[int, Row]] = defaultdict(dict)
        for row in ask(_HISTORIES, sources=json.dumps(sorted({row["source_id"] for row in theirs}))):
            self.histories[row["source_id"]][row["number"]] = row
        texts = {row["text_id"] for each in self.histories.values() for row in each.values()}
        self._scores, self._only = scores, only
        asked = _among(ask, _MATCHING, query, texts - scores.keys())
        self._matching = (texts & scores.keys()) | {row["text_id"] for row in asked}

    def stretch(self, row: Row) -> range:
        """The numbers of the unbroken run of matching versions around one."""
        history, number = self.histories[row["source_id"]], row["number"]
        first = next(n for n in count(number, -1) if not self._matches(history, n - 1))
        last = next(n for n in count(number) if not self._matches(history, n + 1))
        return range(first, last + 1)

    def _matches(self, history: History, number: int) -> bool:
        return number in history and history[number]["text_id"] in self._matching

    def is_first(self, rank: SearchRank, row: Row, stretch: range) -> bool:
        """True for the best version of its stretch in this window: it stands for all of it."""
        others = (each for each in self._beside(row, stretch) if each["text_id"] in self._scores)
        return all(SearchRank(self._scores[each["text_id"]], each["text_id"], each["id"]) >= rank for each in others)

    def before(self, row: Row, stretch: range, top: int) -> bool:
        """True where a window before this one, which ends at ``top``, told of the stretch."""
        return any(each["text_id"] > top for each in self._beside(row, stretch))

    def _beside(self, row: Row, stretch: range) -> Iterator[Row]:
        """The versions of a stretch that the search is narrowed to."""
        since, until = first_seen_window(self._only)
        for number in stretch if self._only.when is None else ():  # of each article one version stood there
            each = self.histories[row["source_id"]][number]
            if since <= each["first_seen_at"] < until:
                yield each

    def stands(self, row: Row, stretch: range) -> bool:
        """True when the newest version of the article is in the stretch."""
        return max(self.histories[row["source_id"]]) == stretch[-1]


def _among(ask: Ask, sql: str, query: str, texts: Collection[int], **more: str) -> list[Row]:
    """What is asked of those of these texts that match."""
    if not texts:
        return []
    return ask(sql, query=query, first=min(texts), last=max(texts), texts=json.dumps(sorted(texts)), **more)


def _matches(ask: Ask, query: str, picked: Sequence[tuple[Row, range]], found: _Found) -> list[Match]:
    shown = {row["id"]: row for row in ask(_SHOWN, ids=json.dumps([row["id"] for row, _ in picked]))}
    snippets = _snippets(ask, query, shown.values())
    return [_match(shown[row["id"]], snippets[row["text_id"]], stretch, found) for row, stretch in picked]


def _snippets(ask: Ask, query: str, shown: Iterable[Row]) -> dict[int, str]:
    """The words around what was found, by text; of texts too long to look it up, how they begin."""
    told: dict[int, str] = {}
    read, left = set(), EXCERPTED
    for row in shown:
        told[row["text_id"]] = row["start"] + SNIPPET_MARKS[2]
        if row["length"] <= left:
            left -= row["length"]
            read.add(row["text_id"])
    marks = dict(zip(("open", "close", "gap"), SNIPPET_MARKS, strict=True))
    return told | {row["text_id"]: row["snippet"] for row in _among(ask, _EXCERPTS, query, read, **marks)}


def _match(row: Row, snippet: str, stretch: range, found: _Found) -> Match:
    version = row_mapping.version(row)
    history = found.histories[row["source_id"]]
    stands = found.stands(row, stretch)
    return Match(
        version=version,
        snippet=snippet,
        newest=version.number == max(history),
        present_from=instant(history[stretch[0]]["first_seen_at"]),
        present_to=instant(history[stretch[-1]]["last_seen_at"]),
        absent_since=None if stands else stretch[-1] + 1,
        gone_between=tuple(
            (instant(history[number - 1]["last_seen_at"]), instant(history[number]["first_seen_at"]))
            for number in stretch[1:]
            if history[number]["cause"] == Cause.RETURNED
        ),
    )
