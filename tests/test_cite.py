"""A footnote says what was seen, and goes on saying it whatever is archived later."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from archive.api import Archive
from archive.api.version_ref import Ref, parse_ref
from archive.cli import wirecopy
from db.errors import NotArchived
from db.store import Store
from tests.builders import DAY, HOUR, T0, URL, add_source, build_once, make_history

if TYPE_CHECKING:
    from db.records import Citation

SCHEMA = Path(__file__).resolve().parents[1] / "docs" / "json" / "cite.schema.json"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_archive(tmp_path / "archive.db")


@build_once
def make_archive(path: Path) -> None:
    with Store(path) as store:
        make_history(store, add_source(store), [("one", T0), ("two", T0 + DAY), ("two", T0 + 3 * DAY)], title="Harbour")


def cited(path: Path, ref: Ref) -> Citation:
    with Archive(path) as archive:
        return archive.cite(ref)


def run(path: Path, *arguments: str) -> str:
    done = CliRunner().invoke(wirecopy, ["--db", str(path), "cite", *arguments], standalone_mode=False)
    assert done.exception is None, done.exception
    return done.output


def test_what_is_cited_is_the_capture_that_stood_there(path: Path) -> None:
    found = cited(path, Ref(url=URL, at=T0 + 2 * DAY))
    assert (found.title, found.url, found.capture.captured_at) == ("Harbour", URL, T0 + DAY)
    assert found.capture.payload_sha256 == hashlib.sha256(b"two").hexdigest()
    assert found.text_sha256 == hashlib.sha256(b"Harbour\n\ntwo").hexdigest()
    assert found.link.position == 2


def test_without_a_moment_it_is_the_newest_version_as_it_was_first_seen(path: Path) -> None:
    assert cited(path, Ref(url=URL)).capture.captured_at == T0 + DAY


def test_a_later_sighting_may_be_cited(path: Path) -> None:
    assert cited(path, Ref(url=URL, at=T0 + 9 * DAY)).capture.captured_at == T0 + 3 * DAY


def test_what_was_cited_stays_when_older_captures_shift_the_numbers(path: Path) -> None:
    pointer = f"{URL}@{json.loads(run(path, URL, '--json'))['captured_at']}"
    before = run(path, pointer, "--json")
    with Store(path) as store:
        found = [("zero", T0 - DAY), ("between", T0 + HOUR), ("two", T0 + 2 * HOUR), ("after", T0 + 9 * DAY)]
        make_history(store, 1, found, title="Harbour")
    with Archive(path) as archive:
        assert archive.version(parse_ref(pointer, now=T0)).number > 2
    assert run(path, pointer, "--json") == before


def test_the_answer_has_its_published_shape(path: Path) -> None:
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(json.loads(run(path, URL, "--json")))


def test_the_footnote_names_all_that_is_needed_to_check_it(path: Path) -> None:
    said = run(path, URL)
    found = cited(path, Ref(url=URL))
    for part in ("Harbour", URL, "2026-01-06T08:00:00Z", found.capture.payload_sha256 or "", found.text_sha256):
        assert part in said
    assert f"number 2, sha256 {found.link.link}" in said
    assert f"wirecopy cite '{URL}@2026-01-06T08:00:00Z' --raw | sha256sum" in said


def test_the_cited_bytes_have_the_cited_digest(path: Path) -> None:
    found = cited(path, Ref(url=URL))
    assert hashlib.sha256(run(path, URL, "--raw").encode()).hexdigest() == found.capture.payload_sha256


def test_what_was_never_seen_cannot_be_cited(path: Path) -> None:
    with pytest.raises(NotArchived):
        cited(path, Ref(url=URL, at=T0 - DAY))
