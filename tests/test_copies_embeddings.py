"""The optional embedding model: it finds more than words do, and the method's id says that it was used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from archive.copies import METHOD, judge
from archive.copies.embeddings import WordLlamaModel
from db.records import Relation, Text

if TYPE_CHECKING:
    from archive.copies.tokenize import TokenizedText

FIRST = """The mill at Orsten burned down on Friday night while its owner, Ada Venn, was at a wedding in Tarl.

Forty people formed a chain with buckets because the engine from Tarl had a flat tyre.

Venn said the insurance had lapsed in 2019 and that she would rebuild with timber from her own wood.

The miller's cat came out of the ashes on Saturday, thirsty and in a bad mood."""

SECOND = """Flames consumed the Orsten gristmill late Friday; proprietor Ada Venn was celebrating nuptials at Tarl.

Roughly 40 locals passed pails hand to hand, as Tarl's pumper stood idle with a punctured wheel.

Coverage had expired back in 2019, according to Venn, who intends putting it up again using logs off her land.

Its resident feline emerged from cinders next day, parched and cross."""


class AlignedModel:
    """A model of two given texts: their sentences correspond one to one."""

    id = "aligned"

    def similarity(self, a: TokenizedText, b: TokenizedText) -> np.ndarray | None:
        return np.eye(len(a.sentences), len(b.sentences))


def text(body: str) -> Text:
    return Text(sha256=body[:9], title="", body=body, language="en")


def test_a_model_finds_the_same_in_other_words():
    without = judge(text(FIRST), text(SECOND))
    judgement = judge(text(FIRST), text(SECOND), model=AlignedModel())
    assert without.relation is not Relation.REWORDED
    assert judgement.relation is Relation.REWORDED
    assert judgement.score > without.score
    assert len(judgement.passages) == 1


def test_the_method_names_the_model():
    assert judge(text(FIRST), text(SECOND)).method == METHOD
    assert judge(text(FIRST), text(SECOND), model=AlignedModel()).method == f"{METHOD}+aligned"


def test_the_shipped_model_works_offline_and_for_english_alone():
    pytest.importorskip("wordllama", reason="skipped: no wordllama")
    model = WordLlamaModel()
    assert judge(text(FIRST), text(FIRST), model=model).relation is Relation.EXACT
    assert judge(text(FIRST), text(SECOND), model=model).score > judge(text(FIRST), text(SECOND)).score
    german = Text(sha256="d", title="", body="Die Mühle ist am Freitag mit der Scheune und dem Haus abgebrannt. " * 4)
    assert judge(german, german, model=model).method.endswith(model.id)
