"""A flipped byte of an archive file: no read command ends in an error of a library, or answers otherwise unnoticed.

``python bench/run.py byte_flips`` does the same with 300 flips of a larger archive.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from db.store import Store
from tests.builders import DAY, T0
from tests.byte_flips import ask, commands, faults, fixed_environment
from tests.forged import make_archive
from tests.newsroom import COPY, TALKS

if TYPE_CHECKING:
    from pathlib import Path

CLOCK = (T0 + 3 * DAY).isoformat()


@pytest.mark.slow
def test_thirty_flipped_bytes_are_refused_or_known(tmp_path: Path) -> None:
    db = make_archive(tmp_path / "archive.db")
    with fixed_environment(CLOCK):
        questions = commands([TALKS, COPY], "ministers")
        assert {ask(db, command).code for command in questions} == {0}
        assert list(faults(db, tmp_path, questions, 30, seed=3)) == []


def test_an_index_that_lost_a_row_is_named(tmp_path: Path) -> None:
    """A look-up that finds nothing would end in an error of Python."""
    db = make_archive(tmp_path / "archive.db")
    with Store(db) as store:
        digest = store.ask("SELECT t.sha256 FROM version v JOIN text t ON t.id = v.text_id LIMIT 1")[0]["sha256"]
    content = db.read_bytes()
    places = [found.start() for found in re.finditer(re.escape(digest), content)]
    assert len(places) > 1
    messages = []
    for at in places:
        (tmp_path / "spoilt.db").write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with fixed_environment(CLOCK):
            answers = [ask(tmp_path / "spoilt.db", ["copies", "--json"]), ask(tmp_path / "spoilt.db", ["events"])]
        assert not any(answer.error for answer in answers)
        messages += [answer.output for answer in answers if answer.code]
    assert messages
    assert all("wirecopy verify" in message or "wirecopy restore" in message for message in messages)


def test_a_name_of_the_schema_that_is_no_text_is_named(tmp_path: Path) -> None:
    """The driver cannot decode its own message, which quotes it."""
    db = make_archive(tmp_path / "archive.db")
    content = db.read_bytes()
    at = content.index(b"CREATE TABLE capture") + len(b"CREATE TABLE ")
    db.write_bytes(content[: at - 8] + b"\xc9" + content[at - 7 :])
    answer = ask(db, ["status"])
    assert (answer.code, answer.error) == (5, "")
    assert "wirecopy restore BACKUP" in answer.output
