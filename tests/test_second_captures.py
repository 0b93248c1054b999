"""A second archive on loopback: what it answers about a page is an entry of the log, and never more than that."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from archive.api import Archive, curation, second_records, signed_log
from archive.api.version_ref import Ref
from archive.export import export_evidence
from archive.formats.evidence import second_answers, verifier
from archive.formats.evidence.verifier import FALSE, NOT_PROVEN, PROVEN, verify
from archive.pipeline.second_captures import NoSecondCapture, ask_second_archive
from archive.settings import Settings
from archive.urls import url_key
from db.store import Store
from tests.builders import T0, URL, a_capture, add_source, derive_all
from tests.replies import page
from tests.test_evidence import members_of, repack, sentences
from tests.test_mementos import wayback

if TYPE_CHECKING:
    from pathlib import Path

    from archive.pipeline.second_captures import SecondCapture

STORY = "<p>The ministers met on Monday to end the long quarrel over the border at the river Tal.</p>" * 5
LATER = timedelta(minutes=7)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a signed archive with one article, which may ask hosts on loopback."""
    db = tmp_path / "archive.db"
    with Store(db) as store:
        source = add_source(store, URL)
        store.record([(a_capture(source, url=URL, at=T0), STORY.encode())])
        derive_all(store, title="Talks")
    signed_log.create_key(db, "daily.example/archive", seed=bytes(32), now=T0)
    return Settings(
        root=tmp_path, db=db, index=tmp_path / "INDEX.md", clock=T0 + LATER, min_gap=0.0, allow_private=True
    )


def ask(settings: Settings, archive: str) -> SecondCapture:
    return asyncio.run(ask_second_archive(settings, Ref(url=URL), archive))


def asked(settings: Settings, text: str, *, archive: str = "/timemap/link/") -> SecondCapture:
    moment = (T0 + LATER).replace(microsecond=0)
    with wayback({moment - timedelta(days=9): "older", moment: text}) as site:
        return ask(settings, site.url(archive))


def evidence_of(settings: Settings) -> Path:
    path = settings.db.with_name("talks.wacz")
    path.unlink(missing_ok=True)
    export_evidence(settings.db, path, [Ref(url=URL)])
    return path


def test_the_nearest_capture_is_an_entry_of_the_log_and_claims_no_more(settings: Settings) -> None:
    answer = asked(settings, STORY)
    assert answer.has_same_bytes
    key = signed_log.read_key(settings.db).verifier()
    claims = verify(evidence_of(settings), key)
    assert not sentences(claims, FALSE)
    assert f"number {answer.entry} of the log records this about {URL}" in sentences(claims, PROVEN)
    assert "has the sha256 of that answer" in sentences(claims, PROVEN)
    assert "only 127.0.0.1 can confirm it" in sentences(claims, NOT_PROVEN)
    assert "that the publisher sent these bytes" in sentences(claims, NOT_PROVEN)
    assert not sentences(verify(evidence_of(settings)), PROVEN)


def test_other_bytes_are_said_and_prove_nothing_about_the_page(settings: Settings) -> None:
    answer = asked(settings, STORY.replace("Monday", "Tuesday"))
    assert not answer.has_same_bytes
    claims = verify(evidence_of(settings), signed_log.read_key(settings.db).verifier())
    assert "has the sha256 of that answer" not in sentences(claims, PROVEN)
    assert "its bytes are others" in sentences(claims, NOT_PROVEN)


@pytest.mark.parametrize("name", ["memento_datetime", "body_sha256", "uri_m", "asked_at", "address"])
def test_an_answer_that_was_changed_later_is_false(settings: Settings, name: str) -> None:
    asked(settings, STORY)
    path = evidence_of(settings)
    members = members_of(path)
    line = json.loads(members[second_answers.MEMENTOS])
    record = json.loads(line["record"])
    line["record"] = json.dumps(record | {name: f"{record[name]}0"}, sort_keys=True, separators=(",", ":"))
    forged = repack(path, members | {second_answers.MEMENTOS: json.dumps(line).encode()}, note="")
    claims = verify(forged, signed_log.read_key(settings.db).verifier())
    assert "the answer of a second archive" in sentences(claims, FALSE)


def test_too_many_answers_are_refused(settings: Settings) -> None:
    asked(settings, STORY)
    path = evidence_of(settings)
    members = members_of(path)
    lines = members[second_answers.MEMENTOS] * (second_answers.MOST_ANSWERS + 1)
    with pytest.raises(verifier.Refused, match="more than 100 answers"):
        verify(repack(path, members | {second_answers.MEMENTOS: lines}, note=""))


def test_an_archive_without_it_or_with_another_date_gives_nothing(settings: Settings) -> None:
    with pytest.raises(NoSecondCapture, match="lists no capture"):
        asked(settings, STORY, archive="/nowhere/")
    moment = (T0 + LATER).replace(microsecond=0)
    with wayback({moment: STORY}) as site:
        address = f"/web/{moment:%Y%m%d%H%M%S}id_/{URL}"
        for headers in ({}, {"Memento_Datetime": "Fri, 01 Jan 2021 12:00:00 GMT"}):
            site.pages[address] = page(STORY.encode(), **headers)
            with pytest.raises(NoSecondCapture, match="Memento-Datetime"):
                ask(settings, site.url("/timemap/link/"))
        site.pages[address] = page(STORY.encode(), status="404 Not Found")
        with pytest.raises(NoSecondCapture, match="did not come"):
            ask(settings, site.url("/timemap/link/"))
    with Archive(settings.db) as archive:
        assert second_records.records_of(archive.ask, settings.db, {1}) == []
    assert not second_records.records_path(settings.db).exists()


def test_forgetting_the_article_deletes_what_names_its_address(settings: Settings) -> None:
    asked(settings, STORY)
    (record,) = second_records.records_path(settings.db).iterdir()
    assert URL in record.read_text()
    curation.forget(settings, URL)
    assert not record.exists()
    with Archive(settings.db) as archive:
        facts = str(archive.ask("SELECT facts FROM entry"))
    assert URL not in facts
    assert url_key(URL) not in facts
