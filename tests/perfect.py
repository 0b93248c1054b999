"""The answers of an archive that looked at every page of the news world in every round and misread nothing."""

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
"""What keeps an archive from seeing the edition of that round: a broken page, an old one, and no page at all."""

_STATES = {"robots_down": "robots_denied"}


def perfect(world: World) -> Snapshot:
    """Make the answers of an archive that looked at every page in every round and misread nothing."""
    urls = {a.id: world.url(a) for a in world.articles}
    versions = {a.id: list(versions_of(world, a)) for a in world.articles}
    links = [
        link(urls[base], urls[a.id], relation, seen=iso(ROUNDS[a.appears]))
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
    """The versions that the script calls for, with the edition of each."""
    held: list[Edition] = []
    gone = False
    for at in range(article.appears, len(ROUNDS)):
        edition = world.edition(article, at)
        happens = world.script.events_in(article.id, at)
        shown = world.script.state(article.id, at) == "ok" and not happens & _UNSEEN
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
        gone = world.script.state(article.id, at) in {"missing_404", "gone_410"}


def text(edition: Edition) -> Text:
    """An edition as a text of the archive."""
    return Text(sha256=edition.headline, title=edition.headline, body="\n\n".join(edition.body))


def change(old: Edition, new: Edition) -> Json:
    """How one edition became another, as ``diff --json`` tells it."""
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
    """The history of an article with these versions."""
    missing = [at for at in range(4) if world.script.state(article.id, at) == "missing_404"]
    runs = [{"state": "missing_404", "first_seen_at": iso(ROUNDS[at]), "confirmed": True} for at in missing[:1]]
    moved = world.url(article, 3) != world.url(article)
    moves = [{"at": iso(ROUNDS[2]), "from": world.url(article), "to": world.url(article, 3)}] if moved else []
    broken = [at for at in range(4) if world.script.events_in(article.id, at) & {"halved", "relapsed"}]
    return {
        "url": world.url(article),
        "versions": versions,
        "stretches": runs,
        "moves": moves,
        "suspects": [{"seen_at": iso(ROUNDS[at])} for at in broken],
    }


def checks(world: World, article: Article) -> Iterator[Json]:
    """What each visit met."""
    for at in range(article.appears, len(ROUNDS)):
        state = _STATES.get(world.script.state(article.id, at), world.script.state(article.id, at))
        if state == "left_alone":
            continue
        same = at > article.appears and world.visible_edition(article, at) == world.visible_edition(article, at - 1)
        stale = "stale_tag" in world.script.events_in(article.id, at)
        known = article.outlet == "ministry" and state == "ok" and (same or stale)
        url = world.url(article)
        digest = f"{at}" if article.outlet != "ministry" else "same"
        yield {
            "captured_at": iso(ROUNDS[at]),
            "state": "not_modified" if known else state,
            "status": 200,
            "url": url,
            "final_url": World.form_of(url, "visit") if "detour" in world.script.events_in(article.id, at) else url,
            "payload_sha256": digest,
        }


def link(a: str, b: str, relation: str, *, seen: str, version: int = 1, score: float = 0.9) -> Json:
    """A link from version ``version`` of ``a`` to the first of ``b``."""
    return {
        "a": {"url": a, "version": version, "title": "A", "first_seen_at": iso(ROUNDS[0]), "published_at": None},
        "b": {"url": b, "version": 1, "title": "B", "first_seen_at": seen, "published_at": None},
        "relation": relation,
        "score": score,
        "coverage": [score, score],
        "passages": [],
    }
