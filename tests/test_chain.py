"""Tests of the chain over captures: each link matches its capture, in the order they were stored."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from db import chain
from db.queries import tombstones
from db.reader import Reader
from db.records import Reason
from db.schema import capture
from db.store import Store
from db.verify import verify
from tests.builders import DAY, HOUR, PAGE, T0, a_capture, add_source, failed, record_text
from tests.contents import contents

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.db"


def links(store: Store) -> list[tuple[int, bytes]]:
    return [(row["capture_id"], row["link"]) for row in store.ask("SELECT * FROM chain ORDER BY capture_id")]


def test_every_column_of_a_capture_is_a_fact() -> None:
    """A column added later has to be added to the facts, with its default, so that no older link changes."""
    by_reference = {"id": None, "source_id": "source", "payload_id": "payload_sha256"}
    columns = {by_reference.get(column.name, column.name) for column in capture.columns} - {None}
    assert set(chain._DEFAULTS) == columns | {"payload_length"}


def test_what_is_usual_for_a_fact_is_what_the_column_has_by_default() -> None:
    for column in capture.columns:
        if column.name in chain._DEFAULTS and column.server_default is not None:
            assert str(chain._DEFAULTS[column.name]) == str(column.server_default.arg)


def test_facts_are_written_the_same_from_the_row_that_goes_in_and_the_one_that_comes_out(store: Store) -> None:
    source = add_source(store)
    more = {"headers": (("Server", "nginx ü"),), "wire_sha256": "cd" * 32, "retry_at": T0 + DAY, "flags": ("retried",)}
    store.record([(a_capture(source, **more), PAGE), (failed(Reason.TIMEOUT, T0 + HOUR, source), None)])
    store.record([(a_capture(source, at=T0 + DAY), PAGE)])
    before = chain.START
    for number, link in links(store):
        (row,) = store.ask(f"{chain.CAPTURES} WHERE c.id = :id", id=number)
        before = chain.link(before, chain.digest(chain.facts(row)))
        assert before == link


def test_a_link_can_be_checked_with_any_sha256_and_json(store: Store) -> None:
    source = add_source(store)
    for hours in range(3):
        record_text(store, source, f"page {hours}", T0 + hours * HOUR)
    link = tombstones.chain_link(store.ask, 3)
    facts = hashlib.sha256(link.facts.encode()).digest()
    assert hashlib.sha256(bytes.fromhex(link.before) + facts).hexdigest() == link.link
    assert json.loads(link.facts)["payload_sha256"] == hashlib.sha256(b"page 2").hexdigest()
    assert link.before == tombstones.chain_link(store.ask, 2).link
    assert tombstones.chain_link(store.ask, 1).before == "00" * 32


def test_a_capture_that_arrives_late_is_linked_at_the_end(store: Store) -> None:
    source = add_source(store)
    for instant in (T0, T0 + DAY):
        record_text(store, source, str(instant), instant)
    before = links(store)
    record_text(store, source, "from an archive", T0 - DAY)
    assert links(store)[:-1] == before


def test_a_capture_kept_before_is_not_linked_again(store: Store) -> None:
    source = add_source(store)
    for _ in range(2):
        store.record([(a_capture(source), PAGE), (a_capture(source, at=T0 + DAY), PAGE)])
    assert [number for number, _ in links(store)] == [1, 2]


def test_a_batch_that_fails_leaves_no_link(store: Store) -> None:
    source = add_source(store)
    with pytest.raises(Exception, match="FOREIGN KEY"):
        store.record([(a_capture(source), PAGE), (a_capture(99), PAGE)])
    assert links(store) == []


def test_a_capture_replaced_by_a_fuller_one_leaves_its_digest(store: Store, path: Path) -> None:
    source = add_source(store)
    (waiting,) = store.record([(a_capture(source, flags=("repeat",)), None)])
    (whole,) = store.replace_capture(waiting, a_capture(source), PAGE)
    assert (waiting, whole) == (1, 2)
    with Reader(path) as reader:
        assert list(verify(reader, deep=True)) == []


def test_two_archives_of_one_content_differ_in_their_chains_only(tmp_path: Path) -> None:
    paths = tmp_path / "one.db", tmp_path / "other.db"
    for path, order in zip(paths, ((1, 2, 3), (3, 1, 2)), strict=True):
        with Store(path) as store:
            source = add_source(store)
            for day in order:
                record_text(store, source, f"page {day}", T0 + day * DAY)
    assert contents(paths[0]) == contents(paths[1])
    with Store(paths[0]) as first, Store(paths[1]) as other:
        assert links(first) != links(other)


def test_captures_of_before_enter_the_chain_in_their_order(path: Path) -> None:
    """The migration makes the same chain from the same rows."""
    with Store(path) as store:
        source = add_source(store)
        for day in range(3):
            record_text(store, source, f"page {day}", T0 + day * DAY)
        linked = links(store)
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        before, links_made = chain.START, []
        for row in connection.execute(f"{chain.CAPTURES} ORDER BY c.id"):
            before = chain.link(before, chain.digest(chain.facts(dict(row))))
            links_made.append((row["id"], before))
    assert links_made == linked


# --- salt, and the capture before ------------------------------------------------------------------------------------


def test_each_new_capture_names_the_one_of_its_source_before(path: Path) -> None:
    with Store(path) as store:
        one, other = add_source(store), add_source(store, "https://daily.example/quay")
        store.record([(a_capture(one), PAGE), (a_capture(other, at=T0 + HOUR), PAGE)])
        late = a_capture(one, at=T0 - DAY)  # an older capture that arrives later is the next number all the same
        store.record([(late, PAGE), (failed(Reason.TIMEOUT, T0 + DAY, one), None)])
        rows = store.ask("SELECT id, source_id, same_before FROM capture ORDER BY id")
    assert [(row["source_id"], row["same_before"]) for row in rows] == [(one, 0), (other, 0), (one, 1), (one, 3)]


def test_salts_are_facts_and_go_with_what_was_forgotten(path: Path) -> None:
    salts = iter([bytes([number]) * 16 for number in range(1, 9)])
    with Store(path, salts=lambda: next(salts)) as store:
        one, other = add_source(store), add_source(store, "https://daily.example/quay")
        store.record([(a_capture(one), PAGE), (a_capture(other), PAGE), (a_capture(one, at=T0 + DAY), PAGE)])
        assert '"salt":"01010101' in tombstones.chain_link(store.ask, 1).facts
        store.forget_source(one, T0 + 2 * DAY)
        (entry,) = store.ask("SELECT * FROM entry")
        assert json.loads(entry["facts"])["captures"] == [1, 3]
        assert "daily" not in entry["facts"]
        assert entry["number"] == 4
        assert [row["salt"] for row in store.ask("SELECT salt FROM capture")] == [bytes([2]) * 16]
    assert bytes([1]) * 16 not in path.read_bytes()
    with Reader(path) as reader:
        assert list(verify(reader, deep=True)) == []


def test_a_changed_salt_is_found(path: Path) -> None:
    with Store(path, salts=lambda: bytes(16)) as store:
        store.record([(a_capture(add_source(store)), PAGE)])
        for change in ("salt = NULL", "salt = x'01'", "same_before = NULL", "same_before = 7"):
            with store.begin() as connection:
                connection.exec_driver_sql("UPDATE capture SET salt = zeroblob(16), same_before = 0")
                connection.exec_driver_sql(f"UPDATE capture SET {change}")
            with Reader(path) as reader:
                assert list(verify(reader, deep=False)), change
