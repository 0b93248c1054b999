"""The labelled corpus: every document is whole, every label follows from a lineage, and the parts share no event."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from labelled import CORPUS, PARTS, events, lineage, pairs_within, part_of

ROWS = [json.loads(line) for path in sorted(CORPUS.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
FIELDS = {"event", "id", "kind", "from", "lang", "headline", "text", "outlet", "byline", "published", "credits"}


def test_every_document_has_its_fields_and_a_source_in_its_event():
    by_event = {row["event"]: {other["id"] for other in ROWS if other["event"] == row["event"]} for row in ROWS}
    wrong = [
        row["id"]
        for row in ROWS
        if row.keys() != FIELDS
        or not row["text"].strip()
        or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row["published"])
        or (row["from"] is not None and row["from"] not in by_event[row["event"]])
    ]
    assert wrong == []
    assert len({row["id"] for row in ROWS}) == len(ROWS)


def test_it_is_large_and_wild():
    assert len({row["event"] for row in ROWS}) >= 100
    assert len({row["lang"] for row in ROWS}) >= 10
    assert len({row["kind"] for row in ROWS}) >= 15


def test_every_event_has_one_part_and_an_original_that_is_the_first_of_its_lineage():
    parts = {part: set(events(part)) for part in PARTS}
    assert sum(map(len, parts.values())) == len({row["event"] for row in ROWS})
    assert all(part_of(event) == part for part, names in parts.items() for event in names)
    for part in PARTS:
        for documents in events(part).values():
            by_id = {document.id: document for document in documents}
            for document in documents:
                root = by_id[lineage(document, by_id)]
                assert root.source is None
                assert root.published <= document.published, document.id


@pytest.mark.parametrize("part", PARTS)
def test_every_part_has_copies_and_honest_reports_of_every_sort(part):
    kinds = Counter((pair.label, pair.kind) for pair in pairs_within(part))
    wanted = {"translation", "rewrite-plain", "rewrite-loud", "rewrite-moved", "summary-third", "lifted", "trim"}
    assert wanted <= {kind for label, kind in kinds if label == "copy"}
    assert kinds["same_event", "agency-rival"] >= 100
    assert kinds["same_event", "follow-up"] >= 20


def test_derived_documents_are_the_same_each_time():
    first = {document.id: document.body for family in events("development").values() for document in family}
    events.cache_clear()
    assert {document.id: document.body for family in events("development").values() for document in family} == first
