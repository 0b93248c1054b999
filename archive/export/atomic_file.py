"""Files that appear when they are whole."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from db.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A name beside ``path`` to write to, which takes the place of ``path`` at the end; after an error it is removed.

    Raises BadInput where the file cannot be written.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror}). Look at its folder, or name another") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def check_ending(path: Path, *endings: str) -> None:
    """Raises BadInput unless the file's name ends as its content asks for; capitals do not matter."""
    if not path.name.lower().endswith(endings):
        raise BadInput(f"{path}: expected a name that ends in {' or '.join(endings)}")
