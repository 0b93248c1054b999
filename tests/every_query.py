"""Every query of ``db.queries`` with arguments, found by the names of its parameters."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import db.queries
from archive.urls import url_key
from db.microseconds import micros
from db.queries import captures, cdx, log_tiles, rechecks, statistics, versions
from db.queries import search as search_queries
from db.records import Actor, InboxFilter, Relation, Role, SearchCursor, SearchFilters, Seed, SeedKind, VersionRef
from db.schema import metadata
from db.store import Store
from tests.archived import STRAIT, make_archive
from tests.builders import DAY, HOUR, LATER, RECIPE, T0, a_judgement, add_source, make_history

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from db.reader import Ask

VARIANTS = 4
"""Each query is asked so often, with other arguments each time."""

FEED = "https://daily.example/feed"
TEXTS = {
    "https://daily.example/harbour": (
        "The harbour of Zürich opens on Monday.",
        "The harbour of Zürich opens on Friday.",
    ),
    "https://copy.example/harbour": (
        "The harbour of Zurich opens on Monday, it said.",
        "The harbour of Zürich opens on Monday.",
    ),
    "https://east.example/port": ("東京の港は月曜日に開く。", "Гавань откроется в понедельник."),
}


def fill(path: Path) -> None:
    """An archive at ``path`` with rows in nearly every table."""
    make_archive(path)
    with Store(path) as store:
        seeds = [
            Seed(key="daily/harbour", group="daily", name="harbour", url=next(iter(TEXTS)), budget=7),
            Seed(key="daily/feed", group="daily", name="feed", url=FEED, kind=SeedKind.FEED, every="auto"),
            Seed(key="wire/strait", group="wire", name="strait", url=STRAIT, allow_private=True),
        ]
        with store.begin() as connection:  # its pages are no UTF-8, which the stand-in for the extractor needs
            connection.execute(metadata.tables["underived"].delete())
        store.sync_seeds(seeds, {seed.url: url_key(seed.url) for seed in seeds}, T0)
        run = store.begin_run("refresh", "{}", "tests", T0)
        ids = [add_source(store, url) for url in TEXTS]
        for source, texts in zip(ids, TEXTS.values(), strict=True):
            make_history(
                store, source, [(text, T0 + place * DAY) for place, text in enumerate(texts)], title=f"Port {source}"
            )
        store.end_run(run, {"rechecked_to": 3, "recheck_faults": 1}, T0 + HOUR)
        store.end_run(store.begin_run("upkeep", "{}", "tests", T0), {"rechecked_to": 2, "recheck_faults": 1}, LATER)
        texts = [row["id"] for row in store.ask("SELECT id FROM text ORDER BY id")]
        store.add_lsh_keys({text: range(100 + text, 140 + text) for text in texts})
        store.record_links(texts[0], [(texts[-1], a_judgement(Relation.NEAR))], "tests", LATER)
        refs = [(source, row["sha256"].hex(), T0) for source, row in zip(ids, _newest(store.ask), strict=False)]
        store.add_label(refs[0], refs[1], copy=True, note="seen", now=T0)
        store.add_original_label(refs[2], original=True, note="", now=T0)
        store.mark_read(ids[0], T0 + HOUR, LATER)
        store.mark_read(None, T0, LATER)
        store.mark_read(ids[1], T0 + HOUR, LATER, "ann")
        store.add_token("ann", "ab" * 32, {Role.READ, Role.LABEL}, T0, Actor("ann", "command line"))
        store.revoke_token("ann", LATER, Actor("ann", "command line"))
        store.add_receivers({"key": "https"}, T0)
        store.add_hold(ids[1], "case 17", T0)
        store.append_entry("note", {"text": "a word"})
        with store.begin() as connection:
            row = {"location": "file:///disk/1.pack", "sha256": bytes(32), "length": 9, "made_at": micros(T0)}
            connection.execute(metadata.tables["pack"].insert().values(**row))
        feed = add_source(store, FEED)
        with store.begin() as connection:
            connection.execute(
                metadata.tables["listing"].insert(), [{"source_id": ids[0], "list_id": feed, "found_at": micros(T0)}]
            )
        store.forget_source(ids[2], LATER)


def _newest(ask: Ask) -> list[dict[str, Any]]:
    return ask(
        "SELECT t.sha256 FROM version v JOIN text t ON t.id = v.text_id WHERE v.superseded_at IS NULL ORDER BY v.id"
    )


def queries() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every public function of ``db.queries`` that asks, by name."""
    for module in pkgutil.iter_modules(db.queries.__path__):
        members = vars(importlib.import_module(f"db.queries.{module.name}"))
        for name, function in members.items():
            is_own = inspect.isfunction(function) and function.__module__ == f"db.queries.{module.name}"
            if is_own and not name.startswith("_") and [*inspect.signature(function).parameters][:1] == ["ask"]:
                yield f"{module.name}.{name}", function


def plain(result: Any) -> Any:
    """A result for comparison: all of it, if it is made bit by bit."""
    return list(result) if isinstance(result, Iterator) else result


class Arguments:
    """Arguments by the name of a parameter, some for each, from what an archive holds."""

    def __init__(self, ask: Ask) -> None:
        rows = {table: ask(f'SELECT * FROM "{table}"') for table in ("source", "text", "payload", "capture", "version")}
        sources, texts = [row["id"] for row in rows["source"]], [row["id"] for row in rows["text"]]
        shown = [captures.by_id(ask, row["id"]) for row in rows["capture"] if row["payload_id"] is not None]
        history = [version for source in sources for version in versions.of_source(ask, source)]
        keys = [row["url_key"] for row in rows["source"]]
        digests = [row["sha256"] for row in rows["text"]]
        extraction = next(filter(None, (rechecks.extraction(ask, capture, RECIPE.id) for capture in shown)))
        leaves = log_tiles.log_size(ask)
        ranges = [("example,daily)", "example,daily*"), ("", "\U0010ffff")]
        scopes = [cdx.KeyRange(low=low, high=high) for low, high in ranges]
        scopes += [cdx.KeyRange(low="", high="z", since=T0, until=LATER, probes=True)]
        others = cdx.OtherSources(url_key=keys[0], source_ids=tuple(sources), urls=(STRAIT,), parts=False)
        refs = [
            VersionRef(
                url=v.url,
                version=v.number,
                text_sha256=v.text_sha256,
                title="",
                first_seen_at=T0,
                published_at=None,
                byline=None,
            )
            for v in history
        ]
        page = search_queries.search_page(ask, '"harbour"', limit=5)
        self._by_name: dict[str, list[Any]] = {
            "after": [""],
            "back": [False, True],
            "before": [1, 9],
            "behind": [None, cdx.Position(keys[0], T0, 0)],
            "stream": [None],
            "by_table": [statistics.table_sizes(ask)],
            "capture": shown,
            "capture_id": [c.id for c in shown],
            "capture_ids": [[c.id for c in shown]],
            "changed": [True, False],
            "changes": [True, False],
            "core": [b"0" * 32],
            "cores": [["30" * 32], []],
            "day": [micros(T0) // 86_400_000_000],
            "digest": [row["sha256"] for row in rows["payload"]],
            "digests": [[row["sha256"] for row in rows["payload"]], []],
            "earliest": [T0 - DAY, T0],
            "end": [leaves, 1],
            "event_ids": [["x"], []],
            "evidence": [True, False],
            "extraction": [extraction],
            "filters": [InboxFilter(everything=True), InboxFilter()],
            "first": [0, 1],
            "firsts": [True, False],
            "flag": ["kind-article"],
            "flags": [["a:b", "c:d"], []],
            "group": [None, "daily", "wire/strait"],
            "heads": [sources, [sources[0]], []],
            "host": [None, "example,daily"],
            "ids": [sources, [1, 2], []],
            "is_alias": [lambda _: True],
            "keys": [[*range(100, 150)], []],
            "kind": [None, "note", "edit"],
            "level": [0],
            "limit": [1, 50],
            "list_id": sources,
            "method": ["tests"],
            "moment": [LATER, T0, T0 + HOUR],
            "name": ["ann", "nobody"],
            "names": [["daily", STRAIT], []],
            "needle": ["harbour", "STRAIT"],
            "new": [leaves],
            "now": [LATER, T0],
            "number": [2, 1],
            "old": [1, 2],
            "only": [
                None,
                SearchFilters(since=T0, until=LATER),
                SearchFilters(site=ranges[0]),
                SearchFilters(when=LATER, gone=True),
            ],
            "origin": ["https://daily.example:443"],
            "packing": [9],
            "page": [page],
            "payload_id": [row["id"] for row in rows["payload"]],
            "place": [*scopes, others],
            "query": [
                '"harbour"',
                '("port" OR "zurich"*) NOT ("friday")',
                'title : "port" AND "opens on"',
                'NEAR("harbour" "monday", 5)',
            ],
            "reader": ["", "ann"],
            "receiver": ["key"],
            "recipe_id": [RECIPE.id],
            "recorded": [None, LATER],
            "ref": refs,
            "refs": [refs],
            "relations": [[Relation.NEAR, Relation.EXACT]],
            "root": sources,
            "run_id": [1, 2],
            "scope": scopes,
            "sha256": [digest.hex() for digest in digests],
            "shrunk": [0.5, 2.0],
            "since": [T0, T0 - DAY],
            "site": ["daily.example"],
            "size": [leaves, 2],
            "source": [None, *sources],
            "source_id": sources,
            "source_ids": [sources, [sources[0]], []],
            "sources": [sources],
            "start": [0, 2],
            "states": [["timeout", "missing_404"]],
            "stems": [["example,daily)/long"]],
            "text_id": texts,
            "text_ids": [texts, []],
            "until": [LATER, T0 + HOUR],
            "url": [STRAIT],
            "url_key": [url_key(STRAIT), *keys],
            "url_keys": [keys, []],
            "version": history,
            "when": [LATER, T0],
            "window": [(T0 - DAY, LATER)],
        }
        self._exceptions: dict[str, list[Any]] = {
            "captures.payload.sha256": [c.payload_sha256 for c in shown],
            "captures.oldest_with_payload.sha256": [row["sha256"] for row in rows["payload"]],
            "search.search_page.place": [None, SearchCursor(texts[-1], None)],
            "search.search_page.window": [None, 3],
            "origins.robots_txt.url_key": [url_key("https://daily.example/robots.txt")],
            "origins.robots_txt.url": ["https://daily.example/robots.txt"],
            "drift.hosts_perhaps_cut.least": [1],
            "drift.hosts_perhaps_cut.new_page": [2.0, 0.25],
            "drift.hosts_perhaps_cut.removed": [0.3, -1.0],
            "log_tiles.entries_of_kind.kind": ["note"],
            "tables.with_aliases.source_ids": [set(sources)],
            "rechecks.roots.after": [0, 3],
            "captures.without_payload.after": [0],
            "payloads.to_repack.after": [0],
            "packs.movable_payloads.after": [0],
            "packs.movable_payloads.before": [micros(T0), 2**62],
            "packs.payloads_in.pack_id": [1],
            "packs.payloads_in.after": [0],
            "packs.entries_of.pack_id": [1],
            "changes.inbox.after": [None, (micros(LATER), 5)],
            "changes.versions_by_time.after": [None, (micros(LATER), 5)],
            "captures.in_window.after": [None, (T0, 1)],
            "captures.of_source_in_window.after": [None, (micros(T0), 1)],
            "statistics.runs_before.before": [None, 5],
            **{f"{name}.keys": ranges for name in ("derivations.of_site", "site_templates.extracted_pages")},
            "link_graph.articles_before.place": [None, (micros(LATER), 5)],
            "access.audit_entries.before": [None, 2],
            "versions.text_ids.digests": [[digest.hex() for digest in digests], []],
            "captures.underived.ids": [None, [1, 2]],
            "origins.soft404_probes.hosts": [["example,daily,)/", "example,wire,)/"], []],
            "site_templates.newest_templates.sites": [["daily.example", "wire.example"], []],
            "payloads.anchors.sites": [["daily.example", "wire.example"], []],
        }

    def of(self, name: str, function: Callable[..., Any], variant: int) -> dict[str, Any]:
        """The arguments of a query, by parameter. A name that is not known here fails: give it a value above."""
        parameters = [*inspect.signature(function).parameters][1:]
        given = {}
        for number, parameter in enumerate(parameters):
            values = self._exceptions.get(f"{name}.{parameter}") or self._by_name.get(parameter)
            assert values is not None, (
                f"{name}: no value for its parameter {parameter}; add one to tests/every_query.py"
            )
            given[parameter] = values[(variant + number) % len(values)]
        return given
