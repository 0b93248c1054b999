"""Notices of changes: signed webhooks, and through apprise whatever it supports. Off unless configured.

A group of the seed index lists the kinds of edits to notify of (``notify: headline, number``), and the setting
``notify`` lists the receivers. A notice is written to the outbox beside the archive before it is sent, so one that no
receiver took is tried again after the next run. Nothing here fails a run or delays it by more than `HOLD_SECONDS`.

The body of a webhook is JSON, signed with HMAC-SHA256 (RFC 2104) over the time of sending and the body. So neither can
be changed, nor the message replayed later; see `signature`.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from archive.crawl.fetch import policy_from, post, post_by_apprise
from archive.timestamps import iso, parse_stamp
from archive.urls import url_key
from db.queries import sources as source_queries
from db.reader import Reader
from db.records import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from archive.settings import Settings
    from db.records import Report, Seed, Version

ALL: Final = "all"
"""A group's word for every kind of edit that changes what an article says: all but `_TRIFLES`."""

HOLD_SECONDS: Final = 10.0
"""The longest that the end of a run waits for receivers: three tries of three seconds, and the pauses between them."""

PAUSES: Final = (0.0, 0.3, 0.7)
"""Seconds before each of the tries after one run."""

SIGNATURE: Final = "Wirecopy-Signature"
DELIVERY: Final = "Wirecopy-Delivery"
"""The headers of a webhook. The first has the time of sending and the signature, the second an id that stays the same
when the notice is sent again."""

_TRIFLES: Final = frozenset({Kind.COSMETIC, Kind.RESIDUE})
_TRY_SECONDS: Final = 3.0
_MOST_AGE: Final = timedelta(days=7)  # after a week it is no news
_MOST_CHANGES: Final = 100  # in one notice: a site that is derived again must not become a megabyte
_OUTBOX, _LOG = "outbox", "sent.jsonl"
_ACCEPTED: Final = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message to one receiver.

    ``id`` is the same for the same message. ``said`` is the result of the last try.
    """

    id: str
    to: str
    body: str
    made_at: str
    tries: int = 0
    said: str = ""


def select_changes(
    seeds: Iterable[Seed], changes: Iterable[Version], seed_of: dict[str, str]
) -> list[tuple[str, Version]]:
    """Return the changes whose group wants to be notified of them, each with its group, in their order.

    ``seed_of`` maps an address to the key of its seed.
    """
    words_of = {seed.key: seed.notify for seed in seeds if seed.notify}
    selected = []
    for version in changes:
        key = seed_of.get(version.url, "")
        words = words_of.get(key, ())
        kinds = set(version.kinds)
        if kinds & {kind for kind in Kind if str(kind) in words} or (ALL in words and kinds - _TRIFLES):
            selected.append((key.partition("/")[0], version))
    return selected


async def send_notices(
    settings: Settings, seeds: Iterable[Seed], report: Report, *, pauses: Sequence[float] = PAUSES
) -> dict[str, int]:
    """Send notices of a run's changes, and those queued by earlier runs.

    Return the counts ``notified`` and ``not_notified``.

    ``pauses`` are the seconds before each try. Returns an empty dict if there is no receiver or nothing to send. Never
    raises: errors are written beside the notice.
    """
    if not settings.notify:
        return {}
    try:
        outbox = settings.db.parent / _OUTBOX
        for notice in _notices(settings, seeds, report):
            _write_notice(outbox, notice)
        queue = list(_queued_notices(outbox))
        with suppress(TimeoutError):
            async with asyncio.timeout(HOLD_SECONDS):
                await asyncio.gather(*(_deliver(settings, outbox, notice, pauses) for notice in queue))
        unsent = sum(1 for _ in _queued_notices(outbox))
    except Exception:  # noqa: BLE001  (a full disk or a broken outbox must not turn a good run into a failed one)
        return {"not_notified": len(settings.notify)}
    return {name: number for name, number in (("notified", len(queue) - unsent), ("not_notified", unsent)) if number}


def unsent_notices(db: Path) -> list[tuple[str, str]]:
    """Return the kind of receiver (``https``) and the last result of each notice in the outbox, the oldest first.

    ``db`` is the archive. The receivers' addresses are left out because they may hold keys. Empty if the outbox cannot
    be read.
    """
    try:
        return [(notice.to.split("://")[0], notice.said) for notice in _queued_notices(db.parent / _OUTBOX)]
    except (OSError, ValueError, TypeError):
        return []


def signature(secret: str, stamp: str, body: bytes) -> str:
    """Return the signature of a body sent at ``stamp`` (seconds since 1970): hexadecimal HMAC-SHA256 of ``stamp.body``.

    The header reads ``t=STAMP,v1=SIGNATURE``. A receiver computes the same from what it got, compares in constant time,
    and rejects a stamp that is minutes old.
    """
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


# --- content ---------------------------------------------------------------------------------------------------------


def _notices(settings: Settings, seeds: Iterable[Seed], report: Report) -> Iterator[Notice]:
    all_seeds = list(seeds)
    if not report.changes or not any(seed.notify for seed in all_seeds):
        return
    selected = select_changes(all_seeds, report.changes, _seed_of(settings.db, report.changes))
    if not selected:
        return
    body = json.dumps(_payload(report, selected), ensure_ascii=False, sort_keys=True)
    for receiver in settings.notify:
        notice_id = hashlib.sha256(f"{receiver}\n{body}".encode("utf-8", "replace")).hexdigest()[:32]
        yield Notice(id=notice_id, to=receiver, body=body, made_at=iso(settings.wall()))


def _seed_of(db: Path, changes: Iterable[Version]) -> dict[str, str]:
    with Reader(db) as reader:
        sources = {version.url: source_queries.by_url_key(reader.ask, url_key(version.url)) for version in changes}
    return {url: source.seed_key for url, source in sources.items() if source is not None and source.seed_key}


def _payload(report: Report, selected: list[tuple[str, Version]]) -> dict[str, Any]:
    return {
        "event": "changes",
        "run": report.run_id,
        "finished_at": iso(report.finished_at),
        "changes": [
            {
                "group": group,
                "url": version.url,
                "version": version.number,
                "seen_at": iso(version.first_seen_at),
                "title": version.title,
                "kinds": [str(kind) for kind in version.kinds],
                "score": round(version.score, 4),
                "text_sha256": version.text_sha256,
            }
            for group, version in selected[:_MOST_CHANGES]
        ],
        "more": max(0, len(selected) - _MOST_CHANGES),
    }


def _as_text(body: str) -> tuple[str, str]:
    """Return title and text of a notice for people, in plain lines."""
    payload = json.loads(body)
    lines = [
        f"{', '.join(change['kinds'])}: {' '.join(change['title'].split())}\n{change['url']}@{change['version']}"
        for change in payload["changes"]
    ]
    number = len(payload["changes"]) + payload["more"]
    more = [f"and {payload['more']} more"] if payload["more"] else []
    return f"{number} change{'s' * (number != 1)} seen", "\n\n".join([*lines, *more])


# --- delivery --------------------------------------------------------------------------------------------------------


async def _deliver(settings: Settings, outbox: Path, notice: Notice, pauses: Sequence[float]) -> None:
    """Try a few times. The result of each try is written at once, because the next may be interrupted."""
    for pause in pauses:
        await asyncio.sleep(pause)
        accepted, result = await _send(settings, notice)
        notice = replace(notice, tries=notice.tries + 1, said=result)
        if accepted or settings.wall() - parse_stamp(notice.made_at) > _MOST_AGE:
            _close_notice(outbox, notice, iso(settings.wall()), "taken" if accepted else "given up")
            return
        _write_notice(outbox, notice)


async def _send(settings: Settings, notice: Notice) -> tuple[bool, str]:
    """Return True if the receiver accepted the notice, and the result in words."""
    if not notice.to.startswith(("http://", "https://")):
        return await _by_apprise(settings, notice)
    if not settings.notify_secret:
        return False, "not sent: a webhook is signed, and WIRECOPY_NOTIFY_SECRET is not set"
    body, stamp = notice.body.encode("utf-8", "replace"), str(int(settings.wall().timestamp()))
    headers = {
        "Content-Type": "application/json",
        DELIVERY: notice.id,
        SIGNATURE: f"t={stamp},v1={signature(settings.notify_secret, stamp, body)}",
    }
    status, why = await post(policy_from(settings), notice.to, body, headers, seconds=_TRY_SECONDS)
    return status in _ACCEPTED, why or f"HTTP {status}"


async def _by_apprise(settings: Settings, notice: Notice) -> tuple[bool, str]:
    title, text = _as_text(notice.body)
    return await post_by_apprise(policy_from(settings), notice.to, title, text, seconds=HOLD_SECONDS)


# --- the outbox ------------------------------------------------------------------------------------------------------


def _write_notice(outbox: Path, notice: Notice) -> None:
    """Write a notice, whole or not at all. Only its owner may read it, because its address may hold a key."""
    outbox.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = outbox / f"{notice.id}.part"
    part.write_text(json.dumps(asdict(notice), ensure_ascii=True), "utf-8")
    part.replace(outbox / f"{notice.id}.json")


def _queued_notices(outbox: Path) -> Iterator[Notice]:
    """Yield the notices that no receiver has taken, the oldest first."""
    notices = [Notice(**json.loads(path.read_text("utf-8"))) for path in outbox.glob("*.json")]
    yield from sorted(notices, key=lambda notice: (notice.made_at, notice.id))


def _close_notice(outbox: Path, notice: Notice, closed_at: str, outcome: str) -> None:
    """Write the outcome of a notice to the log and remove it from the outbox.

    The log has neither its receiver's address nor its content.
    """
    entry = {"id": notice.id, "to": notice.to.split("://")[0], "made_at": notice.made_at, "at": closed_at}
    with (outbox / _LOG).open("a", encoding="utf-8") as log:
        log.write(f"{json.dumps(entry | {'tries': notice.tries, 'outcome': outcome, 'said': notice.said})}\n")
    (outbox / f"{notice.id}.json").unlink(missing_ok=True)
