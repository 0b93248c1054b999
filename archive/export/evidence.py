"""Evidence about one article, one change or one copy: a WACZ that viewers open, with proofs of the signed log.

The file is in the canonical form of ``archive.formats.evidence``, whose verifier checks it without the archive.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from archive.api import Archive, signed_log
from archive.copies import METHOD
from archive.export.atomic_file import atomic_write, check_file_ending, scratch_folder
from archive.export.evidence_anchors import (
    anchor_members,
    correction_members,
    corrections_of,
    cosigned_members,
    log_entry,
    memento_members,
)
from archive.export.evidence_readme import readme
from archive.export.selection import Selection
from archive.export.web_archive import SOFTWARE, write_wacz_files
from archive.formats import package_signature, signed_note
from archive.formats.evidence import canonical_zip, note_signature, recorded_pages, verifier
from archive.formats.evidence.claims import ENTRIES
from archive.formats.evidence.member_list import LIST_DIGEST
from archive.timestamps import iso
from archive.versions.diff import compare
from db.errors import BadInput, NotArchived
from db.queries import log_tiles
from db.queries import tombstones as tombstone_queries
from db.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from archive.api.version_ref import Ref
    from db.reader import Ask
    from db.records import Capture, Text, Version

MOST_CAPTURES: Final = 500
"""Most captures in a file unless another number is asked for."""

_MOST_PASSAGES: Final = 200
_MOST_BYTES: Final = (1 << 32) - 2  # a zip without extensions
_PIECE: Final = 1 << 20
_WACZ: Final = {
    "data.warc.gz": recorded_pages.WARC,
    "index.cdxj": "indexes/index.cdxj",
    "pages.jsonl": "pages/pages.jsonl",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceReport:
    """The content of a written file: captures in it and left out, and the log that signed it (None: nobody did)."""

    captures: int
    left_out: int
    signed_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """A version in the file: its name there (A or B), the capture that shows it, and its text."""

    name: str
    version: Version
    capture: Capture
    text: Text

    def content(self) -> str:
        return f"{self.text.title}\n\n{self.text.body}"


def export_evidence(
    db: Path, path: Path, refs: Sequence[Ref], *, most: int = MOST_CAPTURES, may_sign: bool = True
) -> EvidenceReport:
    """Write evidence about a version (one of ``refs``), a change (two of one article) or a copy (two articles).

    The file has every capture of the addresses, or ``most`` of them and the number of the others. The log is signed if
    the archive has a key. Unless it ``may_sign``, the last checkpoint has to cover the captures, and nothing but the
    file is written. Raises NotArchived, BadInput, and LogForked. After an error there is no file.
    """
    check_file_ending(path, ".wacz")
    with atomic_write(path) as part, Archive(db) as archive, scratch_folder(path) as folder:
        subjects = [_subject(archive, name, ref) for name, ref in zip("AB", refs, strict=False)]
        sources = {archive.source(subject.version.url).id: subject.version.url for subject in subjects}
        captures = [capture for url in sources.values() for capture, _ in archive.captures(url)]
        chosen = _choose(captures, subjects, most)
        numbers = [capture.id or 0 for capture in chosen]
        corrected = [row["number"] for row in corrections_of(archive.ask, numbers)]
        note, log = _checkpoint(db, max([*numbers, *corrected]), may_sign=may_sign)
        addresses = [address for source_id in sources for address in archive.addresses(source_id)]
        claims = {
            "format": note_signature.FORMAT,
            "made_with": SOFTWARE,
            "subject": "version" if len(subjects) == 1 else "change" if len(sources) == 1 else "copy",
            "log": {"origin": log.origin, "size": log.size},
            "addresses": addresses,
            "captures": {"here": len(chosen), "left_out": len(captures) - len(chosen)},
            "versions": [_version(subject) for subject in subjects],
            "verdict": _verdict(archive, subjects, is_change=len(sources) == 1) if len(subjects) > 1 else None,
        }
        with Reader(db) as reader:
            pages = tuple(capture.id or 0 for capture in chosen if capture.part == 1)
            _, created_at = write_wacz_files(reader.ask, folder, Selection(pages=pages))
            entries = "".join(_entries(reader.ask, numbers, log.size))
            stamps = anchor_members(reader.ask, db, [subject.capture.id or 0 for subject in subjects], log.size)
            stamps |= cosigned_members(reader.ask, db, log.origin, log.size)
            stamps |= correction_members(reader.ask, numbers, log.size)
            stamps |= memento_members(reader.ask, db, numbers, log.size)
        members: dict[str, Path | bytes] = {member: folder / name for name, member in _WACZ.items()}
        members |= _texts(subjects)
        members |= {
            ENTRIES: entries.encode(),
            verifier.CHECKPOINT: note.encode(),
            verifier.CLAIMS: _json(claims),
            "evidence/README.txt": readme(claims).encode(),
            **stamps,
        }
        _pack(part, members, created_at, key := signed_log.read_key(db) if signed_log.key_path(db).exists() else None)
    return EvidenceReport(
        captures=len(chosen), left_out=len(captures) - len(chosen), signed_by=None if key is None else key.name
    )


def _subject(archive: Archive, name: str, ref: Ref) -> _Subject:
    version = archive.version(ref)
    return _Subject(
        name=name, version=version, capture=archive.shown(archive.cite(ref).capture), text=archive.text(version)
    )


def _choose(captures: Sequence[Capture], subjects: Sequence[_Subject], most: int) -> list[Capture]:
    """Return at most ``most`` pages with their further parts, in time order: those of the subjects, then the newest."""
    pages = [capture for capture in captures if capture.part == 1]
    subject_ids = {subject.capture.part_of or subject.capture.id for subject in subjects}
    ranked = sorted(pages, key=lambda page: (page.id in subject_ids, page.captured_at, page.id), reverse=True)
    ids = {page.id for page in ranked[:most]}
    chosen = [capture for capture in captures if capture.id in ids or capture.part_of in ids]
    if not chosen:
        raise NotArchived("there are no captures to make evidence of")
    return sorted(chosen, key=lambda capture: (capture.captured_at, capture.id))


def _checkpoint(db: Path, newest: int, *, may_sign: bool) -> tuple[str, signed_note.Checkpoint]:
    """Return a checkpoint that covers number ``newest``, as a signed note. Without a key it has no signature."""
    if signed_log.key_path(db).exists():
        last = signed_log.last_checkpoint(db)
        problem = signed_log.fork_problem(db)
        if last is None or problem is not None or last.checkpoint.size < newest:
            if problem is None and not may_sign:
                raise NotArchived("the log does not cover the newest captures yet; it is signed after each refresh")
            last = signed_log.sign(db)
        return last.note, last.checkpoint
    with Reader(db) as reader:
        size = log_tiles.log_size(reader.ask)
        root = log_tiles.tree_root(reader.ask, size)
    checkpoint = signed_note.Checkpoint(origin="unsigned", size=size, root=root)
    return checkpoint.text(), checkpoint


def _version(subject: _Subject) -> dict[str, Any]:
    return {
        "name": subject.name,
        "address": subject.version.url,
        "number": subject.version.number,
        "title": subject.version.title,
        "text_sha256": subject.version.text_sha256,
        "capture": subject.capture.id,
        "captured_at": iso(subject.capture.captured_at),
        "recipe": subject.version.recipe_id,
    }


def _verdict(archive: Archive, subjects: Sequence[_Subject], *, is_change: bool) -> dict[str, Any]:
    """Return what is said of the change from A to B, or of A and B as copies, with the quoted passages in common."""
    first, second = subjects
    if is_change:
        change = compare(first.text, second.text)
        says = f"{', '.join(change.kinds) or 'no change'}, score {change.score:.2f}"
        return {"says": says, "method": f"comparison of versions, {SOFTWARE}"}
    a_text, b_text, judgement = archive.judge(first.version, second.version)
    passages = [
        {"a": a_text.body[slice(*passage.a)], "b": b_text.body[slice(*passage.b)]}
        for passage in judgement.passages[:_MOST_PASSAGES]
    ]
    relation = judgement.relation or "not linked"
    says = f"{relation}, score {judgement.score:.2f}: {judgement.because}"
    return {"says": says, "method": f"method {judgement.method or METHOD}, {SOFTWARE}", "passages": passages}


def _texts(subjects: Sequence[_Subject]) -> dict[str, bytes]:
    texts = {f"evidence/texts/{subject.name}.txt": subject.content().encode() for subject in subjects}
    contents = [subject.content() for subject in subjects]
    if len(contents) > 1 and sum(content.count("\n") for content in contents) <= verifier.MOST_DIFF_LINES:
        texts[verifier.DIFF] = verifier.difference(*contents).encode("utf-8", "replace")
    return texts


def _entries(ask: Ask, numbers: Sequence[int], size: int) -> Iterator[str]:
    """Yield a line for each capture: its number, the link before it, its facts, and its path in the tree."""
    for number in sorted(numbers):
        link = tombstone_queries.chain_link(ask, number)
        entry = log_entry(ask, number, bytes.fromhex(link.before), link.facts, size)
        yield json.dumps(entry, separators=(",", ":")) + "\n"


def _json(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=True, indent=2).encode()


# --- the package -----------------------------------------------------------------------------------------------------


def _pack(
    path: Path, members: Mapping[str, Path | bytes], created_at: datetime, key: signed_note.SigningKey | None
) -> None:
    """Write the members and the list of them, signed with ``key``, as a zip in canonical form."""
    resources = []
    for name, content in members.items():
        digest, size = hashlib.sha256(), 0
        for piece in _pieces(content):
            digest.update(piece)
            size += len(piece)
        stem = name.rpartition("/")[2].lower()
        resources.append({"name": stem, "path": name, "hash": f"sha256:{digest.hexdigest()}", "bytes": size})
    head = {"profile": "data-package", "wacz_version": "1.1.1", "software": SOFTWARE, "created": iso(created_at)}
    listed = _json(head | {"resources": resources})
    list_sha256 = hashlib.sha256(listed).hexdigest()
    last = {note_signature.LIST: listed, LIST_DIGEST: _signatures(list_sha256, head, key)}
    _write_zip(path, {**members, **last})


def _signatures(list_sha256: str, head: Mapping[str, str], key: signed_note.SigningKey | None) -> bytes:
    """Return datapackage-digest.json: the digest of the list, and what the owner of ``key`` signs about it."""
    if key is None:
        return note_signature.list_digest(list_sha256, "")
    signed_data = package_signature.sign_package(
        key.seed, list_sha256, created_at=head["created"], software=head["software"]
    )
    note = key.sign(note_signature.list_note(list_sha256, package_signature.public_key(signed_data)))
    return note_signature.list_digest(list_sha256, note, signed_data)


def _write_zip(path: Path, members: Mapping[str, Path | bytes]) -> None:
    directory = b""
    with path.open("wb") as out:
        for name, content in members.items():
            offset, crc, size = out.tell(), 0, 0
            for piece in _pieces(content):
                crc, size = zlib.crc32(piece, crc), size + len(piece)
            if offset + size > _MOST_BYTES:
                raise BadInput("the evidence is larger than 4 GB. Leave out captures, for example with --most 20")
            out.write(canonical_zip.local_header(name, crc, size))
            out.writelines(_pieces(content))
            directory += canonical_zip.central_header(name, crc, size, offset)
        offset = out.tell()
        out.write(directory + canonical_zip.end_record(len(members), len(directory), offset))


def _pieces(content: Path | bytes) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as stream:
        while piece := stream.read(_PIECE):
            yield piece
