"""Pack payloads and write them, each as its difference from a stored one where that is smaller.

Packing takes milliseconds a page, so it is done before the transaction that stores the captures, by queries alone. The
result is checked again inside the transaction. A base that is gone by then, or too deep, costs room and nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqlalchemy.dialects.sqlite import insert

from db import delta_codec
from db.microseconds import micros
from db.queries import payloads as payload_queries
from db.schema import payload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sqlalchemy import Connection

    from db.reader import Ask
    from db.records import Capture

    PayloadPairs = Sequence[tuple[Capture, "bytes | Packed | None"]]

ON_ARRIVAL, REPACKED = 1, 2
"""Values of ``packing``: the base was chosen when the payload arrived, or by repack. 0 in older archives."""

# The last capture and the bases behind it: the last two would save 0.2 to 0.7 % and cost 30 % more trials.
_CAPTURES_BEFORE = 1
ANCHORS = 4
"""Newest whole pages of the site to try: one makes new pages of 14 news sites 2.3 times smaller, four 3.6 times."""
# Decoded bases in memory at most, in bytes: some thirty sources of usual size.
_CACHE_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A payload ready to be written, packed against ``base`` (a digest). ``data`` None: it is stored already.

    ``anchor`` names the site whose later pages may be packed against it.
    """

    sha256: bytes
    whole: bytes
    codec: str = ""
    base: bytes | None = None
    anchor: str | None = None
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class Base:
    """A payload that others may be packed against: its length in bytes, its own base, and its depth in deltas."""

    length: int
    base: bytes | None = None
    depth: int = 0

    @property
    def is_usable(self) -> bool:
        """True if something may be packed against it."""
        return self.depth < delta_codec.MAX_DEPTH and self.length >= delta_codec.LEAST_BASE


class BaseCache:
    """Bases in memory, by digest. Where a payload is cached, all bases behind it are. They are decoded on demand."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._bases: dict[bytes, Base] = {}
        self._packed: dict[bytes, tuple[str, bytes]] = {}
        self._whole: dict[bytes, bytes] = {}
        self._digests: dict[int, bytes] = {}
        self._ids: dict[bytes, int] = {}

    def __getitem__(self, digest: bytes) -> Base:
        return self._bases[digest]

    def whole(self, digest: bytes) -> bytes:
        """Return the bytes of a cached payload. Raises Corrupt."""
        if digest not in self._whole:
            entry = self._bases[digest]
            base = None if entry.base is None else self.whole(entry.base)
            self._whole[digest] = delta_codec.unpack(*self._packed[digest], base, length=entry.length)
        return self._whole[digest]

    def put(self, digest: bytes, whole: bytes, base: bytes | None) -> None:
        """Cache a payload, whose own base is cached."""
        self._bases[digest] = Base(len(whole), base, 0 if base is None else self._bases[base].depth + 1)
        self._whole[digest] = whole

    def fetch(self, ids: Iterable[int]) -> list[bytes]:
        """Cache these payloads of the archive and return their digests."""
        payload_ids = list(ids)
        if missing := [payload_id for payload_id in payload_ids if payload_id not in self._digests]:
            for row in payload_queries.lineage(self._ask, missing):
                digest, base = row["sha256"], self._digests.get(row["base_id"])
                self._digests[row["id"]] = digest
                self._ids[digest] = row["id"]
                self._bases[digest] = Base(row["length"], base, 0 if base is None else self._bases[base].depth + 1)
                self._packed[digest] = row["codec"], row["data"]
        return [self._digests[payload_id] for payload_id in payload_ids]

    def id_of(self, digest: bytes) -> int | None:
        """Return the id of a payload that was fetched, or None for one that is not stored yet."""
        return self._ids.get(digest)

    def lineage(self, digest: bytes) -> Iterator[bytes]:
        """Yield the digests of a payload and of all bases behind it, the whole one last."""
        step: bytes | None = digest
        while step is not None:
            yield step
            step = self._bases[step].base

    def clear_if_full(self) -> None:
        """Empty the cache if it takes too much memory."""
        if sum(map(len, self._whole.values())) > _CACHE_BYTES:
            self._bases, self._packed, self._whole = {}, {}, {}
            self._digests, self._ids = {}, {}


class _BaseSearch:
    """The search for the best base of one payload, among those that are ``allowed``."""

    def __init__(self, data: bytes, cache: BaseCache, allowed: Callable[[bytes], bool]) -> None:
        self._data = data
        self._cache = cache
        self._allowed = allowed
        self.trials: dict[bytes, delta_codec.Trial] = {}

    def try_lineages(self, digests: Iterable[bytes]) -> None:
        """Try these payloads, and the bases behind each as long as one can still be better."""
        for start in digests:
            for digest in self._cache.lineage(start):
                if digest in self.trials or not self._cache[digest].is_usable or not self._allowed(digest):
                    continue
                size = delta_codec.trial_size(self._data, self._cache.whole(digest))
                trial = delta_codec.Trial(size=size, depth=self._cache[digest].depth)
                hopeless = delta_codec.is_hopeless(self.trials, trial)
                self.trials[digest] = trial
                if hopeless:
                    break


def best_base(
    data: bytes,
    cache: BaseCache,
    neighbours: Sequence[bytes],
    anchors: Callable[[], Sequence[bytes]],
    *,
    allowed: Callable[[bytes], bool] = lambda _: True,
) -> bytes | None:
    """Return the digest of the payload to pack against, None if ``data`` is best stored whole.

    Tries ``neighbours`` and the bases behind them, if ``allowed``, and ``anchors`` only if none of these is worth it.
    """
    if len(data) < delta_codec.LEAST_BASE:
        return None
    search = _BaseSearch(data, cache, allowed)
    search.try_lineages(neighbours)
    if delta_codec.is_near_copy(search.trials, len(data)):
        return delta_codec.choose_base(search.trials, len(data))
    size_alone = delta_codec.trial_size(data)
    if delta_codec.choose_base(search.trials, size_alone) is None:
        search.try_lineages(anchors())
    return delta_codec.choose_base(search.trials, size_alone)


# --- before the transaction ------------------------------------------------------------------------------------------


class _Packer:
    """Packs the payloads of one batch of captures, each against others of the batch or of the archive."""

    def __init__(self, ask: Ask, captures: Sequence[Capture]) -> None:
        self._ask = ask
        self._seen = payload_queries.with_payload(ask, {capture.source_id for capture in captures})
        self._sites = {site for capture in captures if (site := site_of(capture)) is not None}
        self._stored_anchors: dict[str, list[int]] | None = None
        self._cache = BaseCache(ask)
        self._batch: dict[tuple[object, ...], list[tuple[int, bytes]]] = defaultdict(list)
        self._wholes: dict[str, list[tuple[bytes, bytes]]] = defaultdict(list)
        self._source: int | None = None

    def pack(self, capture: Capture, digest: bytes, data: bytes) -> Packed:
        if capture.source_id != self._source:
            self._source = capture.source_id
            self._batch.clear()
            self._cache.clear_if_full()
        same_kind = self._batch[capture.reason, capture.part]
        neighbours = self._neighbours(capture, same_kind)
        base = best_base(data, self._cache, neighbours, lambda: self._anchors(site_of(capture)))
        codec, packed = delta_codec.pack(data, None if base is None else self._cache.whole(base))
        self._cache.put(digest, data, base)
        same_kind.append((micros(capture.captured_at), digest))
        site = site_of(capture) if base is None and len(data) >= delta_codec.LEAST_BASE else None
        if site is not None:
            self._wholes[site].append((digest, data))
        return Packed(sha256=digest, whole=data, codec=codec, base=base, anchor=site, data=packed)

    def _neighbours(self, capture: Capture, same_kind: Sequence[tuple[int, bytes]]) -> list[bytes]:
        """Return what was captured of the same source just before and just after, in the batch or the archive."""
        instant = micros(capture.captured_at)
        rows = (
            payload_queries.neighbours(self._ask, capture, _CAPTURES_BEFORE) if capture.source_id in self._seen else []
        )
        stored = self._cache.fetch(payload_id for _, payload_id in rows)
        pairs = [*zip((captured_at for captured_at, _ in rows), stored, strict=True), *same_kind]
        before = sorted((pair for pair in pairs if pair[0] <= instant), reverse=True)
        after = sorted(pair for pair in pairs if pair[0] > instant)
        return [digest for _, digest in (*before[:_CAPTURES_BEFORE], *after[:1])]

    def _anchors(self, site: str | None) -> list[bytes]:
        """Return the newest pages of the site that are stored whole, of this batch and of the archive."""
        if site is None:
            return []
        in_batch = self._wholes[site][: -ANCHORS - 1 : -1]
        for digest, data in in_batch:
            self._cache.put(digest, data, None)
        if self._stored_anchors is None:
            self._stored_anchors = payload_queries.anchors(self._ask, self._sites, ANCHORS)
        stored = self._stored_anchors[site][: ANCHORS - len(in_batch)]
        return [*(digest for digest, _ in in_batch), *self._cache.fetch(stored)]


def pack_all(ask: Ask, captures: PayloadPairs) -> list[tuple[Capture, Packed | None]]:
    """Return the captures with their payloads packed, in the order given. Stored payloads are not packed again.

    Captures of one source are packed against each other too, in the order of time, as if they had come one by one.
    """
    digests = {
        position: delta_codec.digest(data) for position, (_, data) in enumerate(captures) if isinstance(data, bytes)
    }
    stored = payload_queries.stored_payloads(ask, digests.values())
    packer = _Packer(ask, [captures[position][0] for position, digest in digests.items() if digest not in stored])
    packed: dict[bytes, Packed] = {}
    for position in sorted(digests, key=lambda place: (captures[place][0].source_id, captures[place][0].captured_at)):
        (capture, data), digest = captures[position], digests[position]
        if digest in packed or not isinstance(data, bytes):
            continue
        is_stored = digest in stored
        packed[digest] = Packed(sha256=digest, whole=data) if is_stored else packer.pack(capture, digest, data)
    return [
        (capture, packed[digests[position]] if position in digests else None if isinstance(data, bytes) else data)
        for position, (capture, data) in enumerate(captures)
    ]


def site_of(capture: Capture) -> str | None:
    """Return the host that answered, whose pages are likely to be alike, or None for an address without one."""
    try:
        return urlsplit(capture.final_url or capture.url).hostname
    except ValueError:  # an address with half a bracket in it
        return None


# --- inside the transaction ------------------------------------------------------------------------------------------

_ADD = insert(payload)


class PayloadWriter:
    """Writes the payloads of one transaction, bases before what is packed against them."""

    def __init__(self, connection: Connection, ask: Ask, packed: Iterable[Packed | None]) -> None:
        self._connection = connection
        self._packed = {entry.sha256: entry for entry in packed if entry is not None}
        bases = (entry.base for entry in self._packed.values() if entry.base is not None)
        rows = payload_queries.stored_payloads(ask, {*self._packed, *bases})
        self._stored = {digest: (row["id"], row["depth"]) for digest, row in rows.items()}
        self._only_bases: set[bytes] = set()
        self._rows: list[dict[str, object]] = []
        self._next_id = payload_queries.newest_id(ask) + 1

    def add(self, new: Packed | None) -> tuple[int | None, bool]:
        """Return the payload's id, and whether an earlier capture showed it already."""
        if new is None:
            return None, False
        is_repeat = new.sha256 in self._stored and new.sha256 not in self._only_bases
        self._only_bases.discard(new.sha256)
        return self._place(new)[0], is_repeat

    def write(self) -> None:
        """Write the new payloads."""
        if self._rows:
            self._connection.execute(_ADD, self._rows)

    def _place(self, new: Packed) -> tuple[int, int]:
        """Return id and depth of a payload, adding it if it is new."""
        if new.sha256 not in self._stored:
            self._stored[new.sha256] = self._append(new)
        return self._stored[new.sha256]

    def _append(self, new: Packed) -> tuple[int, int]:
        base = self._base(new)
        codec, data, depth = new.codec, new.data, 0 if base is None else base[1] + 1
        if data is None or (new.base is not None and base is None):  # its base was forgotten in between
            codec, data = delta_codec.pack(new.whole)
        row = {"sha256": new.sha256, "codec": codec, "length": len(new.whole), "data": data, "depth": depth}
        row |= {"base_id": None if base is None else base[0], "packing": ON_ARRIVAL, "anchor": new.anchor}
        self._rows.append(row | {"id": self._next_id})
        self._next_id += 1
        return self._next_id - 1, depth

    def _base(self, new: Packed) -> tuple[int, int] | None:
        if new.base is None:
            return None
        if new.base not in self._stored and new.base in self._packed:
            self._place(self._packed[new.base])
            self._only_bases.add(new.base)
        base = self._stored.get(new.base)
        return None if base is None or base[1] >= delta_codec.MAX_DEPTH else base
