"""Objects outside the database: a folder, or a bucket of an object store. An object is written once and never changed.

The address of a place is ``file:///mnt/pages``, ``s3://bucket/prefix``, ``gs://...`` or ``az://...``. Keys and
endpoints come from the environment, as that service's own tools read them (``AWS_ACCESS_KEY_ID``,
``AWS_ENDPOINT_URL``).
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote, urlsplit

from db.errors import Corrupt, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PARTIAL = ".half"
"""The ending of a file that is still being written."""


class ObjectPlace(Protocol):
    """A place for objects. Every method raises StoreError if the place cannot be reached or refuses."""

    def put(self, name: str, data: bytes) -> None:
        """Write an object that survives a power cut when this returns. An object of this name is replaced."""

    def ranges(self, name: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return the bytes of an object from each start to each end. Raises Corrupt if it is missing or shorter."""

    def size(self, name: str) -> int | None:
        """Return the length of an object in bytes, or None if there is none."""

    def delete(self, name: str) -> None:
        """Delete an object. It is no error if there is none."""

    def names(self) -> list[str]:
        """Return the names of all objects here, sorted."""


def place_of(location: str) -> tuple[ObjectPlace, str]:
    """Return the place of an object with this address, and its name there. Raises StoreError."""
    address, _, name = location.rpartition("/")
    return open_place(address), name


@lru_cache(maxsize=16)  # a client of a bucket keeps its connections
def open_place(address: str) -> ObjectPlace:
    """Return the place with this address. Raises StoreError, also if the package for it is not installed."""
    parts = urlsplit(address)
    if parts.scheme == "file":
        return _Folder(Path(unquote(parts.path)))
    try:
        from obstore.store import from_url
    except ModuleNotFoundError as error:
        raise StoreError(
            f"{address} is an object store, which needs another package: pip install 'wirecopy[objects]'"
        ) from error
    with _translated_errors(address):
        # Three new tries take a second; by default it is ten, within three minutes.
        return _Bucket(address, from_url(address, retry_config={"max_retries": 3}))


class _Folder:
    """A folder of a disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, data: bytes) -> None:
        path = self._folder / name
        partial = path.with_name(path.name + _PARTIAL)
        with _translated_errors(str(path)):
            self._folder.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(path)
            folder = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(folder)  # the name, too
            finally:
                os.close(folder)

    def ranges(self, name: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        path = self._folder / name
        pieces = []
        with _translated_errors(str(path)), path.open("rb") as stream:
            for start, end in ranges:
                stream.seek(start)
                pieces.append(stream.read(end - start))
        return _checked(str(path), ranges, pieces)

    def size(self, name: str) -> int | None:
        with _translated_errors(str(self._folder / name)):
            self._folder.stat()  # a folder that is not mounted does not lack objects
            try:
                return (self._folder / name).stat().st_size
            except FileNotFoundError:
                return None

    def delete(self, name: str) -> None:
        with _translated_errors(str(self._folder / name)):
            (self._folder / name).unlink(missing_ok=True)

    def names(self) -> list[str]:
        with _translated_errors(str(self._folder)):
            return sorted(path.name for path in self._folder.iterdir() if path.suffix != _PARTIAL)


class _Bucket:
    """A bucket of S3 or of another service, by obstore: one package for all of them, at a tenth of boto3's CPU."""

    def __init__(self, address: str, store: Any) -> None:
        self._address = address
        self._store = store

    def put(self, name: str, data: bytes) -> None:
        with _translated_errors(f"{self._address}/{name}"):
            self._store.put(name, data)

    def ranges(self, name: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        location = f"{self._address}/{name}"
        starts, ends = [start for start, _ in ranges], [end for _, end in ranges]
        with _translated_errors(location):
            pieces = [bytes(piece) for piece in self._store.get_ranges(name, starts=starts, ends=ends)]
        return _checked(location, ranges, pieces)

    def size(self, name: str) -> int | None:
        with _translated_errors(f"{self._address}/{name}"):
            try:
                return int(self._store.head(name)["size"])
            except FileNotFoundError:
                return None

    def delete(self, name: str) -> None:
        with _translated_errors(f"{self._address}/{name}"):
            try:
                self._store.delete(name)
            except FileNotFoundError:
                return

    def names(self) -> list[str]:
        with _translated_errors(self._address):
            return sorted(row["path"] for rows in self._store.list() for row in rows if "/" not in row["path"])


def _checked(location: str, ranges: Sequence[tuple[int, int]], pieces: list[bytes]) -> list[bytes]:
    """Return the pieces. Raises Corrupt if one is shorter than its range: a store answers with what it has."""
    if any(len(piece) != end - start for (start, end), piece in zip(ranges, pieces, strict=True)):
        raise Corrupt(f"{location} is shorter than what the archive has stored in it")
    return pieces


@contextmanager
def _translated_errors(location: str) -> Iterator[None]:
    """Turn what a disk or a client raises into our errors, with its first line alone."""
    try:
        yield
    except FileNotFoundError as error:
        raise Corrupt(f"{location} is missing: it holds saved pages of this archive") from error
    except OSError as error:
        raise StoreError(f"{location} cannot be used: {error.strerror or error}") from error
    except Exception as error:
        if not type(error).__module__.startswith("obstore"):
            raise
        raise StoreError(f"{location} cannot be used: {str(error).partition(chr(10))[0]}") from error
