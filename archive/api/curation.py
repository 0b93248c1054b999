"""Care that changes the archive: forgetting on request, what people say of two texts, and packing anew."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from archive.api import Archive
from archive.urls import canonical_url, url_key
from db.backups import list_backups
from db.errors import BadInput, NotArchived
from db.lease_owner import lease_owner, owner_is_alive
from db.queries import changes
from db.reader import Reader
from db.records import RepackResult, Tombstone
from db.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from archive.api.version_ref import Ref
    from archive.settings import Settings
    from db.records import Label

# A holder that dies on this machine is noticed at once whatever its lease says.
_LEASE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What forgetting did. ``spares`` are the backups that may still have it; ``emptied``: the log does not."""

    graves: tuple[Tombstone, ...]
    spares: tuple[Path, ...]
    emptied: bool


def forget(settings: Settings, url: str) -> Forgotten:
    """Delete an article, under every address of its history, and all that nobody else shows. Cut off, do it again.

    Raises NotArchived (also for what was forgotten before), and StoreBusy while a run is at work: it might be about to
    read what goes.
    """
    with Archive(settings.db) as archive:
        source = archive.source(url)
        addresses = archive.addresses(source.id)
    with Store(settings.db) as store, _alone(store, settings):
        emptied = store.forget_source(source.id, settings.wall())
    with Archive(settings.db) as archive:
        graves = tuple(grave for each in addresses if (grave := archive.tombstone(each)) is not None)
    return Forgotten(graves=graves, spares=tuple(list_backups(settings.db)), emptied=emptied)


def lift(settings: Settings, url: str) -> bool:
    """Allow an address to be archived again; False if it was not forgotten."""
    with Store(settings.db) as store:
        return store.lift_tombstone(url_key(canonical_url(url)), settings.wall())


def label(settings: Settings, a: Ref, b: Ref, *, copy: bool, note: str = "") -> tuple[Label, bool]:
    """Say of the texts of two versions that one is a copy of the other, or not; False if that was said already.

    It is evidence of its own, and outlasts every new recipe and method. Raises NotArchived, and BadInput for two
    versions of one article.
    """
    return label_in(settings.db, a, b, copy=copy, note=note, now=settings.wall())


def label_in(db: Path, a: Ref, b: Ref, *, copy: bool, note: str, now: datetime) -> tuple[Label, bool]:
    """As ``label``, of the archive at ``db``."""
    with Archive(db) as archive:
        first, second = archive.version(a), archive.version(b)
        sides = [(archive.source(each.url).id, each.text_sha256, each.first_seen_at) for each in (first, second)]
    if sides[0][0] == sides[1][0]:
        raise BadInput(f"{first.url}: both are versions of one article; to compare them: wirecopy diff {first.url}")
    with Store(db) as store:
        new = store.add_label(sides[0], sides[1], copy=copy, note=note, now=now)
    with Archive(db) as archive:
        said = archive.label_of(first, second)
    if said is None:
        raise NotArchived(f"{first.url} or {second.url} was forgotten meanwhile")
    return said, new


def repack(settings: Settings, *, everything: bool, progress: Callable[[RepackResult], None]) -> RepackResult:
    """Choose the base of every payload again; ``progress`` is told what was done so far. Runs may go on meanwhile."""
    done = RepackResult()
    with Store(settings.db) as store:
        for step in store.repack_payloads(everything=everything):
            done += step
            progress(done)
    return done


@contextmanager
def _alone(store: Store, settings: Settings) -> Iterator[None]:
    """The right to work on the archive, which one run has at a time."""
    me = lease_owner("forget")
    store.take_lease("run", me, settings.wall(), settings.wall() + _LEASE, owner_is_alive)
    try:
        yield
    finally:
        store.release_leases(me)


def mark_seen(db: Path, source_id: int, until: datetime, *, now: datetime) -> None:
    """Of one article everything first seen up to ``until`` was looked at; an earlier instant takes that back."""
    with Store(db) as store:
        store.mark_read(source_id, until, now)


def catch_up(db: Path, *, now: datetime, until: datetime | None = None) -> datetime | None:
    """Everything first seen up to ``until`` was looked at (None: all there is). What was marked; None: no change."""
    if until is None:
        with Reader(db) as reader:
            until = changes.newest_change_at(reader.ask)
    if until is not None:
        with Store(db) as store:
            store.mark_read(None, until, now)
    return until
