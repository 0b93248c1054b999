"""Backfill from web archives: TimeMaps are read, and what an archive saw becomes captures of the source itself.

A TimeMap (RFC 7089, section 5) lists the mementos of one page. Each one dated in the window, at an instant the source
has no capture of, is fetched as the archive got it (without its banner) and kept under the memento's own time. What is
there already is never asked for again, so a run that was stopped goes on where it was.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from archive.capture import make_capture
from archive.errors import ConfigError
from archive.fetch import policy_from, require_contact
from archive.urls import RefusedUrl, canonical_url, fetchable_url, host_of, origin_of, url_key
from db.questions import captures as ask_captures
from db.records import Reason, SeedKind, Visit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archive.campaign import Campaign
    from db.records import Capture, Outcome, Source, SourceState

    Window = tuple[datetime | None, datetime | None]

# --- reading a TimeMap -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Memento:
    """One archived state of a page: where it can be had, the page's own address as the archive has it, and when."""

    url: str
    original: str
    at: datetime


# A link-value of RFC 8288: <url> and parameters. A comma may stand in a quoted date, so that splitting would not do.
_LINK = re.compile(r"""<([^<>]*)>((?:\s*;\s*[\w*-]+(?:\s*=\s*(?:"[^"]*"|[^\s;,"]+))?)*)""")
_PARAMETER = re.compile(r"""([\w*-]+)\s*=\s*(?:"([^"]*)"|([^\s;,"]+))""")


def read_timemap(text: str, *, base: str) -> tuple[Memento, ...]:
    """The mementos a TimeMap in link format lists, by time; ``base`` is its own address, for relative links.

    One link a line or all on one line, quoted or not; what cannot be read is passed over. RFC 7089, section 5.
    """
    links = list(_links(text))
    original = next((url for url, rels, _ in links if "original" in rels), "")
    found = set()
    for url, rels, date in links:
        at, address = _instant(date), _absolute(url, base)
        if "memento" in rels and at is not None and address is not None:
            found.add(Memento(url=address, original=original, at=at))
    return tuple(sorted(found, key=lambda one: (one.at, one.url)))


def further_timemaps(text: str, *, base: str) -> tuple[str, ...]:
    """The other TimeMaps that this one says hold the rest of the list (RFC 7089, section 5.1.2), in its order."""
    named = (_absolute(url, base) for url, rels, _ in _links(text) if "timemap" in rels and "self" not in rels)
    return tuple(dict.fromkeys(url for url in named if url not in {None, base} and url is not None))


def _links(text: str) -> Iterator[tuple[str, frozenset[str], str]]:
    """Address, relations and date of every link."""
    for url, rest in _LINK.findall(text):
        parameters = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(rest)}
        yield url.strip(), frozenset(parameters.get("rel", "").lower().split()), parameters.get("datetime", "")


def _instant(date: str) -> datetime | None:
    """The instant of an HTTP date; one without a zone is UTC."""
    try:
        at = parsedate_to_datetime(date)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _absolute(url: str, base: str) -> str | None:
    try:
        return fetchable_url(url, base)
    except RefusedUrl:
        return None


# The stamp must come before the page's own address, which may itself hold fourteen digits: no colon in front of it.
_STAMPED = re.compile(r"(https?://[^/?#]+(?:/[^/:?#]*)*?/\d{14})(?:[a-z]{2}_)?(?=/)")


def raw_url(memento_url: str) -> str:
    """Where a memento can be had as it was archived, without banner and rewritten links.

    Archives that follow the Wayback Machine answer ``/20210101120000id_/`` with the bytes they got; any other address
    is given back as it is.
    """
    stamped = _STAMPED.match(memento_url)
    return memento_url if stamped is None else f"{stamped[1]}id_{memento_url[stamped.end() :]}"


# --- gathering -------------------------------------------------------------------------------------------------------

_SOURCES_A_STEP = 20  # each has some mementos: a batch of 50 to 500 addresses, as in live gathering
_TOGETHER = 20  # mementos in memory at once; one archive is one lane, so more would only wait
_MOST_TIMEMAPS = 100  # pages of one list: more than any real one, fewer than a loop would make

_ONE_CRAWL = timedelta(hours=1)
"""How far the date of what an archive serves may lie from the date listed. An archived redirect leads to a target of
the same crawl, minutes later; a memento whose bytes are lost leads to the nearest other one, days or years away."""

_ARCHIVED = frozenset(
    {
        Reason.MISSING_404,
        Reason.GONE_410,
        Reason.LEGAL_451,
        Reason.UNAUTHORIZED,
        Reason.FORBIDDEN,
        Reason.CLIENT_ERROR,
        Reason.SERVER_ERROR,
        Reason.RATE_LIMITED,
        Reason.UNEXPECTED_STATUS,
    }
)
"""Reasons that come from a status, which an archive may replay; all others are its own weather."""


async def gather_mementos(run: Campaign, states: Sequence[SourceState], window: Window) -> None:
    """Keep a capture of every memento of these sources dated in ``window`` (from, until; the end is left out).

    Asked are the archives of ``run.settings.archives``, and for a seed of kind timemap its own address. Lists (feeds,
    sitemaps, sections) and retired sources are passed over. ``run.counts`` gains ``mementos``, the captures kept, and
    ``archive_failures``, what an archive listed and did not give, which is no fact about the source. Raises ConfigError
    if no archive is named, or none may be asked for want of a contact.
    """
    asked = {state.source.id: state for state in states if _has_mementos(state.source)}
    addresses = [url for state in asked.values() for url in _timemaps(run, state.source)]
    if asked and not addresses:
        raise ConfigError(
            'no web archive is named: set archives = ["https://archive.example/timemap/link/"] in wirecopy.toml, '
            "or WIRECOPY_ARCHIVES, to the beginning of its TimeMap addresses"
        )
    require_contact(policy_from(run.settings), addresses)

    async def work(ids: list[int]) -> dict[str, int]:
        done: Counter[str] = Counter(mementos=0, archive_failures=0)
        for each in ids:
            done.update(await _gather_source(run, asked[each].source, window))
        for name, number in done.items():
            run.counts[name] = run.counts.get(name, 0) + number
        return dict(done)

    ids = list(asked)
    for start in range(0, len(ids), _SOURCES_A_STEP):
        await run.step("mementos", work, ids[start : start + _SOURCES_A_STEP])


def _has_mementos(source: Source) -> bool:
    """True for pages, and for seeds that are a TimeMap; an archived list would name articles, but say nothing."""
    return source.retired_at is None and (source.kind is SeedKind.TIMEMAP or not source.kind.expands)


def _timemaps(run: Campaign, source: Source) -> list[str]:
    if source.kind is SeedKind.TIMEMAP:
        return [source.url]
    return [prefix + source.url for prefix in run.settings.archives]


async def _gather_source(run: Campaign, source: Source, window: Window) -> Counter[str]:
    done: Counter[str] = Counter()
    for address in _timemaps(run, source):
        listed, failures = await _listed(run, source.id, address)
        done["archive_failures"] += failures
        if source.kind is not SeedKind.TIMEMAP:
            done.update(await _gather_page(run, source.id, source.url, _inside(listed, window)))
            continue
        for original in dict.fromkeys(memento.original for memento in listed):
            page = _absolute(original, address)
            if page is not None:
                of_page = [memento for memento in listed if memento.original == original]
                done.update(await _gather_original(run, page, _inside(of_page, window)))
    return done


async def _listed(run: Campaign, source_id: int, address: str) -> tuple[list[Memento], int]:
    """What a TimeMap and those it refers to list, and how many of them could not be had."""
    found: list[Memento] = []
    failures = 0
    waiting, seen = [address], {address}
    while waiting and len(seen) <= _MOST_TIMEMAPS:
        url = waiting.pop(0)
        visit = Visit(source_id=source_id, url=url, kind=SeedKind.TIMEMAP, because="a list of mementos")
        outcome = await run.fetcher.fetch(visit)
        if outcome.reason is None:
            text = (outcome.payload or b"").decode(outcome.charset or "utf-8", errors="replace")
            found.extend(read_timemap(text, base=outcome.final_url))
            further = [each for each in further_timemaps(text, base=outcome.final_url) if each not in seen]
            waiting.extend(further)
            seen.update(further)
        elif outcome.reason is not Reason.MISSING_404:  # an archive that never saw the page says 404
            failures += 1
    return found, failures


def _inside(mementos: Iterable[Memento], window: Window) -> list[Memento]:
    since, until = window
    return [each for each in mementos if (since is None or each.at >= since) and (until is None or each.at < until)]


async def _gather_original(run: Campaign, url: str, mementos: Sequence[Memento]) -> Counter[str]:
    """Keep mementos of a page that only a TimeMap names: a source that is kept, but not watched."""
    page = canonical_url(url)
    source_id = await asyncio.to_thread(run.store.add_source, page, url_key(page), run.settings.now())
    return await _gather_page(run, source_id, page, mementos)


async def _gather_page(run: Campaign, source_id: int, url: str, mementos: Sequence[Memento]) -> Counter[str]:
    have = ask_captures.instants(run.store.ask, source_id)
    wanted = list({memento.at: memento for memento in reversed(mementos) if memento.at not in have}.values())[::-1]
    done: Counter[str] = Counter()
    for start in range(0, len(wanted), _TOGETHER):
        batch = wanted[start : start + _TOGETHER]
        visits = [
            Visit(source_id=source_id, url=raw_url(memento.url), because=f"a memento of {memento.at:%Y-%m-%d}")
            for memento in batch
        ]
        outcomes = await asyncio.gather(*(run.fetcher.fetch(visit) for visit in visits))
        pairs = [
            (capture, outcome.payload)
            for memento, outcome in zip(batch, outcomes, strict=True)
            if (capture := memento_capture(source_id, url, memento, outcome)) is not None
        ]
        kept = await asyncio.to_thread(run.store.record, pairs, run.run_id)
        run.captures.extend(capture for capture, _ in pairs)
        done.update(mementos=len(kept), archive_failures=len(batch) - len(pairs))
    return done


def memento_capture(source_id: int, url: str, memento: Memento, outcome: Outcome) -> Capture | None:
    """The capture of the page at ``url`` that an archive's answer stands for; None if it says nothing of that page.

    Its time is the memento's, its address the page's; redirects, validators and times of waiting are the archive's own
    and are left out. Where the bytes were taken from stands in ``detail``.
    """
    if not _speaks_of(memento, outcome):
        return None
    return replace(
        make_capture(source_id, outcome, provenance=f"archive:{host_of(memento.url)}"),
        captured_at=memento.at,
        finished_at=None,
        url=url,
        final_url=url,
        detail=f"taken from {outcome.final_url}",
        hops=(),
        etag=None,
        last_modified=None,
        retry_at=None,
        ip=None,
    )


def _speaks_of(memento: Memento, outcome: Outcome) -> bool:
    """True if the answer is what the archive saw then, and not word of the archive itself or of another day."""
    dates = [value for name, value in outcome.headers if name.lower() == "memento-datetime"]
    dated = _instant(dates[0]) if dates else None
    if dated is None:  # not every archive dates what it serves; then it must be whole, and from the archive itself
        return outcome.reason is None and origin_of(outcome.final_url) == origin_of(memento.url)
    return (outcome.reason is None or outcome.reason in _ARCHIVED) and abs(dated - memento.at) <= _ONE_CRAWL
