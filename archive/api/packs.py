"""Moving saved pages between the database and packs in an object store."""

from __future__ import annotations

from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Final

from db.errors import BadInput, StoreError
from db.queries import packs as pack_queries
from db.reader import Reader
from db.records import PacksResult
from db.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from archive.settings import Settings

KEPT: Final = timedelta(days=7)
"""Pages shown within this time stay in the database, where the next visits compare with them."""


def move_to_packs(
    settings: Settings, *, everything: bool = False, progress: Callable[[PacksResult], None] = lambda _: None
) -> PacksResult:
    """Move pages into packs at the place of the setting ``objects``.

    First, pages whose pack is missing are looked for in the other packs. Pages of the last week stay, and what does not
    fill a pack, unless ``everything``. ``progress`` gets the sum so far. Other
    commands may run meanwhile. Raises BadInput if no place is set, StoreError if it cannot be used.
    """
    if settings.objects is None:
        raise BadInput(
            'no place for packs is set. Write objects = "s3://bucket/folder" or "file:///mnt/disk/pages" into '
            "wirecopy.toml"
        )
    before = None if everything else settings.wall() - KEPT
    with Store(settings.db) as store:
        least = {"least": 1} if everything else {}
        now = settings.wall()
        mended = store.find_lost_payloads(now)
        return _sum(chain(mended, store.move_to_packs(settings.objects, now, before=before, **least)), progress)


def move_back(settings: Settings, *, progress: Callable[[PacksResult], None] = lambda _: None) -> PacksResult:
    """Move the pages of all packs into the database again. Raises StoreError if one cannot be read."""
    with Store(settings.db) as store:
        return _sum(store.move_back(settings.wall()), progress)


def purge_packs(settings: Settings) -> str:
    """Delete from packs what was deleted from the archive. Return what prevents it, or an empty text."""
    try:
        with Store(settings.db) as store:
            _sum(store.purge_packs(settings.wall()), lambda _: None)
    except StoreError as error:
        return str(error)
    return ""


def lost_packs(settings: Settings) -> Iterator[str]:
    """Yield what is wrong with the packs, one sentence each: missing, of another length, or with deleted pages."""
    with Reader(settings.db) as reader:
        rows = [row for row in pack_queries.all_packs(reader.ask) if row["stored_at"] is not None]
    for row in rows:
        if row["has_deleted"]:
            yield f"{row['location']} still has the bytes of deleted pages"
        elif problem := pack_queries.pack_problem(row):
            yield problem


def _sum(steps: Iterable[PacksResult], progress: Callable[[PacksResult], None]) -> PacksResult:
    total = PacksResult()
    for step in steps:
        total += step
        progress(total)
    return total
