"""Reads WACZ: WARC files in a zip, with a list of its files and their digests (``datapackage.json``).

Nothing is unpacked under its name, so names in the zip cannot escape from a folder.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any, Final

from archive.formats.digests import parse_digest
from archive.formats.imported import BadLine
from archive.formats.warc.captures import WarcReader
from archive.formats.warc.reader import summarize_error, warcio_loader
from db.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from archive.formats.imported import ImportItem
    from archive.formats.warc.segments import SegmentStore

_LIST: Final = "datapackage.json"
_LIST_DIGEST: Final = "datapackage-digest.json"
_ZIP_ENTRY: Final = b"PK\x03\x04"
_PIECE: Final = 1 << 20
_MAX_COPY: Final = 1 << 30  # bytes; a larger plain WARC is read as it is unpacked
_MAX_LIST_BYTES: Final = 64 << 20  # bytes: a list of half a million files


def read_wacz(path: Path, now: datetime, segments: SegmentStore) -> Iterator[ImportItem]:
    """Yield problems of the package itself and the contents of the WARC files in a ``.wacz``.

    ``segments`` are shared with the other files of an import.
    A file whose digest differs from the listed one is reported and still read. A package that was cut off is one
    problem. Raises `BadInput` if the file is no WACZ.
    """
    loader = warcio_loader()
    try:
        with zipfile.ZipFile(path) as packed:
            names = [name for name in sorted(set(packed.namelist())) if _is_warc(name)]
    except (zipfile.BadZipFile, OSError) as error:
        if _begins_like_zip(path):
            problem = "the file is cut off or damaged: the list of its contents, at the end of a zip, cannot be read"
            return iter([BadLine(str(path), 1, f"{problem} ({error}); get a whole copy")])
        raise BadInput(f"{path}: not a WACZ, which is a zip file ({error})") from error
    if not names:
        raise BadInput(f"{path}: holds no WARC file; expected archive/*.warc.gz inside")
    return _read_package(path, names, WarcReader(now, loader, segments))


def _begins_like_zip(path: Path) -> bool:
    try:
        with path.open("rb") as raw:
            return raw.read(len(_ZIP_ENTRY)) == _ZIP_ENTRY
    except OSError:
        return False


def _is_warc(name: str) -> bool:
    return name.startswith("archive/") and name.lower().endswith((".warc", ".warc.gz"))


def _read_package(path: Path, names: list[str], reader: WarcReader) -> Iterator[ImportItem]:
    with zipfile.ZipFile(path) as packed:
        digests = yield from _read_list(path, packed)
        for name in sorted(set(digests) - set(packed.namelist())):
            if _is_warc(name):
                yield BadLine(f"{path}/{name}", 0, f"{_LIST} lists it, but it is not in the package")
        for name in names:
            yield from _check_digest(path, packed, name, digests.get(name, ""))
            try:
                yield from reader.read(f"{path}/{name}", lambda name=name: _open_member(packed, name))  # type: ignore[misc]
            except Exception as error:  # noqa: BLE001  (zipfile raises errors of many kinds: encrypted, of an unknown method, cut)
                yield BadLine(f"{path}/{name}", 1, f"cannot be unpacked ({summarize_error(error)})")


def _open_member(packed: zipfile.ZipFile, name: str) -> IO[bytes]:
    """Open a WARC file of the package. A plain one is copied to a nameless file, in which any place can be read."""
    stream = packed.open(name)
    if name.lower().endswith(".gz") or packed.getinfo(name).file_size > _MAX_COPY:
        return stream
    with stream, ExitStack() as closing_on_error:
        copy = closing_on_error.enter_context(TemporaryFile())
        shutil.copyfileobj(stream, copy, _PIECE)
        copy.seek(0)
        closing_on_error.pop_all()  # the caller closes it
    return copy


def _read_list(path: Path, packed: zipfile.ZipFile) -> Generator[BadLine, None, dict[str, str]]:
    """Return the digest of every listed file by name. Yields problems of the list."""
    if _LIST not in packed.namelist():
        return {}
    try:
        text = _read_limited(packed, _LIST)
        resources = json.loads(text)["resources"]
        digests = {str(resource["path"]): str(resource.get("hash") or "") for resource in resources}
    except Exception as error:  # noqa: BLE001  (not JSON, unexpected types, or a damaged zip: handled alike)
        yield BadLine(f"{path}/{_LIST}", 1, f"cannot be read ({summarize_error(error)}); its digests were not checked")
        return {}
    yield from _check_list(path, packed, text)
    return digests


def _check_list(path: Path, packed: zipfile.ZipFile, text: bytes) -> Iterator[BadLine]:
    """Check the list against its own digest, if there is one."""
    if _LIST_DIGEST not in packed.namelist():
        return
    try:
        seal: Mapping[str, Any] = json.loads(_read_limited(packed, _LIST_DIGEST))
        digest = parse_digest(str(seal["hash"]))
    except Exception as error:  # noqa: BLE001  (as above)
        yield BadLine(f"{path}/{_LIST_DIGEST}", 1, f"cannot be read ({summarize_error(error)})")
        return
    if digest is not None and hashlib.new(digest[0], text, usedforsecurity=False).digest() != digest[1]:
        problem = f"does not have the digest in {_LIST_DIGEST}; the list was changed after packing"
        yield BadLine(f"{path}/{_LIST}", 1, problem)


def _read_limited(packed: zipfile.ZipFile, name: str) -> bytes:
    with packed.open(name) as stream:
        return stream.read(_MAX_LIST_BYTES)


def _check_digest(path: Path, packed: zipfile.ZipFile, name: str, label: str) -> Iterator[BadLine]:
    expected = parse_digest(label)
    if expected is None:
        return
    actual = hashlib.new(expected[0], usedforsecurity=False)
    try:
        with packed.open(name) as stream:
            while piece := stream.read(_PIECE):
                actual.update(piece)
    except Exception:  # noqa: BLE001  (the reader meets the same error and reports it)
        return
    if actual.digest() != expected[1]:
        problem = f"does not have the digest in {_LIST}; it was read, but it was changed after packing"
        yield BadLine(f"{path}/{name}", 0, problem)
