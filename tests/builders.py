"""Valid nouns in one call: name only what the test is about.

::

    store.record([(a_capture(source, at=T0), PAGE)])
    make_history(store, source, [("Ship arrives", T0), ("Ship departs", T0 + DAY)])
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from archive.urls import url_key
from archive.versions import aliases
from archive.versions import history as versions
from db.queries import captures as capture_queries
from db.queries import sources as source_queries
from db.records import (
    AliasClaim,
    Capture,
    Cause,
    Extraction,
    Judgement,
    Kind,
    Outcome,
    Reason,
    Recipe,
    Relation,
    Seed,
    Sighting,
    Source,
    SourceState,
    Verdict,
    Version,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from db.reader import Ask, Row
    from db.store import Store

    Seen = Iterable[tuple[str, datetime]]

T0 = datetime(2026, 1, 5, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LATER = T0 + 30 * DAY
URL = "https://daily.example/harbour"
PAGE = b"<!doctype html><h1>Harbour opens</h1><p>The harbour of Velmora opens on Monday.</p>"
RECIPE = Recipe(id="recipe-one", facts=(("extractor", "of the tests"),))
OTHER_RECIPE = Recipe(id="recipe-two", facts=(("extractor", "a better one"),))

# --- nouns -----------------------------------------------------------------------------------------------------------


def a_seed(name: str = "harbour", *, group: str = "daily", **more: Any) -> Seed:
    """A seed of an article; ``key`` and ``url`` follow from its name unless given."""
    known = {"key": f"{group}/{name}", "group": group, "name": name, "url": f"https://daily.example/{name}"}
    return Seed(**known | more)


def a_source(source_id: int = 1, url: str = URL, **more: Any) -> Source:
    """A source as the store would give it."""
    return Source(**{"id": source_id, "url": url, "url_key": url_key(url), "found_at": T0} | more)


def a_state(source: Source | None = None, **more: Any) -> SourceState:
    """What the plan knows of a source that was never visited."""
    return SourceState(source=source or a_source(), **more)


def an_outcome(url: str = URL, *, at: datetime = T0, **more: Any) -> Outcome:
    """A whole page under status 200; with a ``reason``, an outcome without bytes."""
    failed = more.get("reason") is not None
    usual = {} if failed else {"status": 200, "payload": PAGE, "content_type": "text/html"}
    known = {"requested_url": url, "final_url": url, "started_at": at, "finished_at": at + timedelta(seconds=1)}
    return Outcome(**known | usual | more)


def a_capture(source_id: int = 1, *, at: datetime = T0, url: str = URL, **more: Any) -> Capture:
    """The record of a whole page, or of a failure where a ``reason`` is given."""
    usual = {"status": 200, "content_type": "text/html", "charset": "utf-8", "finished_at": at + timedelta(seconds=1)}
    return Capture(**{"source_id": source_id, "url": url, "final_url": url, "captured_at": at} | usual | more)


def a_sighting(text: str | None = "one", *, at: datetime = T0, **more: Any) -> Sighting:
    """A sighting of a text (its digest is made from the words), or of none where ``text`` is None."""
    usual: dict[str, Any] = {"capture_id": 1, "url": URL, "recipe_id": RECIPE.id}
    if text is not None:
        usual |= {"text_sha256": digest_of("", text), "verdict": Verdict.OK, "language": "en"}
    return Sighting(**usual | {"at": at} | more)


def a_version(number: int = 1, text: str = "one", *, at: datetime = T0, **more: Any) -> Version:
    """A version seen once, at ``at``."""
    known = {"url": URL, "number": number, "text_sha256": digest_of("", text), "title": "", "captures": 1}
    times = {"first_seen_at": at, "last_seen_at": at, "dated_at": at}
    cause = Cause.FIRST if number == 1 else Cause.CHANGED
    ids = {"first_capture_id": 1, "last_capture_id": 1, "recipe_id": RECIPE.id}
    return Version(**known | times | ids | {"cause": cause} | more)


def an_extraction(text: str = "The harbour opens.", *, title: str = "Harbour", **more: Any) -> Extraction:
    """An article, verdict ok."""
    return Extraction(**{"verdict": Verdict.OK, "title": title, "text": text, "language": "en"} | more)


def a_judgement(relation: Relation | None = Relation.NEAR, **more: Any) -> Judgement:
    """What comparing two texts gave."""
    usual = {"score": 0.9, "coverage": (0.8, 0.6), "because": "long common runs"}
    return Judgement(relation=relation, **usual | more)


def digest_of(title: str, body: str) -> str:
    """The sha256 of a text: headline, blank line, body."""
    return hashlib.sha256(f"{title}\n\n{body}".encode()).hexdigest()


# --- an archive built once -------------------------------------------------------------------------------------------


def build_once(make: Callable[..., object]) -> Callable[..., Path]:
    """Decorate ``make(path, *more)``, which fills an archive: a process makes it once for ``more``, then copies it.

    Each test gets a file of its own to spoil, for a fiftieth of what making it costs.
    """
    archives: dict[tuple[object, ...], bytes] = {}

    @wraps(make)
    def copy(path: Path, *more: object) -> Path:
        if more not in archives:
            with TemporaryDirectory(dir=path.parent) as folder:
                make(Path(folder) / path.name, *more)
                (archive,) = Path(folder).iterdir()  # one file: what was written stands in it, not in a log beside it
                archives[more] = archive.read_bytes()
        path.write_bytes(archives[more])
        return path

    return copy


@build_once
def new_archive(path: Path) -> None:
    """An archive with nothing in it. The maker itself is tested in test_care.py, test_migrations.py, test_store.py."""
    from db.store import Store

    Store(path).close()


# --- a filled store --------------------------------------------------------------------------------------------------


def add_source(store: Store, url: str = URL, *, at: datetime = T0) -> int:
    """The id of a source with this address, made if it is new."""
    return store.add_source(url, url_key(url), at)


def record_text(store: Store, source_id: int, text: str, at: datetime, **more: Any) -> int | None:
    """Keep a capture whose payload is ``text`` itself; its id, or None if it was kept before."""
    url = source_queries.by_id(store.ask, source_id).url
    new = store.record([(a_capture(source_id, at=at, url=url, **more), text.encode())])
    return new[0] if new else None


def derive_all(store: Store, *, recipe: Recipe = RECIPE, title: str = "", now: datetime = LATER) -> list[Version]:
    """Empty the ledger with a stand-in for the extractor: a payload's bytes are its text. New versions."""
    store.use_recipe(recipe, now)
    ids = capture_queries.underived(store.ask, 10_000)
    for capture in (capture_queries.by_id(store.ask, each) for each in ids):
        if capture.payload_sha256 is None:
            continue
        body = capture_queries.payload(store.ask, capture.payload_sha256 or "").decode()
        store.record_extraction(capture, an_extraction(body, title=title), digest_of(title, body), recipe)
        store.record_derivation(capture, recipe.id, judged, now)
    touched = dict.fromkeys(capture_queries.by_id(store.ask, each).source_id for each in ids)
    roots = dict.fromkeys(_history_of(store, source_id) for source_id in touched)
    return [new for root in roots for new in settle(store, root, now=now, done=ids)]


def settle(store: Store, source_id: int, *, now: datetime = LATER, done: Sequence[int] = ()) -> list[Version]:
    """Settle one source by ``archive.versions``, every edit being worth a half."""
    url = source_queries.by_id(store.ask, source_id).url

    def history(sightings: Sequence[Sighting], ask: Ask) -> Sequence[Version]:
        del ask
        return versions.settle(sightings, url=url, compare=an_edit).versions

    return store.settle(source_id, history, now, done)


def move(store: Store, source_id: int, url: str, *, at: datetime = T0) -> list[int]:
    """Say that a source moved to ``url`` for good, beside what was said before; ids of the histories that changes."""

    def read(_: object, __: object) -> list[AliasClaim]:
        sql = "SELECT url FROM claim WHERE source_id = :id AND kind = 'moved'"
        before = [row["url"] for row in store.ask(sql, id=source_id)]
        return [
            AliasClaim(kind="moved", url=each, url_key=url_key(each), first_seen_at=at, last_seen_at=at)
            for each in dict.fromkeys((*before, url))
        ]

    return list(store.join_aliases(source_id, read, aliases.is_alias, aliases.canonical_of, LATER))


def make_history(store: Store, source_id: int, seen: Seen, *, title: str = "") -> list[Version]:
    """Keep and derive a capture of each (text, instant); the new versions."""
    for text, at in seen:
        record_text(store, source_id, text, at)
    return derive_all(store, title=title)


def an_edit(before: str, after: str) -> tuple[tuple[Kind, ...], float]:
    """What comparing any two texts gives in these tests; the same text twice is no edit at all."""
    return ((), 0.0) if before == after else ((Kind.WORDING,), 0.5)


def judged(extraction: Row) -> tuple[Verdict, str]:
    """The page's own verdict, which ``Store.record_derivation`` is handed."""
    return Verdict(extraction["verdict"]), extraction["detail"]


def plain(history: Sequence[Version]) -> list[Version]:
    """Versions without what depends on the order of arrival: row ids and the time of recording."""
    none = {"id": None, "recorded_at": None, "first_capture_id": 0, "last_capture_id": 0}
    return [replace(each, **none) for each in history]


def failed(reason: Reason, at: datetime, source_id: int = 1, **more: Any) -> Capture:
    """A capture of a visit that brought no page."""
    return a_capture(source_id, at=at, reason=reason, **{"status": None, "content_type": "", "charset": None} | more)


def _history_of(store: Store, source_id: int) -> int:
    source = source_queries.by_id(store.ask, source_id)
    return source.same_as or source.id
