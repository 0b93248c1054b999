"""Paths of tiles of a transparency log, as C2SP tlog-tiles writes them: ``0/x001/067`` and ``0/x001/067.p/12``."""

from __future__ import annotations

import re
from typing import Final

from db.merkle_tree import TILE

_PATH: Final = re.compile(r"((?:x\d{3}/){0,4}\d{3})(?:\.p/(\d{1,3}))?", re.ASCII)


def format_tile_path(number: int, width: int = TILE) -> str:
    """Return the path of a tile below its level. ``width``: its number of hashes, 256 for a full tile."""
    text = str(number)
    digits = text.zfill(-(-len(text) // 3) * 3)
    groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
    path = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return path if width == TILE else f"{path}.p/{width}"


def parse_tile_path(path: str) -> tuple[int, int] | None:
    """Return number and width of the tile with this path, None if it is no path of a tile in its only spelling."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    number = int(match[1].replace("x", "").replace("/", ""))
    width = int(match[2]) if match[2] is not None else TILE
    is_usual = format_tile_path(number, width) == path and 0 < width <= TILE
    return (number, width) if is_usual else None
