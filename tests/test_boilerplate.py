"""Cleaning: boilerplate and what is none, reversibility, and credits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.extract.boilerplate import clean, clean_facts, normalize, restore
from archive.extract.boilerplate.attribution import find_credits
from db.records import Extraction, Verdict

BODY = [
    f"The council met on day {n} and agreed to mend bridge number {n} before the winter comes, the mayor said."
    for n in range(20)
]

PIECES = st.sampled_from(
    [
        *BODY[:4],
        "[ad_1]",
        "x [ad_1] [ad_2] y",
        "[caption id=1]Photo[/caption] of a pier",
        "{{ name }}",
        "Read more",
        "Source link",
        "Related Articles",
        "Leave a Reply",
        "Short headline here",
        "___",
        "Advertisement",
        "5 comments",
        "",
        " ",
        "\u200b",
        "“Quoted”",
        "A title",
    ]
)
TEXTS = st.one_of(
    st.text(), st.lists(PIECES, max_size=30).map("\n".join), st.text(alphabet="[ad_1]{} \n\u00ad\u0301ax'.!")
)


def cleaned(*lines: str, title: str = "") -> Extraction:
    return clean(Extraction(verdict=Verdict.OK, title=title, text="\n".join(lines)))


def reasons(extraction: Extraction) -> list[tuple[str, str]]:
    return [(removed.because, removed.text.strip()) for removed in extraction.removed]


# --- the form of a text -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("a\u00a0 b\t c", "a b c"),
        ("soft\u00adhyphen zero\u200bwidth\ufeff", "softhyphen zerowidth"),
        ("e\u0301te\u0301", "été"),
        ("\u2018a\u2019 \u201cb\u201d \u201ec\u201c \u2026", "\u2018a\u2019 \u201cb\u201d \u201ec\u201c \u2026"),
        ("10\u00a0% of 12\u202f000,\u2009 a \u3000", "10\u00a0% of 12\u202f000, a"),
        ("one\r\n\r\n two \u2028three\x0bfour", "one\ntwo\nthree\nfour"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("«\u00a0guillemets\u00a0» and \u2014 dashes", "«\u00a0guillemets\u00a0» and \u2014 dashes"),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"),
        ("nul\x00 and esc\x1b", "nul and esc"),
    ],
)
def test_text_has_one_form(raw: str, normal: str) -> None:
    assert normalize(raw) == normal


@given(TEXTS)
def test_normalizing_twice_changes_nothing_and_can_be_stored(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)
    normalize(text).encode("utf-8")


# --- nothing is lost --------------------------------------------------------------------------------------------------


@given(TEXTS, st.sampled_from(["", "A title", BODY[0]]))
def test_everything_removed_can_be_put_back(text: str, title: str) -> None:
    got = clean(Extraction(verdict=Verdict.OK, title=title, text=text))
    assert restore(got) == normalize(text)
    assert all(removed.text for removed in got.removed)
    assert [removed.at for removed in got.removed] == sorted(removed.at for removed in got.removed)


@given(TEXTS)
def test_what_is_left_is_normalized_and_cleaning_again_changes_nothing(text: str) -> None:
    got = clean(Extraction(verdict=Verdict.OK, text=text))
    assert normalize(got.text) == got.text
    assert clean(got) == got


@given(TEXTS)
def test_text_is_never_cleaned_away(text: str) -> None:
    assert bool(clean(Extraction(verdict=Verdict.OK, text=text)).text) == bool(normalize(text))


def test_verdict_and_declared_fields_are_left_alone() -> None:
    raw = Extraction(verdict=Verdict.PAYWALL, detail="d", title=" A  title ", text=BODY[0], byline="A \u201cB\u201d C")
    got = clean(raw)
    assert (got.verdict, got.detail, got.title, got.byline) == (Verdict.PAYWALL, "d", "A title", "A \u201cB\u201d C")


# --- boilerplate ------------------------------------------------------------------------------------------------------

TAIL = [
    ("source link", "Source link"),
    ("source link", "Source: Daily Example"),
    ("source link", "Quelle: Tagblatt"),
    ("source link", "The post Bridge mended appeared first on Daily Example."),
    ("comments", "Leave a Reply"),
    ("comments", "Leave a reply Cancel reply"),
    ("comments", "12 Comments"),
    ("comments", "Schreibe einen Kommentar"),
    ("comments", "Deja un comentario"),
    ("comments", "Laisser un commentaire"),
    ("comment form", "Your email address will not be published. Required fields are marked *"),
    ("comment form", "Notify me of follow-up comments by email."),
    ("related stories", "Related Articles"),
    ("related stories", "You may also like"),
    ("related stories", "Das könnte Sie auch interessieren:"),
    ("related stories", "Artículos relacionados"),
    ("source link", "Het bericht Brug hersteld verscheen eerst op Dagblad."),
    ("source link", "L'articolo Il ponte riparato proviene da Giornale."),
    ("source link", "O post Ponte reparada apareceu primeiro em Jornal."),
    ("comments", "Geef een reactie Reactie annuleren"),
    ("comments", "Lascia un commento"),
    ("comment form", "Je e-mailadres wordt niet gepubliceerd. Vereiste velden zijn gemarkeerd met *"),
    ("comment form", "Salva il mio nome, email e sito web in questo browser per la prossima volta."),
    ("comment form", "Salvar meus dados neste navegador para a próxima vez que eu comentar."),
    ("related stories", "Gerelateerde artikelen"),
    ("related stories", "Potrebbe interessarti anche"),
    ("copyright", "© Dagblad. Alle rechten voorbehouden"),
    ("follow line", "Volg ons op Instagram"),
    ("back to top", "Terug naar boven"),
    ("back to top", "Back to top button"),
    ("back to top", "Nach oben"),
    ("follow line", "Follow us on Facebook and Twitter"),
    ("copyright", "© 2024 Daily Example. All rights reserved."),
    ("tags", "Tags: bridge, council, winter"),
]
HEAD = [
    ("date line", "October 8, 2021"),
    ("date line", "Published: 8 October 2021 at 10:15"),
    ("date line", "Veröffentlicht am 8. Oktober 2021"),
    ("byline", "By Maria Teller and Tom Okafor"),
    ("byline", "Von Henrike Moll"),
    ("byline", "Door Anneke Visser en Piet Kramer"),
    ("byline", "A cura di Lucia Ferri"),
    ("date line", "Gepubliceerd op 8 oktober 2021"),
    ("date line", "Pubblicato il 8 ottobre 2021"),
]
EDGE = [
    ("read more", "Read more"),
    ("read more", "Weiterlesen"),
    ("read more", "Lees verder"),
    ("read more", "Continua a leggere"),
    ("read more", "Voir plus"),
    ("newsletter", "Schrijf je in voor onze dagelijkse nieuwsbrief"),
    ("counter", "3 uur geleden"),
    ("counter", "2 ore fa"),
    ("share line", "Delen"),
    ("share line", "Share"),
    ("share line", "Facebook Twitter WhatsApp Email"),
    ("share line", "Share this article on Facebook"),
    ("newsletter", "Sign up for our daily newsletter and never miss a bridge"),
    ("newsletter", "Get the best of the week delivered straight to your inbox"),
    ("photo credit", "Photo: Ilse Brandt"),
    ("photo credit", "(Photo by Ilse Brandt)"),
    ("counter", "Updated 12 minutes ago"),
    ("counter", "Vor 25 Minuten aktualisiert"),
    ("counter", "Hace 3 horas"),
    ("counter", "4 min read"),
    ("counter", "1,204 views"),
]
ANYWHERE = [
    ("advertisement", "ADVERTISEMENT"),
    ("advertisement", "Anzeige"),
    ("advertisement", "Story continues below"),
    ("related stories", "Read more: Ten bridges that fell"),
    ("related stories", "Lee también: Diez puentes"),
    ("related stories", "Lees ook: Tien bruggen"),
    ("related stories", "À voir aussi : Dix ponts"),
    ("advertisement", "Continua após a publicidade"),
    ("advertisement", "Lees verder onder de advertentie"),
    ("shortcode", "[ad_2]"),
    ("separator", "* * *"),
]


@pytest.mark.parametrize(("because", "line"), TAIL + EDGE + ANYWHERE)
def test_boilerplate_at_the_tail_goes(because: str, line: str) -> None:
    got = cleaned(*BODY, line)
    assert reasons(got) == [(because, line)]
    assert got.text == "\n".join(BODY)


@pytest.mark.parametrize(("because", "line"), HEAD + EDGE + ANYWHERE)
def test_boilerplate_at_the_head_goes(because: str, line: str) -> None:
    got = cleaned(line, *BODY)
    assert reasons(got) == [(because, line)]
    assert got.text == "\n".join(BODY)


@pytest.mark.parametrize("line", [line for _, line in TAIL + HEAD + EDGE])
def test_edge_phrase_in_the_middle_stays(line: str) -> None:
    assert cleaned(*BODY[:6], line, *BODY[6:]).removed == ()


@pytest.mark.parametrize(("because", "line"), ANYWHERE)
def test_advertisements_cross_references_and_shortcodes_go_anywhere(because: str, line: str) -> None:
    assert reasons(cleaned(*BODY[:6], line, *BODY[6:])) == [(because, line)]


@pytest.mark.parametrize(
    "line",
    [
        "By Monday the bridge had gone, and nobody in the town could say who had taken it.",
        "Related parties sold 4 million shares on Friday, according to the source of the leak.",
        "He asked readers to sign up for nothing.",
        "Comments by the mayor drew laughter in the hall.",
        "Share prices fell 4 percent after the announcement.",
        "Photo finish: the last lap decided it for the home team, by the width of a tyre and a hand.",
        "The source of the river is a spring behind the church.",
        "Copyright law will be reformed, the minister said.",
        "Follow the money, he said.",
        "An ad for the bridge ran in March.",
        "He spent 12 minutes ago-ing and fro-ing.",
    ],
)
def test_sentences_that_begin_like_boilerplate_stay(line: str) -> None:
    assert cleaned(line, *BODY).removed == cleaned(*BODY, line).removed == ()


def test_shortcode_within_a_line_takes_no_word_with_it() -> None:
    got = cleaned(
        "The [ad_1] pier", "One[ad_1] two [ad_2], three [/caption]four [ad_1]", "{{ x }} {% if %} Last [sic] [1]"
    )
    assert got.text == "The pier\nOne two, three four\nLast [sic] [1]"
    assert {because for because, _ in reasons(got)} == {"shortcode"}


def test_headline_that_opens_the_text_again_goes_in_any_spelling() -> None:
    got = cleaned("\u201cBRIDGE\u201d mended!", *BODY, title='"Bridge" mended')
    assert reasons(got) == [("headline again", "\u201cBRIDGE\u201d mended!")]


def test_heading_of_a_list_sweeps_headlines_but_no_sentence() -> None:
    got = cleaned(
        *BODY, "Related Articles", "Ten bridges that fell", "- A mayor swims", "He denied that.", "Last words"
    )
    assert got.text == "\n".join([*BODY, "He denied that.", "Last words"])


def test_long_line_said_before_goes_once_it_repeats() -> None:
    assert reasons(cleaned(*BODY, BODY[3])) == [("said before", BODY[3])]
    assert cleaned(*BODY, "Yes.", "No.", "Yes.").removed == ()


def test_body_that_stands_twice_is_kept_once() -> None:
    assert cleaned(*BODY, *BODY).text == "\n".join(BODY)


def test_questions_of_an_interview_may_repeat() -> None:
    question = "What do you cook when nobody is there to eat it with you?"
    answers = [line for n in range(6) for line in (question, BODY[n])]
    assert cleaned(*answers).removed == ()


def test_byline_in_the_text_fills_a_missing_one() -> None:
    assert cleaned("By Maria Teller", *BODY).byline == "Maria Teller"
    assert cleaned("A cura di Lucia Ferri", *BODY).byline == "Lucia Ferri"


# --- credits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "credit"),
    [
        ("MEXICO CITY (Reuters) - Ministers met on Friday.", "MEXICO CITY (Reuters) -"),
        ("WASHINGTON, Oct 7 (Reuters) \u2014 Ministers met.", "WASHINGTON, Oct 7 (Reuters) \u2014"),
        ("Berlin (dpa) - Minister trafen sich.", "Berlin (dpa) -"),
        ("MADRID, EFE - Los ministros.", "MADRID, EFE -"),
        ("Ministers met on Friday (AP).", "(AP)"),
        ("(Reporting by Dora Quint; Editing by Paul Abend)", "(Reporting by Dora Quint; Editing by Paul Abend)"),
        ("Additional reporting by Dora Quint", "Additional reporting by Dora Quint"),
        ("Dora Quint in Rome contributed to this report.", "Dora Quint in Rome contributed to this report."),
        ("Some information for this report came from Reuters.", "Some information for this report came from Reuters."),
        ("Con información de EFE", "Con información de EFE"),
        ("Mit Material von dpa", "Mit Material von dpa"),
        ("mit dpa", "mit dpa"),
        ("Source: AFP", "Source: AFP"),
        ("This article was originally published on Herald.", "This article was originally published on Herald."),
        ("Originally published on Herald.", "Originally published on Herald."),
    ],
)
def test_agency_and_credit_lines_are_noted(line: str, credit: str) -> None:
    assert cleaned(BODY[0], line, *BODY[1:]).origin == (credit,)


def test_dateline_stays_in_its_sentence() -> None:
    got = cleaned("MEXICO CITY (Reuters) - Ministers met on Friday to talk about the bridge.", *BODY)
    assert got.text.startswith("MEXICO CITY (Reuters) - Ministers met")
    assert got.removed == ()


@pytest.mark.parametrize(
    ("line", "facts"),
    [
        ("MEXICO CITY (Reuters) - Ministers met.", {"dateline": "MEXICO CITY", "agency": "Reuters"}),
        ("KYIV, Ukraine (AP) \u2014 Ministers met.", {"dateline": "KYIV, Ukraine", "agency": "Associated Press"}),
        ("WASHINGTON, Oct 7 (Reuters) - Ministers met.", {"dateline": "WASHINGTON", "agency": "Reuters"}),
        ("ROME \u2014 Ministers met on Friday.", {"dateline": "ROME"}),
        ("Some information for this report came from the Herald.", {"credited": "the Herald"}),
        ("Mit Material von dpa", {"agency": "dpa", "credited": "dpa"}),
        ("(mit AFP)", {"agency": "Agence France-Presse"}),
        ("Source: AFP", {"agency": "Agence France-Presse", "credited": "AFP"}),
        ("The post Bridge mended appeared first on Daily Example.", {"credited": "Daily Example"}),
        ("By Maria Teller", {"byline": "Maria Teller"}),
        ("The AP course is hard \u2014 and long.", {}),
    ],
)
def test_what_a_text_says_of_its_making_is_a_fact(line: str, facts: dict[str, str]) -> None:
    got = cleaned(line, *BODY)
    assert {fact.name: fact.value for fact in got.facts if fact.source == "text"} == facts
    assert clean(got).facts == got.facts


def test_ordinary_sentences_carry_no_credit() -> None:
    lines = ["The band first appeared in 2014.", "He has some information for us.", "AP courses are hard."]
    assert find_credits("\n".join([*lines, "Reporting by mail is slow.", "The post was filled in May."])) == ()


def test_facts_name_the_rules() -> None:
    assert [name for name, _ in clean_facts()] == ["clean revision", "clean rules"]
