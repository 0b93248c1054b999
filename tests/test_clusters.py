"""Copies come together by agreement, never by a chain, and one of them is probably the original."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.copies import clusters
from db.records import Link, Relation, VersionRef

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
