"""What an edit did is read off its words."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.diff import compare
from db.records import Kind, Text

FRAME = "The ship had left on time and the harbour was quiet when the night watch began."


def text(body: str, *, title: str = "Headline", language: str | None = "en", residue: tuple[str, ...] = ()) -> Text:
    digest = sha256(f"{title}\n\n{body}".encode()).hexdigest()
    return Text(sha256=digest, title=title, body=body, language=language, residue=residue)


def kinds(before: str, after: str, *, language: str = "en") -> set[str]:
    a, b = (text(f"{FRAME}\n\n{said}\n\n{FRAME}", language=language) for said in (before, after))
    return {str(kind) for kind in compare(a, b).kinds}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("Police counted 300 people there.", "Police counted 30 people there.", {"number"}),
        ("Police counted 300 people there.", "Police counted many people there.", {"number", "wording"}),
        ("Police counted three boats there.", "Police counted four boats there.", {"number"}),
        ("It rose 1.8% in a year.", "It rose 1.9% in a year.", {"number"}),
        ("They came on Monday by sea.", "They came on Tuesday by sea.", {"date"}),
        ("It was built in 1988 by monks.", "It was built in 1989 by monks.", {"date"}),
        ("They left on 5 May 2024 by sea.", "They left on 6 May 2024 by sea.", {"date"}),
        ("It struck at 4:10 a.m. in fog.", "It struck at 5:10 a.m. in fog.", {"date"}),
        ("It cost $4.2 million to build.", "It cost $4.8 million to build.", {"money"}),
        ("Costó 86.000 pesos en total.", "Costó 68.000 pesos en total.", {"money"}),
        ('He said "we saw nobody there" twice.', 'He said "we saw a man there" twice.', {"quotation"}),
        ('He told us "it was over by noon" today.', "He told us today.", {"quotation"}),
        ("The captain said the reef was lit.", "The captain claimed the reef was lit.", {"attribution"}),
        ("Der Kapitän sagte, es sei dunkel.", "Der Kapitän behauptete, es sei dunkel.", {"attribution"}),
        ("Later Tomas Ekberg came home.", "Later Harald Quist came home.", {"name"}),
        ("The boat sank near Marrowick at dusk.", "The boat sank near Belmora at dusk.", {"name"}),
        ("Later Brandvold came home.", "Later Brandvolt came home.", {"name"}),
        ("The captain was to blame.", "The captain was not to blame.", {"hedge"}),
        ("The marker is unsafe at night.", "The marker isn't unsafe at night.", {"hedge", "wording"}),
        ("The captain hit the reef.", "The captain allegedly hit the reef.", {"hedge"}),
        ("Der Mann war betrunken.", "Der Mann war mutmaßlich betrunken.", {"hedge"}),
        ("El hombre robó el barco.", "El presunto hombre robó el barco.", {"hedge"}),
        ("The big boat sank.", "The small boat sank.", {"wording"}),
        ("Prices rose at once.", "Prices rise at once.", {"wording"}),
        ("The report names the owner.", "The reports names the owner.", {"wording"}),
    ],
)
def test_a_change_of_words_is_named(before, after, expected):
    assert kinds(before, after) == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("The goverment fell.", "The government fell."),
        ("They recieved it.", "They received it."),
        ("It was the the end.", "It was the end."),
        ("The end , they said.", "The end, they said."),
        ("The end; they said so", "The end: they said so."),
        ("A  double blank.", "A double blank."),
        ("They met the PRESIDENT there.", "They met the president there."),
        ("He said “it is over” there.", 'He said "it is over" there.'),
        ('He said "it is definately over" there.', 'He said "it is definitely over" there.'),
    ],
)
def test_mended_typos_marks_case_and_blanks_are_cosmetic_alone(before, after):
    a, b = text(before), text(after)
    change = compare(a, b)
    assert change.kinds == (Kind.COSMETIC,)
    assert change.score < 0.05


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_a_changed_number_is_never_cosmetic(old, new):
    change = compare(text(f"They counted {old} boats."), text(f"They counted {new} boats."))
    assert (Kind.COSMETIC in change.kinds) is False
    assert bool(change.kinds) == (old != new)


@pytest.mark.parametrize(
    "note",
    [
        "Correction: The toll was 30, not 300.",
        "Editor's note: This story was changed to give the right toll.",
        "UPDATE (May 5): The ministry has answered since.",
        "An earlier version of this article misstated the toll.",
        "Fe de errores: el número de heridos era 19.",
        "Una versión anterior de este artículo daba otra cifra.",
        "Korrektur: In der ersten Fassung stand eine falsche Zahl.",
        "Anmerkung der Redaktion: Der Name wurde berichtigt.",
        "In einer früheren Version stand eine falsche Zahl.",
    ],
)
def test_an_added_correction_note_is_seen(note):
    assert kinds("A quiet day.", f"A quiet day.\n\n{note}") >= {"correction", "added"}


def test_words_that_only_sound_like_a_correction_are_none():
    assert "correction" not in kinds("A day.", "A day.\n\nCorrections officers walked out of the prison on a cold day.")


def test_a_paragraph_with_a_quotation_that_was_cut_says_both():
    assert kinds('"It was a long night for all of us," Quist said.', "") == {"removed", "quotation"}


def test_an_added_sentence_is_a_passage_and_not_wording():
    assert kinds("A quiet day.", "A quiet day. Nobody had seen the ship since the early morning.") == {"added"}


def test_a_headline_change_names_what_it_did():
    a, b = (
        text(FRAME, title="Minister lied about 300 deaths"),
        text(FRAME, title="Minister may have erred on 30 deaths"),
    )
    assert compare(a, b).kinds == (Kind.HEADLINE, Kind.NUMBER, Kind.HEDGE)


def test_a_headline_in_other_case_is_cosmetic():
    a, b = text(FRAME, title="Ferry runs aground"), text(FRAME, title="FERRY RUNS AGROUND")
    assert compare(a, b).kinds == (Kind.COSMETIC,)


def test_german_nouns_are_not_names():
    assert kinds("Da kam der Hund des Hauses.", "Da kam die Katze des Hauses.", language="de") == {"wording"}
    assert kinds("Da kam Erika Mustermann.", "Da kam Helga Mustermann.", language="de") == {"name"}


def test_residue_alone_is_named_and_never_beside_another_kind():
    assert kinds("A quiet day.", "A quiet day.\n\n[ad_1]") == {"residue"}
    assert kinds("A quiet day.", "A loud day.\n\n[ad_1]") == {"wording"}
    same = compare(text(FRAME), text(FRAME, residue=("[ad_1]",)))
    assert same.kinds == (Kind.RESIDUE,)


def test_the_score_puts_what_matters_first():
    def score(before: str, after: str) -> float:
        return compare(text(f"{FRAME}\n\n{before}"), text(f"{FRAME}\n\n{after}")).score

    headline = compare(text(FRAME), text(FRAME, title="Another one")).score
    number = score("Police counted 300 people there.", "Police counted 30 people there.")
    wording = score("The big boat sank.", "The small boat sank.")
    moved = compare(text(f"{FRAME}\n\nThe big boat sank."), text(f"The big boat sank.\n\n{FRAME}")).score
    typo = score("The goverment fell.", "The government fell.")
    assert headline > wording
    assert number > wording > moved > typo > 0
