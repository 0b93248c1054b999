"""What packing a version costs: CPU, with looking for bases, choosing one and checking the result.

The yardstick is gzip -6 of the same pages, as a web archive would do it.
"""

from __future__ import annotations

import zlib
from time import process_time
from typing import TYPE_CHECKING

from stored import SETS, stored

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

UNIT = "ms CPU"


def figures() -> Iterator[tuple[str, float]]:
    for name in SETS:
        seen = stored(name).seen
        began = process_time()
        for one in seen:
            zlib.compress(one.data, 6)
        yield f"{name}: gzip -6", 1000 * (process_time() - began) / len(seen)
        yield f"{name}: wirecopy", stored(name).packing


def findings(found: Mapping[str, float]) -> Iterator[str]:
    for name in SETS:
        share = found[f"{name}: wirecopy"] / found[f"{name}: gzip -6"]
        yield f"{name}: {share:.2f} times gzip -6, wanted at most 1"
