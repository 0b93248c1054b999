"""A shortening is believed if its page is whole, or if a later text goes on from it."""

from __future__ import annotations

import pytest

from archive.versions.history import settle
from archive.versions.shortening import StoredEvidence, has_same_frame, has_same_headline
from db.records import Cause
from tests.builders import HOUR, T0, URL, a_sighting, an_edit

LINES = tuple(f"The {word} paragraph of the statement says what the board has decided." for word in "abcdefghi")
SHORT = LINES[:4]
AFTER_SHORT = ("The board has met again since.", *LINES[1:4])
AFTER_WHOLE = (*LINES[:8], "The board has met again since.")


def page(
    lines: tuple[str, ...], *, end: str = "</article><footer class='foot'>Board</footer></main></body></html>"
) -> bytes:
    body = "".join(f"<p class='text'>{line}</p>" for line in lines)
    return f"<html><body class='page'><main id='top'><article class='story'>{body}{end}".encode()


BROKEN = {
    "cut in the middle": page(SHORT, end=""),
    "article not closed": page(SHORT, end="<footer class='foot'>Board</footer></main></body></html>"),
    "no footer": page(SHORT, end="</article></main></body></html>"),
    "another template": page(SHORT).replace(b"'story'", b"'card wide'").replace(b"'text'", b"'lead'"),
}


def history_of(*texts: tuple[str, ...], pages: dict[int, bytes] | None = None, titles: tuple[str, ...] = ()):
    sightings = [
        a_sighting(
            "\n".join(lines),
            at=T0 + number * HOUR,
            capture_id=number,
            length=len("\n".join(lines)),
            body="\n".join(lines),
            title=titles[number] if titles else "Statement",
        )
        for number, lines in enumerate(texts)
    ]
    bodies = {sighting.text_sha256: sighting.body for sighting in sightings}
    payloads = {number: page(lines) for number, lines in enumerate(texts)} if pages is None else pages
    evidence = StoredEvidence(body=bodies.__getitem__, payload=lambda number: payloads.get(number, b""))
    return settle(sightings, url=URL, compare=an_edit, evidence=evidence)


def test_a_shortening_on_a_whole_page_is_a_version_at_once_and_the_history_says_why():
    history = history_of(LINES, SHORT)
    assert [version.cause for version in history.versions] == [Cause.FIRST, Cause.CHANGED]
    assert [shortening.because for shortening in history.believed] == [
        "shrank by more than half, on a page that is whole"
    ]
    assert history.suspects == ()


@pytest.mark.parametrize("broken", BROKEN)
def test_a_shortening_on_a_broken_page_waits(broken):
    history = history_of(LINES, SHORT, pages={0: page(LINES), 1: BROKEN[broken]})
    assert len(history.versions) == 1
    assert [suspect.waiting for suspect in history.suspects] == [True]


def test_a_shortening_under_another_headline_waits():
    assert len(history_of(LINES, SHORT, titles=("Statement", "Sign in")).versions) == 1


def part(lines: tuple[str, ...], *, end: str = "") -> bytes:
    text = "".join(f"<p class='text'>{line}</p>" for line in lines)
    links = "".join(
        f"<a href='/{word}'>More about {word}</a>" for word in ("courts", "roads", "schools", "forests", "ports")
    )
    return f"<main id='top'><div class='story'>{text}</div>{end or links}</main>".encode()


def test_a_part_of_a_page_is_whole_if_it_ends_as_before():
    assert has_same_frame(part(LINES), part(SHORT))
    assert not has_same_frame(part(LINES), part(SHORT, end="<p class='text'>Try again"))


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("Agency urges vigilance as storm continues", "Agency urges vigilance following storm", True),
        ("Statement of the board", "Statement of the board", True),
        ("Statement", "Sign in", False),
        ("Statement", "", False),
        ("Statement of the board", "Please sign in to read the news", False),
        ("Board settles ferry landing", "Page not found", False),
    ],
)
def test_a_reworded_headline_keeps_most_of_its_words(before, after, same):
    assert has_same_headline(before, after) is same


def test_a_later_text_that_goes_on_from_the_short_one_confirms_it():
    history = history_of(LINES, SHORT, AFTER_SHORT, pages={})
    assert [version.first_seen_at for version in history.versions] == [T0 + hour * HOUR for hour in range(3)]
    assert [shortening.because for shortening in history.believed] == [
        "shrank by more than half, as the text after it bears out"
    ]


@pytest.mark.parametrize("later", [LINES, AFTER_WHOLE, ("Sign in to read on.",)], ids=["same", "edited", "broken"])
def test_a_later_text_that_shows_again_what_was_cut_or_another_page_confirms_nothing(later):
    history = history_of(LINES, SHORT, later, pages={})
    assert history.believed == ()
    assert len(history.suspects) >= 1


def test_a_page_without_an_end_or_of_enormous_size_has_no_frame():
    assert not has_same_frame(b"", b"")
    assert not has_same_frame(page(LINES), page(LINES) + b" " * 5_000_000)
    assert has_same_frame(page(LINES), page(SHORT))
