"""The folder of a project: it has the seed index or the settings file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME: Final = "wirecopy.toml"
"""The name of the settings file, next to ``seeds/``."""


def find_root(start: Path) -> Path:
    """Return the nearest folder from ``start`` upward with a seed index or a settings file, else ``start``."""
    for folder in (start, *start.parents):
        if (folder / "seeds" / "INDEX.md").is_file() or (folder / FILE_NAME).is_file():
            return folder
    return start
