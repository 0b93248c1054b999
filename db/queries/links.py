"""Queries of links between versions, and of candidates for a comparison by LSH keys."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from db.queries import row_mapping
from db.records import Link, Relation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from db.reader import Ask, Row

_SIDE = """{0}s_.url AS {0}_url, {0}s_.url_key AS {0}_key, {0}v.number AS {0}_number, {0}v.title AS {0}_title,
    {0}v.first_seen_at AS {0}_seen, {0}v.published_at AS {0}_published, {0}v.byline AS {0}_byline,
    {0}t.sha256 AS {0}_sha256"""
_JOIN = """JOIN version {0}v ON {0}v.id = l.{0}_id JOIN source {0}s_ ON {0}s_.id = {0}v.source_id
    JOIN text {0}t ON {0}t.id = {0}v.text_id"""
_LINKS = f"""
    SELECT l.relation, l.score, l.coverage_a, l.coverage_b, l.longest_run, l.passages, l.residue, l.because, l.method,
           l.translated, l.languages, l.broken, l.mirrored, {_SIDE.format("a")}, {_SIDE.format("b")}
    FROM v_links l {_JOIN.format("a")} {_JOIN.format("b")}
    WHERE {{where}}"""

_ORDER = ("a_key", "a_number", "b_key", "b_number")


def of_sources(ask: Ask, source_ids: Sequence[int]) -> list[Link]:
    """Return every link of which a version belongs to these sources, or all links if none are given."""
    if not source_ids:
        return _links(ask(_LINKS.format(where="1 = 1")))
    links = (link for source_id in source_ids for link in _links(_of_source(ask, source_id)))
    return list(dict.fromkeys(links))  # a link between two of them comes twice


def _of_source(ask: Ask, source_id: int) -> Iterator[Row]:
    """Yield the rows of a source. One query a version and side: then the view looks links up instead of reading all."""
    versions = ask("SELECT id FROM version WHERE source_id = :id AND superseded_at IS NULL", id=source_id)
    for version in versions:
        for side in "ab":
            yield from ask(_LINKS.format(where=f"l.{side}_id = :id"), id=version["id"])


def _links(rows: Iterable[Row]) -> list[Link]:
    """Return the links in the order of url_keys and version numbers."""
    return [_link(row) for row in sorted(rows, key=lambda row: [row[name] for name in _ORDER])]


def _link(row: Row) -> Link:
    return Link(
        a=row_mapping.version_ref(row, "a"),
        b=row_mapping.version_ref(row, "b"),
        relation=Relation(row["relation"]),
        score=row["score"],
        coverage=(row["coverage_a"], row["coverage_b"]),
        passages=row_mapping.passages(row["passages"], mirrored=bool(row["mirrored"])),
        because=row["because"],
        longest_run=row["longest_run"],
        residue=row_mapping.residue(row["residue"], mirrored=bool(row["mirrored"])),
        method=row["method"],
        translated=bool(row["translated"]),
        languages=row_mapping.languages(row["languages"], mirrored=bool(row["mirrored"])),
        broken=row_mapping.broken(row["broken"], mirrored=bool(row["mirrored"])),
    )


def unlinked(ask: Ask, limit: int) -> list[int]:
    """Return texts still to be compared with the others, oldest first."""
    return [row["text_id"] for row in ask("SELECT text_id FROM unlinked ORDER BY text_id LIMIT :n", n=limit)]


DAY = 86_400_000_000
"""Microseconds in a day."""

FORTNIGHT = 14
"""Most days between two texts for which common keys count, and the days of a block, in which texts are counted."""

KEY_CAP, TERM_CAP = 128, 48
"""Texts of a block that may have a key. With more it is crowded and says nothing: a stock phrase, a name in all news.
Rare terms have the lower bound: reports on one subject share some of them, and if 128 papers print one wire report its
runs of words stay live."""

COMMON_FROM = 32
"""With more texts of a block than this a key counts half: the phrase of a site, a name in a topic.

So where a crowd shares its words, a text must share more of them to be compared. Each of 1,249 pages of one office that
print 4 of 60 phrases is compared with 5 others, at most with 36 (before with 30, at most 123). Of the 1,630 labelled
copies that are candidates in an archive of the development part of the labelled corpus none is lost, with 28 two are.
"""

RARE_CAP = 12
"""Texts in all that may have a key for it to count at any distance in time. That finds a repost years later."""

LEAST_SHARED = 4
"""Live keys that two texts must share, where a rare paragraph or run of words counts as four.

Every labelled pair does (``tests/quality/test_copies_gate.py``), all 60 lifted paragraphs in the labelled corpus do,
and of 30,683 pairs of unrelated texts there none. Of 150 passages of 40 to 120 words that were put from one of 261 real
articles into another 130 do (75 without these values), and 136 of 33,930 pairs of the articles themselves. The passages
that do not come from articles of thousands of words.
"""

PARAGRAPHS_FROM, RUNS_FROM, TERMS_FROM = 1 << 29, 2 << 29, 3 << 29
"""The smallest keys of a paragraph, a run of words, and a rare term (``archive.copies.fingerprint.Tier``)."""

PARAGRAPH_VALUE, RUN_VALUE = 4, 4
"""How many keys a rare paragraph and a rare run of words count as: one of them in common is worth a comparison."""

# A subquery for each key: joined with the keys, SQLite reads all texts of a crowded one. One row for each key, not for
# each text: making Python values of 600 rows takes three times as long as finding them. Most keys are of the text alone
# and get no row.
_IN_ALL = """
    WITH held AS MATERIALIZED (
        SELECT k.value AS key,
               (SELECT group_concat(text_id)
                FROM (SELECT text_id FROM near_key WHERE key = k.value LIMIT :most) holders) AS ids
        FROM json_each(:keys) k)
    SELECT key, ids FROM held WHERE ids <> :own"""
_IN_BLOCK = """(
    SELECT count(*) || ',' || coalesce(group_concat(CASE WHEN day BETWEEN :earliest AND :latest THEN text_id END), '')
    FROM (SELECT day, text_id FROM near_key WHERE key = k.value AND day BETWEEN :since{0} AND :until{0} LIMIT :most)
         holders) AS block{0}"""
_IN_BLOCKS = f"""
    SELECT k.value AS key, {", ".join(_IN_BLOCK.format(block) for block in range(3))} FROM json_each(:keys) k"""
_BEFORE, _OWN, _NEXT = 0, 1, 2  # the blocks within a fortnight of a day


def block_of(day: int) -> tuple[int, int]:
    """Return the first and the last day of the block a day is in. Blocks are the same for every text."""
    first = day - day % FORTNIGHT
    return first, first + FORTNIGHT - 1


def key_cap(key: int) -> int:
    """Return how many texts of a block may have a key before it is crowded."""
    return TERM_CAP if key >= TERMS_FROM else KEY_CAP


def key_value(key: int, *, rare: bool, holders: int = 1) -> float:
    """Return how many keys a shared key counts as, of which ``holders`` texts of a block have one.

    A crowd that has a paragraph or run makes it a stock phrase.
    """
    if rare and PARAGRAPHS_FROM <= key < TERMS_FROM:
        return PARAGRAPH_VALUE if key < RUNS_FROM else RUN_VALUE
    return 1 if rare or holders <= COMMON_FROM else 0.5


def first_days(ask: Ask, text_ids: Collection[int]) -> dict[int, int]:
    """Map each text to the day on which it was first seen in today's histories. A text in none is left out."""
    if not text_ids:
        return {}
    sql = """SELECT text_id, min(first_seen_at) AS seen FROM version
             WHERE superseded_at IS NULL AND text_id IN (SELECT value FROM json_each(:ids)) GROUP BY text_id"""
    return {row["text_id"]: row["seen"] // DAY for row in ask(sql, ids=json.dumps(sorted(text_ids)))}


def candidates(ask: Ask, text_id: int, keys: Sequence[int]) -> list[int]:
    """Return the texts to compare with this one, whose LSH keys are given, those with most shared keys first.

    Candidates share ``LEAST_SHARED`` live keys, by value. A key is live between two texts first seen within a fortnight
    of each other if it is crowded in neither's block, and between any two texts if it is rare. It counts half if it is
    common in the block of one of them. So the relation is
    symmetric and a function of the texts in today's histories, whatever their order of arrival. A text in no history
    has none.
    """
    day = first_days(ask, [text_id]).get(text_id)
    if day is None or not keys:
        return []
    shared: defaultdict[int, float] = defaultdict(float)
    for holders, value in _sharing(ask, text_id, keys, day):
        for other in holders:
            shared[other] += value
    similar = [other for other, count in shared.items() if count >= LEAST_SHARED and other != text_id]
    return sorted(similar, key=lambda other: (-shared[other], other))


def _sharing(ask: Ask, text_id: int, keys: Sequence[int], day: int) -> Iterator[tuple[Collection[int], float]]:
    """Yield the texts that share a live key with one first seen on ``day``, and the key's value, for each such key."""
    common = []
    for row in ask(_IN_ALL, keys=json.dumps(sorted(set(keys))), most=RARE_CAP + 1, own=str(text_id)):
        text_ids = _ids(row["ids"])
        if len(text_ids) > RARE_CAP:
            common.append(row["key"])
        else:
            yield text_ids, key_value(row["key"], rare=True)
    if not common:
        return
    blocks = {block: block_of(day + FORTNIGHT * (block - _OWN)) for block in (_BEFORE, _OWN, _NEXT)}
    bounds = {f"since{block}": first for block, (first, _) in blocks.items()}
    bounds |= {f"until{block}": last for block, (_, last) in blocks.items()}
    limits = {"most": KEY_CAP + 1, "earliest": day - FORTNIGHT, "latest": day + FORTNIGHT} | bounds
    for row in ask(_IN_BLOCKS, keys=json.dumps(common), **limits):
        counted = [row[f"block{block}"].partition(",") for block in blocks]
        own = int(counted[_OWN][0])
        for count, _, ids in counted:
            holders = max(int(count), own)
            if holders <= key_cap(row["key"]):
                yield _ids(ids), key_value(row["key"], rare=False, holders=holders)


def _ids(column: str | None) -> list[int]:
    return [int(text_id) for text_id in column.split(",")] if column else []


def compared_texts(ask: Ask, text_ids: Collection[int], method: str) -> set[int]:
    """Return those of these texts that were compared by this method. They are queued only to drop links."""
    sql = "SELECT id FROM text WHERE linked_by = :method AND id IN (SELECT value FROM json_each(:ids))"
    return {row["id"] for row in ask(sql, method=method, ids=json.dumps(sorted(text_ids)))}
