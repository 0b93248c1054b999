"""The page of an article: its text, timeline, versions, copies and source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse

from archive.api import serialize
from archive.api.empty_advice import advice
from archive.api.related_copies import RelatedCopies
from archive.api.version_ref import Ref
from archive.serve import charts, paths, wording
from archive.serve.bounded_diff import Allowance
from archive.serve.pages.copies import members_of
from archive.serve.pages.inbox import entry
from archive.serve.pages.parameters import number_of, source_of
from archive.serve.request_context import PageResult
from archive.serve.responses import page
from archive.serve.snippets import strongest
from archive.timestamps import iso
from db.errors import TooSlow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from starlette.responses import Response
    from starlette.routing import Route

    from archive.serve.request_context import RequestContext
    from archive.versions.absences import Absence
    from db.records import Capture, Check, Fact, History, Source, SourceHealth, Text, Version

    Json = dict[str, Any]

CHECKS = 600
"""Most checks on a timeline, the last ones. At 760 points wide, more would overlap."""

READ = 300_000
"""Most characters of a text on its page, three times the longest articles. Programs get the full text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The records for the page of an article. ``version`` is the one on the page, None if there is none."""

    source: Source
    history: History
    version: Version | None
    text: Text | None
    capture: Capture | None
    facts: Sequence[Fact]
    checks: Sequence[Check]
    words: Mapping[int, int]
    related: RelatedCopies
    health: SourceHealth
    seen_until: datetime | None
    absence: Absence | None


def view(facts: Facts) -> Json:
    """Return the page as JSON values."""
    source, history, version = facts.source, facts.history, facts.version
    newest = history.versions[-1] if history.versions else None
    history_json = serialize.history(source, history)
    return {
        "id": source.id,
        "path": paths.article(source.id),
        "url": source.url,
        "outlet": wording.host(source.url),
        "group": facts.health.group,
        "seed": source.seed_key,
        "title": version.title if version else source.url,
        "byline": version.byline if version else None,
        "language": version.language if version else None,
        "published_at": iso(version.published_at) if version and version.published_at else None,
        "version": version.number if version else None,
        "newest": newest.number if newest else None,
        "newest_at": iso(newest.first_seen_at) if newest else None,
        "seen_until": iso(facts.seen_until) if facts.seen_until else None,
        "standing": standing(history),
        "gone_at": iso(history.gone_at) if history.gone_at else None,
        "absence": _absence(facts.absence),
        "held": [iso(suspect.seen_at) for suspect in history.suspects if suspect.waiting],
        "paragraphs": [line for line in facts.text.body[:READ].split("\n") if line.strip()] if facts.text else [],
        "cut_short": bool(facts.text and len(facts.text.body) > READ),
        "text_sha256": version.text_sha256 if version else None,
        "capture": serialize.capture_of(facts.capture) if facts.capture else None,
        "captured_as": f"{facts.capture.captured_at:%Y%m%d%H%M%S}" if facts.capture else None,
        "timeline": _timeline(facts),
        "versions": [_version(earlier, facts) for earlier in reversed(history.versions)],
        "states": [_state(stretch) for stretch in history_json["states"]],
        **{name: history_json[name] for name in ("suspects", "believed", "moves", "claims", "found_in")},
        "facts": [serialize.fact(fact) for fact in facts.facts],
        "copies": copies(facts),
        "checks": facts.health.count,
        "nothing": advice(facts.health.empty) if facts.health.empty else None,
        "feed": paths.feed(source.id),
        "evidence": None,
    }


def standing(history: History) -> str:
    """Return the status of the newest version in words that claim no more than the checks saw."""
    if not history.versions:
        return "no article text was seen here yet"
    last = history.versions[-1]
    if history.gone_at is not None:
        return "not seen since"
    newest = max((stretch.last_seen_at for stretch in history.states), default=last.last_seen_at)
    return "still there at the last check" if last.last_seen_at >= newest else "last seen with this text"


def _absence(absence: Absence | None) -> Json | None:
    if absence is None:
        return None
    said = f"{wording.absence(absence.kind)}: {wording.state(absence.state)}"
    return {"kind": absence.kind, "since": iso(absence.since), "said": said, "checks": absence.checks}


def copies(facts: Facts) -> Json:
    """Return the strip of copies: the members of the cluster, the earliest first."""
    related = facts.related
    members = members_of(related.cluster, related.ids)
    return {
        "path": paths.copies(facts.source.id),
        "count": max(len(members) - 1, 0),
        "related": len({side.url for link in related.links for side in (link.a, link.b)} - {facts.source.url}),
        "members": members,
        "whole": related.whole,
    }


def _version(version: Version, facts: Facts) -> Json:
    source_id, number = facts.source.id, version.number
    return serialize.version(version) | {
        "path": paths.article(source_id, number),
        "diff": paths.change(source_id, number - 1, number) if number > 1 else None,
        "words": facts.words.get(number),
        "what": badges(version),
    }


def badges(version: Version) -> list[str]:
    """Return the badges of a version: its cause and kinds of change."""
    kinds = [wording.kind(kind) for kind in version.kinds if len(version.kinds) == 1 or kind not in wording.TRIFLES]
    plain = str(version.cause) == "changed" and kinds
    return kinds if plain else [wording.cause(str(version.cause)), *kinds]


def _state(stretch: Json) -> Json:
    return stretch | {"said": wording.state(stretch["state"]), "health": wording.health(stretch["state"])}


def _timeline(facts: Facts) -> Json:
    history = facts.history
    failed = sum(wording.health(check.state) == "failed" for check in facts.checks)
    counts = f"{wording.many(len(facts.checks), 'check')}, {wording.many(len(history.versions), 'version')}"
    return {
        "summary": f"{counts}, {failed} failed. The table below says the same in words.",
        "checks": [
            {"at": iso(check.at), "state": check.state, "health": wording.health(check.state)} for check in facts.checks
        ],
        "whole": len(facts.checks) < CHECKS,
        "versions": [
            {
                "version": version.number,
                "from": iso(version.first_seen_at),
                "to": iso(version.last_seen_at),
                "score": round(version.score, 4),
                "kinds": [str(kind) for kind in version.kinds],
            }
            for version in history.versions
        ],
        "runs": [
            {
                "state": stretch.state,
                "health": wording.health(stretch.state),
                "from": iso(stretch.first_seen_at),
                "to": iso(stretch.last_seen_at),
            }
            for stretch in history.states
        ],
    }


# --- requests --------------------------------------------------------------------------------------------------------


def facts_of(context: RequestContext, source: Source, number: int | None) -> Facts:
    """Return the records for the page. Raises NotArchived for an unknown version."""
    archive = context.archive
    _, history = archive.history(source.url)
    version = archive.version(Ref(url=source.url, number=number)) if history.versions else None
    return Facts(
        source=source,
        history=history,
        version=version,
        text=archive.text(version) if version else None,
        capture=archive.capture(version.first_capture_id) if version else None,
        facts=archive.facts(version) if version else (),
        checks=archive.checks(source.id, limit=CHECKS),
        words=archive.word_counts(source.id),
        health=archive.source_health(source.id),
        seen_until=archive.seen_until(source.id, context.identity.name),
        related=_related(context, source),
        absence=archive.absences_at(context.now, [source.id]).get(source.id),
    )


def _related(context: RequestContext, source: Source) -> RelatedCopies:
    """Return the copies around an article; none, and not all, where hundreds of copies take too long."""
    try:
        return context.archive.related_copies(source)
    except TooSlow:
        return RelatedCopies(source=source, cluster=None, links=(), ids={}, labels=(), whole=False)


def show(context: RequestContext) -> PageResult | Response:
    """Answer with one article. If another source has its history, redirect to that."""
    source = source_of(context)
    if source.id != context.path["id"]:
        ending = "" if context.form == "html" else f".{context.form}"
        return RedirectResponse(f"{paths.article(source.id)}{ending}", 308)
    if context.form == "atom":
        return feed(context)
    article = view(facts_of(context, source, number_of(context.query.get("v", ""))))
    if article["capture"] and context.state.evidence is not None:
        article["evidence"] = paths.evidence(source.id, article["version"])
    drawn = {"timeline": charts.timeline(article["timeline"])}
    return PageResult(view=article, template="article.html", rows="versions", drawn=drawn)


def feed(context: RequestContext) -> PageResult:
    """Answer with the feed of one article: an entry for each version, with a snippet of its change."""
    source = source_of(context)
    _, history = context.archive.history(source.url)
    last = history.versions[-FEED:]
    before = dict(zip(last[1:], last, strict=False))
    allowance = Allowance()
    rows = (_row(context, source, version, before.get(version), allowance) for version in reversed(last))
    entries = [entry(row) for row in rows]
    title = last[-1].title if last else source.url
    atom = {
        "title": f"wirecopy: {title}",
        "path": paths.feed(source.id),
        "page": paths.article(source.id),
        "entries": entries,
    }
    return PageResult(view={"title": title, "entries": entries}, rows="entries", feed=atom)


FEED = 30
"""Versions in the feed of one article."""


def _row(
    context: RequestContext, source: Source, version: Version, before: Version | None, allowance: Allowance
) -> Json:
    bits: list[Json] = []
    path = paths.article(source.id, version.number)
    if before:
        texts = context.archive.text(before), context.archive.text(version)
        bits = strongest(*allowance.compare(*texts, version.kinds, version.score))
        path = paths.change(source.id, before.number, version.number)
    return serialize.version(version) | {
        "url": version.url,
        "at": iso(version.first_seen_at),
        "outlet": wording.host(version.url),
        "diff": path,
        "strongest": bits,
    }


def look_up(context: RequestContext) -> Response:
    """Redirect from the address of an article to its page."""
    source = context.archive.source(context.query.get("url", ""))
    return RedirectResponse(paths.article(source.id), 303)


def routes() -> list[Route]:
    """Return the routes of an article, of its feed, and from its address to it."""
    return [
        *page(paths.ARTICLE, show),
        *page(f"{paths.ARTICLE}/feed", feed)[1:],
        page("/find", look_up)[0],
    ]
