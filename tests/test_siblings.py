"""Two rewrites of one archived original are copies through it, and a page with two reports makes them no copies."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from archive.api import Archive, curation
from archive.api.version_ref import Ref
from archive.copies import judge
from archive.copies.siblings import LEAST_TOGETHER, through_original
from archive.pipeline.link import link
from builders import T0, add_source, derive_all, record_text
from db.records import Judgement, Passage, Relation, Text
from db.store import Store
from labelled import events
from serving import application, client

if TYPE_CHECKING:
    from pathlib import Path

EVENT = events("development")["b-18"]
NAMES = {"agency": "wire", "rewrite-plain": "plain", "rewrite-loud": "loud"}
BODIES = {NAMES[document.kind]: document.body for document in EVENT if document.kind in NAMES}
NOW = datetime(2032, 1, 1, tzinfo=UTC)


def an_archive(path: Path, names: list[str]) -> Path:
    with Store(path) as store:
        for name in names:
            record_text(store, add_source(store, f"https://{name}.example/"), BODIES[name], T0)
        derive_all(store)
        link(store, now=NOW)
    return path


@pytest.fixture(scope="module")
def with_original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return an_archive(tmp_path_factory.mktemp("three") / "archive.db", ["wire", "plain", "loud"])


def judged(path: Path) -> Judgement:
    with Archive(path) as archive:
        versions = [archive.version(Ref(url=f"https://{name}.example/")) for name in ("plain", "loud")]
        return archive.judge(*versions)[2]


def test_two_rewrites_are_copies_through_their_original_and_the_reason_names_it(with_original, tmp_path):
    alone = judged(an_archive(tmp_path / "archive.db", ["plain", "loud"]))
    assert alone.relation is None or not alone.relation.is_copy
    through = judged(with_original)
    assert through.relation is Relation.REWORDED
    assert through.probability is not None
    assert through.probability >= LEAST_TOGETHER
    assert "both are copies of https://wire.example/@1" in through.because
    assert through.because.endswith(f"compared alone: {alone.because}")


def test_the_page_of_the_pair_says_what_the_command_line_says(with_original):
    ask = client(application(with_original))
    with Archive(with_original) as archive:
        ids = archive.source_ids([f"https://{name}.example/" for name in ("plain", "loud")])
    first, second = ids.values()
    page = ask.get(f"/copies/{first}?with={second}", headers={"accept": "application/json"})
    pair = json.loads(page.text)["pair"]
    assert (pair["relation"], pair["because"]) == ("reworded", judged(with_original).because)


def test_a_label_of_a_person_wins(tmp_path):
    path = an_archive(tmp_path / "archive.db", ["wire", "plain", "loud"])
    sides = (Ref(url=f"https://{name}.example/") for name in ("plain", "loud"))
    curation.label_in(path, *sides, copy=False, note="", now=NOW)
    assert judged(path).relation is not Relation.REWORDED


def a_copy(spans: list[tuple[int, int]], probability: float | None = 0.99) -> Judgement:
    passages = tuple(Passage(a=(0, 1), b=span, similarity=1.0, anchors=()) for span in spans)
    return Judgement(
        relation=Relation.REWORDED, score=0.8, coverage=(1, 1), because="", passages=passages, probability=probability
    )


ALONE = Judgement(relation=None, score=0.1, coverage=(0, 0), because="not linked: little in common")


def test_a_page_with_the_reports_of_two_agencies_makes_them_no_copies():
    first, second = ([(0, 900)], [(900, 1_800)])
    assert through_original(ALONE, a_copy(first), a_copy(second), "the page") is None
    assert through_original(ALONE, a_copy(first), a_copy([(100, 1_000)]), "the page") is not None


def test_two_doubtful_links_make_no_copies():
    spans = [(0, 900)]
    assert through_original(ALONE, a_copy(spans, 0.98), a_copy(spans, 0.98), "the page") is None
    assert through_original(ALONE, a_copy(spans, 0.98), a_copy(spans, None), "the page") is not None


def test_a_partial_copy_is_no_bridge():
    whole, part = a_copy([(0, 900)]), a_copy([(0, 900)], None)
    part = Judgement(**{field: getattr(part, field) for field in Judgement.__slots__} | {"relation": Relation.PARTIAL})
    assert through_original(ALONE, whole, part, "the page") is None


def test_two_agencies_reports_on_one_page_are_not_copies_through_it():
    """The same with texts: the page is a near copy of both."""
    wire = BODIES["wire"]
    rival = next(document.body for document in EVENT if document.kind == "rival")
    bodies = (wire, rival, f"{wire}\n\n{rival}")
    texts = [Text(sha256=str(index), title="", body=body) for index, body in enumerate(bodies)]
    alone, a, b = judge(texts[0], texts[1]), judge(texts[0], texts[2]), judge(texts[1], texts[2])
    assert through_original(alone, a, b, "the page") is None
