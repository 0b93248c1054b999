"""What a second archive has of a page (Memento, RFC 7089): the only outside proof that is about the page itself.

A person asks for it, for one version. The archive's list names its captures; the one nearest to ours is fetched by the
fetcher of runs, with its guards and its politeness. The answer is kept as a record, and its digest is an entry of the
log. So nobody can invent another answer later. What the other archive sent can be asked of it again by anybody.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archive.api import Archive, signed_log
from archive.api.second_records import keep_record
from archive.crawl.fetch import Fetcher, policy_from
from archive.crawl.mementos.listing import listing_of, read_list
from archive.formats.evidence.second_answers import KIND
from archive.formats.http_date import parse_http_date
from archive.formats.timemap import raw_url
from archive.timestamps import iso
from archive.urls import host_of
from db.records import SeedKind, Visit
from db.store import Store

if TYPE_CHECKING:
    from archive.api.version_ref import Ref
    from archive.crawl.mementos.listing import Fetch
    from archive.formats.timemap import Memento
    from archive.settings import Settings
    from db.records import Capture, Outcome


class NoSecondCapture(Exception):
    """The other archive has no capture of the page, or did not give it. The message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondCapture:
    """The answer of another archive: its record, the entry of the log, and whether it has the bytes of ours."""

    record: dict[str, Any]
    entry: int
    has_same_bytes: bool


async def ask_second_archive(settings: Settings, ref: Ref, archive: str) -> SecondCapture:
    """Ask another archive for its capture of a version, and keep the answer.

    ``archive`` is as in the setting ``archives``: the prefix of its TimeMaps, or a CDX server. Raises NotArchived,
    ConfigError, LogForked and NoSecondCapture.
    """
    with Archive(settings.db) as reader:
        capture = reader.shown(reader.cite(ref).capture)
    async with Fetcher(policy_from(settings), now=settings.now) as fetcher:
        memento = await _nearest(fetcher.fetch, capture, archive)
        visit = Visit(source_id=0, url=raw_url(memento.url), kind=SeedKind.TIMEMAP, because="a proof", replays=True)
        outcome = await fetcher.fetch(visit)
    record = _record(settings, capture, memento, outcome)
    text = json.dumps(record, sort_keys=True, separators=(",", ":"))
    digest = keep_record(settings.db, text)
    with Store(settings.db) as store:
        entry = store.append_entry(KIND, {"capture": capture.id or 0, "record_sha256": digest})
    if signed_log.key_path(settings.db).exists():
        signed_log.sign(settings.db)  # so that evidence has it at once
    return SecondCapture(record=record, entry=entry, has_same_bytes=record["body_sha256"] == capture.payload_sha256)


async def _nearest(fetch: Fetch, capture: Capture, archive: str) -> Memento:
    """Return the memento that is nearest in time to a capture. Raises NoSecondCapture."""
    listing = listing_of(archive, capture.url)
    listed = await read_list(fetch, 0, listing, (None, None))
    if not listed.mementos:
        why = f": {listed.detail or listed.reason}" if listed.failures else ""
        raise NoSecondCapture(f"{host_of(listing.url)} lists no capture of {capture.url}{why}")
    return min(listed.mementos, key=lambda memento: (abs(memento.captured_at - capture.captured_at), memento.url))


def _record(settings: Settings, capture: Capture, memento: Memento, outcome: Outcome) -> dict[str, Any]:
    """Return what is kept of an answer. Raises NoSecondCapture for one that is no capture of the page."""
    dates = [value for name, value in outcome.headers if name.lower() == "memento-datetime"]
    moment = parse_http_date(dates[0]) if dates else None
    if outcome.reason is not None or outcome.payload is None:
        raise NoSecondCapture(f"{memento.url} did not come: {outcome.detail or outcome.reason}")
    if moment is None or moment != memento.captured_at.replace(microsecond=0):
        stated = "none" if moment is None else iso(moment)
        raise NoSecondCapture(
            f"{memento.url} is listed as of {iso(memento.captured_at)}; its Memento-Datetime: {stated}"
        )
    return {
        "address": capture.url,
        "archive": host_of(outcome.final_url),
        "asked_at": iso(settings.wall()),
        "body_sha256": hashlib.sha256(outcome.payload).hexdigest(),
        "headers": [list(pair) for pair in outcome.headers],
        "memento_datetime": iso(moment),
        "received_sha256": outcome.wire_sha256,
        "salt": settings.salt().hex(),
        "status": outcome.status,
        "uri_m": outcome.final_url,
    }
