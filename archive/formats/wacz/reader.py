"""WACZ: WARC files in a zip, with a list of its files and their digests (``datapackage.json``).

Nothing is unpacked to disk, so no name in the zip can lead anywhere; names serve as names alone.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from typing import TYPE_CHECKING, Any, Final

from archive.formats.digests import parse_digest
from archive.formats.imported import BadLine
from archive.formats.warc.captures import WarcReader
from archive.formats.warc.reader import first_line, loader
from db.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from archive.formats.imported import ImportItem

_LIST: Final = "datapackage.json"
_SEAL: Final = "datapackage-digest.json"
_PIECE: Final = 1 << 20
_LONGEST_LIST: Final = 64 << 20  # bytes: a list of half a million files


def read_wacz(path: Path, now: datetime) -> Iterator[ImportItem]:
    """What each record in the WARC files of a ``.wacz`` holds, after what is wrong with the package itself.

    A file whose digest is not the one listed is complained of, and read all the same. Raises `BadInput` if it is none.
    """
    load = loader()
    try:
        with zipfile.ZipFile(path) as packed:
            names = [name for name in sorted(set(packed.namelist())) if _is_warc(name)]
    except (zipfile.BadZipFile, OSError) as error:
        raise BadInput(f"{path}: not a WACZ, which is a zip file ({error})") from error
    if not names:
        raise BadInput(f"{path}: holds no WARC file; expected archive/*.warc.gz inside")
    return _read(path, names, WarcReader(now, load))


def _is_warc(name: str) -> bool:
    return name.startswith("archive/") and name.lower().endswith((".warc", ".warc.gz"))


def _read(path: Path, names: list[str], reader: WarcReader) -> Iterator[ImportItem]:
    with zipfile.ZipFile(path) as packed:
        listed = yield from _listed(path, packed)
        for name in sorted(set(listed) - set(packed.namelist())):
            if _is_warc(name):
                yield BadLine(f"{path}/{name}", 0, f"{_LIST} lists it, but it is not in the package")
        for name in names:
            yield from _checked(path, packed, name, listed.get(name, ""))
            try:
                yield from reader.read(f"{path}/{name}", lambda name=name: packed.open(name))  # type: ignore[misc]
            except Exception as error:  # noqa: BLE001  (zipfile raises errors of many kinds: encrypted, of an unknown method, cut)
                yield BadLine(f"{path}/{name}", 1, f"cannot be unpacked ({first_line(error)})")


def _listed(path: Path, packed: zipfile.ZipFile) -> Generator[BadLine, None, dict[str, str]]:
    """Name and digest of every file the package lists; yields what is wrong with the list."""
    if _LIST not in packed.namelist():
        return {}
    try:
        text = _small(packed, _LIST)
        resources = json.loads(text)["resources"]
        listed = {str(one["path"]): str(one.get("hash") or "") for one in resources}
    except Exception as error:  # noqa: BLE001  (not JSON, other shapes, a damaged zip: all the same here)
        yield BadLine(f"{path}/{_LIST}", 1, f"cannot be read ({first_line(error)}); its digests were not checked")
        return {}
    yield from _sealed(path, packed, text)
    return listed


def _sealed(path: Path, packed: zipfile.ZipFile, text: bytes) -> Iterator[BadLine]:
    """Check the list against the digest of the list, where there is one."""
    if _SEAL not in packed.namelist():
        return
    try:
        told: Mapping[str, Any] = json.loads(_small(packed, _SEAL))
        digest = parse_digest(str(told["hash"]))
    except Exception as error:  # noqa: BLE001  (as above)
        yield BadLine(f"{path}/{_SEAL}", 1, f"cannot be read ({first_line(error)})")
        return
    if digest is not None and hashlib.new(digest[0], text, usedforsecurity=False).digest() != digest[1]:
        yield BadLine(f"{path}/{_LIST}", 1, f"has not the digest that {_SEAL} names; somebody changed the list")


def _small(packed: zipfile.ZipFile, name: str) -> bytes:
    with packed.open(name) as stream:
        return stream.read(_LONGEST_LIST)


def _checked(path: Path, packed: zipfile.ZipFile, name: str, label: str) -> Iterator[BadLine]:
    told = parse_digest(label)
    if told is None:
        return
    digest = hashlib.new(told[0], usedforsecurity=False)
    try:
        with packed.open(name) as stream:
            while piece := stream.read(_PIECE):
                digest.update(piece)
    except Exception:  # noqa: BLE001  (reading it in earnest meets the same and says so)
        return
    if digest.digest() != told[1]:
        problem = f"has not the digest that {_LIST} names; read all the same, but it is not what was packed"
        yield BadLine(f"{path}/{name}", 0, problem)
