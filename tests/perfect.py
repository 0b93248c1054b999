"""The answers of a perfect archive: it visited every page of the news world in every round, and misread nothing."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from archive.api import Comparison
from archive.api.serialize import comparison
from archive.demo.script import ROUNDS
from archive.demo.snapshot import Snapshot
from archive.demo.world import World
from archive.timestamps import iso
from archive.versions.diff import compare
from db.records import Cause, Change, Text, Version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.demo.texts import Article, Edition

Json = dict[str, Any]
_UNSEEN = {"halved", "relapsed", "stale_tag"}
"""Events that hide the edition of their round from an archive: a broken page, an old one, no page at all."""

_STATES = {"robots_down": "robots_denied"}


def perfect(world: World) -> Snapshot:
    """Return the answers of a perfect archive of this world."""
    urls = {a.id: world.url(a) for a in world.articles}
    versions = {a.id: list(versions_of(world, a)) for a in world.articles}
    links = [
        link(urls[base], urls[a.id], relation, seen_at=iso(ROUNDS[a.appears]))
        for a in world.articles
        for relation, base in a.copies
    ]
    histories = {urls[a.id]: history(world, a, versions[a.id]) for a in world.articles}
    return Snapshot(
        source_rows=[{"url": url, "kind": "article"} for url in (*urls.values(), *world.forms)],
        histories=histories | {url: histories[home] for url, (home, _) in world.forms.items()},
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
    """Yield the versions in the script, each with its edition."""
    editions: list[Edition] = []
    is_missing = False
    for number in range(article.appears, len(ROUNDS)):
        edition = world.edition(article, number)
        events = world.script.events_in(article.id, number)
        is_visible = world.script.state(article.id, number) == "ok" and not events & _UNSEEN
        if is_visible and (not editions or edition != editions[-1] or is_missing):
            cause = cause_of(edition, editions, is_missing=is_missing)
            change = compare(text(editions[-1]), text(edition)) if editions else None
            editions.append(edition)
            yield {
                "version": len(editions),
                "first_seen_at": iso(ROUNDS[number]),
                "cause": cause,
                "kinds": [str(kind) for kind in change.kinds] if change else [],
                "score": change.score if change else 0.0,
                "title": edition.headline,
                "edition": edition,
            }
        is_missing = world.script.state(article.id, number) in {"missing_404", "gone_410"}


def cause_of(edition: Edition, earlier: list[Edition], *, is_missing: bool) -> str:
    """Return the cause of the version that this edition opens."""
    if not earlier:
        return "first"
    if is_missing:
        return "returned"
    return "reverted" if edition in earlier else "changed"


def text(edition: Edition) -> Text:
    """Return an edition as a text of the archive."""
    return Text(sha256=edition.headline, title=edition.headline, body="\n\n".join(edition.body))


def change(old: Edition, new: Edition) -> Json:
    """Return the change between two editions, as ``diff --json`` has it."""
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
    edits: Change = compare(text(old), text(new))
    return comparison(Comparison(a=a, b=b, a_text=text(old), b_text=text(new), change=edits))


def history(world: World, article: Article, versions: list[Json]) -> Json:
    """Return the history of an article with these versions."""
    missing = [number for number in range(4) if world.script.state(article.id, number) == "missing_404"]
    runs = [{"state": "missing_404", "first_seen_at": iso(ROUNDS[first]), "confirmed": True} for first in missing[:1]]
    moved = world.url(article, 3) != world.url(article)
    moves = [{"at": iso(ROUNDS[2]), "from": world.url(article), "to": world.url(article, 3)}] if moved else []
    broken = [number for number in range(4) if world.script.events_in(article.id, number) & {"halved", "relapsed"}]
    return {
        "url": world.url(article),
        "versions": versions,
        "stretches": runs,
        "moves": moves,
        "suspects": [{"seen_at": iso(ROUNDS[number])} for number in broken],
    }


def checks(world: World, article: Article) -> Iterator[Json]:
    """Yield the captures of an article, one a visit."""
    for number in range(article.appears, len(ROUNDS)):
        state = world.script.state(article.id, number)
        state = _STATES.get(state, state)
        if state == "left_alone":
            continue
        editions = [world.visible_edition(article, n) for n in (number - 1, number)]
        same = number > article.appears and editions[0] == editions[1]
        stale = "stale_tag" in world.script.events_in(article.id, number)
        unmodified = article.outlet == "ministry" and state == "ok" and (same or stale)
        url = world.url(article)
        digest = f"{number}" if article.outlet != "ministry" else "same"
        yield {
            "captured_at": iso(ROUNDS[number]),
            "state": "not_modified" if unmodified else state,
            "status": 200,
            "url": url,
            "final_url": World.form_of(url, "visit") if "detour" in world.script.events_in(article.id, number) else url,
            "payload_sha256": digest,
        }


def link(a: str, b: str, relation: str, *, seen_at: str, version: int = 1, score: float = 0.9) -> Json:
    """Return a link from version ``version`` of ``a`` to the first version of ``b``."""
    return {
        "a": {"url": a, "version": version, "title": "A", "first_seen_at": iso(ROUNDS[0]), "published_at": None},
        "b": {"url": b, "version": 1, "title": "B", "first_seen_at": seen_at, "published_at": None},
        "relation": relation,
        "score": score,
        "coverage": [score, score],
        "passages": [],
    }
