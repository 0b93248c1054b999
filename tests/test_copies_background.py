"""The shipped background statistics: weights of words, and stock sentences."""

from __future__ import annotations

from archive.copies import METHOD
from archive.copies.background import BACKGROUND, HERE, background, digest_of
from archive.copies.copy_model import MODEL_ID, model_id
from db.languages import HERE as LANGUAGES


def test_the_id_belongs_to_the_files_and_is_part_of_the_method():
    assert digest_of(HERE, LANGUAGES) == BACKGROUND
    assert BACKGROUND in METHOD
    assert model_id() == MODEL_ID
    assert MODEL_ID in METHOD


def test_the_files_are_small():
    assert sum(path.stat().st_size for path in HERE.iterdir() if path.is_file()) < 1_300_000


def test_rarer_words_weigh_more():
    weight = background().weight
    for common, rare, language in (("the", "reef", "en"), ("und", "notfah", "de"), ("de", "mosqui", "es")):
        assert 0 <= weight(common, language) < 0.05
        assert weight(rare, language) > 0.5
    assert weight("brandv", "en") == background().unseen


def test_an_abbreviation_has_the_weight_of_its_letters():
    assert background().weight("u.s", "en") < 0.4


def test_languages_without_a_table_weigh_words_by_length():
    assert background().weight("pa", "fi") < background().weight("paatos", "fi") == 1.0


def test_stock_sentences_are_known_in_three_languages():
    share = background().stock_share
    for sentence in (
        "the company did not immediately respond to a request for comment",
        "el banco no respondió de inmediato a una solicitud de comentarios",
        "die bank wollte sich auf anfrage nicht äußern",
    ):
        assert share(tuple(sentence.split())) > 0.6
    assert share(("the", "ferry", "ran", "aground", "on", "the", "reef")) == 0.0
    assert share(("short",)) == 0.0
