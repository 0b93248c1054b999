"""One article: the newest text, its timeline, every version, who has it too, and what is known of the source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse

from archive.api import serialize
from archive.api.related_copies import related_copies
from archive.api.version_ref import Ref
from archive.serve import charts
from archive.serve import wording as words
from archive.serve.bounded_diff import Allowance
from archive.serve.pages.copies import members_of
from archive.serve.pages.inbox import entry
from archive.serve.pages.parameters import number_of, source_of
from archive.serve.request_context import PageResult
from archive.serve.responses import page
from archive.serve.snippets import strongest
from archive.timestamps import iso
from db.queries import changes
from db.queries import source_health as health

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from starlette.responses import Response
    from starlette.routing import Route

    from archive.api.related_copies import RelatedCopies
    from archive.serve.request_context import RequestContext
    from db.queries.source_health import Check, SourceHealth
    from db.records import Capture, Fact, History, Source, Text, Version

    Json = dict[str, Any]

CHECKS = 600
"""Checks drawn on a timeline at most, the last ones; a page of 760 points shows no more apart."""

READ = 300_000
"""Characters of a text that its page shows, thrice what the longest articles have; the rest is there for programs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the page of an article tells of. ``shown`` is the version whose text is read, None: there is none."""

    source: Source
    history: History
    shown: Version | None
    text: Text | None
    capture: Capture | None
    facts: Sequence[Fact]
    checks: Sequence[Check]
    words: Mapping[int, int]
    family: RelatedCopies
    health: SourceHealth
    seen_until: datetime | None


def view(facts: Facts) -> Json:
    """The page as JSON values."""
    source, told = facts.source, facts.history
    newest = told.versions[-1] if told.versions else None
    shown = facts.shown
    return {
        "id": source.id,
        "path": f"/a/{source.id}",
        "url": source.url,
        "outlet": words.host(source.url),
        "group": facts.health.group,
        "seed": source.seed_key,
        "title": shown.title if shown else source.url,
        "byline": shown.byline if shown else None,
        "language": shown.language if shown else None,
        "published_at": iso(shown.published_at) if shown and shown.published_at else None,
        "version": shown.number if shown else None,
        "newest": newest.number if newest else None,
        "newest_at": iso(newest.first_seen_at) if newest else None,
        "seen_until": iso(facts.seen_until) if facts.seen_until else None,
        "standing": standing(told),
        "gone_at": iso(told.gone_at) if told.gone_at else None,
        "paragraphs": [each for each in facts.text.body[:READ].split("\n") if each.strip()] if facts.text else [],
        "cut_short": bool(facts.text and len(facts.text.body) > READ),
        "text_sha256": shown.text_sha256 if shown else None,
        "capture": serialize.capture_of(facts.capture) if facts.capture else None,
        "captured_as": f"{facts.capture.captured_at:%Y%m%d%H%M%S}" if facts.capture else None,
        "timeline": _timeline(facts),
        "versions": [_version(each, facts) for each in reversed(told.versions)],
        "states": [_run(each) for each in serialize.history(source, told)["states"]],
        "suspects": serialize.history(source, told)["suspects"],
        "moves": serialize.history(source, told)["moves"],
        "claims": serialize.history(source, told)["claims"],
        "found_in": serialize.history(source, told)["found_in"],
        "facts": [serialize.fact(each) for each in facts.facts],
        "copies": copies(facts),
        "checks": facts.health.count,
        "feed": f"/a/{source.id}/feed.atom",
    }


def standing(told: History) -> str:
    """How the newest version stands, in words that claim no more than was seen."""
    if not told.versions:
        return "no article text was seen here yet"
    last = told.versions[-1]
    if told.gone_at is not None:
        return "not seen since"
    newest = max((each.last_seen_at for each in told.states), default=last.last_seen_at)
    return "still there at the last check" if last.last_seen_at >= newest else "last seen with this text"


def copies(facts: Facts) -> Json:
    """The strip of copies: the members of the cluster, the earliest first."""
    family = facts.family
    members = members_of(family)
    return {
        "path": f"/g/{facts.source.id}",
        "count": max(len(members) - 1, 0),
        "related": len({ref.url for link in family.links for ref in (link.a, link.b)} - {facts.source.url}),
        "members": members,
    }


def _version(each: Version, facts: Facts) -> Json:
    path = f"/a/{facts.source.id}"
    return serialize.version(each) | {
        "path": f"{path}?v={each.number}",
        "diff": f"{path}/diff/{each.number - 1}..{each.number}" if each.number > 1 else None,
        "words": facts.words.get(each.number),
        "what": what(each),
    }


def what(each: Version) -> list[str]:
    """What made a version, in badges."""
    kinds = [words.kind(kind) for kind in each.kinds if len(each.kinds) == 1 or kind not in words.TRIFLES]
    plain = str(each.cause) == "changed" and kinds
    return kinds if plain else [words.cause(str(each.cause)), *kinds]


def _run(each: Json) -> Json:
    return each | {"said": words.state(each["state"]), "health": words.health(each["state"])}


def _timeline(facts: Facts) -> Json:
    told = facts.history
    failed = sum(words.health(each.state) == "failed" for each in facts.checks)
    said = f"{words.many(len(facts.checks), 'check')}, {words.many(len(told.versions), 'version')}"
    return {
        "summary": f"{said}, {failed} failed. The table below says the same in words.",
        "checks": [{"at": iso(c.at), "state": c.state, "health": words.health(c.state)} for c in facts.checks],
        "whole": len(facts.checks) < CHECKS,
        "versions": [
            {
                "version": each.number,
                "from": iso(each.first_seen_at),
                "to": iso(each.last_seen_at),
                "score": round(each.score, 4),
                "kinds": [str(kind) for kind in each.kinds],
            }
            for each in told.versions
        ],
        "runs": [
            {
                "state": each.state,
                "health": words.health(each.state),
                "from": iso(each.first_seen_at),
                "to": iso(each.last_seen_at),
            }
            for each in told.states
        ],
    }


# --- asking ----------------------------------------------------------------------------------------------------------


def facts_of(at: RequestContext, source: Source, number: int | None) -> Facts:
    """All that the page needs."""
    archive = at.archive
    _, history = archive.history(source.url)
    shown = archive.version(Ref(url=source.url, number=number)) if history.versions else None
    return Facts(
        source=source,
        history=history,
        shown=shown,
        text=archive.text(shown) if shown else None,
        capture=archive.capture(shown.first_capture_id) if shown else None,
        facts=archive.facts(shown) if shown else (),
        checks=health.checks(at.ask, source.id, limit=CHECKS),
        words=health.word_counts(at.ask, source.id),
        family=related_copies(archive, source),
        health=health.of_source(at.ask, source.id),
        seen_until=changes.read_until(at.ask, source.id),
    )


def show(at: RequestContext) -> PageResult | Response:
    """Answer one article; under the address of one whose history another keeps, where that is."""
    source = source_of(at)
    if source.id != at.path["id"]:
        ending = "" if at.form == "html" else f".{at.form}"
        return RedirectResponse(f"/a/{source.id}{ending}", 308)
    told = view(facts_of(at, source, number_of(at.query.get("v", ""))))
    reply = PageResult(
        view=told, template="article.html", rows="versions", drawn={"timeline": charts.timeline(told["timeline"])}
    )
    return feed(at) if at.form == "atom" else reply


def feed(at: RequestContext) -> PageResult:
    """Answer the feed of one article: each version an entry, with the weightiest words of its change."""
    source = source_of(at)
    _, told = at.archive.history(source.url)
    last = told.versions[-FEED:]
    before = dict(zip(last[1:], last, strict=False))
    allowed = Allowance()
    entries = [entry(_row(at, source, each, before.get(each), allowed)) for each in reversed(last)]
    title = last[-1].title if last else source.url
    found = {
        "title": f"wirecopy: {title}",
        "path": f"/a/{source.id}/feed.atom",
        "page": f"/a/{source.id}",
        "entries": entries,
    }
    return PageResult(view={"title": title, "entries": entries}, rows="entries", feed=found)


FEED = 30
"""Versions in the feed of one article."""


def _row(at: RequestContext, source: Source, each: Version, before: Version | None, allowed: Allowance) -> Json:
    told: list[Json] = []
    if before:
        texts = at.archive.text(before), at.archive.text(each)
        told = strongest(*allowed.compare(*texts, each.kinds, each.score))
    path = f"/a/{source.id}/diff/{before.number}..{each.number}" if before else f"/a/{source.id}?v={each.number}"
    return serialize.version(each) | {
        "url": each.url,
        "at": iso(each.first_seen_at),
        "outlet": words.host(each.url),
        "diff": path,
        "strongest": told,
    }


def look_up(at: RequestContext) -> Response:
    """Go to the article with an address."""
    found = at.archive.source(at.query.get("url", ""))
    return RedirectResponse(f"/a/{found.id}", 303)


def routes() -> list[Route]:
    """The page of an article, its feed, and the way from its address to it."""
    return [
        *page("/a/{id:int}", show),
        *page("/a/{id:int}/feed", feed)[1:],
        page("/find", look_up)[0],
    ]
