"""The codec of stored payloads. A payload is identified by its sha256; how it is packed is private to the store.

A payload is stored whole (``zstd``, or ``raw`` where that does not shrink it) or as its difference from an earlier one,
its base (``delta``): zstd with the base as a prefix (RFC 8878, raw dictionary). Bases may be deltas themselves. A
payload is at most ``MAX_DEPTH`` steps away from a whole one.

All functions are pure, over bytes and numbers. ``db.store.payloads`` finds the payloads that may be bases.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from db.errors import Corrupt

if TYPE_CHECKING or sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Mapping

    Options = dict[zstd.CompressionParameter, int]

MAX_DEPTH = 4
"""Most deltas between a payload and a whole one. Without a limit real histories take 3 and 10 % less room, but reading
one version takes up to forty decodings instead of five."""

LEAST_BASE = 256
"""Bytes a base needs. A shorter payload helps no other, and packs to almost nothing by itself."""

# Level 9 against 3: 9 % smaller pages for 4 times the CPU, still half of gzip -6. Level 19: 5 % smaller again for 20
# times (storage research, section 2), so it is for repacking whole payloads, which are one in thirty.
_LEVEL, _THOROUGH = 9, 19
# Deltas at level 8 are 0.2 % larger than at 9 for two thirds of the CPU. Matches of 6 bytes and more make them 1 to 4 %
# smaller than zstd's own choice of 5, at the same cost.
_DELTA, _MATCH = 8, 6
# Windows that hold base and payload together: the default does not reach that far. Every decoder accepts 27.
_LEAST_WINDOW, _MOST_WINDOW = 10, 27
# Above 2**23 bytes the match finder of level 9 no longer reaches the base: a page of 20 MiB with 60 edited lines packs
# to 8.4 MB without long-distance matching and to 4.7 kB with it.
_LONG = 23
# Level 1 sees little of a long base with its own small hash table and often picks the wrong one (17 % larger deltas on
# policy pages); with one slot for each eight bytes it picks as level 9 does, for 0.24 ms a trial instead of 2.3.
_TRIAL_HASH = (17, 22)
# The price of a step of depth. Without it every payload is packed against the one before until the depth is used up,
# and the rest against a base that ages: 2,835 bytes a version instead of 2,049 on 62 real page histories.
_STEP = 1.2
# A delta larger than this share of the whole payload is not worth its steps; stored whole it is a better base for later
# pages. 0.6 to 0.9 differ by 2 % on new pages of known sites, 0.5 costs 10 %.
_WORTH = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The estimated cost of packing against a base: bytes, and the depth of the base in deltas."""

    size: int
    depth: int


def digest(data: bytes) -> bytes:
    """Return the sha256 of a payload, 32 raw bytes."""
    return hashlib.sha256(data).digest()


def pack(data: bytes, base: bytes | None = None, *, thorough: bool = False) -> tuple[str, bytes]:
    """Return the codec and the packed bytes of one payload, as a difference from ``base`` if one is given.

    ``thorough`` takes 20 times as long for a whole payload and saves 5 %. The result is unpacked before it is returned.
    Raises Corrupt if that does not give the payload back: no capture is better than a wrong one.
    """
    if base is None:
        packed = zstd.compress(data, level=_THOROUGH if thorough else _LEVEL)
        codec, packed = ("zstd", packed) if len(packed) < len(data) else ("raw", data)
    else:
        options = {zstd.CompressionParameter.compression_level: _DELTA, zstd.CompressionParameter.min_match: _MATCH}
        options |= _window_options(data, base)
        codec, packed = "delta", zstd.compress(data, options=options, zstd_dict=_prefix(base))
    if unpack(codec, packed, base, length=len(data)) != data:
        raise Corrupt(f"packing {len(data)} bytes with {codec} did not give them back; nothing was stored")
    return codec, packed


def unpack(codec: str, packed: bytes, base: bytes | None = None, *, length: int) -> bytes:
    """Return the payload, ``length`` bytes and no more, so that a manipulated archive cannot fill the memory.

    Raises Corrupt for an unknown codec, a delta without its base, or bytes that do not decode to that length.
    """
    if codec not in {"raw", "zstd", "delta"}:
        raise Corrupt(f"payload packed with the unknown codec {codec!r}; this archive was written by a newer wirecopy")
    if codec == "delta" and base is None:
        raise Corrupt("a payload is stored as a difference from one that is missing; run: wirecopy verify --deep")
    data = packed if codec == "raw" else _decode(packed, base if codec == "delta" else None, length)
    if len(data) != length:
        raise Corrupt(f"a payload of {length} bytes decodes to {len(data)}; run: wirecopy verify --deep")
    return data


def _decode(packed: bytes, base: bytes | None, length: int) -> bytes:
    frame = zstd.ZstdDecompressor(zstd_dict=None if base is None else _prefix(base))
    try:
        data = bytes(frame.decompress(packed, max_length=length))
    except zstd.ZstdError as error:
        raise Corrupt(f"a payload does not decode ({error}); run: wirecopy verify --deep") from error
    if not frame.eof or frame.unused_data:
        raise Corrupt("a payload does not decode (its end is missing or wrong); run: wirecopy verify --deep")
    return data


def trial_size(data: bytes, base: bytes | None = None) -> int:
    """Estimate how many bytes ``data`` takes, alone or as a difference from ``base``. Fast, to compare bases."""
    if base is None:
        return len(zstd.compress(data, level=1))
    options = {zstd.CompressionParameter.compression_level: 1} | _window_options(data, base)
    least, most = _TRIAL_HASH
    slots = options[zstd.CompressionParameter.window_log] - 3
    options[zstd.CompressionParameter.hash_log] = min(max(slots, least), most)
    return len(zstd.compress(data, options=options, zstd_dict=_prefix(base)))


def choose_base(trials: Mapping[bytes, Trial], size_alone: int) -> bytes | None:
    """Return the digest of the best base among ``trials``. None: store the payload whole, ``size_alone`` bytes.

    Small and shallow is best. Each step of depth has to save a sixth, because it uses up what later payloads can save.
    """
    limit = _WORTH * size_alone
    prices = {
        digest: _price(trial) for digest, trial in trials.items() if trial.depth < MAX_DEPTH and trial.size <= limit
    }
    return min(prices, key=lambda digest: (prices[digest], digest), default=None)


def is_hopeless(trials: Mapping[bytes, Trial], new: Trial) -> bool:
    """True if the bases behind this one, shallower but as a rule less similar, cannot beat those tried."""
    return new.size > min(map(_price, trials.values()), default=new.size)


def _price(trial: Trial) -> float:
    return trial.size * _STEP**trial.depth


def is_near_copy(trials: Mapping[bytes, Trial], length: int) -> bool:
    """True if a tried base gives a delta of at most a fiftieth of the page, so that no other is worth trying."""
    return any(trial.depth < MAX_DEPTH and trial.size * 50 <= length for trial in trials.values())


def _window_options(data: bytes, base: bytes) -> Options:
    window = min(max((len(data) + len(base)).bit_length(), _LEAST_WINDOW), _MOST_WINDOW)
    options: Options = {zstd.CompressionParameter.window_log: window}
    if window > _LONG:
        options[zstd.CompressionParameter.enable_long_distance_matching] = 1
    return options


def _prefix(base: bytes) -> Any:
    return zstd.ZstdDict(base, is_raw=True).as_prefix
