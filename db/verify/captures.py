"""Checks of the facts: payloads and their bases, the chain over all captures, url_keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from db.chain import CAPTURES, START, digest, facts, link
from db.delta_codec import MAX_DEPTH
from db.errors import Corrupt, StoreError
from db.queries import packs as pack_queries
from db.queries import payloads as payload_queries
from db.records import Problem
from db.url_escapes import normalize_key
from db.verify.common import BATCH, PACK, RESTORE, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from db.reader import Ask, Reader, Row

    KeyOf = Callable[[str], str]

# --- payloads --------------------------------------------------------------------------------------------------------


def payloads(reader: Reader) -> Iterator[Problem]:
    """Check that every payload can be unpacked and has its digest."""
    for row in in_order(reader, "SELECT id, sha256 FROM payload WHERE id > :last ORDER BY id LIMIT :n"):
        try:
            payload_queries.payload_bytes(reader.ask, row["sha256"])
        except StoreError as error:
            todo = RESTORE if isinstance(error, Corrupt) else PACK
            yield Problem(what=str(error), where=_place_of(reader, row), todo=todo)


_MISPLACED = """
    SELECT p.id, CASE WHEN e.payload_id IS NULL THEN 'its bytes are neither in the database nor in a pack'
                      ELSE 'its bytes are in the database and in a pack' END AS what
    FROM payload p LEFT JOIN pack_entry e ON e.payload_id = p.id
    WHERE p.length > 0 AND (length(p.data) = 0) = (e.payload_id IS NULL) ORDER BY p.id"""
_OUT_OF_PACK = """
    SELECT e.payload_id AS id FROM pack_entry e JOIN pack k ON k.id = e.pack_id
    WHERE e.start < 0 OR e.length <= 0 OR e.start + e.length > k.length OR k.stored_at IS NULL ORDER BY e.payload_id"""


def packs(reader: Reader) -> Iterator[Problem]:
    """Check that each payload is in one place, and that the object of each pack is there and has its length."""
    for row in reader.ask(_MISPLACED):
        yield Problem(what=row["what"], where=_place_of(reader, row), todo=RESTORE)
    for row in reader.ask(_OUT_OF_PACK):
        yield Problem(what="its place is not in its pack", where=_place_of(reader, row), todo=RESTORE)
    for row in pack_queries.all_packs(reader.ask):
        if problem := pack_queries.pack_problem(row):
            yield Problem(what=problem, where=f"pack {row['id']}", todo=PACK)


_MISBASED = """
    SELECT p.id, CASE WHEN b.id IS NULL AND p.base_id IS NULL THEN 'its depth is not 0, but it has no base'
                      WHEN b.id IS NULL THEN 'the payload it is packed against is missing'
                      WHEN b.id >= p.id THEN 'it is packed against a later one'
                      WHEN p.depth <> b.depth + 1 THEN 'its depth is not one more than that of its base'
                      WHEN p.depth > :most THEN 'its depth is more than is allowed'
                      ELSE 'its codec does not fit its base' END AS what
    FROM payload p LEFT JOIN payload b ON b.id = p.base_id
    WHERE (p.base_id IS NULL AND (p.depth <> 0 OR p.codec = 'delta'))
       OR (p.base_id IS NOT NULL AND (b.id IS NULL OR b.id >= p.id OR p.depth <> b.depth + 1 OR p.depth > :most
                                      OR p.codec <> 'delta'))
    ORDER BY p.id"""


def bases(reader: Reader) -> Iterator[Problem]:
    """Check that the base of each payload exists, is older, and has the right depth."""
    for row in reader.ask(_MISBASED, most=MAX_DEPTH):
        yield Problem(what=row["what"], where=_place_of(reader, row), todo=RESTORE)


def _place_of(reader: Reader, payload: Row) -> str:
    rows = reader.ask("SELECT url FROM capture WHERE payload_id = :id ORDER BY captured_at LIMIT 1", id=payload["id"])
    return f"payload {payload['id']} of {rows[0]['url'] if rows else 'no capture'}"


# --- the chain -------------------------------------------------------------------------------------------------------

_LINKS = """
    SELECT capture_id AS id, link, facts, tombstone_id FROM chain
    WHERE capture_id > :last ORDER BY capture_id LIMIT :n"""
_UNLINKED = "SELECT id, url FROM capture WHERE id NOT IN (SELECT capture_id FROM chain) ORDER BY id"


def chain(reader: Reader) -> Iterator[Problem]:
    """Check that each link matches its capture and the link before it, or the digest that forgetting left."""
    before = START
    captures: dict[int, Row] = {}
    for number, row in enumerate(in_order(reader, _LINKS)):
        if number % BATCH == 0:
            batch = f"{CAPTURES} WHERE c.id >= :first ORDER BY c.id LIMIT :n"
            captures = {capture["id"]: capture for capture in reader.ask(batch, first=row["id"], n=BATCH)}
        capture = captures.get(row["id"])
        what = _link_problem(before, row, capture)
        if what is not None:
            where = f"capture {row['id']}" + (f" of {capture['url']}" if capture else "")
            yield Problem(what=what, where=where, todo=RESTORE)
        before = row["link"]
    for row in reader.ask(_UNLINKED):
        yield Problem(what="it is not in the chain", where=f"capture {row['id']} of {row['url']}", todo=RESTORE)


_TWO_LINKS = """
    SELECT capture_id AS id, link, facts, tombstone_id FROM chain
    WHERE capture_id <= :id ORDER BY capture_id DESC LIMIT 2"""


def capture_problem(ask: Ask, capture_id: int) -> str | None:
    """Return what is wrong with one capture by its link and the link before it. None: it is as it was recorded."""
    links = ask(_TWO_LINKS, id=capture_id)
    if not links or links[0]["id"] != capture_id:
        return "it is not in the chain"
    rows = ask(f"{CAPTURES} WHERE c.id = :id", id=capture_id)
    before = links[1]["link"] if len(links) > 1 else START
    return _link_problem(before, links[0], rows[0] if rows else None)


def _link_problem(before: bytes, row: Row, capture: Row | None) -> str | None:
    if capture is None and row["facts"] is None:
        return "it was deleted, and not by wirecopy forget"
    if capture is not None and (row["facts"] is not None or row["tombstone_id"] is not None):
        return "it was forgotten, and exists again"
    facts_digest = row["facts"] if capture is None else digest(facts(capture))
    if link(before, facts_digest) != row["link"]:
        return "it was changed after it was recorded, or a link was changed"
    return None


# --- addresses -------------------------------------------------------------------------------------------------------


def addresses(key_of: KeyOf) -> Callable[[Reader], Iterator[Problem]]:
    """Return the check that each source has the url_key that ``key_of`` computes for its address."""
    return partial(_addresses, key_of)


def _addresses(key_of: KeyOf, reader: Reader) -> Iterator[Problem]:
    for row in in_order(reader, "SELECT id, url, url_key FROM source WHERE id > :last ORDER BY id LIMIT :n"):
        if key_of(row["url"]) != normalize_key(row["url_key"]):  # one that came second keeps its old spelling
            what = f"it has the url_key {row['url_key']!r}, which is not that of its address"
            yield Problem(what=what, where=f"source {row['id']}, {row['url']}", todo=RESTORE)


# --- what was forgotten ----------------------------------------------------------------------------------------------

_TOMBSTONES = """
    SELECT t.id, t.url, t.captures, (SELECT count(*) FROM chain c WHERE c.tombstone_id = t.id) AS links,
           (SELECT count(*) FROM source s JOIN capture c ON c.source_id = s.id
            WHERE s.url_key = t.url_key AND t.lifted_at IS NULL) AS present
    FROM tombstone t ORDER BY t.id"""


def tombstones(reader: Reader) -> Iterator[Problem]:
    """Check that what is marked as forgotten is gone and left its links: no mark alone keeps new captures away."""
    for row in reader.ask(_TOMBSTONES):
        if row["present"]:
            what = f"it is marked as forgotten, so it gets no new captures, but it has {row['present']}"
            yield Problem(what=what, where=row["url"], todo=f"wirecopy forget {row['url']} --lift")
        elif row["captures"] != row["links"]:
            what = f"{row['captures']} captures are marked as forgotten, and the chain has the links of {row['links']}"
            yield Problem(what=what, where=row["url"], todo=RESTORE)
