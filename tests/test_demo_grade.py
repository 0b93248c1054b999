"""The grade: exact for an archive that saw everything, and never exact for one that did not, or saw too much."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from archive.answers import comparison
from archive.api import Comparison
from archive.demo.grade import Grade, findings, grade, round_of
from archive.demo.run import run_demo
from archive.demo.script import ROUNDS
from archive.demo.snapshot import Snapshot
from archive.demo.words import excerpt
from archive.demo.world import Event, World
from archive.diff import compare
from archive.when import iso
from db.records import Cause, Change, Text, Version

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from archive.demo.texts import Article, Edition

Json = dict[str, Any]
WORLD = World(0)


# --- an archive that saw everything ----------------------------------------------------------------------------------


def perfect(world: World) -> Snapshot:
    """Make the answers of an archive that looked at every page in every round and misread nothing."""
    urls = {a.id: world.url(a) for a in world.articles}
    versions = {a.id: list(versions_of(world, a)) for a in world.articles}
    links = [
        link(urls[base], urls[a.id], relation, seen=iso(ROUNDS[a.appears]))
        for a in world.articles
        for relation, base in a.copies
    ]
    return Snapshot(
        listed=[{"url": url, "kind": "article"} for url in urls.values()],
        histories={urls[a.id]: history(world, a, versions[a.id]) for a in world.articles},
        checks={urls[a.id]: list(checks(world, a)) for a in world.articles},
        links=links,
        groups=[
            {"original": x["a"], "reasons": ["published earliest"], "members": [x["a"], x["b"]], "links": [x]}
            for x in links
        ],
        changes={
            (urls[name], new["version"]): change(old["edition"], new["edition"])
            for name, all_ in versions.items()
            for old, new in pairwise(all_)
        },
    )


def versions_of(world: World, article: Article) -> Iterator[Json]:
    held: list[Edition] = []
    gone = False
    for at in range(article.appears, len(ROUNDS)):
        edition = world.edition(article, at)
        shown = world.deal.state(article.id, at) == "ok"
        if shown and (not held or edition != held[-1] or gone):
            cause = "first" if not held else "returned" if gone else "reverted" if edition in held else "changed"
            told = compare(text(held[-1]), text(edition)) if held else None
            held.append(edition)
            yield {
                "version": len(held),
                "first_seen_at": iso(ROUNDS[at]),
                "cause": cause,
                "kinds": [str(kind) for kind in told.kinds] if told else [],
                "score": told.score if told else 0.0,
                "title": edition.headline,
                "edition": edition,
            }
        gone = not shown and world.deal.state(article.id, at) in {"missing_404", "gone_410"}


def text(edition: Edition) -> Text:
    return Text(sha256=edition.headline, title=edition.headline, body="\n\n".join(edition.body))


def change(old: Edition, new: Edition) -> Json:
    a, b = (
        Version(
            url="http://wire.example/",
            number=number,
            text_sha256="",
            title=edition.headline,
            cause=Cause.CHANGED,
            first_seen_at=ROUNDS[0],
            last_seen_at=ROUNDS[0],
            captures=1,
        )
        for number, edition in ((1, old), (2, new))
    )
    told: Change = compare(text(old), text(new))
    return comparison(Comparison(a=a, b=b, a_text=text(old), b_text=text(new), change=told))


def history(world: World, article: Article, versions: list[Json]) -> Json:
    missing = [at for at in range(4) if world.deal.state(article.id, at) == "missing_404"]
    runs = [{"state": "missing_404", "first_seen_at": iso(ROUNDS[at]), "confirmed": True} for at in missing[:1]]
    moved = world.url(article, 3) != world.url(article)
    moves = [{"at": iso(ROUNDS[2]), "from": world.url(article), "to": world.url(article, 3)}] if moved else []
    return {"url": world.url(article), "versions": versions, "stretches": runs, "moves": moves}


def checks(world: World, article: Article) -> Iterator[Json]:
    for at in range(article.appears, len(ROUNDS)):
        state = world.deal.state(article.id, at)
        known = article.outlet == "ministry" and at > article.appears and state == "ok"
        digest = f"{at}" if article.outlet != "ministry" else "same"
        yield {
            "captured_at": iso(ROUNDS[at]),
            "state": "not_modified" if known else state,
            "status": 200,
            "url": world.url(article),
            "payload_sha256": digest,
        }


def link(a: str, b: str, relation: str, *, seen: str, version: int = 1, score: float = 0.9) -> Json:
    return {
        "a": {"url": a, "version": version, "title": "A", "first_seen_at": iso(ROUNDS[0]), "published_at": None},
        "b": {"url": b, "version": 1, "title": "B", "first_seen_at": seen, "published_at": None},
        "relation": relation,
        "score": score,
        "coverage": [score, score],
        "passages": [],
    }


def graded(answers: Snapshot, world: World = WORLD) -> Grade:
    return grade(world, findings(answers, world))


def url_of(event: str) -> str:
    return next(e.url for e in WORLD.events() if e.event == event)


def with_version(answers: Snapshot, url: str, version: Json) -> Snapshot:
    told = answers.histories[url]
    return replace(answers, histories={**answers.histories, url: {**told, "versions": [*told["versions"], version]}})


def with_state(answers: Snapshot, url: str, at: int, state: str) -> Snapshot:
    told = [{**each, "state": state} if round_of(each["captured_at"]) == at else each for each in answers.checks[url]]
    return replace(answers, checks={**answers.checks, url: told})


PERFECT = perfect(WORLD)


@pytest.mark.parametrize("seed", range(12))
def test_an_archive_that_saw_everything_is_exact_for_any_seed(seed: int) -> None:
    world = World(seed)
    result = graded(perfect(world), world)
    assert (result.missed, result.false, result.pending) == ((), (), ())
    assert result.found == world.events()


def test_an_empty_archive_misses_everything_and_says_nothing_false() -> None:
    result = graded(Snapshot())
    assert result.missed == WORLD.events()
    assert not result.found
    assert not result.false


# --- missed ----------------------------------------------------------------------------------------------------------


def test_an_edit_that_opened_no_version_is_missed() -> None:
    url = url_of("number")
    told = PERFECT.histories[url]
    blind = replace(PERFECT, histories={**PERFECT.histories, url: {**told, "versions": told["versions"][:1]}})
    assert {event.event for event in graded(blind).missed} == {"number", "correction"}


def test_an_edit_of_the_wrong_kind_is_missed_and_false() -> None:
    url = url_of("cosmetic")
    told = PERFECT.histories[url]
    versions = [told["versions"][0], {**told["versions"][1], "kinds": ["name"]}]
    result = graded(replace(PERFECT, histories={**PERFECT.histories, url: {**told, "versions": versions}}))
    assert result.missed == (Event(1, url, "cosmetic"),)
    assert result.false == (Event(1, url, "name"),)


def test_a_404_that_was_never_confirmed_is_missed() -> None:
    url = next(e.url for e in WORLD.events() if e.event == "returned")
    told = {**PERFECT.histories[url], "stretches": []}
    result = graded(replace(PERFECT, histories={**PERFECT.histories, url: told}))
    assert result.missed == (Event(1, url, "missing_404"),)


def test_a_moved_article_kept_as_two_is_missed_and_false() -> None:
    old = url_of("address_moved")
    new = next(url for url, home in WORLD.addresses.items() if home == old and url != old)
    twin = {"url": new, "versions": [{**PERFECT.histories[old]["versions"][0], "first_seen_at": iso(ROUNDS[2])}]}
    torn = replace(
        PERFECT,
        listed=[*PERFECT.listed, {"url": new, "kind": "article"}],
        histories={**PERFECT.histories, old: {**PERFECT.histories[old], "moves": []}, new: twin},
    )
    result = graded(torn)
    assert result.missed == (Event(2, old, "address_moved"),)
    assert result.false == (Event(2, new, "first"),)


def test_a_moved_article_under_both_addresses_with_one_history_is_exact() -> None:
    old = url_of("address_moved")
    new = next(url for url, home in WORLD.addresses.items() if home == old and url != old)
    both = replace(
        PERFECT,
        listed=[*PERFECT.listed, {"url": new, "kind": "article"}],
        histories={**PERFECT.histories, new: PERFECT.histories[old]},
    )
    assert graded(both).exact


def test_a_tracking_address_kept_as_a_source_of_its_own_is_missed() -> None:
    url = url_of("duplicate")
    tracked = {"url": f"{url}?utm_source=atom", "kind": "article"}
    doubled = replace(
        PERFECT,
        listed=[*PERFECT.listed, tracked],
        histories={**PERFECT.histories, tracked["url"]: {"url": tracked["url"], "versions": []}},
    )
    assert graded(doubled).missed == (Event(0, url, "duplicate"),)


def test_a_garbled_headline_means_the_charset_was_missed() -> None:
    url = url_of("charset")
    told = PERFECT.histories[url]
    garbled = [{**told["versions"][0], "title": told["versions"][0]["title"].encode().decode("latin-1")}]
    result = graded(replace(PERFECT, histories={**PERFECT.histories, url: {**told, "versions": garbled}}))
    assert [event.event for event in result.missed] == ["charset"]


def test_a_copy_linked_to_the_wrong_version_is_missed() -> None:
    copied = next(e for e in WORLD.events() if e.round == 2 and e.event.startswith("copy:"))
    original = copied.event.split(":", 2)[2].removesuffix("@1")
    newer = link(original, copied.url, "reworded", seen=iso(ROUNDS[2]), version=2, score=0.95)
    assert graded(replace(PERFECT, links=[*PERFECT.links, newer])).missed == (copied,)


# --- false -----------------------------------------------------------------------------------------------------------


def test_a_version_from_a_page_where_only_furniture_changed_is_false() -> None:
    idle = next(url for url in PERFECT.histories if len([e for e in WORLD.events() if e.url == url]) == 1)
    version = {"version": 2, "first_seen_at": iso(ROUNDS[1]), "cause": "changed", "kinds": ["number"], "title": ""}
    assert graded(with_version(PERFECT, idle, version)).false == (Event(1, idle, "number"),)


def test_a_version_from_a_page_that_is_no_article_is_false() -> None:
    about = "http://wire.example/about"
    version = {"version": 1, "first_seen_at": iso(ROUNDS[0]), "cause": "first", "kinds": [], "title": "About"}
    stray = replace(
        PERFECT,
        listed=[*PERFECT.listed, {"url": about, "kind": "article"}],
        histories={**PERFECT.histories, about: {"url": about, "versions": [version]}},
    )
    assert graded(stray).false == (Event(0, about, "first"),)


def test_a_state_that_the_script_does_not_call_for_is_false() -> None:
    url = url_of("headline")
    assert graded(with_state(PERFECT, url, 3, "thin")).false == (Event(3, url, "thin"),)


def test_a_link_between_two_reports_of_one_event_is_false() -> None:
    named = {a.id: WORLD.url(a) for a in WORLD.articles}
    wrong = link(named["wire-velm-flood"], named["daily-velm-flood"], "reworded", seen=iso(ROUNDS[0]))
    result = graded(replace(PERFECT, links=[*PERFECT.links, wrong]))
    assert [event.event for event in result.false] == [f"copy:reworded:{named['wire-velm-flood']}@1"]


# --- neither ---------------------------------------------------------------------------------------------------------


def test_a_link_between_two_copies_of_one_original_counts_neither_way() -> None:
    named = {a.id: WORLD.url(a) for a in WORLD.articles}
    sisters = link(named["daily-rail-strike"], named["spinner-rail-strike"], "reworded", seen=iso(ROUNDS[0]))
    assert graded(replace(PERFECT, links=[*PERFECT.links, sisters])).exact


def test_same_event_and_possible_links_are_not_graded() -> None:
    named = {a.id: WORLD.url(a) for a in WORLD.articles}
    pair = named["wire-velm-flood"], named["daily-velm-flood"]
    unsure = [link(*pair, relation, seen=iso(ROUNDS[0])) for relation in ("same_event", "possible")]
    assert graded(replace(PERFECT, links=[*PERFECT.links, *unsure])).exact


def test_a_304_where_a_server_sent_one_counts_neither_way() -> None:
    assert graded(with_state(PERFECT, url_of("headline"), 0, "not_modified")).exact


def test_pending_events_are_told_apart_from_missed_ones() -> None:
    class Later(World):
        def events(self) -> tuple[Event, ...]:
            return (Event(0, "http://wire.example/later", "translated", pending="Copies"), *super().events())

    result = graded(PERFECT, Later(0))
    assert [event.event for event in result.pending] == ["translated"]
    assert result.exact


def test_the_grade_as_json_has_four_lists_of_plain_rows() -> None:
    told = graded(Snapshot()).as_json()["grade"]
    assert set(told) == {"found", "missed", "false", "pending"}
    assert told["missed"][0] == {"round": 0, "url": WORLD.events()[0].url, "event": WORLD.events()[0].event}


# --- the demo --------------------------------------------------------------------------------------------------------


def play(
    folder: Path, answers: Snapshot, *, grade: bool = True, as_json: bool = False
) -> tuple[int, str, list[datetime]]:
    out, err, ran = io.StringIO(), io.StringIO(), []

    def run_round(_: Path, instant: datetime) -> None:
        ran.append(instant)

    code = run_demo(
        folder,
        seed=0,
        grade=grade,
        as_json=as_json,
        out=out,
        err=err,
        run_round=run_round,
        answers_for=lambda _: answers,
    )
    assert err.getvalue().count("\n") == len(ROUNDS)
    return code, out.getvalue(), ran


def test_the_demo_plays_the_four_rounds_and_prints_the_same_every_time(tmp_path: Path) -> None:
    first = play(tmp_path / "demo", PERFECT)
    again = play(tmp_path / "demo", PERFECT)
    assert first == again
    assert first[0] == 0
    assert first[2] == list(ROUNDS)


def test_the_demo_tells_the_rounds_the_changes_the_copies_and_what_to_type_next(tmp_path: Path) -> None:
    _, said, _ = play(tmp_path / "demo", PERFECT)
    assert "  1      Mon 5 Jan 12:00       40     2       5" in said
    assert "[300 -> 30]" in said
    assert "(of version 1)" in said
    assert "Grade: 85 of 85 scripted events found, nothing missed, nothing false." in said
    assert f"  cd {tmp_path / 'demo'}\n" in said
    assert max(len(line) for line in said.splitlines() if "http://" not in line and "cd " not in line) <= 100


def test_the_demo_fails_when_the_grade_is_not_exact_and_only_then(tmp_path: Path) -> None:
    assert play(tmp_path / "demo", Snapshot())[0] == 1
    assert play(tmp_path / "demo", Snapshot(), grade=False)[0] == 0


def test_the_demo_prints_only_the_grade_as_json(tmp_path: Path) -> None:
    code, said, _ = play(tmp_path / "demo", PERFECT, as_json=True)
    assert code == 0
    assert list(json.loads(said)) == ["grade"]


@pytest.mark.parametrize(
    ("op", "old", "new", "line"),
    [
        ("replace", "300 ", "30 ", "sent [300 -> 30] flights"),
        ("insert", "", "Correction: it was 30.", "[new: Correction: it was 30.]"),
        ("delete", '"No," she said.', "", '[cut: "No," she said.]'),
        ("move", "The contract.", "The contract.", "[moved: The contract.]"),
    ],
)
def test_a_change_is_told_in_a_line(op: str, old: str, new: str, line: str) -> None:
    edits = [edit("equal", "sent ", "sent "), edit(op, old, new), edit("equal", "flights", "flights")]
    assert excerpt({"headline": [], "edits": edits}) == [line]


def edit(op: str, a: str, b: str) -> Json:
    return {"op": op, "a_text": a, "b_text": b}


def test_a_long_passage_is_told_in_two_lines_that_still_close_their_bracket() -> None:
    edits = [edit("delete", "word " * 80, "")]
    lines = excerpt({"headline": [], "edits": edits})
    assert len(lines) == 2
    assert lines[1].endswith(" ...]")
