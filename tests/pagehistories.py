"""Real page histories and real pages of known sites, where there are any: what packing is measured on.

They are other people's pages and no part of this repository.
"""

from __future__ import annotations

import json
import lzma
import sys
import tarfile
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from warcio.archiveiterator import ArchiveIterator

from archive.api import Archive
from archive.extract.worker_pool import Extractors
from archive.pipeline.derive import derive
from archive.pipeline.recipe import current_recipe
from db.queries import captures as capture_queries
from db.queries import statistics
from db.store import Store
from tests.builders import a_capture, add_source

if TYPE_CHECKING or sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Iterable

    from db.reader import Ask
    from db.records import Capture, History

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
VERSIONS = DATA / "versions"
GOVERNMENT = DATA / "versions-govuk"
SITES = DATA / "extraction" / "pages-fundus.jsonl.xz"

SETS = {"ota": "62 pages of terms and policies", "news": "17 front, section and privacy pages of news sites"}

TOGETHER = 50
"""Captures kept at once, as a run does."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One capture: what stood at an address at a moment."""

    url: str
    at: datetime
    data: bytes


def histories(name: str) -> list[Seen]:
    """Every capture of a set, in the order of time, as a run over all its pages would meet them."""
    told = zstd.decompress((VERSIONS / "manifest.jsonl.zst").read_bytes()).decode().splitlines()
    rows = [row for row in map(json.loads, told) if row["set"] == name]
    with tarfile.open(fileobj=BytesIO(zstd.decompress((VERSIONS / f"{name}.tar.zst").read_bytes()))) as tar:
        members = {tuple(member.name.split("/")[-2:]): member for member in tar if member.isfile()}
        data = {key: tar.extractfile(member).read() for key, member in members.items()}  # type: ignore[union-attr]
    seen = [
        Seen(_address(row), datetime.fromtimestamp(row["captured_at"], UTC), data[row["page"], f"{row['n']:03}.html"])
        for row in rows
    ]
    return sorted(seen, key=lambda one: (one.at, one.url))


def government_histories() -> list[Seen]:
    """Every capture of 89 pages of a government: the main part of each page, in the order of time."""
    warc = zstd.decompress(
        (GOVERNMENT / "govuk-dev.warc.zst").read_bytes(), options={zstd.DecompressionParameter.window_log_max: 27}
    )
    seen = []
    for record in ArchiveIterator(BytesIO(warc)):
        at = datetime.fromisoformat(record.rec_headers["WARC-Date"])
        seen.append(Seen(record.rec_headers["WARC-Target-URI"], at, record.content_stream().read()))
    return sorted(seen, key=lambda one: (one.at, one.url))


def settle_histories(path: Path, seen: list[Seen]) -> dict[str, History]:
    """Keep captures in a new archive at ``path`` as runs would, derive them, and return the history of each page."""
    now = datetime(2027, 1, 1, tzinfo=UTC)
    recipe = current_recipe()
    with Store(path) as store, Extractors(2) as extractors:
        store.use_recipe(recipe, now)
        keep_all(store, seen)
        while waiting := capture_queries.underived(store.ask, 100):
            derive(store, extractors, waiting, recipe=recipe, now=now, stopped=lambda: True)
    with Archive(path) as archive:
        return {url: archive.history(url)[1] for url in dict.fromkeys(one.url for one in seen)}


def _address(row: dict[str, str]) -> str:
    """An address of the page's own, at the site (or the service) that it is of."""
    parts = row["path"].split("/")
    site = parts[2] if row["set"] == "news" else "".join(each for each in parts[0].lower() if each.isalnum())
    return f"https://{site if '.' in site else site + '.example'}/{row['page']}"


def pages_of_sites() -> dict[str, list[Seen]]:
    """Articles of 16 publishers, five each."""
    found: dict[str, list[Seen]] = {}
    with lzma.open(SITES, "rt", encoding="utf-8") as lines:
        for number, row in enumerate(map(json.loads, lines)):
            one = Seen(row["url"], datetime.fromtimestamp(1_767_600_000 + number, UTC), row["html"].encode())
            found.setdefault(urlsplit(one.url).hostname or "", []).append(one)
    return found


def captures_of(store: Store, seen: Iterable[Seen]) -> list[tuple[Capture, bytes]]:
    """What a run would hand to the store, its sources made."""
    ids: dict[str, int] = {}
    found = []
    for one in seen:
        if one.url not in ids:
            ids[one.url] = add_source(store, one.url)
        found.append((a_capture(ids[one.url], at=one.at, url=one.url), one.data))
    return found


def keep_all(store: Store, seen: Iterable[Seen]) -> None:
    """Keep these captures, a batch at a time."""
    found = captures_of(store, seen)
    for start in range(0, len(found), TOGETHER):
        store.record(found[start : start + TOGETHER])


def payload_bytes(ask: Ask) -> int:
    """Bytes of all database pages that hold payloads: the table and every index of it."""
    return statistics.sizes(ask, statistics.table_sizes(ask))["payloads"]
