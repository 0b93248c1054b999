"""Small text files that must survive a crash: keys, checkpoints, and the state of a witness."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def write_new(path: Path, text: str) -> None:
    """Write a file that only its owner can read. Raises FileExistsError if there is one."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        _write(path, file.fileno(), text)
    _sync_folder(path.parent)


def replace_text(path: Path, text: str) -> None:
    """Replace the content of a file. It is on the disk when this returns, and a crash leaves the old or the new one."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            _write(path, file.fileno(), text)
        part.replace(path)
        _sync_folder(path.parent)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def append_text(path: Path, text: str) -> None:
    """Append to a file, which is created if its folder exists. It is on the disk when this returns."""
    with path.open("a", encoding="utf-8") as file:
        _write(path, file.fileno(), text)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one process at a time work with a file, which must exist."""
    with path.open(encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write(path: Path, descriptor: int, text: str) -> None:
    """Write a text and wait for the disk. Raises OSError with the path, which a full disk alone does not name."""
    content = text.encode()
    try:
        while content:
            content = content[os.write(descriptor, content) :]
        os.fsync(descriptor)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _sync_folder(folder: Path) -> None:
    """Make a new name in a folder durable, where the file system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
