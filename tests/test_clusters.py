"""Copies come together by agreement, never by a chain, and one of them is probably the original."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.copies import clusters
from archive.copies.provenance import names_house
from cluster_oracle import Oracle
from db.records import DeclaredProvenance, Label, Lag, Link, Relation, VersionRef

T0 = datetime(2026, 1, 5, 8, tzinfo=UTC)


def ref(
    name: str, hours: float = 0, *, version: int = 1, published: float | None = None, byline: str = ""
) -> VersionRef:
    return VersionRef(
        url=f"https://{name}.example/story",
        version=version,
        text_sha256=name,
        first_seen_at=T0 + timedelta(hours=hours),
        published_at=None if published is None else T0 + timedelta(hours=published),
        byline=byline or None,
    )


def link(
    a: VersionRef, b: VersionRef, relation: Relation = Relation.NEAR, *, score: float = 0.9, residue: str = ""
) -> Link:
    lines = (residue,) if residue else ()
    return Link(a=a, b=b, relation=relation, score=score, coverage=(0.9, 0.9), residue=lines)


def names(links: list[Link]) -> list[list[str]]:
    return [[member.text_sha256 for member in cluster.members] for cluster in clusters(links)]


A, B, C, D, E, F = (ref(name, hours) for hours, name in enumerate("abcdef"))


def test_no_links_make_no_clusters():
    assert clusters([]) == ()


def test_two_copies_are_a_cluster():
    assert names([link(A, B)]) == [["a", "b"]]


@pytest.mark.parametrize("relation", [Relation.PARTIAL, Relation.SAME_EVENT, Relation.POSSIBLE])
def test_what_is_no_whole_copy_never_merges(relation):
    assert names([link(A, B, relation)]) == []
    assert names([link(A, B), link(B, C, relation), link(A, C, relation)]) == [["a", "b"]]


def test_a_copy_of_a_copy_alone_does_not_join():
    assert names([link(A, B), link(B, C)]) == [["a", "b"]]


def test_half_of_the_members_is_enough():
    assert names([link(A, B), link(A, C)]) == [["a", "b", "c"]]
    assert names([link(A, B), link(A, C), link(B, C), link(A, D), link(C, D)]) == [["a", "b", "c", "d"]]


def test_one_link_does_not_merge_two_clusters():
    assert names([link(A, B), link(C, D), link(B, C)]) == [["a", "b"], ["c", "d"]]


def test_links_that_share_no_member_merge_two_clusters():
    pairs = [link(A, B), link(C, D), link(A, E), link(C, E), link(B, F), link(D, F), link(A, F), link(C, F), link(E, F)]
    assert names(pairs) == [["a", "b", "c", "d", "e", "f"]]


def test_a_source_is_one_member_however_many_versions_are_linked():
    old, new = ref("a", 0), ref("a", 30, version=2)
    (found,) = clusters([link(old, B), link(new, B), link(old, new)])
    assert [member.url for member in found.members] == [A.url, B.url]
    assert found.members[0].version == 1


def test_the_closest_of_several_links_counts():
    (found,) = clusters([link(A, B, Relation.REWORDED), link(A, B, Relation.EXACT)])
    assert [each.relation for each in found.links] == [Relation.EXACT]


@given(st.lists(st.sampled_from(list(combinations((A, B, C, D, E, F), 2))), unique=True), st.integers(0, 99))
def test_the_order_of_links_does_not_matter(pairs, seed):
    links = [link(a, b) for a, b in pairs]
    shuffled = random.Random(seed).sample(links, len(links))
    assert clusters(shuffled) == clusters(links)


def test_the_earliest_by_its_own_date_is_probably_the_original():
    late_found = ref("wire", 48, published=-5)
    (found,) = clusters([link(A, late_found)])
    assert found.original.text_sha256 == "wire"
    assert found.reasons == ("published earliest, by its own date: 2026-01-05 03:00 UTC",)
    assert found.members[0].text_sha256 == "a"


def test_without_dates_the_earliest_seen_is_said_as_such():
    (found,) = clusters([link(B, A)])
    assert found.original == A
    assert found.reasons == ("earliest seen by us: 2026-01-05 08:00 UTC",)


def test_a_date_after_we_saw_the_page_is_not_believed():
    (found,) = clusters([link(ref("future", 0, published=9), ref("past", 1, published=0.5))])
    assert found.original.text_sha256 == "future"


def test_residue_marks_the_copy():
    (found,) = clusters([link(A, B, residue="a: [ad_1]")])
    assert found.original == B
    assert found.reasons == ("carries no scraper residue, the other does",)


def test_a_byline_of_its_own_house_is_the_strongest_sign():
    wire = ref("meridian-news", 48, byline="Meridian")
    paper = ref("daily", 0, byline="By Meridian staff")
    (found,) = clusters([link(paper, wire)])
    assert found.original == wire
    assert found.reasons == ("its byline is its own: Meridian", "credited by 1 of the 1 others")


def test_when_nothing_tells_them_apart_the_reason_says_so():
    (found,) = clusters([link(ref("y"), ref("x"))])
    assert found.original.text_sha256 == "x"
    assert found.reasons == ("nothing tells the members apart; the first by address stands in",)


# --- what a page says of itself --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "host"),
    [
        ("Meridian", "www.meridian-news.example"),
        ("AP", "apnews.example"),
        ("Associated Press", "ap.example"),
        ("The Associated Press", "apnews.example"),
        ("By Ada Lang, Los Angeles Times", "www.latimes.example"),
        ("Washington Post", "washingtonpost.example"),
        ("Wall Street Journal", "wsj.example"),
        ("Reuters", "in.reuters.example"),
    ],
)
def test_a_house_is_known_by_its_name_in_the_address(said: str, host: str) -> None:
    assert names_house(said, f"https://{host}/story")


@pytest.mark.parametrize("said", ["Staff", "By the news desk", "Daily Times", "Reuters", "AP", ""])
def test_words_that_every_house_uses_name_none(said: str) -> None:
    assert not names_house(said, "https://www.dailynewstimes.example/story")


def test_a_date_alone_does_not_win_against_several_other_signs() -> None:
    """A repost that declares a day before the original's; the original was seen first and is the longer one."""
    times = ref("latimes", 0, published=-2)
    repost = ref("repost", 4, published=-90)
    lengths = {times: DeclaredProvenance(length=6000), repost: DeclaredProvenance(length=4000)}
    (found,) = clusters([link(times, repost, residue="b: [ad_1]")], (), lengths)
    assert found.original == times
    credited = {
        times: DeclaredProvenance(length=5000),
        repost: DeclaredProvenance(length=5000, credited=("Los Angeles Times",)),
    }
    (found,) = clusters([link(times, repost)], (), credited)
    assert found.original == times
    assert "credited by 1 of the 1 others" in found.reasons


def test_a_page_that_calls_another_address_its_own_is_the_copy() -> None:
    first, second = ref("amp", 0), ref("daily", 3)
    (found,) = clusters(
        [link(first, second)], (), {first: DeclaredProvenance(canonical="https://www.daily.example/story/")}
    )
    assert found.original == second


def test_the_agency_is_named_where_its_own_page_is_not_archived() -> None:
    agencies = {each: DeclaredProvenance(agencies=("Reuters",)) for each in (A, B)}
    (found,) = clusters([link(A, B), link(A, C), link(B, C)], (), agencies)
    assert found.credited == "Reuters"
    assert found.reasons[0] == "2 of the 3 credit Reuters, whose own page is not archived"


def test_an_agency_in_the_cluster_is_the_original_and_nobody_is_missing() -> None:
    reuters = ref("reuters", 9)
    agencies = {each: DeclaredProvenance(agencies=("Reuters",)) for each in (A, reuters)}
    (found,) = clusters([link(A, reuters)], (), agencies)
    assert (found.original, found.credited) == (reuters, None)
    assert found.reasons[0] == "it is its own agency: Reuters"


def test_no_agency_of_a_member_is_missing_whatever_others_are_named() -> None:
    """Each agency is compared with every member's house, not only the first that is named."""
    reuters = ref("reuters", 9)
    agencies = {each: DeclaredProvenance(agencies=("Meridian", "Reuters")) for each in (A, reuters)}
    (found,) = clusters([link(A, reuters)], (), agencies)
    assert (found.original, found.credited) == (reuters, "Meridian")
    agencies = {each: DeclaredProvenance(agencies=("Daily Post", "Reuters")) for each in (A, reuters)}
    paper = ref("dailypost", 10)
    (found,) = clusters([link(A, reuters), link(A, paper), link(reuters, paper)], (), agencies)
    assert found.credited is None


def test_names_that_nobody_else_spells_so_mark_the_copy() -> None:
    broken = (("Kerman", "Cormann"),)
    pairs = [replace(link(A, B), broken=broken), replace(link(A, C), broken=broken), link(B, C)]
    (found,) = clusters(pairs)
    assert found.original == B


# --- how long after --------------------------------------------------------------------------------------------------


def test_a_lag_says_by_which_clock_it_was_measured() -> None:
    wire, dated, bare = ref("wire", 1, published=-3), ref("dated", 2, published=-1), ref("bare", 4)
    (found,) = clusters([link(wire, dated), link(wire, bare), link(dated, bare)])
    lags = dict(zip([member.text_sha256 for member in found.members], found.lags, strict=True))
    hour = 3600
    assert lags == {
        "wire": None,
        "dated": Lag(seconds=2 * hour, by="published"),
        "bare": Lag(seconds=7 * hour, by="mixed"),
    }
    (found,) = clusters([link(A, C)])
    assert found.lags == (None, Lag(seconds=2 * hour, by="first_seen"))


# --- what people say -------------------------------------------------------------------------------------------------


def label(a: VersionRef, b: VersionRef, *, copy: bool, hours: float = 0) -> Label:
    return Label(a=a, b=b, copy=copy, note="", labelled_at=T0 + timedelta(hours=hours))


def together(links: list[Link], *labels: Label) -> list[list[str]]:
    return [[member.text_sha256 for member in cluster.members] for cluster in clusters(links, labels)]


def test_what_a_person_calls_no_copy_is_parted() -> None:
    assert together([link(A, B)], label(A, B, copy=False)) == []
    assert together([link(A, B), link(A, C), link(B, C)], label(B, C, copy=False)) == [["a", "b"]]


def test_what_a_person_calls_a_copy_is_joined_without_any_link() -> None:
    assert together([], label(A, B, copy=True)) == [["a", "b"]]
    assert together([link(A, B), link(C, D)], label(B, C, copy=True)) == [["a", "b", "c", "d"]]
    (found,) = clusters([link(A, B, Relation.PARTIAL)], [label(A, B, copy=True)])
    assert [each.relation for each in found.links] == [Relation.PARTIAL]
    assert found.labels[0].copy


def test_the_newest_of_two_labels_counts() -> None:
    assert together([link(A, B)], label(A, B, copy=False), label(B, A, copy=True, hours=1)) == [["a", "b"]]
    assert together([link(A, B)], label(A, B, copy=False, hours=2), label(B, A, copy=True, hours=1)) == []


PAIRS = list(combinations((A, B, C, D, E, F), 2))


@given(
    st.lists(st.sampled_from(PAIRS), unique=True),
    st.dictionaries(st.sampled_from(PAIRS), st.booleans(), max_size=4),
    st.integers(0, 99),
)
def test_labels_hold_in_any_order_of_links_and_labels(
    pairs: list[tuple[VersionRef, VersionRef]], said: dict[tuple[VersionRef, VersionRef], bool], seed: int
) -> None:
    links, labels = [link(a, b) for a, b in pairs], [label(a, b, copy=copy) for (a, b), copy in said.items()]
    found = clusters(links, labels)
    mixed = random.Random(seed)
    assert clusters(mixed.sample(links, len(links)), mixed.sample(labels, len(labels))) == found
    members = [{member.text_sha256 for member in cluster.members} for cluster in found]
    assert not any(
        {a.text_sha256, b.text_sha256} <= urls for urls in members for (a, b), copy in said.items() if not copy
    )
    assert sum(map(len, members)) == len(set().union(*members)), "a source is in one cluster at most"


@given(st.lists(st.sampled_from(PAIRS), unique=True))
def test_a_stranger_changes_no_cluster(pairs: list[tuple[VersionRef, VersionRef]]) -> None:
    links = [link(a, b) for a, b in pairs]
    x, y = ref("x", -1), ref("y", 2.5)
    assert [each for each in clusters([*links, link(x, y)]) if each.original != x] == list(clusters(links))


# --- the plain way ---------------------------------------------------------------------------------------------------


MANY = [ref(f"{letter}{letter}", hours) for hours, letter in enumerate("ghijklmn")] + [A, B, C, D, E, F]
ANY_PAIR = st.sampled_from(list(combinations(MANY, 2)))
ANY_LINK = st.tuples(
    st.sampled_from(sorted(Relation)) | st.just(Relation.NEAR),
    st.sampled_from([0.5, 0.9]),
    st.tuples(st.sampled_from([0.4, 0.9]), st.sampled_from([0.4, 0.9])),
    st.sampled_from(["", "", "", "a: [ad_1]", "b: [ad_1]"]),
)


@given(st.dictionaries(ANY_PAIR, ANY_LINK, max_size=60), st.dictionaries(ANY_PAIR, st.booleans(), max_size=5))
def test_only_linked_groups_are_tried_and_the_clusters_are_those_of_trying_all(
    linked: dict[tuple[VersionRef, VersionRef], tuple[Relation, float, tuple[float, float], str]],
    said: dict[tuple[VersionRef, VersionRef], bool],
) -> None:
    links = [
        replace(link(a, b, relation, score=score, residue=residue), coverage=coverage)
        for (a, b), (relation, score, coverage, residue) in linked.items()
    ]
    labels = [label(a, b, copy=copy) for (a, b), copy in said.items()]
    found = {
        (cluster.original.url, frozenset(member.url for member in cluster.members))
        for cluster in clusters(links, labels)
    }
    assert found == Oracle(links, labels).clusters()
