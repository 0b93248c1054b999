"""What reading one version at random takes: from asking to the bytes, their digest checked; from memory.

The yardstick is unpacking the same page kept by itself, which is what there would be without differences.
"""

from __future__ import annotations

import random
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

from stored import SETS, stored

from db import delta_codec
from db.delta_codec import zstd
from db.queries import payloads
from db.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

UNIT = "ms"
READ = 400
"""Versions read, at random."""


def figures() -> Iterator[tuple[str, float]]:
    for name in SETS:
        with Reader(stored(name).db) as reader:
            known = [row["sha256"] for row in reader.ask("SELECT sha256 FROM payload ORDER BY id")]
            some = random.Random(0).choices(known, k=READ)
            alone = timed(
                unpack_and_check, [delta_codec.pack(payloads.payload_bytes(reader.ask, each)) for each in some[:60]]
            )
            yield f"{name}: by itself, median", alone[len(alone) // 2]
            taken = timed(partial(payloads.payload_bytes, reader.ask), some)
        yield f"{name}: wirecopy, median", taken[READ // 2]
        yield f"{name}: wirecopy, 95 of 100 are quicker than", taken[READ * 95 // 100]


def unpack_and_check(packed: tuple[str, bytes]) -> None:
    delta_codec.digest(zstd.decompress(packed[1]))


def timed(call: Callable[[Any], object], arguments: Sequence[Any]) -> list[float]:
    """Milliseconds of each call, the least disturbed of three, sorted."""
    return sorted(min(once(call, each) for _ in range(3)) for each in arguments)


def once(call: Callable[[Any], object], argument: object) -> float:
    began = perf_counter()
    call(argument)
    return 1000 * (perf_counter() - began)


def findings(found: Mapping[str, float]) -> Iterator[str]:
    for name in SETS:
        median, most = found[f"{name}: wirecopy, median"], found[f"{name}: wirecopy, 95 of 100 are quicker than"]
        yield f"{name}: median {median:.2f} ms, wanted at most 1; 95 of 100 below {most:.2f} ms, wanted at most 5"
