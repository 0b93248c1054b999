"""Evidence files seen from outside: by a script of openssl and sha256sum, by the web pages, and byte for byte."""

from __future__ import annotations

import json
import subprocess
from functools import partial
from pathlib import Path
from shutil import which

import pytest
from starlette.testclient import TestClient

from archive.api import Archive, signed_log
from archive.export import export_evidence
from archive.export.evidence import _write_zip
from archive.formats.evidence import verifier
from archive.serve.app import create_app
from db.store import Store
from tests.builders import a_capture
from tests.serving import NOW, OURS
from tests.test_evidence import COPY, TALKS, desk, is_believed, key, members_of

__all__ = ["desk", "key"]
SCRIPT = Path(__file__).with_name("check_by_hand.sh")


# --- by hand ---------------------------------------------------------------------------------------------------------


def laid_out(folder: Path, members: dict[str, bytes], entry: dict[str, object], public_key: str) -> None:
    """Write what the script reads: the parts of one entry, and every member with its digest."""
    listed = json.loads(members[verifier.LIST])["resources"]
    checkpoint = members[verifier.CHECKPOINT]
    lines = {
        "facts": str(entry["facts"]),
        "before": str(entry["before"]),
        "path": "".join(f"{sibling}\n" for sibling in entry["path"]),  # type: ignore[attr-defined]
        "number": str(entry["number"]),
        "size": checkpoint.decode().split("\n")[1],
        "key": public_key.split("+", 2)[2],
        "list": "".join(f"{row['hash'].removeprefix('sha256:')}  {row['path']}\n" for row in listed),
    }
    for name, text in lines.items():
        (folder / name).write_text(text)
    (folder / "checkpoint").write_bytes(checkpoint)
    for name, content in members.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def agrees(folder: Path) -> bool:
    done = subprocess.run(["sh", str(SCRIPT)], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.endswith("agrees\n")


@pytest.mark.skipif(not all(map(which, ("openssl", "sha256sum", "basenc"))), reason="needs openssl and coreutils")
def test_a_script_of_openssl_and_sha256sum_agrees_with_the_verifier(desk: Path, key: str, tmp_path: Path) -> None:
    members = members_of(desk / "copy.wacz")
    entries = [json.loads(line) for line in members[verifier.ENTRIES].splitlines()]
    assert is_believed(desk / "copy.wacz", key)
    for entry in entries:
        laid_out(tmp_path, members, entry, key)
        assert agrees(tmp_path), entry["number"]
    forged = [
        entries[0] | {"facts": entries[0]["facts"].replace("daily", "dally")},
        entries[0] | {"number": entries[1]["number"]},
        entries[0] | {"path": entries[1]["path"]},
        entries[0] | {"before": entries[1]["before"]},
    ]
    for entry in forged:
        laid_out(tmp_path, members, entry, key)
        assert not agrees(tmp_path), entry
    laid_out(tmp_path, members | {"evidence/texts/A.txt": b"Another text."}, entries[0], key)
    assert not agrees(tmp_path)
    other = signed_log.signed_note.SigningKey(name="daily.example/archive", seed=bytes(32)).verifier()
    laid_out(tmp_path, members, entries[0], other)
    assert not agrees(tmp_path)


# --- byte for byte ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_every_change_of_a_member_is_false_or_not_proven(desk: Path, key: str, tmp_path: Path) -> None:
    """One bit of every thirteenth byte of each member, with checksums of the zip that fit."""
    members = members_of(desk / "change.wacz")
    for member, content in members.items():
        for at in range(0, len(content), 13):
            changed = content[:at] + bytes([content[at] ^ 1 << at % 8]) + content[at + 1 :]
            _write_zip(tmp_path / "spoilt.wacz", members | {member: changed})
            assert not is_believed(tmp_path / "spoilt.wacz", key), (member, at)


# --- on the web ------------------------------------------------------------------------------------------------------


@pytest.fixture
def served(desk: Path, tmp_path: Path) -> tuple[Path, TestClient]:
    """A copy of the archive with its log, and its web pages."""
    db = tmp_path / "archive.db"
    for suffix in ("", ".log-key", ".checkpoint"):
        (tmp_path / f"archive.db{suffix}").write_bytes((desk / f"archive.db{suffix}").read_bytes())
    app = create_app(db, clock=lambda: NOW, evidence=partial(export_evidence, db, may_sign=False))
    return db, TestClient(app, base_url=OURS, follow_redirects=False)


def button(client: TestClient, page: str) -> str:
    """The address of the evidence file that a page names."""
    before, _, after = client.get(page).text.partition("/evidence?")
    return (before.rpartition('"')[2] + "/evidence?" + after.partition('"')[0]).replace("&amp;", "&")


def test_the_pages_of_an_article_a_change_and_a_copy_give_the_file_that_the_verb_writes(
    served: tuple[Path, TestClient], desk: Path
) -> None:
    db, client = served
    with Archive(db) as archive:
        talks, copy = archive.source(TALKS).id, archive.source(COPY).id
    for page, file in (
        (f"/articles/{talks}?v=2", "article.wacz"),
        (f"/articles/{talks}/diff/1..2", "change.wacz"),
        (f"/copies/{talks}?with={copy}", None),
    ):
        answer = client.get(button(client, page))
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-disposition"].startswith("attachment")
        if file is not None:
            assert answer.content == (desk / file).read_bytes()
            continue
        (db.parent / "copy.wacz").write_bytes(answer.content)
        assert '"subject": "copy"' in members_of(db.parent / "copy.wacz")[verifier.CLAIMS].decode()


def test_what_cannot_be_proven_is_said_and_nothing_is_signed_by_a_download(
    served: tuple[Path, TestClient],
) -> None:
    db, client = served
    with Archive(db) as archive:
        talks, copy = archive.source(TALKS).id, archive.source(COPY).id
    for path, status in (
        ("/articles/999/evidence", 404),
        (f"/articles/{talks}/evidence?v=9", 404),
        (f"/articles/{talks}/evidence?v=x", 400),
        (f"/articles/{talks}/evidence?v=1&to=2&with={copy}", 400),
        (f"/articles/{talks}/evidence?with=999", 404),
    ):
        assert client.get(path).status_code == status, path
    with Store(db) as store:
        store.record([(a_capture(talks, url=TALKS, at=NOW), b"A newer page.")])
        store.forget_source(copy, NOW)
    note = signed_log.last_checkpoint(db)
    answer = client.get(f"/articles/{talks}/evidence?v=2")
    assert answer.status_code == 404
    assert "signed after each refresh" in answer.text
    assert signed_log.last_checkpoint(db) == note
    signed_log.sign(db)
    assert client.get(f"/articles/{talks}/evidence?v=2").status_code == 200
    deleted = client.get(f"/articles/{copy}/evidence")
    assert deleted.status_code == 404
    assert "forgotten on request" in deleted.text
    assert "no evidence about them can be made any more" in deleted.text
    assert COPY not in deleted.text


def test_a_server_without_evidence_offers_none(served: tuple[Path, TestClient]) -> None:
    db, _ = served
    with Archive(db) as archive:
        talks = archive.source(TALKS).id
    plain = TestClient(create_app(db, clock=lambda: NOW), base_url=OURS)
    assert "evidence file" not in plain.get(f"/articles/{talks}").text.lower()
    assert plain.get(f"/articles/{talks}/evidence").status_code == 404
