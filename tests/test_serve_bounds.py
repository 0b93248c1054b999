"""No request holds the server for long: texts of megabytes, whatever is asked of them; and what nobody sees is said."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from archive.serve.bounded_diff import LISTED, WORDED, Allowance, compare_in_time
from archive.serve.hidden_characters import unseen
from builders import DAY, HOUR, T0, add_source, derive_all, digest_of, record_text
from db.records import Text
from db.store import Store
from serving import application, client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

MOST_SECONDS = 15.0
MODES = ("reading", "side", "changes", "raw", "machine")


def a_text(body: str, title: str = "It opens", number: int = 1) -> Text:
    return Text(id=number, sha256=digest_of(title, body), title=title, body=body, language="en")


# --- comparing -------------------------------------------------------------------------------------------------------


def test_texts_of_everyday_length_are_compared_word_by_word() -> None:
    change = compare_in_time(a_text("Three hundred boats wait."), a_text("Thirty boats wait."))
    assert not change.coarse
    assert change.edits[0].a == (0, len("Three hundred"))


def test_of_large_texts_whole_paragraphs_are_edits_that_tile_both() -> None:
    same = [f"Paragraph {number} of a long report about the harbour." for number in range(WORDED // 40)]
    a, b = "\n\n".join(same), "\n\n".join([same[0], "A new one.", *same[1:4000], *same[4001:], "The end."])
    change = compare_in_time(a_text(a), a_text(b))
    assert change.coarse
    assert "".join((a[slice(*e.a)] if e.op == "equal" else b[slice(*e.b)]) for e in change.edits) == b
    assert "".join(a[slice(*e.a)] for e in change.edits) == a
    changed = [(a[slice(*e.a)].strip(), b[slice(*e.b)].strip()) for e in change.edits if e.op != "equal"]
    assert ("", "A new one.") in changed
    assert (same[4000], "") in changed


def test_a_list_compares_no_more_than_it_is_allowed() -> None:
    allowed = Allowance(left=100)
    a, b = a_text("Three hundred boats wait."), a_text("Thirty boats wait.")
    assert not allowed.compare(a, b, (), 0.5)[0].coarse
    allowed.left = 10
    change, one, two = allowed.compare(a, a_text(b.body, "It opens again"), (), 0.5)
    assert (change.coarse, change.score, change.edits, one.body, two.body) == (True, 0.5, (), "", "")
    assert change.headline
    assert LISTED >= 25 * 2 * 8_000, "a page of 25 long articles is compared as a whole"


# --- what nobody sees ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("Send it to Anna now.", "Send it to An\u200bna now.", "U+200B (zero width space)"),
        ("The file is exe.", "The \u202efile\u202c is exe.", "U+202E (right-to-left override)"),
        ("A plain word.", "A plain wo\u00adrd.", "U+00AD (soft hyphen)"),
        ("The bank paid it.", "The b\u0430nk paid it.", "look the same"),
        ("Thirty boats wait.", "Forty boats wait.", ""),
        ("Der Fluß steigt.", "Der Fluss steigt.", ""),
    ],
)
def test_32_what_changed_unseen_is_said(before: str, after: str, said: str) -> None:
    a, b = a_text(before), a_text(after)
    for one, two in ((a, b), (b, a)):
        told = unseen(compare_in_time(one, two), one, two)
        assert said in told
        assert bool(told) == bool(said)


# --- the server ------------------------------------------------------------------------------------------------------


def large() -> Iterator[tuple[str, str]]:
    """Attack 50: two texts of 5 MB in 100,000 paragraphs, all edited; a word of 5 MB; one paragraph of 5 MB."""
    lines = [f"Report {number} of the harbour says that ships wait there." for number in range(90_000)]
    yield "\n".join(lines), "\n".join(f"{line} Again." for line in lines)
    yield "x" * 5_000_000, "x" * 2_500_000 + "y" + "x" * 2_500_000
    yield " ".join(lines), " ".join(lines[::-1])


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """Six articles: each pair of large texts as two versions of one, and their first ones at another address."""
    path = tmp_path_factory.mktemp("large") / "archive.db"
    with Store(path) as store:
        for number, (before, after) in enumerate(large()):
            for name, texts in (("daily", (before, after)), ("other", (f"Also: {before}",))):
                source = add_source(store, f"https://{name}.example/{number}")
                for day, text in enumerate(texts):
                    record_text(store, source, text, T0 + day * DAY + number * HOUR)
        derive_all(store, title="Harbour")
    return client(application(path))


@pytest.mark.slow
@pytest.mark.parametrize("article", [1, 3, 5])
def test_50_no_page_of_texts_of_megabytes_takes_long(ask: TestClient, article: int) -> None:
    pages = [f"/articles/{article}/diff/1..2?mode={mode}" for mode in MODES]
    pages += [
        f"/articles/{article}",
        f"/articles/{article}.json",
        f"/articles/{article}/feed.atom",
        f"/copies/{article}",
        "/",
        "/feed.atom",
    ]
    pages += [f"/articles/{article}/diff/1..2.patch", f"/articles/{article}/diff/1..2.svg", f"/articles/{article}/cite"]
    pages += [
        "/search?q=harbour",
        "/search?q=x*",
        "/sources",
        "/as-of/now",
        "/api/v1/changes",
        f"/articles/{article}/diff/1..2.json",
    ]
    for page in pages:
        begun = time.process_time()
        answer = ask.get(page)
        spent = time.process_time() - begun
        assert answer.status_code == 200, page
        assert spent < MOST_SECONDS, f"{page} took {spent:.1f} s CPU"
        if "mode=" in page:
            assert "Too large, showing paragraphs only" in answer.text


@pytest.mark.slow
def test_two_texts_of_megabytes_are_not_judged_but_told_why(ask: TestClient) -> None:
    answer = ask.get("/copies/1?with=2")
    assert answer.status_code == 400
    assert "too large to compare here" in answer.text
    digests = [ask.get(f"/articles/{number}.json").json()["text_sha256"] for number in (1, 2)]
    assert ask.get("/api/v1/passages/" + "..".join(digests)).status_code == 400
