"""The floors of near-copy detection on the labelled development set, by its own scorer."""

from __future__ import annotations

import importlib.util
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from archive.clean import clean
from archive.copies import fingerprint, judge
from db.records import Extraction, Judgement, Relation, Text, Verdict

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "nearcopy"
LONGEST_HEADLINE = 110

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
def scores(labels, judged, tmp_path_factory, request) -> dict[str, Any]:
    """What the scorer beside the data says."""
    spec = importlib.util.spec_from_file_location("nearcopy_score", DATA / "score.py")
    assert spec is not None
    assert spec.loader is not None
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    predictions = tmp_path_factory.mktemp("nearcopy") / "predictions.jsonl"
    lines = (json.dumps(prediction(row, found)) for row, found in zip(labels, judged, strict=True))
    predictions.write_text("\n".join(lines), encoding="utf-8")
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        return said_by(scorer, predictions)


def prediction(row: dict[str, Any], found: Judgement) -> dict[str, Any]:
    linked = found.relation not in {None, Relation.POSSIBLE}
    return {"a": row["a"], "b": row["b"], "relation": str(found.relation) if linked else "UNRELATED", "score": found.score}
