"""Citations: a footnote names what was seen, and stays true whatever is archived later."""

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
from tests.builders import DAY, HOUR, LATER, T0, URL, add_source, make_history

if TYPE_CHECKING:
    from db.records import Citation

SCHEMA = Path(__file__).resolve().parents[1] / "docs" / "json" / "cite.schema.json"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    db = tmp_path / "archive.db"
    with Store(db) as store:
        make_history(store, add_source(store), [("one", T0), ("two", T0 + DAY), ("two", T0 + 3 * DAY)], title="Harbour")
    return db


def cite(path: Path, ref: Ref) -> Citation:
    with Archive(path) as archive:
        return archive.cite(ref)


def run(path: Path, *arguments: str) -> str:
    outcome = CliRunner().invoke(wirecopy, ["--db", str(path), "cite", *arguments], standalone_mode=False)
    assert outcome.exception is None, outcome.exception
    return outcome.output


def test_a_citation_names_the_capture_of_that_moment(path: Path) -> None:
    citation = cite(path, Ref(url=URL, at=T0 + 2 * DAY))
    assert (citation.title, citation.url, citation.capture.captured_at) == ("Harbour", URL, T0 + DAY)
    assert citation.capture.payload_sha256 == hashlib.sha256(b"two").hexdigest()
    assert citation.text_sha256 == hashlib.sha256(b"Harbour\n\ntwo").hexdigest()
    assert citation.link.position == 2


def test_without_a_moment_it_is_the_newest_version_as_it_was_first_seen(path: Path) -> None:
    assert cite(path, Ref(url=URL)).capture.captured_at == T0 + DAY


def test_a_later_sighting_may_be_cited(path: Path) -> None:
    assert cite(path, Ref(url=URL, at=T0 + 9 * DAY)).capture.captured_at == T0 + 3 * DAY


def test_a_citation_stays_when_older_captures_shift_the_numbers(path: Path) -> None:
    pointer = f"{URL}@{json.loads(run(path, URL, '--json'))['captured_at']}"
    before = run(path, pointer, "--json")
    with Store(path) as store:
        older = [("zero", T0 - DAY), ("between", T0 + HOUR), ("two", T0 + 2 * HOUR), ("after", T0 + 9 * DAY)]
        make_history(store, 1, older, title="Harbour")
    with Archive(path) as archive:
        assert archive.version(parse_ref(pointer, now=LATER)).number > 2
    assert run(path, pointer, "--json") == before


def test_the_answer_has_its_published_shape(path: Path) -> None:
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(json.loads(run(path, URL, "--json")))


def test_the_footnote_names_all_that_is_needed_to_check_it(path: Path) -> None:
    output = run(path, URL)
    citation = cite(path, Ref(url=URL))
    for part in ("Harbour", URL, "2026-01-06T08:00:00Z", citation.capture.payload_sha256 or "", citation.text_sha256):
        assert part in output
    assert f"number 2, sha256 {citation.link.link}" in output
    assert f"wirecopy cite '{URL}@2026-01-06T08:00:00Z' --raw | sha256sum" in output


def test_the_cited_bytes_have_the_cited_digest(path: Path) -> None:
    citation = cite(path, Ref(url=URL))
    assert hashlib.sha256(run(path, URL, "--raw").encode()).hexdigest() == citation.capture.payload_sha256


def test_what_was_never_seen_cannot_be_cited(path: Path) -> None:
    with pytest.raises(NotArchived):
        cite(path, Ref(url=URL, at=T0 - DAY))
