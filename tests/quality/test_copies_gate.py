"""The floors of near-copy detection on the labelled development set, by its own scorer."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from archive.copies import fingerprint, judge
from archive.extract.boilerplate import clean
from db.records import Extraction, Judgement, Relation, Text, Verdict

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "nearcopy"
LONGEST_HEADLINE = 110
COPY = {"EXACT", "NEAR", "PARTIAL", "SPUN"}

pytestmark = [pytest.mark.gate, pytest.mark.skipif(not DATA.is_dir(), reason="skipped: no data")]


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def as_text(row: dict[str, Any]) -> Text:
    """A document as the archive would keep it: cleaned, its headline apart from its body."""
    body = clean(Extraction(verdict=Verdict.OK, text=row["text"], language=row["lang"])).text
    head, _, rest = body.partition("\n\n")
    headed = len(head) < LONGEST_HEADLINE and not head.endswith(".")
    title, body = (head, rest) if headed else ("", body)
    digest = sha256(f"{title}\n\n{body}".encode()).hexdigest()
    return Text(sha256=digest, title=title, body=body, language=row["lang"])


@pytest.fixture(scope="module")
def texts() -> dict[str, Text]:
    return {row["id"]: as_text(row) for row in rows("docs.jsonl")}


@pytest.fixture(scope="module")
def labels() -> list[dict[str, Any]]:
    return rows("pairs.jsonl")


@pytest.fixture(scope="module")
def judged(texts, labels) -> list[Judgement]:
    return [judge(texts[row["a"]], texts[row["b"]]) for row in labels]


@pytest.fixture(scope="module")
def scores(labels, judged, tmp_path_factory) -> dict[str, Any]:
    """What the scorer beside the data says."""
    spec = importlib.util.spec_from_file_location("nearcopy_score", DATA / "score.py")
    assert spec is not None
    assert spec.loader is not None
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    predictions = tmp_path_factory.mktemp("nearcopy") / "predictions.jsonl"
    lines = (json.dumps(prediction(row, found)) for row, found in zip(labels, judged, strict=True))
    predictions.write_text("\n".join(lines), encoding="utf-8")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        scorer.main([str(predictions), "--json"])
    return json.loads(said.getvalue())


def prediction(row: dict[str, Any], found: Judgement) -> dict[str, Any]:
    linked = found.relation not in {None, Relation.POSSIBLE}
    return {
        "a": row["a"],
        "b": row["b"],
        "relation": str(found.relation) if linked else "UNRELATED",
        "score": found.score,
    }


def test_copy_or_not(scores):
    """Two copies of 252 are called possible: parts that are compared with a rewording of the whole.

    The rules before the copy model found all. They had been set on these stories, and found 0.63 of real rewrites.
    """
    precision, recall, f1 = scores["copy"]
    assert precision >= 0.995
    assert recall >= 0.985
    assert f1 >= 0.99


def test_reworded_copies_are_told_from_reports_of_the_same_event(scores):
    precision, recall, _ = scores["spun_vs_same_event"]
    assert precision >= 0.995
    assert recall >= 0.98


@pytest.mark.parametrize("stories", [("harbor", "election", "heat"), ("clinic", "chip", "puente")])
def test_copy_or_not_in_each_half_of_the_stories(labels, judged, stories):
    """The thresholds came out alike when each half was searched for the best ones (docs/quality.md)."""
    half = [(row, found) for row, found in zip(labels, judged, strict=True) if row["a"].split(".")[0] in stories]
    called = [row["relation"] in COPY for row, found in half if found.relation is not None and found.relation.is_copy]
    assert sum(called) >= 0.995 * len(called)
    assert sum(called) >= 0.97 * sum(row["relation"] in COPY for row, _ in half)


def test_excerpts_are_found(scores):
    assert scores["classes"]["PARTIAL"]["fair"][1] >= 0.995


def test_the_score_orders_pairs(scores):
    assert scores["score"]["auc"] >= 0.995
    assert scores["score"]["recall_at_fpr_1pct"] >= 0.975


def test_no_template_and_no_follow_up_is_linked_as_a_copy(labels, judged):
    hard = [found for row, found in zip(labels, judged, strict=True) if row["hard"]]
    assert len(hard) > 100
    assert not [found.because for found in hard if found.relation is not None and found.relation.is_copy]


def test_reports_of_the_same_event_are_found(scores):
    precision, recall, _ = scores["classes"]["SAME_EVENT"]["strict"]
    assert precision >= 0.8
    assert recall >= 0.84


def test_every_labelled_relative_shares_four_keys(labels, texts):
    keys = {name: set(fingerprint(text)) for name, text in texts.items()}
    related = [row for row in labels if row["relation"] != "UNRELATED"]
    assert not [row for row in related if len(keys[row["a"]] & keys[row["b"]]) < 4]


def test_strangers_seldom_share_two_keys(texts):
    """A bound on what candidates cost: pairs of different stories that look-up would bring together."""
    stories = {row["id"]: row["story"].split("+")[0].split(".")[0] for row in rows("docs.jsonl")}
    keys = {name: set(fingerprint(text)) for name, text in texts.items()}
    strangers = [(a, b) for a in keys for b in keys if a < b and stories[a] != stories[b]]
    brought = sum(len(keys[a] & keys[b]) >= 2 for a, b in strangers)
    assert brought <= 0.10 * len(strangers)
