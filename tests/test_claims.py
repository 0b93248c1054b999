"""Addresses that claim to be one page: what is kept, what is believed, and who heads the history."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.pipeline.gather import keep_outcomes
from archive.urls import registered_domain, url_key
from archive.versions.aliases import canonical_of, is_alias, is_front, read_alias_claims
from db.queries import captures as capture_queries
from db.queries import claims as alias_queries
from db.queries import sources as source_queries
from db.queries import versions as version_queries
from db.records import AliasEdge, DeclaredUrl, Hop, SeedKind
from db.store import Store
from newsroom import PARAGRAPHS, answer, derive, gather, page
from tests.builders import T0, a_seed
from tests.contents import contents

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from db.records import Outcome

HOUR = timedelta(hours=1)
CANONICAL = "https://daily.example/talks"
PRINT = "https://daily.example/print/talks"
AMP = "https://amp.daily.example/talks"
COPY = "https://other.example/talks"
EDITED = [each.replace("300", "30") for each in PARAGRAPHS]


def says(body: bytes, **claims: str) -> bytes:
    """A page that claims ``canonical``, ``amp`` or ``og``."""
    forms = {
        "canonical": '<link rel="canonical" href="{}">',
        "amp": '<link rel="amphtml" href="{}">',
        "og": '<meta property="og:url" content="{}">',
    }
    head = "".join(forms[kind].format(url) for kind, url in claims.items())
    return body.replace(b"</head>", head.encode() + b"</head>")


def archive(store: Store, outcomes: Iterable[Outcome], *, at_once: bool = False) -> None:
    """Visit the pages in turn and derive after each, or all at once."""
    told = list(outcomes)
    for outcome in told:
        source_id = store.add_source(outcome.requested_url, url_key(outcome.requested_url), T0)
        gather(store, [outcome], source_id)
        if not at_once:
            derive(store, T0)
    derive(store, T0)


def head_of(store: Store, url: str) -> str:
    """The address under which the history of ``url`` is kept."""
    found = source_queries.by_url_key(store.ask, url_key(url))
    assert found is not None
    return found.url


def claimed(store: Store, url: str) -> list[tuple[str, str]]:
    found = source_queries.by_url_key(store.ask, url_key(url))
    assert found is not None
    return [(each.kind, each.url) for each in alias_queries.of_source(store.ask, found.id)]


# --- what is kept ----------------------------------------------------------------------------------------------------


def test_claims_are_kept_with_when_they_were_first_and_last_seen(store: Store, now: datetime) -> None:
    told = says(page(), canonical=COPY, og="/talks?utm_source=card", amp=AMP)
    later = says(page(ad="Ad 2"), canonical=COPY)
    archive(store, [answer(now, told, url=PRINT), answer(now + HOUR, later, url=PRINT)])
    source = source_queries.by_url_key(store.ask, url_key(PRINT))
    assert source is not None
    found = {each.kind: each for each in alias_queries.of_source(store.ask, source.id)}
    assert {kind: each.url for kind, each in found.items()} == {"canonical": COPY, "og": CANONICAL, "amp": AMP}
    assert (found["canonical"].first_seen_at, found["canonical"].last_seen_at) == (now, now + HOUR)
    assert (found["og"].first_seen_at, found["og"].last_seen_at) == (now, now)


def test_a_304_repeats_what_the_page_before_it_claimed(store: Store, now: datetime) -> None:
    from db.records import Reason

    again = answer(now + HOUR, url=PRINT, status=304, reason=Reason.NOT_MODIFIED)
    archive(store, [answer(now, says(page(), canonical=COPY), url=PRINT), again])
    (found,) = alias_queries.of_source(store.ask, 1)
    assert (found.first_seen_at, found.last_seen_at) == (now, now + HOUR)


def test_a_page_that_names_itself_claims_nothing(store: Store, now: datetime) -> None:
    archive(store, [answer(now, says(page(), canonical="", og="https://www.daily.example/talks#top"), url=CANONICAL)])
    assert claimed(store, CANONICAL) == []


def test_one_payload_at_two_addresses_claims_for_each_its_own(store: Store, now: datetime) -> None:
    """A relative link means another address on each; which page was extracted first must make no difference."""
    same = says(page(), canonical="/elsewhere")
    archive(store, [answer(now, same, url=CANONICAL), answer(now, same, url=COPY)])
    assert claimed(store, CANONICAL) == [("canonical", "https://daily.example/elsewhere")]
    assert claimed(store, COPY) == [("canonical", "https://other.example/elsewhere")]


def test_a_base_of_the_page_counts(store: Store, now: datetime) -> None:
    body = says(page(), canonical="elsewhere").replace(b"<head>", b"<head><base href='https://daily.example/x/'>")
    archive(store, [answer(now, body, url=CANONICAL)])
    assert claimed(store, CANONICAL) == [("canonical", "https://daily.example/x/elsewhere")]


def test_an_apology_claims_nothing_for_the_article(store: Store, now: datetime) -> None:
    home = says(page(), canonical="https://daily.example/welcome")
    gone = answer(
        now,
        home,
        url=CANONICAL,
        final_url="https://daily.example/",
        hops=(Hop(url=CANONICAL, status=302, location="/"),),
    )
    archive(store, [gone])
    assert claimed(store, CANONICAL) == []


def test_what_is_no_address_is_no_claim() -> None:
    bad = [
        DeclaredUrl("og", href, CANONICAL, T0)
        for href in ("http://[", "javascript:void(0)", "", "https://u:p@a.example/")
    ]
    assert read_alias_claims(bad, url_key(CANONICAL)) == ()


# --- what is believed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("claim", [{"canonical": CANONICAL}, {"og": CANONICAL}])
def test_a_page_with_the_text_of_the_address_it_claims_joins_its_history(
    store: Store, now: datetime, claim: dict[str, str]
) -> None:
    archive(store, [answer(now, page(), url=CANONICAL), answer(now + HOUR, says(page(), **claim), url=PRINT)])
    assert head_of(store, PRINT) == CANONICAL
    (version,) = version_queries.of_source(store.ask, 1)
    assert version.captures == 2
    assert version_queries.of_source(store.ask, 2) == []


def test_an_amp_page_with_the_same_text_joins_the_article_that_names_it(store: Store, now: datetime) -> None:
    archive(store, [answer(now, page(), url=AMP), answer(now + HOUR, says(page(), amp=AMP), url=CANONICAL)])
    assert head_of(store, AMP) == CANONICAL


UNBELIEVED = {
    "another text": (PRINT, says(page(*EDITED), canonical=CANONICAL)),
    "another domain": (COPY, says(page(), canonical=CANONICAL)),
    "an amp page whose text differs": (AMP, says(page(*PARAGRAPHS[:3]), canonical=CANONICAL)),
    "an address nobody saw": (PRINT, says(page(), canonical="https://daily.example/unseen")),
}


@pytest.mark.parametrize("case", UNBELIEVED)
def test_without_proof_only_the_claim_is_kept(store: Store, now: datetime, case: str) -> None:
    url, body = UNBELIEVED[case]
    archive(store, [answer(now, page(), url=CANONICAL), answer(now, body, url=url)])
    assert head_of(store, url) == url
    assert [kind for kind, _ in claimed(store, url)] == ["canonical"]


def test_a_site_whose_every_page_claims_the_front_page_joins_nothing(store: Store, now: datetime) -> None:
    home = "https://daily.example/"
    same = says(page(), canonical="/")
    archive(store, [answer(now, same, url=url) for url in (home, CANONICAL, PRINT)])
    assert [head_of(store, url) for url in (home, CANONICAL, PRINT)] == [home, CANONICAL, PRINT]


def test_a_claim_about_a_list_joins_nothing(store: Store, now: datetime) -> None:
    section = a_seed(url=CANONICAL, kind=SeedKind.SECTION)
    store.sync_seeds([section], {CANONICAL: url_key(CANONICAL)}, now)
    archive(store, [answer(now, page(), url=CANONICAL), answer(now, says(page(), canonical=CANONICAL), url=PRINT)])
    assert head_of(store, PRINT) == PRINT


def test_once_the_texts_were_the_same_a_later_difference_is_an_edit(store: Store, now: datetime) -> None:
    claim = says(page(), canonical=CANONICAL)
    edited = says(page(*EDITED), canonical=CANONICAL)
    archive(
        store,
        [
            answer(now, page(), url=CANONICAL),
            answer(now + HOUR, claim, url=PRINT),
            answer(now + 2 * HOUR, edited, url=PRINT),
        ],
    )
    assert [each.captures for each in version_queries.of_source(store.ask, 1)] == [2, 1]


@pytest.mark.parametrize(
    ("orders", "at_once"), [((0, 77), True), pytest.param((0, 31, 77, 119), False, marks=pytest.mark.slow)]
)
def test_it_makes_no_difference_what_arrives_first(
    tmp_path: Path, now: datetime, orders: tuple[int, ...], *, at_once: bool
) -> None:
    told = [
        answer(now, says(page(), amp=AMP, canonical=CANONICAL), url=CANONICAL),
        answer(now + HOUR, says(page(), canonical=CANONICAL), url=PRINT),
        answer(now + 2 * HOUR, says(page(*EDITED), canonical=CANONICAL), url=PRINT),
        answer(now + 3 * HOUR, says(page(*EDITED), canonical=CANONICAL), url=AMP),
        answer(now + 4 * HOUR, page(*EDITED), url=CANONICAL),
    ]
    every = list(permutations(told))
    assert len({repr(archived(tmp_path / f"{n}.db", every[n], at_once=at_once)) for n in orders}) == 1


def archived(path: Path, outcomes: Sequence[Outcome], *, at_once: bool) -> object:
    with Store(path) as store:
        archive(store, outcomes, at_once=at_once)
        claims = store.ask("""SELECT s.url_key AS own, k.kind, k.url_key, k.first_seen_at, k.last_seen_at
                              FROM claim k JOIN source s ON s.id = k.source_id ORDER BY 1, 2, 3""")
        assert capture_queries.underived(store.ask, 10) == []
        assert head_of(store, PRINT) == head_of(store, AMP) == CANONICAL
    return claims, {name: rows for name, rows in contents(path).items() if name in {"sources", "versions", "links"}}


def test_what_comes_by_import_joins_as_what_was_visited(store: Store, now: datetime) -> None:
    pages = [answer(now, page(), url=CANONICAL), answer(now, says(page(), canonical=CANONICAL), url=PRINT)]
    keep_outcomes(store, pages, provenance="import:test", now=now)
    derive(store, now)
    assert head_of(store, PRINT) == CANONICAL


def test_a_watched_page_stays_watched_under_the_address_it_joins(store: Store, now: datetime) -> None:
    store.sync_seeds([a_seed(url=PRINT)], {PRINT: url_key(PRINT)}, now)
    archive(store, [answer(now, page(), url=CANONICAL), answer(now, says(page(), canonical=CANONICAL), url=PRINT)])
    (state,) = source_queries.states(store.ask)
    assert (state.source.url, state.source.seed_key, state.source.retired_at) == (CANONICAL, "daily/harbour", None)


def test_when_its_row_names_the_new_address_a_moved_page_is_still_visited(store: Store, now: datetime) -> None:
    """The seed was edited after the move; the history is headed by the old address, which is no seed any more."""
    old, new = a_seed(url=PRINT), a_seed(url=CANONICAL)
    store.sync_seeds([old], {PRINT: url_key(PRINT)}, now)
    hops = (Hop(url=PRINT, status=301, location=CANONICAL),)
    archive(store, [answer(now, page(), url=PRINT, final_url=CANONICAL, hops=hops)])
    store.sync_seeds([new], {CANONICAL: url_key(CANONICAL)}, now)
    (state,) = source_queries.states(store.ask)
    assert (state.source.url, state.source.retired_at) == (PRINT, None)


def test_a_join_that_no_longer_holds_is_undone(store: Store, now: datetime) -> None:
    """As when a better extractor finds that the two texts never were the same."""
    archive(store, [answer(now, page(), url=CANONICAL), answer(now, says(page(), canonical=CANONICAL), url=PRINT)])
    changed = store.join(1, read_alias_claims, lambda _: False, canonical_of, now)
    assert set(changed) == {1, 2}
    assert head_of(store, PRINT) == PRINT


def test_a_crash_between_joining_and_settling_is_made_good(store: Store, now: datetime) -> None:
    archive(store, [answer(now, page(), url=CANONICAL)])
    gather(
        store,
        [answer(now - HOUR, says(page(*EDITED), canonical=CANONICAL), url=PRINT)],
        store.add_source(PRINT, url_key(PRINT), now),
    )
    derive(store, now)
    late = answer(now + HOUR, says(page(), canonical=CANONICAL), url=PRINT)
    gather(store, [late], 2)
    derive(store, now)
    changed = store.join(1, read_alias_claims, lambda _: False, canonical_of, now)  # cut off here: nothing is settled
    assert sorted(capture_queries.underived(store.ask, 10)) == sorted(each for ids in changed.values() for each in ids)
    derive(store, now)
    assert head_of(store, PRINT) == CANONICAL
    assert len(version_queries.of_source(store.ask, 1)) == 2
    assert capture_queries.underived(store.ask, 10) == []


# --- who heads the history -------------------------------------------------------------------------------------------


def moved(old: str, new: str, at: datetime) -> Outcome:
    hops = (Hop(url=old, status=301, location=new),)
    return answer(at, page(), url=old, final_url=new, hops=hops)


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_addresses_that_redirect_to_each_other_the_one_that_did_so_first_heads_the_history(
    store: Store, now: datetime, *, turned: bool
) -> None:
    told = [moved(PRINT, CANONICAL, now), moved(CANONICAL, PRINT, now + HOUR)]
    archive(store, told[::-1] if turned else told)
    assert head_of(store, CANONICAL) == head_of(store, PRINT) == PRINT


def tie(kind: str, source: int, target: int, minute: int = 0) -> AliasEdge:
    urls = [f"https://daily.example/{letter}" for letter in "abcdefgh"]
    return AliasEdge(
        kind=kind,
        at=T0 + timedelta(minutes=minute),
        source_id=source,
        url=urls[source],
        url_key=url_key(urls[source]),
        target_id=target,
        target_url=urls[target],
        target_key=url_key(urls[target]),
    )


def test_pages_that_claim_each_other_follow_the_claim_that_was_first() -> None:
    assert canonical_of([tie("canonical", 1, 0, 5), tie("canonical", 0, 1, 2)]) == {0: 1}


def test_a_chain_of_claims_leads_to_its_end() -> None:
    assert canonical_of([tie("canonical", 0, 1), tie("og", 1, 2), tie("amp", 2, 3)]) == {0: 2, 1: 2, 3: 2}


def test_dead_pages_that_move_to_one_place_stay_apart() -> None:
    assert canonical_of([tie("moved", 2, 3, 1), tie("moved", 1, 3, 2)]) == {3: 1}


_TIES = st.lists(
    st.builds(
        tie,
        st.sampled_from(["moved", "canonical", "amp", "og"]),
        st.integers(0, 3),
        st.integers(4, 7),
        st.integers(0, 3),
    ),
    max_size=8,
)


@pytest.mark.slow
@given(_TIES, st.randoms(use_true_random=False))
def test_the_order_of_the_ties_makes_no_difference_and_every_head_is_its_own(ties: list[AliasEdge], dice) -> None:
    found = canonical_of(ties)
    assert not set(found.values()) & set(found)
    shuffled = list(ties)
    dice.shuffle(shuffled)
    assert canonical_of(shuffled) == found


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("https://amp.daily.co.uk/a", "https://www.daily.co.uk/b", True),
        ("https://daily.co.uk/a", "https://other.co.uk/b", False),
        ("https://one.github.io/a", "https://two.github.io/b", False),
        ("https://eins.公司.cn/a", "https://zwei.公司.cn/b", False),
        ("https://amp.eins.公司.cn/a", "https://eins.公司.cn/b", True),
        ("https://amp.daily.example/a", "https://daily.example/b", True),
        ("http://127.0.0.1/a", "http://127.0.0.2/b", False),
        ("http://[::1]/a", "http://[::1]/b", True),
    ],
)
def test_a_registered_domain_is_what_one_registrant_answers_for(a: str, b: str, *, same: bool) -> None:
    assert (registered_domain(a) == registered_domain(b)) is same
    both = replace(tie("canonical", 0, 1), url=a, target_url=b)
    assert is_alias(both) is same


@pytest.mark.parametrize("url", ["https://a.example", "https://a.example/index.html", "https://a.example/home/"])
def test_a_front_page_is_known_by_its_address(url: str) -> None:
    assert is_front(url)
    assert not is_alias(replace(tie("canonical", 0, 1), target_url=url))


@pytest.mark.parametrize("url", ["https://a.example/?id=7", "https://a.example/news", "https://a.example/homes"])
def test_any_other_page_is_none(url: str) -> None:
    assert not is_front(url)
