"""Changes that people make to an archive: forgetting, holds, labels, read marks, named tokens, and repacking."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from archive.api import Archive
from archive.api.access import NAME, digest_of_token
from archive.api.second_records import drop_records
from archive.urls import canonical_url, url_key
from db.backups import files_beside
from db.errors import BadInput, NotArchived
from db.lease_owner import lease_owner, owner_is_alive
from db.queries import changes
from db.queries import holds as hold_queries
from db.queries import tombstones as tombstone_queries
from db.reader import Reader
from db.records import PROGRAM, EventFilter, RepackResult, Role, Tombstone
from db.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from archive.api.version_ref import Ref
    from archive.settings import Settings
    from db.records import Actor, Hold, Label, OriginalLabel

# The death of an owner on this machine is noticed at once, before its lease ends.
_LEASE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """The result of forgetting. ``spares``: files that may still have the article. ``emptied``: the log is empty.

    ``unsalted`` captures are of an older wirecopy: whoever has the page can still confirm their digests.
    """

    graves: tuple[Tombstone, ...]
    spares: tuple[Path, ...]
    emptied: bool
    unsalted: int


def forget(settings: Settings, url: str, *, actor: Actor = PROGRAM) -> Forgotten:
    """Delete an article with every address of its history, and all payloads and texts that no other article has.

    If it is interrupted, call it again. Raises NotArchived (also for an article forgotten before), and StoreBusy during
    a run, because the run might be about to read the deleted rows. Raises BadInput for an article on hold.
    """
    with Archive(settings.db) as archive:
        source = archive.source(url)
        addresses = archive.addresses(source.id)
        unsalted = tombstone_queries.unsalted_captures(archive.ask, source.id)
    spares = files_with(settings.db, addresses)
    with Store(settings.db) as store, _alone(store, settings):
        emptied = store.forget_source(source.id, settings.wall(), actor)
    with Archive(settings.db) as archive:
        graves = tuple(grave for url in addresses if (grave := archive.tombstone(url)) is not None)
        drop_records(archive.ask, settings.db)
    return Forgotten(graves=graves, spares=spares, emptied=emptied, unsalted=unsalted)


def files_with(db: Path, addresses: Sequence[str]) -> tuple[Path, ...]:
    """Return the files beside the archive that contain one of these addresses, or may: those that cannot be read."""
    keys = [url_key(address) for address in addresses]
    return tuple(path for path in files_beside(db) if _may_contain(path, keys))


def _may_contain(path: Path, keys: Sequence[str]) -> bool:
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)) as connection:
            sql = f"SELECT 1 FROM source WHERE url_key IN ({', '.join('?' * len(keys))}) LIMIT 1"  # noqa: S608 - marks
            return connection.execute(sql, keys).fetchone() is not None
    except sqlite3.OperationalError as error:
        return "no such table" not in str(error)  # the database of another program, Prefect's for one
    except sqlite3.Error:
        return True  # damaged, or a log: it may


def hold(settings: Settings, url: str, *, note: str = "", actor: Actor = PROGRAM) -> bool:
    """Keep an article: it cannot be forgotten before it is released. False if it was held. Raises NotArchived."""
    with Archive(settings.db) as archive:
        source_id = archive.source(url).id
    with Store(settings.db) as store:
        return store.add_hold(source_id, note, settings.wall(), actor)


def release(settings: Settings, url: str, *, actor: Actor = PROGRAM) -> int:
    """Release the holds on every address of an article. Return their number. Raises NotArchived."""
    with Archive(settings.db) as archive:
        source_ids = archive.history_source_ids(url)
    with Store(settings.db) as store:
        return store.release_holds(source_ids, settings.wall(), actor)


def holds(db: Path) -> list[Hold]:
    """Return every hold in force, oldest first."""
    with Reader(db) as reader:
        return hold_queries.in_force(reader.ask)


def lift(settings: Settings, url: str, *, actor: Actor = PROGRAM) -> bool:
    """Allow an address to be archived again; False if it was not forgotten."""
    with Store(settings.db) as store:
        return store.lift_tombstone(url_key(canonical_url(url)), settings.wall(), actor)


def label(
    settings: Settings, a: Ref, b: Ref, *, copy: bool, note: str = "", actor: Actor = PROGRAM
) -> tuple[Label, bool]:
    """Label the texts of two versions as copies, or as no copies; False if they had that label already.

    A label is independent evidence, and stays valid under new recipes and methods. Raises NotArchived, and BadInput
    for two versions of one article.
    """
    return label_in(settings.db, a, b, copy=copy, note=note, now=settings.wall(), actor=actor)


def label_in(
    db: Path, a: Ref, b: Ref, *, copy: bool, note: str, now: datetime, actor: Actor = PROGRAM
) -> tuple[Label, bool]:
    """Label two texts as ``label`` does, in the archive at ``db``."""
    with Archive(db) as archive:
        first, second = archive.version(a), archive.version(b)
        sides = [
            (archive.source(version.url).id, version.text_sha256, version.first_seen_at) for version in (first, second)
        ]
    if sides[0][0] == sides[1][0]:
        raise BadInput(f"{first.url}: both are versions of one article; to compare them: wirecopy diff {first.url}")
    with Store(db) as store:
        new = store.add_label(sides[0], sides[1], copy=copy, note=note, now=now, actor=actor)
    with Archive(db) as archive:
        stored = archive.label_of(first, second)
    if stored is None:
        raise NotArchived(f"{first.url} or {second.url} was forgotten meanwhile")
    return stored, new


def label_original(
    settings: Settings, ref: Ref, *, original: bool, note: str = "", actor: Actor = PROGRAM
) -> tuple[OriginalLabel, bool]:
    """Say that the text of a version is the original of its copies, or is not; False if that was said already.

    It outweighs every sign. The newest word on an article counts. Raises NotArchived.
    """
    return label_original_in(settings.db, ref, original=original, note=note, now=settings.wall(), actor=actor)


def label_original_in(
    db: Path, ref: Ref, *, original: bool, note: str, now: datetime, actor: Actor = PROGRAM
) -> tuple[OriginalLabel, bool]:
    """Label a text as ``label_original`` does, in the archive at ``db``."""
    with Archive(db) as archive:
        version = archive.version(ref)
        side = archive.source(version.url).id, version.text_sha256, version.first_seen_at
    with Store(db) as store:
        new = store.add_original_label(side, original=original, note=note, now=now, actor=actor)
    with Archive(db) as archive:
        stored = archive.original_labels(version.url)
    label = next((label for label in stored if label.version.text_sha256 == version.text_sha256), None)
    if label is None:
        raise NotArchived(f"{version.url} was forgotten meanwhile")
    return label, new


def forget_original(settings: Settings, url: str, *, actor: Actor = PROGRAM) -> int:
    """Take back what was said of an article being the original. Return the number of labels. Raises NotArchived."""
    return forget_original_in(settings.db, url, now=settings.wall(), actor=actor)


def forget_original_in(db: Path, url: str, *, now: datetime, actor: Actor = PROGRAM) -> int:
    """Take labels back as ``forget_original`` does, in the archive at ``db``."""
    with Archive(db) as archive:
        source_ids = archive.history_source_ids(url)
    with Store(db) as store:
        return store.drop_original_labels(source_ids, now, actor)


def repack(settings: Settings, *, everything: bool, progress: Callable[[RepackResult], None]) -> RepackResult:
    """Choose the delta base of every payload again. ``progress`` gets the sum so far. Runs may continue meanwhile."""
    total = RepackResult()
    with Store(settings.db) as store:
        for step in store.repack_payloads(everything=everything):
            total += step
            progress(total)
    return total


@contextmanager
def _alone(store: Store, settings: Settings) -> Iterator[None]:
    """Hold the lease of a run, which one process has at a time. Raises StoreBusy."""
    owner = lease_owner("forget")
    store.take_lease("run", owner, settings.wall(), settings.wall() + _LEASE, owner_is_alive)
    try:
        yield
    finally:
        store.release_leases(owner)


def mark_seen(db: Path, source_id: int, until: datetime, *, now: datetime, reader: str = "") -> None:
    """Mark the versions of an article first seen up to ``until`` as read. An earlier instant undoes that."""
    with Store(db) as store:
        store.mark_read(source_id, until, now, reader)


def catch_up(db: Path, *, now: datetime, until: datetime | None = None, reader: str = "") -> datetime | None:
    """Mark all versions and events up to ``until`` as read by a reader (None: all).

    Return that instant, None if there is no change to mark.
    """
    if until is None:
        with Reader(db) as opened:
            newest_change = changes.newest_change_at(opened.ask)
        with Archive(db) as archive:
            newest_events = archive.events(EventFilter(), limit=1).rows
        instants = [newest_change, *(event.at for event in newest_events)]
        until = max((instant for instant in instants if instant is not None), default=None)
    if until is not None:
        with Store(db) as store:
            store.mark_read(None, until, now, reader)
    return until


# --- access ----------------------------------------------------------------------------------------------------------


def add_token(db: Path, name: str, token: str, roles: Collection[Role], *, now: datetime, actor: Actor) -> None:
    """Store the digest of a new token of a person. Reading is always allowed.

    Raises BadInput for a name that is not usable, or has a token in force.
    """
    if NAME.fullmatch(name) is None:
        raise BadInput(f"{name[:40]!r} cannot be the name of a token; use letters, digits and . _ @ + -, such as ana")
    with Store(db) as store:
        store.add_token(name, digest_of_token(token), {Role.READ, *roles}, now, actor)


def revoke_token(db: Path, name: str, *, now: datetime, actor: Actor) -> bool:
    """Revoke the token of a person at once. False if none is in force."""
    with Store(db) as store:
        return store.revoke_token(name, now, actor)


def record_changes(
    db: Path, actor: Actor, action: str, subjects: Iterable[str], *, now: datetime, detail: str = ""
) -> None:
    """Append changes to the audit that are not stored in the archive: those of rows of the seed index."""
    with Store(db) as store:
        for subject in subjects:
            store.record_change(actor, action, subject, now, detail)
