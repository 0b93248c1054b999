"""The grade: exact for a perfect archive, never exact for one that missed an event or reported a false one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from archive.demo.grade import Grade, findings, grade, round_of
from archive.demo.script import ROUNDS
from archive.demo.snapshot import Snapshot
from archive.demo.world import Event, World
from archive.timestamps import iso
from tests.perfect import link, perfect

Json = dict[str, Any]
WORLD = World(0)


def grade_of(answers: Snapshot, world: World = WORLD) -> Grade:
    return grade(world, findings(answers, world))


def url_of(event: str) -> str:
    return next(e.url for e in WORLD.events() if e.event == event)


def with_version(answers: Snapshot, url: str, version: Json) -> Snapshot:
    history = answers.histories[url]
    history = {**history, "versions": [*history["versions"], version]}
    return replace(answers, histories={**answers.histories, url: history})


def with_state(answers: Snapshot, url: str, number: int, state: str) -> Snapshot:
    checks = [
        {**check, "state": state} if round_of(check["captured_at"]) == number else check
        for check in answers.checks[url]
    ]
    return replace(answers, checks={**answers.checks, url: checks})


PERFECT = perfect(WORLD)


@pytest.mark.parametrize("seed", range(12))
def test_a_perfect_archive_is_exact_for_any_seed(seed: int) -> None:
    world = World(seed)
    result = grade_of(perfect(world), world)
    assert (result.missed, result.false, result.pending) == ((), (), ())
    assert result.found == world.events()


def test_an_empty_archive_misses_everything_and_reports_nothing_false() -> None:
    result = grade_of(Snapshot())
    assert result.missed == WORLD.events()
    assert not result.found
    assert not result.false


# --- missed ----------------------------------------------------------------------------------------------------------


def test_an_edit_that_opened_no_version_is_missed() -> None:
    url = url_of("number")
    history = PERFECT.histories[url]
    blind = replace(PERFECT, histories={**PERFECT.histories, url: {**history, "versions": history["versions"][:1]}})
    assert {event.event for event in grade_of(blind).missed} == {"number", "correction"}


def test_an_edit_of_the_wrong_kind_is_missed_and_false() -> None:
    url = url_of("cosmetic")
    history = PERFECT.histories[url]
    versions = [history["versions"][0], {**history["versions"][1], "kinds": ["name"]}]
    result = grade_of(replace(PERFECT, histories={**PERFECT.histories, url: {**history, "versions": versions}}))
    assert result.missed == (Event(1, url, "cosmetic"),)
    assert result.false == (Event(1, url, "name"),)


def test_a_404_that_was_never_confirmed_is_missed() -> None:
    url = next(e.url for e in WORLD.events() if e.event == "returned")
    history = {**PERFECT.histories[url], "stretches": []}
    result = grade_of(replace(PERFECT, histories={**PERFECT.histories, url: history}))
    assert result.missed == (Event(1, url, "missing_404"),)


def test_a_moved_article_recorded_as_two_is_missed_and_false() -> None:
    old = url_of("address_moved")
    new = next(url for url, home in WORLD.home_urls.items() if home == old and url != old)
    twin = {"url": new, "versions": [{**PERFECT.histories[old]["versions"][0], "first_seen_at": iso(ROUNDS[2])}]}
    torn = replace(
        PERFECT,
        source_rows=[*PERFECT.source_rows, {"url": new, "kind": "article"}],
        histories={**PERFECT.histories, old: {**PERFECT.histories[old], "moves": []}, new: twin},
    )
    result = grade_of(torn)
    assert result.missed == (Event(2, old, "address_moved"),)
    assert result.false == (Event(2, new, "first"),)


def test_a_moved_article_under_both_addresses_with_one_history_is_exact() -> None:
    old = url_of("address_moved")
    new = next(url for url, home in WORLD.home_urls.items() if home == old and url != old)
    both = replace(
        PERFECT,
        source_rows=[*PERFECT.source_rows, {"url": new, "kind": "article"}],
        histories={**PERFECT.histories, new: PERFECT.histories[old]},
    )
    assert grade_of(both).exact


def test_a_tracking_url_recorded_as_a_source_of_its_own_is_missed() -> None:
    url = url_of("duplicate")
    tracked = {"url": f"{url}?utm_source=atom", "kind": "article"}
    doubled = replace(
        PERFECT,
        source_rows=[*PERFECT.source_rows, tracked],
        histories={**PERFECT.histories, tracked["url"]: {"url": tracked["url"], "versions": []}},
    )
    assert grade_of(doubled).missed == (Event(0, url, "duplicate"),)


def test_a_garbled_headline_means_the_charset_was_missed() -> None:
    url = url_of("charset")
    history = PERFECT.histories[url]
    garbled = [{**history["versions"][0], "title": history["versions"][0]["title"].encode().decode("latin-1")}]
    result = grade_of(replace(PERFECT, histories={**PERFECT.histories, url: {**history, "versions": garbled}}))
    assert [event.event for event in result.missed] == ["charset"]


def test_a_copy_linked_to_the_wrong_version_is_missed() -> None:
    copied = next(e for e in WORLD.events() if e.round == 2 and e.event.startswith("copy:"))
    original = copied.event.split(":", 2)[2].removesuffix("@1")
    newer = link(original, copied.url, "reworded", seen_at=iso(ROUNDS[2]), version=2, score=0.95)
    assert grade_of(replace(PERFECT, links=[*PERFECT.links, newer])).missed == (copied,)


# --- false -----------------------------------------------------------------------------------------------------------


def test_a_version_from_a_page_where_only_furniture_changed_is_false() -> None:
    idle = next(url for url in PERFECT.histories if len([e for e in WORLD.events() if e.url == url]) == 1)
    version = {"version": 2, "first_seen_at": iso(ROUNDS[1]), "cause": "changed", "kinds": ["number"], "title": ""}
    assert grade_of(with_version(PERFECT, idle, version)).false == (Event(1, idle, "number"),)


def test_a_version_from_a_page_that_is_no_article_is_false() -> None:
    about = "http://wire.example/about"
    version = {"version": 1, "first_seen_at": iso(ROUNDS[0]), "cause": "first", "kinds": [], "title": "About"}
    stray = replace(
        PERFECT,
        source_rows=[*PERFECT.source_rows, {"url": about, "kind": "article"}],
        histories={**PERFECT.histories, about: {"url": about, "versions": [version]}},
    )
    assert grade_of(stray).false == (Event(0, about, "first"),)


def test_a_state_that_the_script_does_not_have_is_false() -> None:
    url = url_of("headline")
    assert grade_of(with_state(PERFECT, url, 3, "thin")).false == (Event(3, url, "thin"),)


def test_a_link_between_two_reports_of_one_event_is_false() -> None:
    urls = {a.id: WORLD.url(a) for a in WORLD.articles}
    wrong = link(urls["wire-velm-flood"], urls["daily-velm-flood"], "reworded", seen_at=iso(ROUNDS[0]))
    result = grade_of(replace(PERFECT, links=[*PERFECT.links, wrong]))
    assert [event.event for event in result.false] == [f"copy:reworded:{urls['wire-velm-flood']}@1"]


def test_a_suspect_text_that_the_script_does_not_have_is_false() -> None:
    url = url_of("headline")
    history = {**PERFECT.histories[url], "suspects": [{"seen_at": iso(ROUNDS[2])}]}
    result = grade_of(replace(PERFECT, histories={**PERFECT.histories, url: history}))
    assert result.false == (Event(2, url, "suspect"),)


def test_half_a_page_taken_for_an_edit_is_missed_and_false() -> None:
    url, number = next((e.url, e.round) for e in WORLD.events() if e.event == "suspect")
    version = {
        "version": 2,
        "first_seen_at": iso(ROUNDS[number]),
        "cause": "changed",
        "kinds": ["removed"],
        "title": "",
    }
    history = {**PERFECT.histories[url], "suspects": []}
    result = grade_of(with_version(replace(PERFECT, histories={**PERFECT.histories, url: history}), url, version))
    assert result.missed == (Event(number, url, "suspect"),)
    assert result.false == (Event(number, url, "removed"),)


@pytest.mark.parametrize("form", ["amp", "print"])
def test_a_further_url_recorded_as_an_article_of_its_own_is_missed_and_false(form: str) -> None:
    further, home = next((url, home) for url, (home, name) in WORLD.forms.items() if name == form)
    separate = {"url": further, "versions": [{**PERFECT.histories[home]["versions"][0], "version": 7}]}
    result = grade_of(replace(PERFECT, histories={**PERFECT.histories, further: separate}))
    assert result.missed == (Event(0, home, form),)
    assert result.false == (Event(0, further, "first"),)


def test_a_temporary_redirect_taken_for_a_move_is_missed_and_false() -> None:
    url, number = next((e.url, e.round) for e in WORLD.events() if e.event == "detour")
    moved = {
        **PERFECT.histories[url],
        "moves": [{"at": iso(ROUNDS[number]), "from": url, "to": World.form_of(url, "visit")}],
    }
    result = grade_of(replace(PERFECT, histories={**PERFECT.histories, url: moved}))
    assert result.missed == (Event(number, url, "detour"),)
    assert result.false == (Event(number, url, "address_moved"),)


def test_a_request_during_a_pause_is_missed_and_false() -> None:
    url = url_of("left_alone")
    extra = {**PERFECT.checks[url][0], "captured_at": iso(ROUNDS[1]), "state": "server_error"}
    checks = sorted([*PERFECT.checks[url], extra], key=lambda check: check["captured_at"])
    result = grade_of(replace(PERFECT, checks={**PERFECT.checks, url: checks}))
    assert result.missed == (Event(1, url, "left_alone"),)
    assert {event.event for event in result.false} <= {"server_error"}


# --- not counted -----------------------------------------------------------------------------------------------------


def test_a_link_between_two_copies_of_one_original_does_not_count() -> None:
    urls = {a.id: WORLD.url(a) for a in WORLD.articles}
    sisters = link(urls["daily-rail-strike"], urls["spinner-rail-strike"], "reworded", seen_at=iso(ROUNDS[0]))
    assert grade_of(replace(PERFECT, links=[*PERFECT.links, sisters])).exact


def test_same_event_and_possible_links_are_not_grade_of() -> None:
    urls = {a.id: WORLD.url(a) for a in WORLD.articles}
    pair = urls["wire-velm-flood"], urls["daily-velm-flood"]
    unsure = [link(*pair, relation, seen_at=iso(ROUNDS[0])) for relation in ("same_event", "possible")]
    assert grade_of(replace(PERFECT, links=[*PERFECT.links, *unsure])).exact


def test_a_304_that_a_server_sent_does_not_count() -> None:
    assert grade_of(with_state(PERFECT, url_of("headline"), 0, "not_modified")).exact


def test_pending_events_are_not_missed() -> None:
    class Later(World):
        def events(self) -> tuple[Event, ...]:
            return (Event(0, "http://wire.example/later", "translated", pending="Copies"), *super().events())

    result = grade_of(PERFECT, Later(0))
    assert [event.event for event in result.pending] == ["translated"]
    assert result.exact


def test_the_grade_as_json_has_four_lists_of_plain_rows() -> None:
    document = grade_of(Snapshot()).as_json()["grade"]
    assert set(document) == {"found", "missed", "false", "pending"}
    assert document["missed"][0] == {"round": 0, "url": WORLD.events()[0].url, "event": WORLD.events()[0].event}
