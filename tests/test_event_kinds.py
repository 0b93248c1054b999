"""Every kind of event, produced once and found at every door: inbox, Atom, JSON, webhook, mail."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from archive.api import Archive
from archive.pipeline.notify import send_notices
from archive.serve.pages import inbox
from archive.settings import Settings
from archive.urls import url_key
from archive.versions import history as versions
from archive.versions.diff import compare
from builders import (
    DAY,
    HOUR,
    LATER,
    RECIPE,
    T0,
    a_judgement,
    a_seed,
    add_source,
    an_extraction,
    digest_of,
    failed,
    judged,
    record_text,
)
from db.errors import TooSlow
from db.microseconds import micros
from db.queries import captures as capture_queries
from db.queries import sources as source_queries
from db.queries import versions as version_queries
from db.records import EventKind, NotifyRule, Reason, Relation, SeedKind, Verdict
from db.store import Store
from serving import application, client
from test_notify import SECRET, Receiver, mailbox, receiving
from test_patience import ENDLESS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from db.reader import Ask
    from db.records import Kind, Seed, Sighting, Version

WALL = "Subscribe to read on."
NAMES = ("edited", "corrected", "gone", "walled", "blocked", "original", "copy", *(f"drift-{n}" for n in range(4)))
LISTS = ("broken", "shrunk", "silent")
PRICE = (
    "The bridge across the Velm is to cost £1.2 million, the minister said on Monday. It is to open in June.\n\n" * 3
)
LESS = PRICE.replace("£1.2 million", "£120,000")
NOTE = "Correction: an earlier version of this report gave the wrong price of the bridge."


def address(name: str) -> str:
    return f"https://{'other' if name == 'copy' else 'drifting' if 'drift' in name else 'daily'}.example/{name}"


def seeds() -> list[Seed]:
    rule = NotifyRule(kinds=("all", "new"))
    articles = [a_seed(name, url=address(name), notify=rule) for name in NAMES]
    return articles + [a_seed(name, url=address(name), kind=SeedKind.FEED, notify=rule) for name in LISTS]


@pytest.fixture(scope="module")
def eventful(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kinds") / "archive.db"
    with Store(path) as store:
        store.sync_seeds(seeds(), {seed.url: url_key(seed.url) for seed in seeds()}, T0)
        source = {name: add_source(store, address(name)) for name in (*NAMES, *LISTS)}
        for name in NAMES:
            record_text(store, source[name], f"{PRICE} {name}", T0)
        record_text(store, source["edited"], f"{LESS} edited", T0 + DAY)
        record_text(store, source["corrected"], f"{PRICE} corrected\n\n{NOTE}", T0 + DAY)
        record_text(store, source["original"], f"{LESS} original", T0 + DAY)
        record_text(store, source["copy"], f"{PRICE} copy", T0 + 2 * DAY)
        failures = [(source["gone"], Reason.GONE_410, 1), *((source["blocked"], Reason.FORBIDDEN, n) for n in (1, 2))]
        failures += [(source["broken"], Reason.SERVER_ERROR, n) for n in (1, 2)]
        for number, reason, day in failures:
            url = source_queries.by_id(store.ask, number).url
            store.record([(failed(reason, T0 + day * DAY, number, url=url, final_url=url), None)])
        for day in (1, 2):
            record_text(store, source["walled"], WALL, T0 + day * DAY)
            for number in range(4):
                record_text(store, source[f"drift-{number}"], f"Only this is left. {number}", T0 + day * DAY)
        record_text(store, source["gone"], f"{PRICE} gone", T0 + 2 * DAY)
        for hour, size in enumerate((900, 901, 902, 80, 81)):
            record_text(store, source["shrunk"], "x" * size, T0 + hour * HOUR)
        for hour in range(6):
            at = T0 + hour * HOUR
            number = add_source(store, f"https://daily.example/listed/{hour}", at=at)
            with store.begin() as connection:
                row = (number, source["silent"], micros(at))
                connection.exec_driver_sql("INSERT INTO listing (source_id, list_id, found_at) VALUES (?, ?, ?)", row)
        for day in range(4):
            record_text(store, source["silent"], f"list {day}", T0 + day * DAY)
        run = store.begin_run("refresh", "{}", "test", T0)
        store.end_run(run, {"refused": 1}, T0 + DAY)
        derive(store)
        ids = version_text_ids(store, source)
        store.record_links(ids["copy"], [(ids["original"], a_judgement(Relation.NEAR))], "tests", LATER)
    return path


def version_text_ids(store: Store, source: dict[str, int]) -> dict[str, int]:
    rows = store.ask("SELECT source_id, text_id FROM version WHERE number = 1 AND superseded_at IS NULL")
    first = {row["source_id"]: row["text_id"] for row in rows}
    return {name: first[number] for name, number in source.items() if number in first}


def derive(store: Store) -> None:
    """Derive with a stand-in for the extractor: a payload is its text, and one text is a paywall."""
    store.use_recipe(RECIPE, LATER)
    ids = capture_queries.underived(store.ask, 1000)
    for capture in (capture_queries.by_id(store.ask, number) for number in ids):
        source = source_queries.by_id(store.ask, capture.source_id)
        if capture.payload_sha256 is None or source.kind is not SeedKind.ARTICLE:
            continue
        body = capture_queries.payload(store.ask, capture.payload_sha256).decode()
        verdict = Verdict.PAYWALL if body == WALL else Verdict.OK
        title = f"The bridge: {source.url.rpartition('/')[2]}"
        store.record_extraction(
            capture, an_extraction(body, title=title, verdict=verdict), digest_of(title, body), RECIPE
        )
        store.record_derivation(capture, RECIPE.id, judged, LATER)
    for number in dict.fromkeys(capture_queries.by_id(store.ask, capture_id).source_id for capture_id in ids):
        settle(store, number, ids)


def settle(store: Store, number: int, done: list[int]) -> None:
    source = source_queries.by_id(store.ask, number)

    def history(sightings: Sequence[Sighting], ask: Ask) -> Sequence[Version]:
        def edit(before: str, after: str) -> tuple[tuple[Kind, ...], float]:
            change = compare(version_queries.text(ask, before), version_queries.text(ask, after))
            return change.kinds, change.score

        if source.kind is not SeedKind.ARTICLE:
            return ()
        return versions.settle(sightings, url=source.url, compare=edit).versions

    store.settle(number, history, LATER, done)


EXPECTED = {
    "edited": ("/edited", "£1.2 million → £120,000"),
    "correction": ("/corrected", "Correction: an earlier version"),
    "new": ("/edited", "first seen"),
    "gone": ("/gone", "gone since 6 Jan 2026 08:00 UTC: page gone (410)"),
    "back": ("/gone", "the text is back"),
    "paywalled": ("/walled", "behind a paywall since 6 Jan 2026 08:00 UTC"),
    "blocked": ("/blocked", "blocked since 6 Jan 2026 08:00 UTC: refused (403)"),
    "copied": ("/copy", "copied from daily.example"),
    "stale_copy": ("/copy", "£1.2 million"),
    "list_broken": ("/broken", "could not be read since 6 Jan 2026 08:00 UTC"),
    "list_shrunk": ("/shrunk", "the list has 81 bytes, usually 901"),
    "silent": ("/silent", "nothing new for"),
    "drift": ("", "4 of 4 pages of drifting.example shrank"),
    "run_failed": ("", "it was refused"),
}


def test_every_kind_of_event_is_found_at_every_door_exactly_once(eventful: Path, tmp_path: Path) -> None:
    assert set(EXPECTED) == set(EventKind)
    with receiving(Receiver(answers=[500])) as hook, mailbox() as box:
        project = Settings(
            root=tmp_path,
            db=eventful,
            index=tmp_path / "INDEX.md",
            notify=(hook.url, box.url),
            notify_secret=SECRET,
            allow_private=True,
            clock=T0 + 4 * DAY,
        )
        for _ in range(3):  # once, and twice more with nothing new
            asyncio.run(send_notices(project, seeds(), since=T0, pauses=(0, 0, 0)))
    accepted = hook.requests[1:]
    sent = [event for _, body in accepted for event in json.loads(body)["events"]]
    text = " ".join(" ".join(mail.get_body(("plain",)).get_content().split()) for mail in box.mails)
    ask = client(application(eventful))
    atom = ET.fromstring(ask.get("/events.atom?limit=500").text)  # noqa: S314 (our own)
    summaries = [entry.findtext("{*}summary") or "" for entry in atom.iter("{http://www.w3.org/2005/Atom}entry")]
    changes = ask.get("/inbox.json").json()
    inbox_kinds = {row["kind"] for row in changes["events"]} | {"edited", "correction", "drift"}
    assert len({event["id"] for event in sent}) == len(sent)
    for kind, (path, words) in EXPECTED.items():
        rows = [event for event in sent if event["kind"] == kind and event["url"].endswith(path)]
        assert [words in row["summary"] for row in rows] == [True], (kind, rows)
        assert any(words in summary for summary in summaries), kind
        assert words in text, kind
        assert kind in inbox_kinds, kind
    assert {row["url"].rpartition("/")[2] for row in changes["changes"]} >= {"edited", "corrected"}
    page = ask.get("/").text
    assert "Also happened" in page
    assert "behind a paywall since" in page


def test_events_that_take_too_long_are_not_told_as_none(eventful: Path) -> None:
    """The page says that they are missing; an empty list would say that nothing else happened."""
    with Archive(eventful, patience=0.5) as archive:
        assert inbox.other_events(archive, "ann")
        with pytest.raises(TooSlow):
            archive.ask(ENDLESS)
        assert inbox.other_events(archive, "ann") is None
    ask = client(application(eventful))
    assert ask.get("/inbox.json").json()["events_read"] is True
    assert "takes too long" not in ask.get("/").text
