"""Clusters of copies grow by agreement, never by a chain, and one member is probably the original."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.copies import clusters
from archive.copies.dating import is_running
from archive.copies.house_names import credited_houses, names_house
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


def link(a: VersionRef, b: VersionRef, relation: Relation = Relation.NEAR, *, score: float = 0.9) -> Link:
    return Link(a=a, b=b, relation=relation, score=score, coverage=(0.9, 0.9))


def cluster_names(links: list[Link]) -> list[list[str]]:
    return [[member.text_sha256 for member in cluster.members] for cluster in clusters(links)]


A, B, C, D, E, F = (ref(name, hours) for hours, name in enumerate("abcdef"))


def test_no_links_make_no_clusters():
    assert clusters([]) == ()


def test_two_copies_are_a_cluster():
    assert cluster_names([link(A, B)]) == [["a", "b"]]


@pytest.mark.parametrize("relation", [Relation.PARTIAL, Relation.SAME_EVENT, Relation.POSSIBLE])
def test_partial_and_undecided_links_never_merge(relation):
    assert cluster_names([link(A, B, relation)]) == []
    assert cluster_names([link(A, B), link(B, C, relation), link(A, C, relation)]) == [["a", "b"]]


def test_a_copy_of_a_copy_alone_does_not_join():
    assert cluster_names([link(A, B), link(B, C)]) == [["a", "b"]]


def test_half_of_the_members_is_enough():
    assert cluster_names([link(A, B), link(A, C)]) == [["a", "b", "c"]]
    assert cluster_names([link(A, B), link(A, C), link(B, C), link(A, D), link(C, D)]) == [["a", "b", "c", "d"]]


def test_one_link_does_not_merge_two_clusters():
    assert cluster_names([link(A, B), link(C, D), link(B, C)]) == [["a", "b"], ["c", "d"]]


def test_links_that_share_no_member_merge_two_clusters():
    pairs = [link(A, B), link(C, D), link(A, E), link(C, E), link(B, F), link(D, F), link(A, F), link(C, F), link(E, F)]
    assert cluster_names(pairs) == [["a", "b", "c", "d", "e", "f"]]


def test_a_source_is_one_member_however_many_versions_are_linked():
    old, new = ref("a", 0), ref("a", 30, version=2)
    (cluster,) = clusters([link(old, B), link(new, B), link(old, new)])
    assert [member.url for member in cluster.members] == [A.url, B.url]
    assert cluster.members[0].version == 1


def test_the_closest_of_several_links_counts():
    (cluster,) = clusters([link(A, B, Relation.REWORDED), link(A, B, Relation.EXACT)])
    assert [edge.relation for edge in cluster.links] == [Relation.EXACT]


@given(st.lists(st.sampled_from(list(combinations((A, B, C, D, E, F), 2))), unique=True), st.integers(0, 99))
def test_the_order_of_links_does_not_matter(pairs, seed):
    links = [link(a, b) for a, b in pairs]
    shuffled = random.Random(seed).sample(links, len(links))
    assert clusters(shuffled) == clusters(links)


def test_the_earliest_by_its_own_date_is_probably_the_original():
    late = ref("wire", 48, published=-5)
    (cluster,) = clusters([link(ref("a", 0, published=-1), late)])
    assert cluster.original.text_sha256 == "wire"
    assert cluster.reasons == ("published earliest, by its own date: 2026-01-05 03:00 UTC",)
    assert cluster.members[0].text_sha256 == "a"


def test_without_dates_the_earliest_seen_is_the_original():
    (cluster,) = clusters([link(B, A)])
    assert cluster.original == A
    assert cluster.reasons == ("first seen here: 2026-01-05 08:00 UTC",)
    assert cluster.standing in {"first_seen", "unsure"}


def test_a_date_after_we_saw_the_page_is_not_believed():
    (cluster,) = clusters([link(ref("future", 0, published=9), ref("past", 1, published=0.5))])
    assert cluster.original.text_sha256 == "future"


def test_residue_marks_the_copy():
    (cluster,) = clusters([link(A, B)], (), {A: DeclaredProvenance(residue=("[ad_1]",))})
    assert cluster.original == B
    assert cluster.reasons == ("carries no scraper residue, the other does",)


def test_a_byline_of_another_house_credits_it():
    wire = ref("meridian-news", 48, published=-1, byline="Meridian")
    paper = ref("daily", 0, published=-6, byline="By Meridian staff")
    (cluster,) = clusters([link(paper, wire)])
    assert cluster.original == wire
    assert cluster.reasons[0] == "credited by 1 of the 1 others"


@pytest.mark.parametrize("byline", ["townblog", "Rosa Townblog", "Town Blog staff", "townblog.example"])
def test_a_byline_of_its_own_house_proves_nothing(byline: str):
    paper = ref("gazette", 0, published=-0.2, byline="Adam Nkomo")
    blog = ref("townblog", 14, published=13, byline=byline)
    (cluster,) = clusters([link(paper, blog)])
    assert (cluster.original, cluster.standing) == (paper, "sure")


def test_a_person_who_is_called_like_another_house_credits_nobody():
    paper = ref("gazette", 0, published=-0.2, byline="Rosa Milltown")
    blog = ref("milltownnews", 14, published=13)
    (cluster,) = clusters([link(paper, blog)])
    assert cluster.original == paper


def test_seconds_within_one_run_tell_nothing():
    late, early = ref("a", 0.05), ref("b", 0)
    (cluster,) = clusters([link(early, late)])
    assert cluster.standing == "unsure"
    assert cluster.certainty == 0.5
    assert not any("first seen here:" in reason for reason in cluster.reasons)


@pytest.mark.parametrize("form", ["shorter", "less central", "alone"])
def test_an_earlier_date_and_an_earlier_sight_beat_the_form_of_the_text(form: str):
    early, late, other = ref("early", 0, published=-1), ref("late", 2, published=1), ref("other", 2, published=1)
    declared = {late: DeclaredProvenance(length=9_000)}
    declared |= {early: DeclaredProvenance(length=2_000 if form == "shorter" else 9_000)}
    pairs = [link(early, late), link(early, other), link(late, other)]
    if form == "less central":
        pairs = [link(early, late, score=0.5), link(early, other, score=0.5), link(late, other, score=1)]
    if form == "alone":
        pairs = [replace(pair, translated=early in {pair.a, pair.b}) for pair in pairs]
    (cluster,) = clusters(pairs, (), declared)
    assert cluster.original == early


@pytest.mark.parametrize(
    ("address", "named", "because"),
    [
        ("https://mirror.example/2026/01/05/story", (), "its address has another date"),
        ("https://mirror.example/story-20260105.html", (), "its address has another date"),
        ("https://mirror.example/2026/01/story", (), "its address has another date"),
        ("https://mirror.example/story", ("2026-01-04",), "its text names a later date"),
        ("https://mirror.example/story", ("2026", "2026"), "its text names a later date"),
    ],
)
def test_a_date_that_the_page_contradicts_counts_for_nothing(address: str, named: tuple[str, ...], because: str):
    paper = ref("gazette", 0, published=-1)
    mirror = replace(ref("mirror", 9), url=address, published_at=datetime(2020, 3, 1, 9, tzinfo=UTC))
    (cluster,) = clusters([link(paper, mirror)], (), {mirror: DeclaredProvenance(named_days=named)})
    assert cluster.original == paper
    assert cluster.doubtful == ((mirror.url, because),)
    assert f"the earlier date of mirror.example does not count: {because}" in cluster.reasons
    assert cluster.lags[cluster.members.index(mirror)].by == "mixed"


def test_a_date_weeks_before_all_others_is_that_of_another_story():
    paper, daily = ref("gazette", 0, published=-1), ref("daily", 3, published=2)
    mirror = replace(ref("mirror", 9), published_at=datetime(2024, 3, 1, 9, tzinfo=UTC))
    (cluster,) = clusters([link(paper, daily), link(paper, mirror), link(daily, mirror)])
    assert cluster.original == paper


def test_a_day_without_a_time_is_not_earlier_than_a_time_on_that_day():
    paper, mirror = ref("gazette", 4, published=-1), ref("mirror", 4, published=-8)
    (cluster,) = clusters([link(paper, mirror)], (), {paper: DeclaredProvenance(named_houses=frozenset())})
    assert mirror.published_at is not None
    assert (mirror.published_at.hour, mirror.published_at.minute) == (0, 0)
    assert cluster.certainty == 0.5


def test_a_text_that_names_its_source_came_after_it_whatever_the_clocks_say():
    paper, blog = ref("gazette", 30, published=28), ref("blog", 0, published=-2)
    (cluster,) = clusters([link(paper, blog)], (), {blog: DeclaredProvenance(named_houses=frozenset({paper.url}))})
    assert cluster.original == paper


@pytest.mark.parametrize(
    "text",
    [
        "LONDON (Nordwire) - The harbour opens on Monday.",
        "The harbour opens on Monday, as first reported by Nordwire.",
        "Der Hafen öffnet am Montag, wie zuerst Nordwire berichtete.",
        "El puerto abre el lunes, según Nordwire.",
        "Le port ouvre lundi, rapporte Nordwire.",
        "O porto abre na segunda-feira, segundo a Nordwire.",
        "Il porto apre lunedì, scrive Nordwire.",
        "Порт откроется, сообщает Nordwire.",
        "КИЇВ, 3 березня - Nordwire. Порт відкриють завтра.",
        "(서울=Nordwire) 항구가 월요일에 열린다.",
        "港口周一开放。据Nordwire报道。",
        "港は月曜に開くとNordwireが報じた。",
        "نقلا عن Nordwire، يفتح الميناء.",
    ],
)
def test_a_credit_is_read_in_many_languages(text: str) -> None:
    url = "https://www.nordwire.example/1"
    assert credited_houses(text, {url: None, "https://harbour.example/2": None}) == {url}


def test_a_word_that_is_also_a_name_credits_nobody() -> None:
    houses = {"https://mirror.example/1": "The Mirror", "https://nacion.example/2": "La Nación"}
    assert not credited_houses("A mirror hung there, she said. El ministro de la nación informó.", houses)
    assert credited_houses("He had told the Mirror so.", houses) == {"https://mirror.example/1"}


def test_when_nothing_tells_them_apart_the_reason_says_so():
    (cluster,) = clusters([link(ref("y"), ref("x"))])
    assert cluster.original.text_sha256 == "x"
    assert cluster.reasons == ("nothing tells the members apart; the first seen here stands in",)


# --- declared provenance ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "host"),
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
def test_a_publisher_is_recognized_by_its_name_in_the_address(name: str, host: str) -> None:
    assert names_house(name, f"https://{host}/story")


@pytest.mark.parametrize("words", ["Staff", "By the news desk", "Daily Times", "Reuters", "AP", ""])
def test_words_that_every_publisher_uses_name_none(words: str) -> None:
    assert not names_house(words, "https://www.dailynewstimes.example/story")


def test_a_date_alone_does_not_win_against_several_other_signs() -> None:
    """A repost declares a day before the original's. The original was seen first and is longer."""
    times = ref("latimes", 0, published=-2)
    repost = ref("repost", 4, published=-90)
    declared = {
        times: DeclaredProvenance(length=6000),
        repost: DeclaredProvenance(length=4000, residue=("[ad_1]",)),
    }
    (cluster,) = clusters([link(times, repost)], (), declared)
    assert cluster.original == times
    credited = {
        times: DeclaredProvenance(length=5000),
        repost: DeclaredProvenance(length=5000, credited=("Los Angeles Times",)),
    }
    (cluster,) = clusters([link(times, repost)], (), credited)
    assert cluster.original == times
    assert "credited by 1 of the 1 others" in cluster.reasons


def test_a_page_that_declares_another_address_is_the_copy() -> None:
    first, second = ref("amp", 0), ref("daily", 3)
    (cluster,) = clusters(
        [link(first, second)], (), {first: DeclaredProvenance(canonical="https://www.daily.example/story/")}
    )
    assert cluster.original == second


def test_the_agency_is_named_if_its_own_page_is_not_archived() -> None:
    agencies = {member: DeclaredProvenance(agencies=("Reuters",)) for member in (A, B)}
    (cluster,) = clusters([link(A, B), link(A, C), link(B, C)], (), agencies)
    assert cluster.credited == "Reuters"
    assert cluster.reasons[0] == "2 of the 3 credit Reuters, whose own page is not archived"


def test_an_agency_in_the_cluster_is_the_original_and_nobody_is_missing() -> None:
    reuters = ref("reuters", 9)
    agencies = {member: DeclaredProvenance(agencies=("Reuters",)) for member in (A, reuters)}
    (cluster,) = clusters([link(A, reuters)], (), agencies)
    assert (cluster.original, cluster.credited) == (reuters, None)
    assert cluster.reasons[0] == "credited by 1 of the 1 others"


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
    (cluster,) = clusters(pairs)
    assert cluster.original == B


# --- lags ------------------------------------------------------------------------------------------------------------


def test_a_lag_names_the_clock_that_measured_it() -> None:
    wire, dated, bare = ref("wire", 1, published=-3), ref("dated", 2, published=-1), ref("bare", 4)
    (cluster,) = clusters([link(wire, dated), link(wire, bare), link(dated, bare)])
    lags = dict(zip([member.text_sha256 for member in cluster.members], cluster.lags, strict=True))
    hour = 3600
    assert lags == {
        "wire": None,
        "dated": Lag(seconds=2 * hour, by="published"),
        "bare": Lag(seconds=7 * hour, by="mixed"),
    }
    (cluster,) = clusters([link(A, C)])
    assert cluster.lags == (None, Lag(seconds=2 * hour, by="first_seen"))


# --- labels ----------------------------------------------------------------------------------------------------------


def label(a: VersionRef, b: VersionRef, *, copy: bool, hours: float = 0) -> Label:
    return Label(a=a, b=b, copy=copy, note="", labelled_at=T0 + timedelta(hours=hours))


def cluster_names_with_labels(links: list[Link], *labels: Label) -> list[list[str]]:
    return [[member.text_sha256 for member in cluster.members] for cluster in clusters(links, labels)]


def test_a_pair_labelled_no_copy_is_separated() -> None:
    assert cluster_names_with_labels([link(A, B)], label(A, B, copy=False)) == []
    assert cluster_names_with_labels([link(A, B), link(A, C), link(B, C)], label(B, C, copy=False)) == [["a", "b"]]


def test_a_pair_labelled_copy_is_joined_without_any_link() -> None:
    assert cluster_names_with_labels([], label(A, B, copy=True)) == [["a", "b"]]
    assert cluster_names_with_labels([link(A, B), link(C, D)], label(B, C, copy=True)) == [["a", "b", "c", "d"]]
    (cluster,) = clusters([link(A, B, Relation.PARTIAL)], [label(A, B, copy=True)])
    assert [edge.relation for edge in cluster.links] == [Relation.PARTIAL]
    assert cluster.labels[0].copy


def test_the_newest_of_two_labels_counts() -> None:
    assert cluster_names_with_labels([link(A, B)], label(A, B, copy=False), label(B, A, copy=True, hours=1)) == [
        ["a", "b"]
    ]
    assert (
        cluster_names_with_labels([link(A, B)], label(A, B, copy=False, hours=2), label(B, A, copy=True, hours=1)) == []
    )


PAIRS = list(combinations((A, B, C, D, E, F), 2))


@given(
    st.lists(st.sampled_from(PAIRS), unique=True),
    st.dictionaries(st.sampled_from(PAIRS), st.booleans(), max_size=4),
    st.integers(0, 99),
)
def test_labels_hold_in_any_order_of_links_and_labels(
    pairs: list[tuple[VersionRef, VersionRef]], copy_of_pair: dict[tuple[VersionRef, VersionRef], bool], seed: int
) -> None:
    links, labels = [link(a, b) for a, b in pairs], [label(a, b, copy=copy) for (a, b), copy in copy_of_pair.items()]
    expected = clusters(links, labels)
    mixed = random.Random(seed)
    assert clusters(mixed.sample(links, len(links)), mixed.sample(labels, len(labels))) == expected
    members = [{member.text_sha256 for member in cluster.members} for cluster in expected]
    assert not any(
        {a.text_sha256, b.text_sha256} <= urls for urls in members for (a, b), copy in copy_of_pair.items() if not copy
    )
    assert sum(map(len, members)) == len(set().union(*members)), "a source is in one cluster at most"


@given(st.lists(st.sampled_from(PAIRS), unique=True))
def test_an_unrelated_link_changes_no_cluster(pairs: list[tuple[VersionRef, VersionRef]]) -> None:
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
)


@given(
    st.dictionaries(ANY_PAIR, ANY_LINK, max_size=60),
    st.dictionaries(ANY_PAIR, st.booleans(), max_size=5),
    st.frozensets(st.sampled_from(MANY), max_size=3),
)
def test_only_linked_groups_are_tried_and_the_clusters_are_those_of_trying_all(
    linked: dict[tuple[VersionRef, VersionRef], tuple[Relation, float, tuple[float, float]]],
    said: dict[tuple[VersionRef, VersionRef], bool],
    marked: frozenset[VersionRef],
) -> None:
    links = [
        replace(link(a, b, relation, score=score), coverage=coverage)
        for (a, b), (relation, score, coverage) in linked.items()
    ]
    labels = [label(a, b, copy=copy) for (a, b), copy in said.items()]
    declared = {version: DeclaredProvenance(residue=("[ad_1]",)) for version in marked}
    found = {
        (cluster.original.url, frozenset(member.url for member in cluster.members))
        for cluster in clusters(links, labels, declared)
    }
    assert found == Oracle(links, labels, declared).clusters()


# --- what pages and sights contradict --------------------------------------------------------------------------------


def test_a_page_that_links_to_another_member_is_its_copy() -> None:
    paper, blog = ref("gazette", 30), ref("blog", 0)
    (cluster,) = clusters([link(paper, blog)], (), {blog: DeclaredProvenance(sources=(f"{paper.url}?utm_source=x",))})
    assert cluster.original == paper
    assert cluster.reasons[0] == "credited by 1 of the 1 others"


def test_a_date_years_before_a_page_of_the_same_day_is_not_compared() -> None:
    """An old template or an old story: the sights alone speak."""
    paper, blog = ref("gazette", 1, published=0), ref("blog", 4, published=-90 * 24)
    (cluster,) = clusters([link(paper, blog)])
    assert cluster.original == paper
    assert cluster.standing in {"first_seen", "unsure"}
    assert all(lag is None or lag.by == "first_seen" for lag in cluster.lags)


def test_a_date_months_before_counts_if_we_saw_the_page_then() -> None:
    early, late = ref("early", -89 * 24, published=-90 * 24), ref("late", 1, published=0)
    (cluster,) = clusters([link(early, late)])
    assert (cluster.original, cluster.reasons[0][:18]) == (early, "published earliest")


def test_a_date_that_is_the_moment_of_the_visit_counts_for_nothing() -> None:
    paper, mirror = ref("paper", 5), ref("mirror", 5.01, published=5.01)
    (cluster,) = clusters([link(paper, mirror)])
    assert dict(cluster.doubtful) == {mirror.url: "its date is the moment of our visit"}
    assert cluster.certainty == 0.5


def test_a_time_without_a_zone_may_be_that_of_any() -> None:
    """The copy's clock is five hours behind, or it came first: its date does not tell."""
    paper, copy = ref("paper", 0.2, published=0), ref("copy", 1, published=-4.4)
    (cluster,) = clusters([link(paper, copy)], (), {copy: DeclaredProvenance(local_time=True)})
    assert cluster.original == paper
    assert cluster.standing in {"first_seen", "unsure"}
    (zoned,) = clusters([link(paper, copy)])
    assert zoned.original == copy


def test_a_time_without_a_zone_that_is_ahead_of_our_sight_is_no_contradiction() -> None:
    paper, copy = ref("paper", 0.2, published=8), ref("copy", 40, published=30)
    (cluster,) = clusters([link(paper, copy)], (), {paper: DeclaredProvenance(local_time=True)})
    assert cluster.original == paper
    assert not cluster.doubtful


# --- dates that are right and still do not tell ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("early", "late", "because"),
    [
        (DeclaredProvenance(), DeclaredProvenance(corrected=True), "its page was corrected, and may have been dated"),
        (DeclaredProvenance(running=True), DeclaredProvenance(), "it is that of a live blog's beginning"),
    ],
)
def test_the_date_of_a_corrected_page_or_of_a_live_blog_is_not_compared(
    early: DeclaredProvenance, late: DeclaredProvenance, because: str
) -> None:
    first, second = ref("first", 5, published=0), ref("second", 5.1, published=4)
    (plain,) = clusters([link(first, second)])
    assert (plain.original, plain.standing) == (first, "probable")
    (cluster,) = clusters([link(first, second)], (), {first: early, second: late})
    assert cluster.standing in {"first_seen", "unsure"}
    assert because in cluster.reasons[-1]


def test_a_date_days_before_the_day_in_the_address_is_not_compared() -> None:
    paper, repost = ref("paper", 40, published=0), ref("repost", 41, published=-70)
    dated = replace(repost, url="https://repost.example/2026/01/06/story")
    (cluster,) = clusters([link(paper, dated)])
    assert cluster.standing in {"first_seen", "unsure"}
    assert cluster.reasons[-1] == "the date of repost.example is not certain: its address has a later day"
    (plain,) = clusters([link(paper, repost)])
    assert plain.original == repost


def test_a_copyright_line_credits_its_house() -> None:
    paper, partner = ref("harbourtimes", 30), ref("courier", 0)
    footer = DeclaredProvenance(owners=("© 2026 Harbour Times. Distributed by Contentbridge.",))
    (cluster,) = clusters([link(paper, partner)], (), {partner: footer})
    assert (cluster.original, cluster.reasons[0]) == (paper, "credited by 1 of the 1 others")
    (own,) = clusters([link(paper, partner)], (), {paper: footer})
    assert own.reasons[0] != "credited by 1 of the 1 others"


def test_lines_with_the_time_of_day_make_a_live_blog() -> None:
    entries = [f"{hour:02}:10 Another of the gnomes has been found." for hour in range(6, 10)]
    assert is_running("\n".join(entries))
    assert not is_running("\n".join([*entries[1:], "The gnomes of 1910 are all there.", "10:3 was the score."]))


def test_a_member_that_others_credit_is_surely_the_original_if_nothing_speaks_against_it() -> None:
    paper, blog, third = ref("gazette", 5, published=4), ref("blog", 4.9, published=4), ref("third", 6, published=2)
    credit = {blog: DeclaredProvenance(named_houses=frozenset({paper.url}))}
    (cluster,) = clusters([link(paper, blog)], (), credit)
    assert (cluster.original, cluster.standing) == (paper, "sure")
    (mutual,) = clusters([link(paper, blog)], (), credit | {paper: DeclaredProvenance(sources=(blog.url,))})
    assert mutual.standing != "sure"
    (contested,) = clusters([link(paper, blog), link(paper, third), link(blog, third)], (), credit)
    assert contested.standing != "sure"
