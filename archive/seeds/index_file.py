"""The file of the seed index: read it byte for byte, and replace it without losing what someone else wrote."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from db.errors import SeedError

if TYPE_CHECKING:
    from collections.abc import Callable

_BOM: Final = b"\xef\xbb\xbf"
_TRIES: Final = 3
_ANY_WRITE: Final = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class IndexFile:
    """The index as read: its ``text`` without a byte order mark, and the digest of its bytes."""

    path: Path
    text: str
    digest: str
    mark: bytes = b""


class IndexChanged(SeedError):
    """The file was changed by someone else after it was read."""


def read_index_file(path: Path) -> IndexFile:
    """Read the file with the line ends that its author's editor wrote. Raises `SeedError`."""
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise SeedError(f"{path}: there is no seed index; `wirecopy init` creates one") from error
    except OSError as error:
        raise SeedError(f"{path}: cannot be read ({error.strerror})") from error
    mark = _BOM if data.startswith(_BOM) else b""
    try:
        text = data[len(mark) :].decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SeedError(f"{path}:{line}: not UTF-8; save the file with that encoding") from error
    return IndexFile(path, text, hashlib.sha256(data).hexdigest(), mark)


def change_index_file(
    path: Path,
    change: Callable[[str], str],
    *,
    digest: str | None = None,
    intend: Callable[[str, str], object] | None = None,
) -> None:
    """Replace the file by what ``change`` makes of its text, in one step.

    If someone else saves the file meanwhile, it is read again and changed anew. With ``digest`` only the file that has
    it is changed: the change was chosen by a person who saw that one. ``intend`` is called with the old and the new
    text before each try. A symbolic link stays one, and the file keeps its permissions. Raises `SeedError` for a file
    that cannot be written, and `IndexChanged` if it changes again and again, or has another digest.
    """
    for attempt in range(1, _TRIES + 1):
        file = read_index_file(path)
        if digest is not None and file.digest != digest:
            raise IndexChanged(
                f"{path.name} was changed by somebody else meanwhile, so nothing was written; look at it again"
            )
        text = change(file.text)
        if text == file.text:
            return
        if intend is not None:
            intend(file.text, text)
        try:
            _replace(file, text)
        except IndexChanged:
            if attempt == _TRIES:
                raise
        else:
            return


def write_problem(path: Path) -> str:
    """Return a sentence if the file is read-only, empty if not."""
    target = path.resolve()
    if target.exists() and (not target.stat().st_mode & _ANY_WRITE or not os.access(target, os.W_OK)):
        return f"{path}: the file is read-only, so nothing was written; allow writing to it: chmod u+w"
    return ""


def _replace(file: IndexFile, text: str) -> None:
    if problem := write_problem(file.path):
        raise SeedError(problem)
    target = file.path.resolve()
    mode = target.stat().st_mode
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        problem = f"{target.parent}: no file can be written there ({error.strerror}); nothing was changed"
        raise SeedError(problem) from error
    new_file = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(file.mark + text.encode("utf-8"))
            stream.flush()
            os.fsync(stream.fileno())
        new_file.chmod(stat.S_IMODE(mode))
        if hashlib.sha256(target.read_bytes()).hexdigest() != file.digest:
            raise IndexChanged(f"{file.path}: someone else is saving the file; nothing was written; try again")
        new_file.replace(target)
    except OSError as error:
        raise SeedError(f"{file.path}: cannot be written ({error.strerror}); nothing was changed") from error
    finally:
        with suppress(FileNotFoundError):
            new_file.unlink()
