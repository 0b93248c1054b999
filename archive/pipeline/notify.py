"""Telling others of changes: signed webhooks, and through apprise whatever it knows. Quiet unless asked.

A group of the seed index says which kinds of edits are worth telling (``notify: headline, number``), the settings say
whom (``notify``). A notice is written to the outbox beside the archive before it is sent, so that one which nobody took
is tried again after the next run. Nothing here fails a run, and none waits for it longer than `HOLD_SECONDS`.

The body of a webhook is JSON, signed with HMAC-SHA256 (RFC 2104) over the time of sending and the body, so that neither
can be changed nor sent again later; see `signature`.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import importlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from archive.crawl.fetch import policy_from, post
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
"""What a group writes for every kind of edit that changes what an article says: all but `_TRIFLES`."""

HOLD_SECONDS: Final = 10.0
"""How long the end of a run waits for receivers at most: three tries of three seconds and the pauses between them."""

PAUSES: Final = (0.0, 0.3, 0.7)
"""Seconds before each of the tries after one run."""

SIGNATURE: Final = "Wirecopy-Signature"
DELIVERY: Final = "Wirecopy-Delivery"
"""The headers of a webhook: when it was sent and under which signature, and an id that stays the same when retried."""

_TRIFLES: Final = frozenset({Kind.COSMETIC, Kind.RESIDUE})
_TRY_SECONDS: Final = 3.0
_MOST_AGE: Final = timedelta(days=7)  # news that nobody took for a week is none
_MOST_CHANGES: Final = 100  # in one notice; a re-read site must not become a letter of a megabyte
_OUTBOX, _LOG = "outbox", "sent.jsonl"
_TAKEN: Final = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message to one receiver. ``id`` is the same for the same message; ``said`` is what came of the last try."""

    id: str
    to: str
    body: str
    made_at: str
    tries: int = 0
    said: str = ""


def select_changes(
    seeds: Iterable[Seed], changes: Iterable[Version], seed_of: dict[str, str]
) -> list[tuple[str, Version]]:
    """Those of the changes that their group wants to be told, each with its group, in their order.

    ``seed_of``: the key of the seed that an address belongs to.
    """
    asked = {seed.key: seed.notify for seed in seeds if seed.notify}
    found = []
    for version in changes:
        key = seed_of.get(version.url, "")
        words = asked.get(key, ())
        kinds = set(version.kinds)
        if kinds & {kind for kind in Kind if str(kind) in words} or (ALL in words and kinds - _TRIFLES):
            found.append((key.partition("/")[0], version))
    return found


async def send_notices(
    settings: Settings, seeds: Iterable[Seed], report: Report, *, pauses: Sequence[float] = PAUSES
) -> dict[str, int]:
    """Tell of a run's changes, and of what waits from earlier runs: how many were ``notified``, how many wait on.

    ``pauses`` are the seconds before each try. Empty where nobody is to be told, or nothing. Never raises: what goes
    wrong is written beside the notice.
    """
    if not settings.notify:
        return {}
    try:
        outbox = settings.db.parent / _OUTBOX
        for notice in _notices(settings, seeds, report):
            _keep(outbox, notice)
        waiting = list(_waiting(outbox))
        with suppress(TimeoutError):
            async with asyncio.timeout(HOLD_SECONDS):
                await asyncio.gather(*(_deliver(settings, outbox, each, pauses) for each in waiting))
        left = sum(1 for _ in _waiting(outbox))
    except Exception:  # noqa: BLE001  (a full disk or a broken outbox must not turn a good run into a failed one)
        return {"not_notified": len(settings.notify)}
    return {name: number for name, number in (("notified", len(waiting) - left), ("not_notified", left)) if number}


def unsent_notices(db: Path) -> list[tuple[str, str]]:
    """What nobody took so far, the oldest first: the kind of receiver (``https``) and what came of the last try.

    ``db``: the archive. The addresses may hold keys, and are not told. Empty where the outbox cannot be read.
    """
    try:
        return [(notice.to.split("://")[0], notice.said) for notice in _waiting(db.parent / _OUTBOX)]
    except (OSError, ValueError, TypeError):
        return []


def signature(secret: str, stamp: str, body: bytes) -> str:
    """The signature of a body sent at ``stamp`` (seconds since 1970): hexadecimal HMAC-SHA256 of ``stamp.body``.

    The header reads ``t=STAMP,v1=SIGNATURE``. A receiver makes the same of what it got, compares in constant time, and
    refuses a stamp that is minutes old.
    """
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


# --- what is said ----------------------------------------------------------------------------------------------------


def _notices(settings: Settings, seeds: Iterable[Seed], report: Report) -> Iterator[Notice]:
    listed = list(seeds)
    if not report.changes or not any(seed.notify for seed in listed):
        return
    found = select_changes(listed, report.changes, _seed_of(settings.db, report.changes))
    if not found:
        return
    body = json.dumps(_told(report, found), ensure_ascii=False, sort_keys=True)
    for to in settings.notify:
        name = hashlib.sha256(f"{to}\n{body}".encode("utf-8", "replace")).hexdigest()[:32]
        yield Notice(id=name, to=to, body=body, made_at=iso(settings.wall()))


def _seed_of(db: Path, changes: Iterable[Version]) -> dict[str, str]:
    with Reader(db) as reader:
        found = {each.url: source_queries.by_url_key(reader.ask, url_key(each.url)) for each in changes}
    return {url: source.seed_key for url, source in found.items() if source is not None and source.seed_key}


def _told(report: Report, found: list[tuple[str, Version]]) -> dict[str, Any]:
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
            for group, version in found[:_MOST_CHANGES]
        ],
        "more": max(0, len(found) - _MOST_CHANGES),
    }


def _in_words(body: str) -> tuple[str, str]:
    """Title and text of a notice for people: data in plain lines, nothing of it a template."""
    told = json.loads(body)
    lines = [
        f"{', '.join(each['kinds'])}: {' '.join(each['title'].split())}\n{each['url']}@{each['version']}"
        for each in told["changes"]
    ]
    number = len(told["changes"]) + told["more"]
    more = [f"and {told['more']} more"] if told["more"] else []
    return f"{number} change{'s' * (number != 1)} seen", "\n\n".join([*lines, *more])


# --- how it is sent --------------------------------------------------------------------------------------------------


async def _deliver(settings: Settings, outbox: Path, notice: Notice, pauses: Sequence[float]) -> None:
    """Try a few times; what came of each try is written down at once, because the next may be cut off."""
    for pause in pauses:
        await asyncio.sleep(pause)
        taken, said = await _send(settings, notice)
        notice = replace(notice, tries=notice.tries + 1, said=said)
        if taken or settings.wall() - parse_stamp(notice.made_at) > _MOST_AGE:
            _done(outbox, notice, iso(settings.wall()), "taken" if taken else "given up")
            return
        _keep(outbox, notice)


async def _send(settings: Settings, notice: Notice) -> tuple[bool, str]:
    """True if the receiver took it, and what came of it in words."""
    if not notice.to.startswith(("http://", "https://")):
        return await _by_apprise(notice)
    if not settings.notify_secret:
        return False, "not sent: a webhook is signed, and WIRECOPY_NOTIFY_SECRET is not set"
    body, stamp = notice.body.encode("utf-8", "replace"), str(int(settings.wall().timestamp()))
    headers = {
        "Content-Type": "application/json",
        DELIVERY: notice.id,
        SIGNATURE: f"t={stamp},v1={signature(settings.notify_secret, stamp, body)}",
    }
    status, why = await post(policy_from(settings), notice.to, body, headers, seconds=_TRY_SECONDS)
    return status in _TAKEN, why or f"HTTP {status}"


async def _by_apprise(notice: Notice) -> tuple[bool, str]:
    try:
        apprise = importlib.import_module("apprise")
    except ImportError:
        return False, "not sent: this address needs apprise: pip install 'wirecopy[notify]'"
    courier = apprise.Apprise()
    if not courier.add(notice.to):
        return False, "not sent: apprise does not know such an address"
    title, text = _in_words(notice.body)
    taken = await courier.async_notify(title=title, body=text, body_format=apprise.NotifyFormat.TEXT)
    return bool(taken), "taken by apprise" if taken else "apprise could not hand it over"


# --- the outbox ------------------------------------------------------------------------------------------------------


def _keep(outbox: Path, notice: Notice) -> None:
    """Write a notice down, whole or not at all; its address may hold a key, so that only its owner may read it."""
    outbox.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = outbox / f"{notice.id}.part"
    part.write_text(json.dumps(asdict(notice), ensure_ascii=True), "utf-8")
    part.replace(outbox / f"{notice.id}.json")


def _waiting(outbox: Path) -> Iterator[Notice]:
    """What nobody took so far, the oldest first."""
    found = [Notice(**json.loads(path.read_text("utf-8"))) for path in outbox.glob("*.json")]
    yield from sorted(found, key=lambda each: (each.made_at, each.id))


def _done(outbox: Path, notice: Notice, at: str, how: str) -> None:
    """Note in the log what became of a notice, without its address and what it said, and take it out of the outbox."""
    told = {"id": notice.id, "to": notice.to.split("://")[0], "made_at": notice.made_at, "at": at}
    with (outbox / _LOG).open("a", encoding="utf-8") as log:
        log.write(f"{json.dumps(told | {'tries': notice.tries, 'outcome': how, 'said': notice.said})}\n")
    (outbox / f"{notice.id}.json").unlink(missing_ok=True)
