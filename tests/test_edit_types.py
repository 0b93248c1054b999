"""The types of an edit are read off its words."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.versions.diff import compare
from db.records import Kind, Text

FRAME = "The ship had left on time and the harbour was quiet when the night watch began."
FRAMES = {
    "en": FRAME,
    "de": "Das Schiff war pünktlich ausgelaufen und im Hafen war es ruhig, als die Nachtwache begann.",
    "es": "El barco había salido a tiempo y el puerto estaba tranquilo cuando comenzó la guardia.",
}


def text(body: str, *, title: str = "Headline", language: str | None = "en", residue: tuple[str, ...] = ()) -> Text:
    digest = sha256(f"{title}\n\n{body}".encode()).hexdigest()
    return Text(sha256=digest, title=title, body=body, language=language, residue=residue)


def kinds(before: str, after: str, *, language: str = "en") -> set[str]:
    a, b = (text(f"{FRAME}\n\n{body}\n\n{FRAME}", language=language) for body in (before, after))
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
        "An earlier version of this article misstated the toll.",
        "Fe de errores: el número de heridos era 19.",
        "Una versión anterior de este artículo daba otra cifra.",
        "Korrektur: In der ersten Fassung stand eine falsche Zahl.",
        "Anmerkung der Redaktion: Der Name wurde berichtigt.",
        "In einer früheren Version stand eine falsche Zahl.",
    ],
)
def test_an_added_correction_is_recognized(note):
    assert kinds("A quiet day.", f"A quiet day.\n\n{note}") >= {"correction", "added"}


def test_words_that_only_resemble_a_correction_are_none():
    assert "correction" not in kinds("A day.", "A day.\n\nCorrections officers walked out of the prison on a cold day.")


def test_a_cut_paragraph_with_a_quotation_is_removed_and_quotation():
    assert kinds('"It was a long night for all of us," Quist said.', "") == {"removed", "quotation"}


def test_an_added_sentence_is_a_passage_and_not_wording():
    assert kinds("A quiet day.", "A quiet day. Nobody had seen the ship since the early morning.") == {"added"}


def test_a_headline_change_has_the_kinds_of_its_words():
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


# --- more cases, and other languages ---------------------------------------------------------------------------------

CHANGES = [
    ("de", "Das teilte Olaf Scholz mit.", "Das teilte Friedrich Merz mit.", {"name"}),
    ("de", "Er kommt aus Berlin und ist müde.", "Er kommt aus München und ist müde.", {"name"}),
    ("de", "Die Polizei zählte 300 Menschen.", "Die Polizei zählte 30 Menschen.", {"number"}),
    ("de", "Die Polizei zählte drei Menschen.", "Die Polizei zählte vier Menschen.", {"number"}),
    ("de", "Es kostet 4,2 Milliarden Euro.", "Es kostet 4,8 Milliarden Euro.", {"money"}),
    ("de", "Sie kamen am Montag an.", "Sie kamen am Dienstag an.", {"date"}),
    ("de", "Sie kamen im Januar an.", "Sie kamen im Februar an.", {"date"}),
    ("de", "Am 5. Januar 2024 kam er an.", "Am 6. Januar 2024 kam er an.", {"date"}),
    ("de", "Um 14.30 Uhr kam er an.", "Um 15.30 Uhr kam er an.", {"date"}),
    ("de", "Der Mann soll geflohen sein.", "Der Mann ist geflohen.", {"hedge", "wording"}),
    ("de", "Er ist schuldig.", "Er ist nicht schuldig.", {"hedge"}),
    ("de", "Er sagte „wir sahen niemanden“ dazu.", "Er sagte „wir sahen jemanden“ dazu.", {"quotation"}),
    ("de", "Das sagte ein Sprecher.", "Das behauptete ein Sprecher.", {"attribution"}),
    ("de", "Die Regirung trat zurück.", "Die Regierung trat zurück.", {"cosmetic"}),
    ("de", "Die Lage ist schlimm.", "Die Lage ist ernst.", {"wording"}),
    ("de", "Rund 30 Prozent stimmten zu.", "Rund 40 Prozent stimmten zu.", {"number"}),
    ("de", "Ein Haus brannte.", "Ein Haus brannte. Verletzt wurde nach Angaben der Feuerwehr niemand.", {"added"}),
    ("es", "El presidente Pedro Sánchez habló.", "El presidente Mariano Rajoy habló.", {"name"}),
    ("es", "Llegaron el lunes por mar.", "Llegaron el martes por mar.", {"date"}),
    ("es", "Fue el 5 de enero de 2024 allí.", "Fue el 6 de enero de 2024 allí.", {"date"}),
    ("es", "La policía contó tres barcos.", "La policía contó cuatro barcos.", {"number"}),
    ("es", "Subió un 1,8 % este año.", "Subió un 1,9 % este año.", {"number"}),
    ("es", "Costó 4,2 millones de euros en total.", "Costó 4,8 millones de euros en total.", {"money"}),
    ("es", "El hombre no es culpable.", "El hombre es culpable.", {"hedge"}),
    ("es", "El ministro dijo que era tarde.", "El ministro aseguró que era tarde.", {"attribution"}),
    ("es", "Dijo «no vimos a nadie» ayer.", "Dijo «vimos a alguien» ayer.", {"quotation"}),
    ("es", "El barco grande se hundió.", "El barco pequeño se hundió.", {"wording"}),
    ("es", "El goberno cayó.", "El gobierno cayó.", {"cosmetic"}),
    ("es", "Podría llover mañana.", "Va a llover mañana.", {"hedge", "wording"}),
    ("es", "Vive en Madrid desde hace años.", "Vive en Sevilla desde hace años.", {"name"}),
    ("en", "Brandvold came home. Then Brandvold slept.", "Quist came home. Then Quist slept.", {"name"}),
    ("en", "In March it rained.", "In April it rained.", {"date"}),
    ("en", "It cost €4m in all.", "It cost €5m in all.", {"money"}),
    ("en", "It cost 50,000 USD in all.", "It cost 60,000 USD in all.", {"money"}),
    ("en", "The A320 landed.", "The A330 landed.", {"name"}),
    ("en", "The score was 3-2 at last.", "The score was 4-2 at last.", {"number"}),
    ("en", "They saw the accident.", 'They saw the "accident".', {"quotation"}),
    ("en", "The minister lied.", "The minister lied?", {"hedge"}),
    ("en", "The first man fled.", "The third man fled.", {"number", "wording"}),
    ("en", "He won't resign.", "He will resign.", {"hedge", "wording"}),
    (
        "en",
        "Police arrested two men in London on Tuesday.",
        "Police arrested three men in Leeds on Wednesday.",
        {"date", "name", "number"},
    ),
    ("en", "It is about -5 degrees.", "It is about 5 degrees.", {"number"}),
    ("en", "According to police, it was late.", "Police said it was late.", {"attribution", "wording"}),
    ("en", '"We saw nothing," he said.', '"We saw nothing" he said.', {"cosmetic"}),
    (
        "en",
        "He said he was there. It was late and the road was icy. Nobody saw it.",
        "He said he was there. Nobody saw it. It was late and the road was icy.",
        {"moved"},
    ),
    ("en", "The colour was grey.", "The color was grey.", {"cosmetic"}),
    ("en", "Covid19 spread fast.", "Covid18 spread fast.", {"wording"}),
    ("en", "The suspect, John Smith, 34, was held.", "The suspect, John Smith, 43, was held.", {"number"}),
    (
        "en",
        "A spokesman for the ministry declined to comment.",
        "A spokeswoman for the ministry declined to comment.",
        {"attribution"},
    ),
]


@pytest.mark.parametrize("known", [True, False], ids=["language known", "language guessed"])
@pytest.mark.parametrize(("language", "before", "after", "expected"), CHANGES)
def test_a_change_is_named_in_english_german_and_spanish(language, before, after, expected, known):
    a, b = (
        text(f"{FRAMES[language]}\n\n{body}\n\n{FRAMES[language]}", language=language if known else None)
        for body in (before, after)
    )
    assert {str(kind) for kind in compare(a, b).kinds} == expected


@pytest.mark.parametrize(("language", "before", "after", "expected"), CHANGES)
def test_undoing_a_change_is_a_change_of_the_same_kinds(language, before, after, expected):
    turned = {"added": "removed", "removed": "added"}
    assert kinds(after, before, language=language) == {turned.get(kind, kind) for kind in expected}


def test_a_changed_counter_is_residue():
    assert kinds("325 comments", "331 comments") == {"residue"}
    assert kinds("3 min read", "5 min read") == {"residue"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("2時間前", "5時間前"),
        ("2小时前", "5小时前"),
        ("3시간 전", "5시간 전"),
        ("منذ 3 ساعات", "منذ 5 ساعات"),
        ("2 часа назад", "3 часа назад"),
        ("閲覧数 1,204", "閲覧数 1,877"),
        ("1204 просмотров", "1877 просмотров"),
        ("Temps de lecture : 3 min", "Temps de lecture : 4 min"),
        ("120 people are reading this", "340 people are reading this"),
    ],
)
def test_a_line_that_counts_readers_or_hours_is_residue(before, after):
    story = "The board met on Monday and will meet again."
    assert kinds(f"{before}\n{story}", f"{after}\n{story}") == {"residue"}


@pytest.mark.parametrize(
    ("before", "after"), [("45分", "50分"), ("3 days after", "4 days after"), ("12 seats", "13 seats")]
)
def test_a_line_with_a_figure_of_the_story_is_no_residue(before, after):
    assert kinds(f"{before}\nThe board met.", f"{after}\nThe board met.") & {"number", "date"}


def test_each_edit_has_its_own_kinds():
    before, after = "Police counted 300 people. The big boat sank.", "Police counted 30 people. The small boat sank."
    change = compare(text(before), text(after))
    assert [edit.kinds for edit in change.edits if edit.op != "equal"] == [(Kind.NUMBER,), (Kind.WORDING,)]


def test_a_sentence_that_moved_to_another_paragraph_is_neither_added_nor_removed():
    first, second = "The pilot slept in his cabin that night.", "Nobody had ever lit the marker on the reef."
    a, b = f"{FRAME} {first}\n\n{second}", f"{FRAME}\n\n{second} {first}"
    assert compare(text(a), text(b)).kinds == (Kind.MOVED,)


def test_a_sentence_cut_and_another_added_are_not_one_change_of_wording():
    before = f"{FRAME} The pilot slept in his cabin that night."
    after = f"{FRAME} Two lawyers have asked the court for an appeal."
    assert compare(text(before), text(after)).kinds == (Kind.ADDED, Kind.REMOVED)


def test_an_added_sentence_begins_where_a_sentence_begins():
    a, b = "He left. The end.", "He left. The sea was calm. The end."
    changed = [edit for edit in compare(text(a), text(b)).edits if edit.op != "equal"]
    assert [b[slice(*edit.b)].strip() for edit in changed] == ["The sea was calm."]
