"""Time stamps from outside: the log's checkpoint goes to one to three authorities (RFC 3161), hourly at most.

The reply of each is kept as it came, and its digest becomes the next entry of the log. So what was recorded before has
a time by which it existed, and what comes later a time after which it was recorded. A capture never waits for this, and
never fails with it.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from archive.api import signed_log
from archive.crawl.fetch import policy_from
from archive.crawl.fetch.bounded_get import request_bytes
from archive.formats.evidence import time_stamp
from archive.timestamps import iso
from db.errors import ArchiveError
from db.store import Store

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from archive.settings import Settings

EVERY: Final = timedelta(hours=1)
"""The shortest time between two rounds of time stamps."""

_SECONDS: Final = 20.0
_TYPE: Final = {"Content-Type": "application/timestamp-query"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorReport:
    """The result of one authority: the time that it stated, or None and the problem."""

    authority: str
    stamped_at: datetime | None
    problem: str = ""


async def anchor(settings: Settings) -> list[AnchorReport]:
    """Sign a checkpoint and have it stamped by every authority of the settings. Raises BadInput and LogForked."""
    signed = signed_log.sign(settings.db)
    message = signed.note.encode()
    digest = hashlib.sha256(message).digest()
    nonce = int.from_bytes(hashlib.sha256(digest + iso(settings.wall()).encode()).digest()[:8], "big") >> 1
    policy, question = policy_from(settings), time_stamp.request(digest, nonce)
    replies = await asyncio.gather(
        *(
            request_bytes(policy, url, most=time_stamp.MOST_REPLY, seconds=_SECONDS, post=question, headers=_TYPE)
            for url in settings.authorities
        )
    )
    folder = signed_log.anchors_path(settings.db)
    folder.mkdir(exist_ok=True)
    (folder / f"{signed.checkpoint.size}.checkpoint").write_bytes(message)
    reports = []
    for authority, (reply, problem) in zip(settings.authorities, replies, strict=True):
        report = AnchorReport(authority=authority, stamped_at=None, problem=problem)
        if not problem:
            report = _keep(folder, authority, reply, digest, nonce)
        if report.stamped_at is not None:
            values = {"authority": authority, "size": str(signed.checkpoint.size), "at": iso(report.stamped_at)}
            with Store(settings.db) as store:
                store.append_entry("anchor", values | {"reply_sha256": hashlib.sha256(reply).hexdigest()})
        reports.append(report)
    return reports


def _keep(folder: Path, authority: str, reply: bytes, digest: bytes, nonce: int) -> AnchorReport:
    """Store a reply as it came, whatever it is, and return what it says."""
    (folder / f"{hashlib.sha256(reply).hexdigest()}.tsr").write_bytes(reply)
    try:
        stamp = time_stamp.read_reply(reply)
    except time_stamp.BadReply as error:
        return AnchorReport(authority=authority, stamped_at=None, problem=str(error))
    if (stamp.digest, stamp.nonce) != (digest, nonce):
        return AnchorReport(authority=authority, stamped_at=None, problem="the reply is to another request")
    return AnchorReport(authority=authority, stamped_at=stamp.stated_at)


async def anchor_if_due(settings: Settings) -> dict[str, int]:
    """Sign the log if it has a key, and have it stamped if that is due. Never raises: ``doctor`` names a fork.

    A stamp is due if authorities are set, an hour went by, and something is new. Return the numbers of stamps and of
    failures, nothing if none was due.
    """
    if not signed_log.key_path(settings.db).exists():
        return {}
    try:
        signed_log.sign(settings.db)
        if not settings.authorities:
            return {}
        last_at, entries = signed_log.last_anchor(settings.db)
        if not entries or (last_at is not None and settings.wall() - last_at < EVERY):
            return {}
        reports = await anchor(settings)
    except (ArchiveError, OSError):
        return {"time_stamp_failures": len(settings.authorities)}
    stamped = sum(report.stamped_at is not None for report in reports)
    return {"time_stamps": stamped, "time_stamp_failures": len(reports) - stamped}
