"""Full-text search in all versions: ranked, page by page, with a bound on the work of each page.

Matches are ranked by bm25 (Robertson and Zaragoza 2009) in windows: the newest ``WINDOW`` texts with the words, then
the ones before them. Nearly every search has fewer matches, and is ranked as a whole.
"""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import count
from typing import TYPE_CHECKING

from db.dialect import word_index
from db.microseconds import instant, micros_or_none
from db.queries import row_mapping
from db.records import SNIPPET_MARKS, Cause, Match, SearchCursor, SearchFilters, SearchPage, SearchRank
from db.script_folding import excerpt

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from db.reader import Ask, Row

    History = Mapping[int, Row]  # today's versions of an article by number

WINDOW = 2_000
"""Matching texts in a window. A word in all of 150,000 texts is ranked in 15 ms of CPU, and so is a prefix of three
letters, which the index has. The worst prefix of four takes 45 ms, of two 500. Ranking all matches took 1.5 s."""

MOST_RANKED, FILTERED_WINDOW = 200, 5_000
"""Texts of a window whose versions and histories are read for one page, best first: 10 ms, on a slow disk one second
for each 1,000. A search by site or time reads all texts of its window, which has the second size."""

MOST_EXCERPTED = 2_000_000
"""Characters read for the snippets of one page, 0.1 s. Texts beyond that show their beginning. SQLite reads a text to
its end for a snippet, and cannot be interrupted."""

_WINDOW = """
    SELECT rowid AS text_id, bm25(text_fts, 4.0, 1.0, 4.0, 1.0) AS score FROM text_fts
    WHERE text_fts MATCH :query AND rowid <= :top ORDER BY rowid DESC LIMIT :n"""
_EVERY_TEXT = "SELECT id AS text_id, -id AS score FROM text WHERE id <= :top ORDER BY id DESC LIMIT :n"
_VERSIONS = """
    SELECT v.id, v.source_id, v.number, v.text_id, v.first_seen_at
    FROM json_each(:texts) f
    CROSS JOIN version v ON v.text_id = f.value AND v.superseded_at IS NULL
    CROSS JOIN source s ON s.id = v.source_id
    WHERE v.first_seen_at >= :since AND v.first_seen_at < :until
      AND (CAST(:site AS TEXT) IS NULL OR (s.url_key >= :site AND s.url_key < :behind))
      AND (CAST(:author AS TEXT) IS NULL OR instr(lower(v.byline), :author) > 0)
      AND (CAST(:at AS BIGINT) IS NULL OR v.id = (SELECT w.id FROM version w WHERE w.source_id = v.source_id
                                  AND w.superseded_at IS NULL AND w.first_seen_at <= :at
                                  ORDER BY w.first_seen_at DESC, w.number DESC LIMIT 1))"""
_VERSIONS_ANYWHERE = _VERSIONS.replace("CROSS JOIN source s ON s.id = v.source_id", "").replace(
    "AND (CAST(:site AS TEXT) IS NULL OR (s.url_key >= :site AND s.url_key < :behind))", ""
)
_HISTORIES = """
    SELECT v.id, v.source_id, v.number, v.text_id, v.first_seen_at, v.last_seen_at, v.cause
    FROM json_each(:sources) f CROSS JOIN version v ON v.source_id = f.value AND v.superseded_at IS NULL"""
_DISPLAYED = f"""
    SELECT {row_mapping.VERSION}, v.source_id, length(t.body) AS length, substr(t.body, 1, 160) AS start
    FROM json_each(:ids) f
    CROSS JOIN version v ON v.id = f.value
    JOIN source s ON s.id = v.source_id
    JOIN text t ON t.id = v.text_id"""
# One pass over the matches: with one query a text, a prefix is looked up again for each.
_AMONG = """
    FROM text_fts WHERE text_fts MATCH :query AND rowid BETWEEN :first AND :last
    AND +rowid IN (SELECT value FROM json_each(:texts))"""
_MATCHING = f"SELECT rowid AS text_id {_AMONG}"
_EXCERPTS = f"SELECT rowid AS text_id, snippet(text_fts, 1, :open, :close, :gap, 24) AS snippet {_AMONG}"

_BODIES = "SELECT id, substr(body, 1, 20000) AS body FROM text WHERE id IN (SELECT value FROM json_each(:ids))"

_LAST = 1 << 62


def first_seen_window(filters: SearchFilters) -> tuple[int, int]:
    """Return the bounds of the first sight in microseconds, without the end."""
    return micros_or_none(filters.since) or 0, micros_or_none(filters.until) or _LAST


def _window_size(filters: SearchFilters) -> int:
    """Return the number of texts in a window."""
    return FILTERED_WINDOW if filters.is_selective else WINDOW


def search(ask: Ask, query: str, *, limit: int, only: SearchFilters | None = None) -> list[Match]:
    """Return the matches of ``search_page``, page after page until there are ``limit`` or no more."""
    page = search_page(ask, query, limit=limit, only=only)
    matches = page.matches
    while page.following is not None and len(matches) < limit:
        page = search_page(ask, query, limit=limit - len(matches), only=only, place=page.following)
        matches += page.matches
    return matches


def search_page(
    ask: Ask,
    query: str,
    *,
    limit: int,
    only: SearchFilters | None = None,
    place: SearchCursor | None = None,
    window: int | None = None,
) -> SearchPage:
    """Return the versions matching an FTS5 query, best first, each run of matching versions of an article once.

    An empty query matches every text, and the newest texts come first.
    A page may have fewer than ``limit`` matches, even none, and still have a following page. Snippets contain
    ``SNIPPET_MARKS``. ``window``: the number of texts in a window, instead of the usual one.
    """
    filters, cursor = only or SearchFilters(), place or SearchCursor(_LAST, None)
    size = window or _window_size(filters)
    scores = _scores(ask, query, cursor.top, size)
    text_ids, has_more = _remaining_texts(scores, cursor.after, filters)
    results = _Results(ask, query, scores, _versions(ask, text_ids, filters), filters)
    picked: list[tuple[Row, range]] = []
    rank: SearchRank | None
    for rank, row in sorted(results.ranked.items()):
        if cursor.after is not None and rank <= cursor.after:
            continue
        stretch = results.stretch(row)
        fits = not filters.gone or not results.is_current(row, stretch)
        if fits and results.is_best(rank, row, stretch) and not results.is_in_earlier_window(row, stretch, cursor.top):
            picked.append((row, stretch))
        if len(picked) == limit:
            break
    else:
        rank = None
    is_last_window = len(scores) < size
    following = None if is_last_window else SearchCursor(min(scores) - 1, None)
    if has_more or (rank is not None and rank < max(results.ranked)):
        following = SearchCursor(cursor.top, rank or SearchRank(scores[text_ids[-1]], text_ids[-1], _LAST))
    matches = _matches(ask, query, picked, results)
    return SearchPage(matches, following, list(scores), whole=is_last_window and cursor.top == _LAST)


def _scores(ask: Ask, query: str, top: int, size: int) -> dict[int, float]:
    """Return the newest texts up to the id ``top`` that match, with their scores. Without a query each text matches."""
    if not query:
        rows = ask(_EVERY_TEXT, top=top, n=size)
    elif (index := word_index(ask)) is not None:
        return index.scores(query, top, size)
    else:
        rows = ask(_WINDOW, query=query, top=top, n=size)
    return {row["text_id"]: row["score"] for row in rows}


def _remaining_texts(
    scores: Mapping[int, float], after: SearchRank | None, filters: SearchFilters
) -> tuple[list[int], bool]:
    """Return the texts of a window to read for this page, best first, and whether there are more."""
    order = sorted(scores, key=lambda text_id: (scores[text_id], text_id))
    remaining = [text_id for text_id in order if after is None or (scores[text_id], text_id) >= after[:2]]
    size = len(remaining) if filters.is_selective else MOST_RANKED
    return remaining[:size], len(remaining) > size


def _versions(ask: Ask, text_ids: Sequence[int], filters: SearchFilters) -> list[Row]:
    """Return today's versions with these texts that match the filters."""
    (site, site_end), (since, until) = filters.site or (None, None), first_seen_window(filters)
    return ask(
        _VERSIONS if filters.site else _VERSIONS_ANYWHERE,
        texts=json.dumps(text_ids),
        site=site,
        behind=site_end,
        since=since,
        until=until,
        author=filters.author,
        at=micros_or_none(filters.when),
    )


class _Results:
    """The versions of a window that match, the histories around them, and which versions of those match."""

    def __init__(
        self, ask: Ask, query: str, scores: Mapping[int, float], versions: Sequence[Row], filters: SearchFilters
    ) -> None:
        self.ranked = {SearchRank(scores[row["text_id"]], row["text_id"], row["id"]): row for row in versions}
        self.histories: dict[int, dict[int, Row]] = defaultdict(dict)
        for row in ask(_HISTORIES, sources=json.dumps(sorted({row["source_id"] for row in versions}))):
            self.histories[row["source_id"]][row["number"]] = row
        text_ids = {row["text_id"] for history in self.histories.values() for row in history.values()}
        self._scores, self._filters = scores, filters
        outside = _matching(ask, _MATCHING, query, text_ids - scores.keys()) if query else ()
        inside = text_ids & scores.keys() if query else text_ids
        self._matching = inside | {row["text_id"] for row in outside}

    def stretch(self, row: Row) -> range:
        """Return the numbers of the unbroken run of matching versions around a version."""
        history, number = self.histories[row["source_id"]], row["number"]
        first = next(n for n in count(number, -1) if not self._has_match(history, n - 1))
        last = next(n for n in count(number) if not self._has_match(history, n + 1))
        return range(first, last + 1)

    def _has_match(self, history: History, number: int) -> bool:
        return number in history and history[number]["text_id"] in self._matching

    def is_best(self, rank: SearchRank, row: Row, stretch: range) -> bool:
        """True for the best version of its stretch in this window, which represents the stretch."""
        others = (other for other in self._filtered(row, stretch) if other["text_id"] in self._scores)
        return all(
            SearchRank(self._scores[other["text_id"]], other["text_id"], other["id"]) >= rank for other in others
        )

    def is_in_earlier_window(self, row: Row, stretch: range, top: int) -> bool:
        """True if a window before the one that begins at ``top`` contained the stretch."""
        return any(other["text_id"] > top for other in self._filtered(row, stretch))

    def _filtered(self, row: Row, stretch: range) -> Iterator[Row]:
        """Yield the versions of a stretch that match the filters."""
        since, until = first_seen_window(self._filters)
        for number in stretch if self._filters.when is None else ():  # at one instant an article has one version
            version = self.histories[row["source_id"]][number]
            if since <= version["first_seen_at"] < until:
                yield version

    def is_current(self, row: Row, stretch: range) -> bool:
        """True if the newest version of the article is in the stretch."""
        return max(self.histories[row["source_id"]]) == stretch[-1]


def _matching(ask: Ask, sql: str, query: str, text_ids: Collection[int], **more: str) -> list[Row]:
    """Return the rows of ``sql`` for those of these texts that match."""
    if not text_ids:
        return []
    if (index := word_index(ask)) is not None:
        if sql == _MATCHING:
            return [{"text_id": text_id} for text_id in index.matching(query, text_ids)]
        ask = index.in_memory(text_ids)
    return ask(sql, query=query, first=min(text_ids), last=max(text_ids), texts=json.dumps(sorted(text_ids)), **more)


def _matches(ask: Ask, query: str, picked: Sequence[tuple[Row, range]], results: _Results) -> list[Match]:
    rows = {row["id"]: row for row in ask(_DISPLAYED, ids=json.dumps([row["id"] for row, _ in picked]))}
    snippets = _snippets(ask, query, rows.values())
    return [_match(rows[row["id"]], snippets[row["text_id"]], stretch, results) for row, stretch in picked]


def _snippets(ask: Ask, query: str, rows: Iterable[Row]) -> dict[int, str]:
    """Return the words around the match, by text, or the beginning of a text that is too long to search."""
    beginnings: dict[int, str] = {}
    short, budget = set(), MOST_EXCERPTED
    for row in rows:
        beginnings[row["text_id"]] = row["start"] + SNIPPET_MARKS[2]
        if row["length"] <= budget:
            budget -= row["length"]
            short.add(row["text_id"])
    marks = dict(zip(("open", "close", "gap"), SNIPPET_MARKS, strict=True))
    cut = _matching(ask, _EXCERPTS, query, short, **marks) if query else ()
    excerpts = {row["text_id"]: row["snippet"] for row in cut}
    folded = [text_id for text_id, snippet in excerpts.items() if SNIPPET_MARKS[0] not in snippet]
    for row in ask(_BODIES, ids=json.dumps(folded)) if folded else ():  # only the folded form matches
        excerpts[row["id"]] = excerpt(row["body"], query, SNIPPET_MARKS) or excerpts[row["id"]]
    return beginnings | excerpts


def _match(row: Row, snippet: str, stretch: range, results: _Results) -> Match:
    version = row_mapping.version(row)
    history = results.histories[row["source_id"]]
    return Match(
        version=version,
        snippet=snippet,
        newest=version.number == max(history),
        present_from=instant(history[stretch[0]]["first_seen_at"]),
        present_to=instant(history[stretch[-1]]["last_seen_at"]),
        absent_since=None if results.is_current(row, stretch) else stretch[-1] + 1,
        gone_between=tuple(
            (instant(history[number - 1]["last_seen_at"]), instant(history[number]["first_seen_at"]))
            for number in stretch[1:]
            if history[number]["cause"] == Cause.RETURNED
        ),
    )
