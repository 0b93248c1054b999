"""Evidence files: what they prove, that no byte of them can change unseen, and that a hostile file costs nothing."""

from __future__ import annotations

import gzip
import hashlib
import json
import struct
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from archive.api import signed_log
from archive.api.version_ref import Ref
from archive.cli import main, wirecopy
from archive.export import export_evidence
from archive.export.evidence import _write_zip
from archive.formats.evidence import canonical_zip, note_signature, recorded_pages, verifier
from archive.formats.evidence.bounded_warc import MOST_RECORD
from archive.formats.evidence.verifier import FALSE, NOT_PROVEN, PROVEN, REPEATABLE, Claim, Refused, verify
from archive.formats.import_file import read_import
from db.records import Hop, Reason
from db.store import Store
from tests.archived import HEADERS
from tests.builders import DAY, HOUR, T0, a_capture, add_source, derive_all, failed

if TYPE_CHECKING:
    from collections.abc import Iterator

TALKS, COPY, OLD = "https://daily.example/talks", "https://copy.example/a", "https://daily.example/old"
STORY = "The ministers of Velmora and Oskany met on Monday to end the long quarrel over the border at the river Tal. "
FIRST, SECOND = STORY * 3 + "\nTalks go on.", STORY * 3 + "\nTalks have failed."
COPIED = STORY * 3 + "\nFrom our own staff."
SEED = bytes(range(32))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signed archive of two articles (one redirected, edited and copied), and a file about each kind."""
    folder = tmp_path_factory.mktemp("evidence")
    db = folder / "archive.db"
    with Store(db) as store:
        talks, copy = add_source(store, TALKS), add_source(store, COPY)
        page = a_capture(talks, url=TALKS, at=T0, headers=HEADERS, reason_phrase="OK")
        hop = Hop(url=OLD, status=301, location=TALKS, reason_phrase="Moved", headers=(("Location", TALKS),), at=T0)
        store.record([(replace(page, hops=(hop,)), FIRST.encode())])
        store.record([(a_capture(copy, url=COPY, at=T0 + 3 * HOUR), COPIED.encode())])
        again = failed(Reason.NOT_MODIFIED, T0 + HOUR, talks, url=TALKS, status=304)
        store.record([(again, None), (replace(page, captured_at=T0 + 2 * HOUR), FIRST.encode())])
        store.record([(failed(Reason.TIMEOUT, T0 + 4 * HOUR, talks, url=TALKS), None)])
        store.record([(replace(page, captured_at=T0 + DAY), SECOND.encode())])
        derive_all(store, title="Talks")
    signed_log.create_key(db, "daily.example/archive", seed=SEED, now=T0)
    export_evidence(db, folder / "article.wacz", [Ref(url=TALKS)])
    export_evidence(db, folder / "change.wacz", [Ref(url=TALKS, number=1), Ref(url=TALKS, number=2)])
    export_evidence(db, folder / "copy.wacz", [Ref(url=TALKS, number=1), Ref(url=COPY)])
    return folder


@pytest.fixture(scope="module")
def key(desk: Path) -> str:
    return signed_log.read_key(desk / "archive.db").verifier()


def members_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}


def repack(to: Path, members: dict[str, bytes], *, note: str | None = None) -> Path:
    """Write members as a forger would: every digest fits, only the signature does not. ``note``: "" drops it."""
    listed = json.loads(members[verifier.LIST])
    for row in listed["resources"]:
        content = members[row["path"]]
        row |= {"hash": f"sha256:{hashlib.sha256(content).hexdigest()}", "bytes": len(content)}
    members = members | {verifier.LIST: json.dumps(listed, indent=2).encode()}
    digest = hashlib.sha256(members[verifier.LIST]).hexdigest()
    kept = json.loads(members[verifier.LIST_DIGEST])["note"] if note is None else note
    if kept:
        kept = note_signature.list_note(digest) + "\n" + kept.rpartition("\n\n")[2]
    members[verifier.LIST_DIGEST] = note_signature.list_digest(digest, kept)
    _write_zip(to, members)
    return to


def sentences(claims: list[Claim], status: str) -> str:
    return "\n".join(claim.sentence for claim in claims if claim.status == status)


# --- what is said ----------------------------------------------------------------------------------------------------


def test_with_the_key_the_captures_are_proven_and_nothing_more_is_claimed(desk, key):
    claims = verify(desk / "article.wacz", key)
    proven = sentences(claims, PROVEN)
    assert "these 5 captures are in the log daily.example/archive" in proven
    assert "the bytes of 2 different pages" in proven
    assert not sentences(claims, FALSE)
    open_claims = sentences(claims, NOT_PROVEN)
    for words in ("says 2026-01-06 08:00:00 UTC", "the publisher sent", "other captures of these addresses"):
        assert words in open_claims
    assert "was read from the page" in sentences(claims, REPEATABLE)
    assert verifier.exit_code(claims) == 0


def test_without_the_key_or_with_another_nothing_of_the_log_is_proven(desk):
    other = signed_log.signed_note.SigningKey(name="daily.example/archive", seed=bytes(32)).verifier()
    for some_key in (None, other):
        claims = verify(desk / "article.wacz", some_key)
        assert not sentences(claims, PROVEN)
        assert not sentences(claims, FALSE)
        assert verifier.exit_code(claims) == 3
    with pytest.raises(Refused, match="expected name"):
        verify(desk / "article.wacz", "daily.example/archive+00000000+AAAA")


def test_a_change_and_a_copy_say_no_order_without_time_stamps(desk, key):
    change, copy = verify(desk / "change.wacz", key), verify(desk / "copy.wacz", key)
    assert "the difference between the texts A and B" in sentences(change, PROVEN)
    assert "quoted passages are in both texts" in sentences(copy, PROVEN)
    for claims in (change, copy):
        assert "A was recorded before B" not in sentences(claims, PROVEN)
        assert "A was recorded before B" in sentences(claims, NOT_PROVEN)
        assert "the verdict on A and B is a computation" in sentences(claims, REPEATABLE)
        assert not sentences(claims, FALSE)


def test_a_file_without_a_log_is_written_and_proves_nothing(desk, tmp_path):
    db = tmp_path / "archive.db"
    db.write_bytes((desk / "archive.db").read_bytes())
    report = export_evidence(db, tmp_path / "unsigned.wacz", [Ref(url=TALKS)])
    assert report.signed_by is None
    claims = verify(tmp_path / "unsigned.wacz", signed_log.read_key(desk / "archive.db").verifier())
    assert not sentences(claims, PROVEN)
    assert not sentences(claims, FALSE)


def test_the_same_archive_gives_the_same_file_and_other_programs_read_it(desk, tmp_path):
    export_evidence(desk / "archive.db", tmp_path / "again.wacz", [Ref(url=TALKS)])
    assert (tmp_path / "again.wacz").read_bytes() == (desk / "article.wacz").read_bytes()
    members = members_of(desk / "article.wacz")
    assert [*members][:3] == ["archive/data.warc.gz", "indexes/index.cdxj", "pages/pages.jsonl"]
    assert sum(1 for _ in read_import(desk / "article.wacz", now=T0)) >= 5
    assert "evidence/README.txt" in {row["path"] for row in json.loads(members["datapackage.json"])["resources"]}


def test_captures_left_out_are_counted(desk, key, tmp_path):
    report = export_evidence(desk / "archive.db", tmp_path / "few.wacz", [Ref(url=TALKS, number=1)], most=2)
    assert (report.captures, report.left_out) == (2, 3)
    claims = verify(tmp_path / "few.wacz", key)
    assert "3 other captures" in sentences(claims, NOT_PROVEN)
    assert "the one before number 6 is not in this file" in sentences(claims, NOT_PROVEN)
    whole = verify(desk / "article.wacz", key)
    assert f"up to number 6 the log has no other capture of {TALKS}" in sentences(whole, PROVEN)
    assert not sentences(claims, FALSE)


# --- every change is seen --------------------------------------------------------------------------------------------


def test_no_byte_of_a_file_changes_unseen(desk, key, tmp_path):
    """Any byte, also of headers: the file is refused, because its checksums or its form do not fit."""
    content = (desk / "copy.wacz").read_bytes()
    spoilt = tmp_path / "spoilt.wacz"
    for at in range(0, len(content), 101):
        spoilt.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(Refused):
            verify(spoilt, key)
    for wrong in (content[:-1], content + b"\0", b"\0" + content, b"", content[:50], content[-22:]):
        spoilt.write_bytes(wrong)
        with pytest.raises(Refused):
            verify(spoilt, key)


@pytest.mark.parametrize("name", ["article.wacz", "copy.wacz"])
def test_a_changed_member_is_false_even_when_the_checksums_of_the_zip_fit(desk, key, tmp_path, name):
    members = members_of(desk / name)
    for member, content in members.items():
        for at in sorted({0, len(content) // 2, len(content) - 1}):
            changed = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
            _write_zip(tmp_path / "spoilt.wacz", members | {member: changed})
            assert not is_believed(tmp_path / "spoilt.wacz", key), (member, at)


def is_believed(path: Path, key: str | None) -> bool:
    """True if the verifier finds nothing false and both the list and the log proven."""
    try:
        return verifier.exit_code(verify(path, key)) == 0
    except Refused:
        return False


def test_a_forger_who_makes_every_digest_fit_is_not_believed(desk, key, tmp_path):
    members = members_of(desk / "copy.wacz")
    for member, content in members.items():
        if member not in {verifier.LIST, verifier.LIST_DIGEST}:
            forged = repack(tmp_path / "forged.wacz", members | {member: content + b"\n"})
            assert not is_believed(forged, key), member
            bare = repack(tmp_path / "bare.wacz", members | {member: content + b"\n"}, note="")
            assert not is_believed(bare, key), member


def warc_with(members: dict[str, bytes], old: bytes, new: bytes) -> dict[str, bytes]:
    """Change the WARC inside, one gzip member a record as before."""
    out = b""
    for record in gzip.decompress(members[recorded_pages.WARC]).replace(old, new).split(b"WARC/1.1\r\n")[1:]:
        out += gzip.compress(b"WARC/1.1\r\n" + record)
    return members | {recorded_pages.WARC: out}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (b"river Tal", b"river Tol", "has the bytes that the log recorded"),
        (b"WARC-Date: 2026-01-05T08:00:00Z", b"WARC-Date: 2025-01-05T08:00:00Z", "is a capture of the log"),
        (b"WARC-Target-URI: https://daily.", b"WARC-Target-URI: https://false.", "is a capture of the log"),
        (b"Set-Cookie: id=1", b"Set-Cookie: id=2", "headers"),
    ],
)
def test_a_page_its_time_its_address_and_its_headers_are_tied_to_the_log(desk, key, tmp_path, old, new, sentence):
    """Without the signature of the list too: this is what the log itself proves."""
    forged = warc_with(members_of(desk / "article.wacz"), old, new)
    claims = verify(repack(tmp_path / "forged.wacz", forged, note=""), key)
    assert sentence in sentences(claims, FALSE)


def entries_with(members: dict[str, bytes], old: str, new: str) -> dict[str, bytes]:
    return members | {verifier.ENTRIES: members[verifier.ENTRIES].decode().replace(old, new).encode()}


def test_facts_numbers_claims_and_quotes_are_checked(desk, key, tmp_path):
    members = members_of(desk / "copy.wacz")
    claims = json.loads(members[verifier.CLAIMS])
    quotes = claims["verdict"]["passages"]
    for forged, sentence in (
        (entries_with(members, "daily.example/talks", "daily.example/walks"), "is in the log"),
        (entries_with(members, '"number":1,', '"number":7,'), "is in the log"),
        ({verifier.CLAIMS: claims | {"captures": {"here": 2, "left_out": 0}}}, "the file has 2 captures"),
        ({verifier.CLAIMS: claims | {"addresses": [TALKS]}}, "addresses that the file names"),
        (
            {verifier.CLAIMS: claims | {"verdict": claims["verdict"] | {"passages": [{**quotes[0], "b": "other"}]}}},
            "quoted",
        ),
        ({verifier.CLAIMS: claims | {"versions": [claims["versions"][0] | {"text_sha256": "0" * 64}]}}, "text A"),
        (
            {verifier.CLAIMS: claims | {"versions": [claims["versions"][0] | {"captured_at": "2026-01-01T00:00:00Z"}]}},
            "text A",
        ),
        ({"evidence/texts/B.txt": b"Talks\n\nAnother text."}, "text B"),
        ({verifier.DIFF: b"nothing\n"}, "difference"),
    ):
        content = {
            name: value if isinstance(value, bytes) else json.dumps(value).encode() for name, value in forged.items()
        }
        answer = verify(repack(tmp_path / "forged.wacz", members | content, note=""), key)
        assert sentence in sentences(answer, FALSE), sentence


# --- hostile files ---------------------------------------------------------------------------------------------------


def hostile() -> Iterator[dict[str, bytes]]:
    """Members in place of good ones."""
    deep = b'{"a":' * 100_000
    yield {verifier.CLAIMS: deep}
    yield {verifier.ENTRIES: deep}
    yield {verifier.ENTRIES: b'{"number":1,"facts":"[]","before":"","path":[]}\n'}
    yield {verifier.ENTRIES: b'{"number":true,"facts":{},"before":[],"path":{}}\n'}
    yield {verifier.ENTRIES: b"{}\n" * 30_000}
    yield {verifier.ENTRIES: b""}
    yield {verifier.ENTRIES: b'{"number":' + b"9" * 5000 + b"}\n"}
    yield {verifier.CLAIMS: b'{"format":"wirecopy-evidence/1","format":"x"}'}
    yield {
        verifier.CLAIMS: b'{"format":"wirecopy-evidence/1","versions":[{"name":"../x","capture":{}}],"addresses":[]}'
    }
    yield {verifier.CLAIMS: b'{"format":"wirecopy-evidence/1","versions":[],"addresses":{}}'}
    yield {recorded_pages.WARC: gzip.compress(bytes(MOST_RECORD + 9))}
    yield {recorded_pages.WARC: gzip.compress(b"WARC/1.1\r\n\r\n")[:-4]}
    yield {recorded_pages.WARC: b"nothing"}
    yield {verifier.CHECKPOINT: b"\xff" * 5000}
    yield {verifier.CHECKPOINT: b"a\n99999999999999999999999\nb\n\n" + "— x y\n".encode() * 9999}
    yield {verifier.LIST: b"[]"}


@pytest.mark.parametrize("members", [*hostile()], ids=[str(number) for number in range(16)])
def test_a_hostile_member_is_refused_or_false(desk, key, tmp_path, members):
    _write_zip(tmp_path / "hostile.wacz", members_of(desk / "article.wacz") | members)
    assert not is_believed(tmp_path / "hostile.wacz", key)


def test_a_zip_in_another_form_is_refused(desk, key, tmp_path):
    good, path = members_of(desk / "article.wacz"), tmp_path / "other.wacz"
    for compression in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):  # the second has today's date
        with zipfile.ZipFile(path, "w", compression) as zipped:
            for name, content in good.items():
                zipped.writestr(name, content)
        with pytest.raises(Refused):
            verify(path, key)
    body = (desk / "article.wacz").read_bytes()
    names = {b"../../etc/passwd", b"evidence/README.txt\0"}
    for name in names:
        header = canonical_zip.local_header("x", 0, 0)[:-1].replace(b"\1\0\0\0", b"\1\0\0\0")
        path.write_bytes(header + name + body)
        with pytest.raises(Refused):
            verify(path, key)
    twice = tmp_path / "twice.wacz"
    local = canonical_zip.local_header("a", 0, 0)
    directory = canonical_zip.central_header("a", 0, 0, 0) + canonical_zip.central_header("a", 0, 0, len(local))
    twice.write_bytes(local * 2 + directory + canonical_zip.end_record(2, len(directory), 2 * len(local)))
    with pytest.raises(Refused, match="comes twice"):
        verify(twice, key)
    twice.write_bytes(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, 2**32 - 1, 0, 0))
    with pytest.raises(Refused):
        verify(twice, key)


def test_control_characters_of_a_file_never_reach_the_terminal():
    assert "\x1b" not in str(Claim(FALSE, "\x1b[2J\u202e\nproven      everything"))
    assert "\n" not in str(Claim(FALSE, "\nproven"))


# --- the programs ----------------------------------------------------------------------------------------------------


def test_the_verifier_runs_from_its_folder_alone(desk, key, tmp_path):
    """A copy of the folder is enough: no wirecopy, no archive."""
    source = Path(verifier.__file__).parent
    folder = tmp_path / "evidence"
    folder.mkdir()
    for module in source.glob("*.py"):
        (folder / module.name).write_bytes(module.read_bytes())
    command = [sys.executable, "-m", "evidence", str(desk / "article.wacz"), "--key", key]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env={"PYTHONPATH": ""})
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("proven      the holder of the archive's key put this file together")


def code_of(db: Path, *arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(["--db", str(db), *arguments])
    return int(end.value.code or 0)


def test_the_verb_writes_a_change_and_leaves_no_file_when_it_cannot(desk, tmp_path, capsys):
    db = tmp_path / "archive.db"
    db.write_bytes((desk / "archive.db").read_bytes())
    file = tmp_path / "out.wacz"
    assert code_of(db, "evidence", "https://daily.example/none", str(file)) == 4
    assert code_of(db, "evidence", f"{TALKS}@9", str(file)) == 4
    assert code_of(db, "evidence", TALKS, str(tmp_path / "out.zip")) == 2
    assert code_of(db, "evidence", str(file)) == 2
    assert code_of(db, "evidence", f"{TALKS}@1..2", COPY, str(file)) == 2
    assert code_of(db, "forget", COPY, "--yes") == 0
    assert code_of(db, "evidence", COPY, str(file)) == 4
    assert "was forgotten" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir() if "wacz" in path.name) == []
    done = CliRunner().invoke(wirecopy, ["--db", str(db), "evidence", f"{TALKS}@1..2", str(file)])
    assert done.exit_code == 0
    assert verifier.DIFF in members_of(file)
    done = CliRunner().invoke(wirecopy, ["--db", str(db), "evidence", TALKS, str(file), "--json"])
    assert json.loads(done.stdout) == {"file": str(file), "captures": 5, "left_out": 0, "signed_by": None}


def test_an_archive_that_was_rewritten_gives_no_evidence(desk, tmp_path, capsys):
    db = tmp_path / "archive.db"
    with Store(db) as store:
        source = add_source(store, TALKS)
        for day in range(9):
            store.record([(a_capture(source, url=TALKS, at=T0 - day * DAY), f"{FIRST} {day}".encode())])
        derive_all(store)
    for name in ("archive.db.log-key", "archive.db.checkpoint"):
        (tmp_path / name).write_bytes((desk / name).read_bytes())
    assert code_of(db, "evidence", TALKS, str(tmp_path / "out.wacz")) == 5
    assert "not those that its log signed" in capsys.readouterr().err
    assert not (tmp_path / "out.wacz").exists()
