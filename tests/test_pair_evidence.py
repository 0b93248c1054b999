"""The shares of a pair tell a rewrite from a report of somebody who heard the same speaker, and have words."""

from __future__ import annotations

import re
from hashlib import sha256

import pytest

from archive.copies.copy_model import copy_model
from archive.copies.features import measure
from archive.copies.pair_evidence import collect_evidence
from archive.copies.phrases import phrase
from db.records import Text

ORIGINAL = """A lighthouse keeper who logged every passing ship for forty years has won back his notebooks.

Tormod Askvik, 79, had lent 31 leather volumes to the Harbour Museum of Vesthavn in 2011. The museum sold them
to a collector when its roof leaked.

"I wrote them for the gulls and for the coroner," Askvik told reporters on the quay. "Nobody else was ever going
to read what the fog sounded like."

Judge Ragna Solheim ordered the collector to return the volumes within ten days and the museum to mend two torn
spines."""

REWRITE = """Two spines have to be repaired, and the leather volumes must be back with their writer in ten days, Ragna
Solheim ruled. A collector had bought all 31 of them from Vesthavn's Harbour Museum, which needed money for a
leaking roof.

They had only been lent, in 2011, by Tormod Askvik. For four decades he kept a lighthouse and logged each ship
that went by. The notebooks were meant for gulls and for a coroner, the man of 79 said on the quay; nobody, he
thought, was going to read about the sound of fog."""

RIVAL = """An old man and a small institution have ended their quarrel before the district bench of Vesthavn.

"I wrote them for the gulls and for the coroner," said Tormod Askvik, who is 79. "Nobody else was ever going to
read what the fog sounded like."

Ragna Solheim found that the Harbour Museum could not dispose of loans without asking. Its director resigned in
spring after an audit, and the town council will vote in June on whether to close it. Askvik intends to give a
third of the set to a school in Nordvik, where his granddaughter teaches."""


def text(body: str) -> Text:
    body = re.sub(r"(?<!\n)\n(?!\n)", " ", body)
    return Text(sha256=sha256(body.encode()).hexdigest(), title="", body=body, language="en")


def shares(a: str, b: str) -> dict[str, float]:
    return collect_evidence(measure(text(a), text(b)))


@pytest.fixture(scope="module")
def rewritten() -> dict[str, float]:
    return shares(ORIGINAL, REWRITE)


@pytest.fixture(scope="module")
def rival() -> dict[str, float]:
    return shares(ORIGINAL, RIVAL)


@pytest.mark.parametrize("share", ["details", "plain_cover", "retold"])
@pytest.mark.parametrize("side", ["shorter", "longer"])
def test_a_rewrite_tells_more_outside_quotation_marks_than_a_rival_does(rewritten, rival, share, side):
    assert rewritten[f"{share}_{side}"] > 1.3 * rival[f"{share}_{side}"]


def test_what_a_rival_has_word_for_word_is_what_the_speaker_said(rewritten, rival):
    assert rival["quoted_runs"] > 0.8
    assert rewritten["quoted_runs"] < rival["quoted_runs"]


def test_a_sentence_that_joins_two_others_is_covered_wherever_they_stand():
    ferry, cap, hens = "The ferry to Askoy struck a buoy at noon", "its captain looked for his cap", "Nine hens escaped"
    apart, joined = f"{ferry}. Then {cap}. {hens} on the pier.", f"{hens} on the pier. {ferry} while {cap}."
    evidence = shares(apart, joined)
    assert min(evidence["cover_shorter"], evidence["cover_longer"]) > 0.9


@pytest.mark.parametrize(
    ("translated", "meaning"), [(False, False), (True, False), (True, True)], ids=["one language", "two", "meaning"]
)
def test_every_share_of_a_model_has_words(translated, meaning):
    names = copy_model(translated=translated, meaning=meaning).steps
    assert len(names) > 20
    assert all(phrase(name, 0.5) for name in names)
