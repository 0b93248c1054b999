"""The measures of order, which separate a rewrite from an independent report."""

from __future__ import annotations

from archive.copies.features import Measures, measure
from archive.copies.order import OrderMeasures, measure_order
from archive.copies.tokenize import tokenize
from db.records import Text

STORY = [
    "Harbour master Ilse Brandvold closed the port of Selwyn on Monday after 212 crates broke loose.",
    "The freighter Caldera Star had lost them off Marrowick, said the coast guard officer Tomas Ekberg.",
    "Norrland Lines sent two tugs from Belmora and promised to pay 4,200 crowns for each crate.",
    "Fishermen in Dunmarch brought 38 crates ashore and sold the oranges at the church of Saint Odulf.",
    "Harald Quist of the pilots' union asked the ministry in Corwen for a lit beacon on the Anvil reef.",
    "The Meridian Institute put the loss at 655,000 crowns and expects more crates at Eastmere.",
]
OWN = "Children in Brannock wrote a song about it that Viktor Dolezal played on the organ of Kessing."


def text(*sentences: str) -> Text:
    body = "\n\n".join(sentences)
    return Text(sha256=body, title="", body=body, language="en")


def compared(first: list[str], second: list[str]) -> Measures:
    return measure(text(*first), text(*second))


def test_a_text_follows_itself():
    measures = compared(STORY, STORY)
    assert (measures.order, measures.unbroken, measures.retained) == (1.0, 1.0, (1.0, 1.0))
    assert measures.flow == 1.0


def test_an_excerpt_follows_the_whole_and_only_the_whole_has_more():
    measures = compared(STORY, STORY[1:4])
    assert measures.flow == 1.0
    assert measures.retained[0] < 0.7
    assert measures.retained[1] == 1.0


def test_the_same_facts_in_another_order_lower_the_order():
    turned = compared(STORY, STORY[3:] + STORY[:3])
    assert 0.3 < turned.order < 0.7
    assert compared(STORY, STORY[::-1]).order < turned.order


def test_other_facts_in_between_interrupt_it():
    mixed = [STORY[0], OWN, OWN, STORY[2], OWN, STORY[5]]
    measures = compared(STORY, mixed)
    assert measures.order == 1.0
    assert measures.unbroken < 0.75
    assert measures.flow < 0.75


def test_a_short_sentence_in_between_hardly_interrupts_it():
    assert compared(STORY, [*STORY[:3], "Nobody was hurt.", *STORY[3:]]).unbroken > 0.95


def test_other_figures_and_names_are_not_retained():
    measures = compared(STORY, [*STORY[:4], OWN, OWN])
    assert 0.5 < measures.retained[0] < 0.8
    assert 0.5 < measures.retained[1] < 0.8


def test_a_respelled_name_is_retained():
    measures = compared(STORY, [sentence.replace("Brandvold", "Branvolt") for sentence in STORY])
    assert ("brandvold", "branvolt") in measures.respelled or ("branvolt", "brandvold") in measures.respelled
    assert measures.order == 1.0


def test_texts_without_common_names_are_not_out_of_order():
    nothing = tokenize("It rained all day and nobody went out.", "en")
    assert measure_order([], nothing, nothing, {}, {}) == OrderMeasures(order=1.0)
    assert measure_order([], nothing, nothing, {"brandvold": 1.0}, {}) == OrderMeasures()


def test_the_measures_are_symmetric():
    there, back = compared(STORY, STORY[2:] + STORY[:2]), compared(STORY[2:] + STORY[:2], STORY)
    assert round(there.flow, 6) == round(back.flow, 6)
    assert tuple(round(share, 6) for share in there.retained) == tuple(round(share, 6) for share in back.retained[::-1])
