"""Questions about near-copies."""

from __future__ import annotations

import json
from collections import Counter
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
    """Every link between versions of which one belongs to these sources; all links there are if none are given."""
    if not source_ids:
        return _links(ask(_LINKS.format(where="1 = 1")))
    found = (link for each in source_ids for link in _links(_of_source(ask, each)))
    return list(dict.fromkeys(found))  # a link between two of them is met twice


def _of_source(ask: Ask, source_id: int) -> Iterator[Row]:
    """Asked version by version, and side by side: the view looks those up, and would else read every link there is."""
    versions = ask("SELECT id FROM version WHERE source_id = :id AND superseded_at IS NULL", id=source_id)
    for version in versions:
        for side in "ab":
            yield from ask(_LINKS.format(where=f"l.{side}_id = :id"), id=version["id"])


def _links(found: Iterable[Row]) -> list[Link]:
    """In the order of addresses and numbers."""
    return [_link(row) for row in sorted(found, key=lambda row: [row[name] for name in _ORDER])]


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
    """Ids of texts still to be compared with the others, oldest first."""
    return [row["text_id"] for row in ask("SELECT text_id FROM unlinked ORDER BY text_id LIMIT :n", n=limit)]


DAY = 86_400_000_000
"""Microseconds in a day."""

FORTNIGHT = 14
"""Days between two texts within which most keys count, and days of a block in which texts with a key are counted."""

KEY_CAP, TERM_CAP = 128, 48
"""A key that more texts of one fortnight have is crowded there and says nothing: a stock phrase, a name on everybody's
lips. Rare terms have the lower bound: reports of one subject share some of them, and of one wire report printed by 128
others the runs of words stay live. So a text is compared with 2,208 others at the very most."""

RARE_CAP = 12
"""A key of at most so many texts in all counts at any distance in time: that finds a repost of years later."""

LEAST_SHARED = 4
"""Keys that two texts must share: every labelled relative does (``tests/quality/test_copies_gate.py``), and among 5,000
generated documents 1.2 others do."""

TERMS_FROM = 3 << 29
"""Where the keys of rare terms begin (``archive.copies.fingerprint.Tier``)."""

# One for each key, all in one statement: joined with a list of keys, SQLite would read the whole table first. A row a
# key, not a row a text: to make values of 600 rows takes three times as long as to find them.
_EVER = """SELECT :{key} AS key, 1 AS block, count(*) AS n, group_concat(text_id) AS ids
    FROM (SELECT text_id FROM near_key WHERE key = :{key} LIMIT :most)"""
_HOLDERS = """SELECT :{key} AS key, {block} AS block, count(*) AS n,
    group_concat(CASE WHEN day BETWEEN :earliest AND :latest THEN text_id END) AS ids
    FROM (SELECT day, text_id FROM near_key WHERE key = :{key} AND day BETWEEN :since{block} AND :until{block}
          LIMIT :most)"""
_BEFORE, _OWN, _NEXT = 0, 1, 2  # the blocks that lie within a fortnight of a day


def block_of(day: int) -> tuple[int, int]:
    """The first and the last day of the block a day lies in: blocks are the same for every text."""
    first = day - day % FORTNIGHT
    return first, first + FORTNIGHT - 1


def key_cap(key: int) -> int:
    """How many texts of one block may have a key before it is crowded."""
    return TERM_CAP if key >= TERMS_FROM else KEY_CAP


def first_days(ask: Ask, text_ids: Collection[int]) -> dict[int, int]:
    """By text the day on which it was first seen, as histories are today; a text in none of them is left out."""
    if not text_ids:
        return {}
    sql = """SELECT text_id, min(first_seen_at) AS seen FROM version
             WHERE superseded_at IS NULL AND text_id IN (SELECT value FROM json_each(:ids)) GROUP BY text_id"""
    return {row["text_id"]: row["seen"] // DAY for row in ask(sql, ids=json.dumps(sorted(text_ids)))}


def candidates(ask: Ask, text_id: int, keys: Sequence[int]) -> list[int]:
    """Ids of the texts to be compared with this one, whose look-up keys these are; the likeliest first.

    Those that share ``LEAST_SHARED`` live keys. A key is live between two texts first seen within a fortnight of each
    other if it is crowded in neither's block, and between any two if it is rare. So this relation is symmetric and a
    function of the texts in today's histories, in whatever order they came. None for a text that is in none.
    """
    day = first_days(ask, [text_id]).get(text_id)
    if day is None or not keys:
        return []
    shared = Counter(_sharing(ask, keys, day))
    fit = [each for each, count in shared.items() if count >= LEAST_SHARED and each != text_id]
    return sorted(fit, key=lambda each: (-shared[each], each))


def _sharing(ask: Ask, keys: Sequence[int], day: int) -> Iterator[int]:
    """The texts that share a live key with one first seen on ``day``, each as often as it does."""
    named = {f"k{place}": key for place, key in enumerate(dict.fromkeys(keys))}
    common = dict(named)
    for row in ask(_of_each(named, [_EVER]), most=RARE_CAP + 1, **named):
        if row["n"] <= RARE_CAP:
            common = {name: key for name, key in common.items() if key != row["key"]}
            yield from _ids(row)
    if not common:
        return
    blocks = {block: block_of(day + FORTNIGHT * (block - _OWN)) for block in (_BEFORE, _OWN, _NEXT)}
    days = {
        f"{end}{block}": at for block, ends in blocks.items() for end, at in zip(("since", "until"), ends, strict=True)
    }
    sql = _of_each(common, [_HOLDERS.replace("{block}", str(block)) for block in blocks])
    found = ask(sql, most=KEY_CAP + 1, earliest=day - FORTNIGHT, latest=day + FORTNIGHT, **common, **days)
    crowded = {(row["key"], row["block"]) for row in found if row["n"] > key_cap(row["key"])}
    for row in found:
        if crowded.isdisjoint({(row["key"], _OWN), (row["key"], row["block"])}):
            yield from _ids(row)


def _of_each(named: Iterable[str], told: Sequence[str]) -> str:
    return "\nUNION ALL ".join(each.replace("{key}", name) for name in named for each in told)


def _ids(row: Row) -> Iterator[int]:
    return map(int, row["ids"].split(",")) if row["ids"] else iter(())


def compared_texts(ask: Ask, text_ids: Collection[int], method: str) -> set[int]:
    """Which of these texts were compared with all others by this method, and wait only because some may fall away."""
    sql = "SELECT id FROM text WHERE linked_by = :method AND id IN (SELECT value FROM json_each(:ids))"
    return {row["id"] for row in ask(sql, method=method, ids=json.dumps(sorted(text_ids)))}
