"""The page of copies: pairs to step through, passages with their places in both texts, words that were swapped."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from archive.copies import judge
from archive.serve.charts import threads
from archive.serve.side_by_side import MOST_SWAPS, Row, passages, swaps
from builders import HOUR, LATER, T0, add_source, derive_all, digest_of, record_text
from db.queries import versions as version_queries
from db.records import Passage
from db.store import Store
from serving import application, client

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from starlette.testclient import TestClient

OUTLETS = ("wire", "daily", "mirror", "other")
WIRE = (
    "Three hundred boats waited outside the harbour of Port Selwyn on Monday, the minister Helena Okoye said.\n"
    "The channel has been closed since the storm of 9 December, when the barge Alder sank across it.\n"
    "Officials said the contract with Tolmere Marine was worth 48 million crowns and would run until 2028.\n"
    "Pilots in the guild of Tomas Quill doubted that one more dredger would be enough for the grain ships."
)
DAILY = f"{WIRE}\nOur reporter saw the boats from the quay of the old customs house late in the evening."
_FIRST, _SECOND, *_REST = WIRE.split("\n")
MIRROR = "\n".join((_SECOND, _FIRST, *_REST)).replace("Officials", "Officers")
OTHER = "The museum of herrings opened in the old salt store with thirty knives and a smell that will not leave."


def a_group(path: Path) -> Path:
    """An archive where daily has wire's report and more, mirror has it in another order, and other none of it."""
    with Store(path) as store:
        texts = (WIRE, DAILY, MIRROR, OTHER)
        for hours, (name, said) in enumerate(zip(OUTLETS, texts, strict=True)):
            record_text(store, add_source(store, f"https://{name}.example/boats"), said, T0 + hours * HOUR)
        derive_all(store)
        held = [version_queries.text(store.ask, digest_of("", said)) for said in texts]
        for one, other in ((1, 2), (1, 3), (2, 3)):
            store.record_links(one, [(other, judge(held[one - 1], held[other - 1]))], "of the tests", LATER)
    return path


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    return client(application(a_group(tmp_path_factory.mktemp("copied") / "archive.db")))


def told(ask: TestClient, path: str) -> Any:
    return ask.get(path, headers={"accept": "application/json"}).json()


def test_a_group_is_stepped_through_from_its_first_pair_to_its_last_by_links_alone(ask: TestClient) -> None:
    first = told(ask, "/copies/1")["pairs"][0]["path"].partition("#")[0]
    met, path = [], first
    while path:
        met.append(next(each["outlet"] for each in told(ask, path)["pairs"] if each["chosen"]))
        _, mark, behind = ask.get(path).text.partition('rel="next" href="')
        path = behind.partition("#")[0] if mark else ""
    assert met == ["daily.example", "mirror.example"]
    assert f'rel="prev" href="{first}#pair"' in ask.get("/copies/1?with=3").text


def test_the_group_is_the_same_whichever_member_it_is_asked_of(ask: TestClient) -> None:
    asked = [
        [each["path"] for each in told(ask, path)["pairs"]] for path in ("/copies/1", "/copies/2", "/copies/3?with=1")
    ]
    assert asked[0] == asked[1] == asked[2] == ["/copies/1?with=2#pair", "/copies/1?with=3#pair"]


def test_each_group_is_listed_once_at_its_probable_original(ask: TestClient) -> None:
    (group,) = told(ask, "/copies")["clusters"]
    assert (group["path"], group["outlet"], group["count"], group["outlets"]) == ("/copies/1", "wire.example", 3, 3)
    assert [each["id"] for each in group["members"]] == [1, 2, 3]
    assert 'href="/copies/1?with=3#pair"' in ask.get("/copies").text
    assert told(ask, "/api/v1/clusters?limit=1")["clusters"] == [group]


def test_groups_are_narrowed_by_when_a_member_was_first_seen(ask: TestClient) -> None:
    assert told(ask, "/copies?since=2026-01-05T10:00:00Z")["clusters"]
    assert told(ask, "/copies?until=2026-01-05T08:00:00Z")["clusters"]
    assert told(ask, "/copies?since=2026-01-06")["clusters"] == []
    assert "No article in this archive has a copy" in ask.get("/copies?since=2026-01-06").text


def test_where_another_pair_is_shown_none_of_the_group_is_the_chosen_one(ask: TestClient) -> None:
    shown = told(ask, "/copies/1?with=4")
    assert [each["chosen"] for each in shown["pairs"]] == [False, False]
    assert "Pairs of this group" in ask.get("/copies/1?with=4").text


@pytest.mark.parametrize("path", ["/api/v1/clusters/1?with=3", "/api/v1/clusters/1?with=2"])
def test_passages_have_their_places_in_both_texts_their_likeness_and_what_they_share(
    ask: TestClient, path: str
) -> None:
    pair = told(ask, path)["pair"]
    a, b = (told(ask, f"/api/v1/texts/{pair[side]['text_sha256']}")["text"] for side in "ab")
    assert pair["lengths"] == [len(a), len(b)]
    assert pair["passages"]
    for place, each in enumerate(pair["passages"], start=1):
        ours, theirs = a[slice(*each["a"])], b[slice(*each["b"])]
        assert each["n"] == place
        assert set(ours.split()) & set(theirs.split())
        assert 0 < each["similarity"] <= 1
        names = {anchor for anchor in each["anchors"] if anchor.isalpha()}
        assert names
        assert all(name in text.casefold() for name in names for text in (ours, theirs))
    assert all(one["a"] <= other["a"] for one, other in pairwise(pair["passages"]))


def test_rows_and_passages_have_the_same_numbers(ask: TestClient) -> None:
    pair = told(ask, "/copies/1?with=3")["pair"]
    assert {row["n"] for row in pair["rows"]} - {None} == {each["n"] for each in pair["passages"]}


def test_words_that_stand_for_others_are_listed(ask: TestClient) -> None:
    assert told(ask, "/copies/1?with=3")["pair"]["swaps"] == [{"a": "Officials", "b": "Officers", "count": 1}]
    assert "“Officials” → “Officers”" in ask.get("/copies/1?with=3").text


def test_neither_other_sentences_nor_capitals_are_swapped_words() -> None:
    shared = Passage(a=(0, 1), b=(0, 1), similarity=0.5)
    rows = [
        Row("the officials of the port said", "the officers of the seaport said", 1, passage=shared),
        Row("officials met here", "officers met here", 2, passage=shared),
        Row("They went home.", "they went Home", 3, passage=shared),
        Row("one two three four five end", "all of it is quite other end", 4, passage=shared),
        Row("only here", ""),
    ]
    assert swaps(rows) == [{"a": "officials", "b": "officers", "count": 2}, {"a": "port", "b": "seaport", "count": 1}]
    many = [Row(f"word{place} stays", f"other{place} stays", place, passage=shared) for place in range(99)]
    assert len(swaps(many)) == MOST_SWAPS


def test_crossing_ribbons_say_that_the_order_is_another_one() -> None:
    found = [Passage(a=(0, 40), b=(60, 100), similarity=1.0), Passage(a=(60, 100), b=(0, 40), similarity=1.0)]
    pair = {"passages": passages(found), "lengths": [100, 100], "a": {"outlet": "<b>a"}, "b": {"outlet": "b"}}
    drawn = ET.fromstring(threads(pair))  # noqa: S314 - our own
    assert "1 of them in another order" in drawn.attrib["aria-label"]
    starts = [path.attrib["d"] for path in drawn.iter("path")]
    assert len(starts) == 2
    straight = pair | {"passages": passages([found[0]])}
    assert "in the same order" in threads(straight)
    assert threads(pair | {"passages": []}) == ""
