"""How payload bytes are packed inside the store. They are known by their sha256; how they are packed is private.

A payload is kept whole (``zstd``, or ``raw`` where that does not shrink it) or as its difference from an earlier one,
its base (``delta``): zstd with the base as the text just before (RFC 8878, raw dictionary used as a prefix). Bases may
be deltas themselves; a payload is at most ``MAX_DEPTH`` steps away from a whole one.

Everything here is a pure function of bytes and numbers; which payloads may be bases is asked in ``db.store.payloads``.
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
"""Deltas on the way from a payload to a whole one. Without a limit real histories take 3 and 10 % less, and reading one
version up to forty decodings instead of five."""

LEAST_BASE = 256
"""Bytes: what is shorter helps no other payload, and packs to next to nothing by itself."""

# Level 9 against 3: 9 % smaller pages for 4 times the CPU, still half of gzip -6. Level 19: 5 % smaller again for 20
# times (storage research, section 2), so it is for whole payloads in an idle hour, which are one in thirty.
_LEVEL, _THOROUGH = 9, 19
# Deltas at level 8 are 0.2 % larger than at 9 for two thirds of the CPU. Matches of 6 bytes and more make them 1 to 4 %
# smaller than zstd's own choice of 5, at the same cost.
_DELTA, _MATCH = 8, 6
# Windows that hold base and payload together: the default loses what is further away. 27 is what any decoder accepts.
_LEAST_WINDOW, _MOST_WINDOW = 10, 27
# Above 2**23 bytes the match finder of level 9 no longer reaches the base: a page of 20 MiB with 60 edited lines packs
# to 8.4 MB without long-distance matching and to 4.7 kB with it.
_LONG = 23
# Level 1 sees little of a long base with its own small hash table and often picks the wrong one (17 % larger deltas on
# policy pages); with one slot for each eight bytes it picks as level 9 would, for 0.24 ms a trial instead of 2.3.
_TRIAL_HASH = (17, 22)
# What a step of depth is worth. Without it every payload is packed against the one before until the depth is used up
# and the rest against a base that grows stale: 2,835 bytes a version instead of 2,049 on 62 real page histories.
_STEP = 1.2
# A delta larger than this share of the whole is not worth the steps, and the whole one becomes a better base for what
# follows: 0.6 to 0.9 differ by 2 % on new pages of known sites, 0.5 costs 10 %.
_WORTH = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What packing against a base would cost: about how many bytes, and how many deltas stand behind the base."""

    size: int
    depth: int


def digest(data: bytes) -> bytes:
    """The 32 bytes by which a payload is known."""
    return hashlib.sha256(data).digest()


def pack(data: bytes, base: bytes | None = None, *, thorough: bool = False) -> tuple[str, bytes]:
    """Codec name and packed bytes of one payload, as a difference from ``base`` if one is given.

    ``thorough`` takes 20 times as long over a whole payload for 5 % fewer bytes. Verified by unpacking before it is
    returned. Raises Corrupt if the round trip fails: better no capture than a false one.
    """
    if base is None:
        packed = zstd.compress(data, level=_THOROUGH if thorough else _LEVEL)
        codec, packed = ("zstd", packed) if len(packed) < len(data) else ("raw", data)
    else:
        options = {zstd.CompressionParameter.compression_level: _DELTA, zstd.CompressionParameter.min_match: _MATCH}
        codec, packed = "delta", zstd.compress(data, options=options | _reach(data, base), zstd_dict=_before(base))
    if unpack(codec, packed, base, length=len(data)) != data:
        raise Corrupt(f"packing {len(data)} bytes with {codec} did not give them back; nothing was stored")
    return codec, packed


def unpack(codec: str, packed: bytes, base: bytes | None = None, *, length: int) -> bytes:
    """The payload again, ``length`` bytes and no more: nothing that was tampered with can fill the memory.

    Raises Corrupt for an unknown codec, a delta without its base, or bytes that do not decode to that length.
    """
    if codec not in {"raw", "zstd", "delta"}:
        raise Corrupt(f"payload packed with the unknown codec {codec!r}; this archive was written by a newer wirecopy")
    if codec == "delta" and base is None:
        raise Corrupt("a payload is kept as a difference from one that is not there; run: wirecopy verify --deep")
    data = packed if codec == "raw" else _decoded(packed, base if codec == "delta" else None, length)
    if len(data) != length:
        raise Corrupt(f"a payload of {length} bytes decodes to {len(data)}; run: wirecopy verify --deep")
    return data


def _decoded(packed: bytes, base: bytes | None, length: int) -> bytes:
    frame = zstd.ZstdDecompressor(zstd_dict=None if base is None else _before(base))
    try:
        data = bytes(frame.decompress(packed, max_length=length))
    except zstd.ZstdError as error:
        raise Corrupt(f"a payload does not decode ({error}); run: wirecopy verify --deep") from error
    if not frame.eof or frame.unused_data:
        raise Corrupt("a payload does not decode (its end is missing or false); run: wirecopy verify --deep")
    return data


def trial_size(data: bytes, base: bytes | None = None) -> int:
    """About how many bytes ``data`` would take, alone or as a difference from ``base``: quick, for comparing bases."""
    if base is None:
        return len(zstd.compress(data, level=1))
    options = {zstd.CompressionParameter.compression_level: 1} | _reach(data, base)
    least, most = _TRIAL_HASH
    slots = options[zstd.CompressionParameter.window_log] - 3
    options[zstd.CompressionParameter.hash_log] = min(max(slots, least), most)
    return len(zstd.compress(data, options=options, zstd_dict=_before(base)))


def choose_base(trials: Mapping[bytes, Trial], alone: int) -> bytes | None:
    """The base to pack against, of those tried (by digest); None: whole. ``alone`` is the trial without a base.

    Small and shallow is best: each step of depth has to save a sixth, for it uses up what later payloads could save.
    """
    fit = {each: made for each, made in trials.items() if made.depth < MAX_DEPTH and made.size <= _WORTH * alone}
    return min(fit, key=lambda each: (_price(fit[each]), each), default=None)


def is_hopeless(trials: Mapping[bytes, Trial], made: Trial) -> bool:
    """True when what stands behind this base, being shallower but as a rule less alike, cannot beat those tried."""
    return made.size > min(map(_price, trials.values()), default=made.size)


def _price(made: Trial) -> float:
    return made.size * _STEP**made.depth


def is_near_copy(trials: Mapping[bytes, Trial], length: int) -> bool:
    """True when a base tried so far is so near that no other is worth trying: the delta is a fiftieth of the page."""
    return any(made.depth < MAX_DEPTH and made.size * 50 <= length for made in trials.values())


def _reach(data: bytes, base: bytes) -> Options:
    window = min(max((len(data) + len(base)).bit_length(), _LEAST_WINDOW), _MOST_WINDOW)
    reach: Options = {zstd.CompressionParameter.window_log: window}
    if window > _LONG:
        reach[zstd.CompressionParameter.enable_long_distance_matching] = 1
    return reach


def _before(base: bytes) -> Any:
    return zstd.ZstdDict(base, is_raw=True).as_prefix
