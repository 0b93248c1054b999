"""Files that appear only when they are complete."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from shutil import rmtree
from typing import TYPE_CHECKING

from db.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write to, which replaces ``path`` at the end. After an error it is removed.

    Raises BadInput if the file cannot be written.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise BadInput(
            f"{path}: cannot be written ({error.strerror}). Check its folder, or name another file"
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def scratch_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside ``path`` for its parts, and remove it at the end.

    Its name follows from ``path``, so what an export that was killed left there is removed by the next one.
    """
    folder = path.with_name(f".{path.name}.wirecopy-parts")
    try:  # around all of it: a signal may come as soon as the folder is there
        _make_empty(folder, path)
        yield folder
    finally:
        rmtree(folder, ignore_errors=True)


def _make_empty(folder: Path, path: Path) -> None:
    try:
        rmtree(folder, ignore_errors=True)
        folder.mkdir()
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror}). Check its folder, or name another") from error


def check_file_ending(path: Path, *endings: str) -> None:
    """Raise BadInput unless the file's name ends in one of ``endings``, in any case."""
    if not path.name.lower().endswith(endings):
        raise BadInput(f"{path}: expected a name that ends in {' or '.join(endings)}")
