"""The transparency log: its tree against the definition of RFC 6962, written out by recursion, at every small size."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from functools import cache
from typing import TYPE_CHECKING

import pytest

from db import chain
from db.errors import BadInput, Corrupt
from db.merkle_tree import is_consistent, is_included, leaf_hash
from db.queries import log_tiles
from db.reader import Reader
from db.store import Store
from db.verify import verify
from tests.builders import HOUR, T0, a_capture, add_source

if TYPE_CHECKING:
    from pathlib import Path

    from db.reader import Ask

SMALL = 130


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def mth(entries: list[bytes]) -> bytes:
    """Return the Merkle tree hash as RFC 6962, 2.1 defines it."""
    return mth_of(tuple(entries))


@cache
def mth_of(entries: tuple[bytes, ...]) -> bytes:
    if len(entries) < 2:
        return sha(b"\0" + entries[0]) if entries else sha(b"")
    k = largest_power_below(len(entries))
    return sha(b"\1" + mth_of(entries[:k]) + mth_of(entries[k:]))


def largest_power_below(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def path(m: int, entries: list[bytes]) -> list[bytes]:
    """Return PATH(m, D[n]) of RFC 6962, 2.1.1."""
    if len(entries) == 1:
        return []
    k = largest_power_below(len(entries))
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def subproof(m: int, entries: list[bytes], *, whole: bool) -> list[bytes]:
    """Return SUBPROOF(m, D[n], b) of RFC 6962, 2.1.2."""
    if m == len(entries):
        return [] if whole else [mth(entries)]
    k = largest_power_below(len(entries))
    if m <= k:
        return [*subproof(m, entries[:k], whole=whole), mth(entries[k:])]
    return [*subproof(m - k, entries[k:], whole=False), mth(entries[:k])]


def entries_of(count: int) -> list[bytes]:
    return [sha(number.to_bytes(4, "big")) for number in range(count)]


def ask_of(entries: list[bytes]) -> Ask:
    """Return an ``ask`` for a log with these entries, whose tiles are filled by the store."""
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    connection.execute("CREATE TABLE chain (capture_id INTEGER PRIMARY KEY, link BLOB)")
    connection.execute("CREATE TABLE tile (level, number, root)")
    connection.executemany("INSERT INTO chain VALUES (?, ?)", enumerate(entries, 1))
    return lambda sql, /, **values: [dict(row) for row in connection.execute(sql, values)]


@pytest.fixture(scope="module")
def small() -> tuple[list[bytes], Ask]:
    entries = entries_of(SMALL)
    return entries, ask_of(entries)


def test_root_and_inclusion_proof_are_those_of_the_definition_at_every_size(small):
    entries, ask = small
    for size in range(SMALL + 1):
        root = mth(entries[:size])
        assert log_tiles.tree_root(ask, size) == root
        for leaf in {*range(min(size, 3)), size // 2, size - 1} - {-1, size}:
            proof = log_tiles.inclusion_proof(ask, leaf + 1, size)
            assert proof == path(leaf, entries[:size])
            assert is_included(leaf_hash(entries[leaf]), leaf, size, proof, root)
            assert not is_included(leaf_hash(entries[leaf - 1]), leaf, size, proof, root) or size == 1
            assert not is_included(leaf_hash(entries[leaf]), leaf, size, [*proof, root], root)
            assert not is_included(leaf_hash(entries[leaf]), size, size, proof, root)


def test_consistency_proof_is_that_of_the_definition_at_every_pair_of_sizes(small):
    entries, ask = small
    roots = [mth(entries[:size]) for size in range(SMALL + 1)]
    for new in [*range(1, 24), 63, 64, 65, 128, SMALL]:
        for old in range(1, new + 1):
            proof = log_tiles.consistency_proof(ask, old, new)
            assert proof == subproof(old, entries[:new], whole=True)
            assert is_consistent(old, new, proof, roots[old], roots[new])
            assert not is_consistent(old, new, proof, roots[old - 1], roots[new])
            assert not is_consistent(old, new, [*proof, roots[0]], roots[old], roots[new])
            if old < new:
                assert not is_consistent(old, new, proof, roots[old], roots[new - 1])
                assert not is_consistent(old, new, proof[:-1], roots[old], roots[new])


def test_a_proof_beyond_the_log_is_refused(small):
    _, ask = small
    for number, size in ((0, 5), (6, 5), (-1, 5)):
        with pytest.raises(BadInput, match="from 1 to 5"):
            log_tiles.inclusion_proof(ask, number, size)
    with pytest.raises(BadInput, match="older size comes first"):
        log_tiles.consistency_proof(ask, 6, 5)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of 600 captures, stored in batches that end before, at and after the end of a tile."""
    where = tmp_path_factory.mktemp("log") / "archive.db"
    with Store(where) as store:
        source = add_source(store)
        batches = ((0, 255), (255, 256), (256, 300), (300, 513), (513, 600))
        for first, end in batches:
            store.record([(a_capture(source, at=T0 + hour * HOUR), b"%d" % hour) for hour in range(first, end)])
    return where


def test_the_store_keeps_the_roots_of_full_tiles_alone(filled):
    with Reader(filled) as reader:
        entries = [row["link"] for row in reader.ask("SELECT link FROM chain ORDER BY capture_id")]
        tiles = {(row["level"], row["number"]): row["root"] for row in reader.ask("SELECT * FROM tile")}
        assert tiles == {(1, 0): mth(entries[:256]), (1, 1): mth(entries[256:512])}
        for size in (255, 256, 257, 512, 513, 600):
            root = mth(entries[:size])
            assert log_tiles.tree_root(reader.ask, size) == root
            for number in (1, 200, size):
                proof = log_tiles.inclusion_proof(reader.ask, number, size)
                assert proof == path(number - 1, entries[:size])
            assert log_tiles.consistency_proof(reader.ask, 255, size) == subproof(255, entries[:size], whole=True)
        assert not list(verify(reader, deep=False))


def test_a_root_that_was_changed_or_lost_is_a_problem(filled, tmp_path):
    for damage, what in (
        ("UPDATE tile SET root = zeroblob(32) WHERE number = 1", "not that of its entries"),
        ("DELETE FROM tile WHERE number = 0", "missing"),
        ("INSERT INTO tile VALUES (1, 2, zeroblob(32))", "more than"),
    ):
        copy = tmp_path / "copy.db"
        copy.write_bytes(filled.read_bytes())
        with closing(sqlite3.connect(copy)) as connection, connection:
            connection.execute(damage)
        with Reader(copy) as reader:
            assert any(what in problem.what for problem in verify(reader, deep=False))
            if what == "missing":
                with pytest.raises(Corrupt, match="the log is damaged"):
                    log_tiles.tree_root(reader.ask, 600)


def test_an_old_printed_end_of_the_chain_is_an_entry_of_the_log(filled):
    """An end that ``verify`` printed years ago is provable in today's log, without anything new stored for it."""
    with Reader(filled) as reader:
        (row,) = reader.ask("SELECT link FROM chain WHERE capture_id = 300")
        root, proof = log_tiles.tree_root(reader.ask, 600), log_tiles.inclusion_proof(reader.ask, 300, 600)
        assert is_included(leaf_hash(row["link"]), 299, 600, proof, root)
        assert log_tiles.links(reader.ask, 0, 1) == [chain.link(chain.START, facts_digest(reader.ask, 1))]


def facts_digest(ask: Ask, number: int) -> bytes:
    (row,) = ask(f"{chain.CAPTURES} WHERE c.id = :id", id=number)
    return chain.digest(chain.facts(row))
