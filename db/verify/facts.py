"""The facts: payloads, what they are packed against, the chain over all captures, addresses."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from db.chain import CAPTURES, START, digest, facts, link
from db.delta_codec import MAX_DEPTH
from db.errors import Corrupt
from db.queries import payloads as questions
from db.records import Problem
from db.verify.common import AT_ONCE, RESTORE, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from db.reader import Reader, Row

    KeyOf = Callable[[str], str]

# --- payloads --------------------------------------------------------------------------------------------------------


def payloads(reader: Reader) -> Iterator[Problem]:
    """Every payload unpacks, and its bytes have its digest."""
    for row in in_order(reader, "SELECT id, sha256 FROM payload WHERE id > :last ORDER BY id LIMIT :n"):
        try:
            questions.payload_bytes(reader.ask, row["sha256"])
        except Corrupt as error:
            yield Problem(what=str(error), where=_shown_by(reader, row), todo=RESTORE)


_MISBASED = """
    SELECT p.id, CASE WHEN b.id IS NULL AND p.base_id IS NULL THEN 'its depth is not 0, yet it stands alone'
                      WHEN b.id IS NULL THEN 'the payload it is packed against is not there'
                      WHEN b.id >= p.id THEN 'it is packed against one that came later'
                      WHEN p.depth <> b.depth + 1 THEN 'its depth is not one more than that of its base'
                      WHEN p.depth > :most THEN 'it lies deeper than is allowed'
                      ELSE 'how it is packed and whether it has a base do not agree' END AS what
    FROM payload p LEFT JOIN payload b ON b.id = p.base_id
    WHERE (p.base_id IS NULL AND (p.depth <> 0 OR p.codec = 'delta'))
       OR (p.base_id IS NOT NULL AND (b.id IS NULL OR b.id >= p.id OR p.depth <> b.depth + 1 OR p.depth > :most
                                      OR p.codec <> 'delta'))
    ORDER BY p.id"""


def bases(reader: Reader) -> Iterator[Problem]:
    """What a payload is packed against is there, came before it, and is at most so many steps from a whole one."""
    for row in reader.ask(_MISBASED, most=MAX_DEPTH):
        yield Problem(what=row["what"], where=_shown_by(reader, row), todo=RESTORE)


def _shown_by(reader: Reader, payload: Row) -> str:
    found = reader.ask("SELECT url FROM capture WHERE payload_id = :id ORDER BY captured_at LIMIT 1", id=payload["id"])
    return f"payload {payload['id']} of {found[0]['url'] if found else 'no capture'}"


# --- the chain -------------------------------------------------------------------------------------------------------

_LINKS = """
    SELECT capture_id AS id, link, facts, tombstone_id FROM chain
    WHERE capture_id > :last ORDER BY capture_id LIMIT :n"""
_UNLINKED = "SELECT id, url FROM capture WHERE id NOT IN (SELECT capture_id FROM chain) ORDER BY id"


def chain(reader: Reader) -> Iterator[Problem]:
    """Each capture is what its link says, and follows the one before it; what was forgotten has left its digest."""
    before = START
    kept: dict[int, Row] = {}
    for number, row in enumerate(in_order(reader, _LINKS)):
        if number % AT_ONCE == 0:
            some = f"{CAPTURES} WHERE c.id >= :first ORDER BY c.id LIMIT :n"
            kept = {each["id"]: each for each in reader.ask(some, first=row["id"], n=AT_ONCE)}
        wrong = _mislinked(before, row, kept.get(row["id"]))
        if wrong is not None:
            shown = kept.get(row["id"])
            where = f"capture {row['id']}" + (f" of {shown['url']}" if shown else "")
            yield Problem(what=wrong, where=where, todo=RESTORE)
        before = row["link"]
    for row in reader.ask(_UNLINKED):
        yield Problem(what="it is not in the chain", where=f"capture {row['id']} of {row['url']}", todo=RESTORE)


def _mislinked(before: bytes, row: Row, shown: Row | None) -> str | None:
    if shown is None and row["facts"] is None:
        return "it was taken out, and not by wirecopy forget"
    if shown is not None and (row["facts"] is not None or row["tombstone_id"] is not None):
        return "it was forgotten, and is there again"
    told = row["facts"] if shown is None else digest(facts(shown))
    if link(before, told) != row["link"]:
        return "it is not what was linked when it was kept, or a link was changed"
    return None


# --- addresses -------------------------------------------------------------------------------------------------------


def addresses(key_of: KeyOf) -> Callable[[Reader], Iterator[Problem]]:
    """The check that each source has the key of its address, as ``key_of`` makes it."""
    return partial(_addresses, key_of)


def _addresses(key_of: KeyOf, reader: Reader) -> Iterator[Problem]:
    for row in in_order(reader, "SELECT id, url, url_key FROM source WHERE id > :last ORDER BY id LIMIT :n"):
        if key_of(row["url"]) != row["url_key"]:
            what = f"it is found under the key {row['url_key']!r}, which is not its own"
            yield Problem(what=what, where=f"source {row['id']}, {row['url']}", todo=RESTORE)
