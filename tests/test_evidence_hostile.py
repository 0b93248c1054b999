"""Hostile evidence files: each is refused or false, soon, with little memory and few lines, and misleads no viewer."""

from __future__ import annotations

import gzip
import hashlib
import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from archive.formats.evidence import canonical_zip, corrections, recorded_pages, verifier
from archive.formats.evidence.verifier import FALSE, Refused, verify
from tests.test_evidence import COPY, desk, key, members_of, repack, sentences

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["desk", "key"]
Members = dict[str, bytes]


# --- tricks of zip files ---------------------------------------------------------------------------------------------


def _zip(members: Members, *, extra: bytes = b"", comment: bytes = b"", mode: int = 0) -> bytes:
    """Return a zip in canonical form but for an extra field, a comment or a mode in its directory."""
    out, directory = b"", b""
    for name, content in members.items():
        crc, offset = canonical_zip.zlib.crc32(content), len(out)
        out += canonical_zip.local_header(name, crc, len(content)) + content
        header = bytearray(canonical_zip.central_header(name, crc, len(content), offset))
        header[30:34] = len(extra).to_bytes(2, "little") + len(comment).to_bytes(2, "little")
        header[38:42] = mode.to_bytes(4, "little") if mode else header[38:42]
        directory += bytes(header) + extra + comment
    return out + directory + canonical_zip.end_record(len(members), len(directory), len(out))


def _spoilt(good: bytes, at: int, new: bytes) -> bytes:
    return good[:at] + new + good[at + len(new) :]


_ZIP64_EXTRA = b"\1\0\x10\0" + bytes(16)
_ZIP64_END = b"PK\6\6" + (44).to_bytes(8, "little") + bytes(44) + b"PK\6\7" + bytes(16)
ZIPS: dict[str, Callable[[Members], bytes]] = {
    "bytes before the first member": lambda members: b"#!/bin/sh\n" + _zip(members),
    "bytes behind the end": lambda members: _zip(members) + b"\0",
    "a second end": lambda members: _zip(members) + canonical_zip.end_record(0, 0, 0),
    "a comment of the zip": lambda members: _spoilt(_zip(members), len(_zip(members)) - 2, b"\1\0") + b"x",
    "a comment of a member": lambda members: _zip(members, comment=b"x"),
    "a field of zip64": lambda members: _zip(members, extra=_ZIP64_EXTRA),
    "an end of zip64": lambda members: _zip(members)[:-22] + _ZIP64_END + _zip(members)[-22:],
    "symbolic links": lambda members: _zip(members, mode=0o120777 << 16),
    "another name in the local header": lambda members: _spoilt(_zip(members), 30, b"b"),
    "another size in the local header": lambda members: _spoilt(_zip(members), 18, b"\1\0\0\0"),
    "a flag for encryption": lambda members: _spoilt(_zip(members), 6, b"\1"),
    "a flag for names in UTF-8": lambda members: _spoilt(_zip(members), 7, b"\x08"),
    "a name in other case": lambda members: _zip({"Archive/data.warc.gz": b""} | members),
    "a file that is a folder too": lambda members: _zip({"evidence": b""} | members),
    "a file below a file": lambda members: _zip({"archive/data.warc.gz/x": b""} | members),
    "a name of many folders": lambda members: _zip({"a/b/c/d/e": b""} | members),
    "a name that leads outside": lambda members: _zip({"a/../b": b""} | members),
    "another order": lambda members: _zip(dict(reversed(members.items()))),
    "more members than allowed": lambda members: _zip({f"a{number}": b"" for number in range(1001)} | members),
}


@pytest.mark.parametrize("name", ZIPS)
def test_a_trick_of_zip_files_is_refused(desk: Path, key: str, tmp_path: Path, name: str) -> None:
    (tmp_path / "trick.wacz").write_bytes(ZIPS[name](members_of(desk / "article.wacz")))
    with pytest.raises(Refused):
        verify(tmp_path / "trick.wacz", key)


# --- tricks of JSON --------------------------------------------------------------------------------------------------


def _claims(members: Members, **values: object) -> Members:
    return {verifier.CLAIMS: json.dumps(json.loads(members[verifier.CLAIMS]) | values).encode()}


def _first_text(members: Members) -> dict[str, object]:
    return dict(json.loads(members[verifier.CLAIMS])["versions"][0])


JSONS: dict[str, Callable[[Members], Members]] = {
    "NaN": lambda members: _claims(members, captures={"here": float("nan"), "left_out": 0}),
    "Infinity": lambda members: _claims(members, captures={"here": 5, "left_out": float("inf")}),
    "a sentence for a number": lambda members: _claims(members, captures={"here": 5, "left_out": "no"}),
    "a name twice, below": lambda members: {
        verifier.CLAIMS: members[verifier.CLAIMS].replace(b'"here":', b'"here": 1, "here":')
    },
    "a million texts": lambda members: _claims(members, versions=[_first_text(members)] * 30_000),
    "a text twice": lambda members: _claims(members, versions=[_first_text(members)] * 2),
    "a deep list of addresses": lambda members: {
        verifier.CLAIMS: members[verifier.CLAIMS].replace(b'"addresses": [', b'"addresses": [' + b"[" * 90_000)
    },
    "too much JSON": lambda members: {verifier.CLAIMS: b" " * canonical_zip.MOST_JSON + members[verifier.CLAIMS]},
    "a number of 4,000 digits": lambda members: {
        verifier.ENTRIES: members[verifier.ENTRIES].replace(b'"number":1,', b'"number":' + b"9" * 4000 + b",", 1)
    },
    "a number with a fraction": lambda members: {
        verifier.ENTRIES: members[verifier.ENTRIES].replace(b'"number":1,', b'"number":1.0,', 1)
    },
    "entries in UTF-16": lambda members: {verifier.ENTRIES: members[verifier.ENTRIES].decode().encode("utf-16")},
}


@pytest.mark.parametrize("name", JSONS)
def test_a_trick_of_json_is_refused_or_false(desk: Path, key: str, tmp_path: Path, name: str) -> None:
    members = members_of(desk / "article.wacz")
    spoilt = JSONS[name](members)
    assert spoilt != {member: members.get(member) for member in spoilt}
    path = repack(tmp_path / "trick.wacz", members | spoilt, note="")
    try:
        assert sentences(verify(path, key), FALSE)
    except Refused:
        return


# --- much work, many lines -------------------------------------------------------------------------------------------


def _records(number: int, *, kind: str = "response", url: str = COPY) -> bytes:
    head = f"WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nContent-Length: 0\r\n\r\n\r\n\r\n"
    return gzip.compress(head.encode()) * number


def test_more_corrections_than_allowed_are_refused(desk: Path, key: str, tmp_path: Path) -> None:
    line = b'{"facts":"{}","number":1}\n'
    (tmp_path / "many.wacz").write_bytes(
        _zip({corrections.CORRECTIONS: line * 101} | members_of(desk / "article.wacz"))
    )
    with pytest.raises(Refused, match="more than 100 corrections"):
        verify(tmp_path / "many.wacz", key)


def test_a_file_with_more_faults_than_lines_is_refused(desk: Path, key: str, tmp_path: Path) -> None:
    members = members_of(desk / "article.wacz") | {recorded_pages.WARC: _records(3_000)}
    with pytest.raises(Refused, match="lines"):
        verify(repack(tmp_path / "many.wacz", members, note=""), key)


def test_quotes_too_many_to_look_for_are_not_proven(desk: Path, key: str, tmp_path: Path) -> None:
    members = members_of(desk / "copy.wacz")
    claims, long = json.loads(members[verifier.CLAIMS]), b"x" * (1 << 22)
    claims["verdict"]["passages"] = [{"a": "x", "b": "never"}] * 300
    for version in claims["versions"]:
        version["text_sha256"] = hashlib.sha256(long).hexdigest()
    content = {"evidence/texts/A.txt": long, "evidence/texts/B.txt": long, verifier.CLAIMS: json.dumps(claims).encode()}
    answer = verify(repack(tmp_path / "many.wacz", members | content, note=""), key)
    assert "the 300 quoted passages: they are too many" in sentences(answer, verifier.NOT_PROVEN)
    assert "quoted passages" not in sentences(answer, verifier.PROVEN)


# --- what viewers are led to -----------------------------------------------------------------------------------------


def _replaced(members: Members, old: bytes, new: bytes) -> Members:
    """Replace bytes in the records of the WARC, whose lengths stay right."""
    out = b""
    for record in gzip.decompress(members[recorded_pages.WARC]).split(b"WARC/1.1\r\n")[1:]:
        head, _, block = record.replace(old, new).partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length:")]
        length = b"Content-Length: %d" % (len(block) - 4)
        out += gzip.compress(b"WARC/1.1\r\n" + b"\r\n".join([*lines, length]) + b"\r\n\r\n" + block)
    return members | {recorded_pages.WARC: out}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (b"WARC-Type: metadata", b"WARC-Type: continuation", "no records but pages"),
        (b"HTTP/1.1 301 Moved", b"HTTP/1.1 302 Moved", "a capture of the log"),
        (b"Location: https://daily.example/talks", b"Location: https://evil.example/talks", "a capture of the log"),
        (b"WARC-Refers-To-Date: 2026-01-05T08:00:00Z", b"WARC-Refers-To-Date: 2026-01-06T08:00:00Z", "refers to"),
    ],
)
def test_records_that_lead_a_viewer_elsewhere_are_false(
    desk: Path, key: str, tmp_path: Path, old: bytes, new: bytes, sentence: str
) -> None:
    members = members_of(desk / "article.wacz")
    assert old in gzip.decompress(members[recorded_pages.WARC])
    forged = repack(tmp_path / "forged.wacz", _replaced(members, old, new), note="")
    assert sentence in sentences(verify(forged, key), FALSE)
    same = repack(tmp_path / "same.wacz", _replaced(members, b"-", b"-"), note="")
    assert not sentences(verify(same, key), FALSE)


def test_members_that_nothing_reads_are_named(desk: Path, key: str, tmp_path: Path) -> None:
    """The owner of the key can add any file and sign the list. It is not proven by that."""
    members = {"evidence/certificate.html": b"All of this is true."} | members_of(desk / "article.wacz")
    (tmp_path / "more.wacz").write_bytes(_zip(members))
    usual = "indexes/index.cdxj, pages/pages.jsonl, evidence/README.txt"
    for path, names in ((desk / "copy.wacz", usual), (tmp_path / "more.wacz", f"evidence/certificate.html, {usual}")):
        assert f"which nothing here reads: {names}" in sentences(verify(path, key), verifier.NOT_PROVEN)


def test_names_in_the_zip_are_those_that_other_programs_see(desk: Path) -> None:
    with zipfile.ZipFile(desk / "article.wacz") as zipped, (desk / "article.wacz").open("rb") as stream:
        assert zipped.namelist() == [*canonical_zip.Package(stream).members]
