"""The signature of an evidence file that WACZ viewers check: whose it is, and that nothing of it changes unseen."""

from __future__ import annotations

import json
import subprocess
from shutil import which
from typing import TYPE_CHECKING

import pytest

from archive.api import signed_log
from archive.export.evidence import _write_zip
from archive.formats import package_signature
from archive.formats.evidence import note_signature, verifier
from archive.formats.evidence.verifier import FALSE, NOT_PROVEN, PROVEN, Refused, verify
from tests.test_evidence import SEED, desk, key, members_of

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

__all__ = ["desk", "key"]
VIEWERS = "WACZ viewers check"

# What ReplayWeb.page does with an anonymous signature: the Web Crypto of browsers, which node has too.
VIEWER = """
const {signedData} = JSON.parse(require("fs").readFileSync(0));
const bytes = (text) => Buffer.from(text, "base64");
const curve = {name: "ECDSA", namedCurve: "P-384"};
crypto.subtle.importKey("spki", bytes(signedData.publicKey), curve, true, ["verify"])
  .then((key) => crypto.subtle.verify(
    {name: "ECDSA", hash: "SHA-256"}, key, bytes(signedData.signature), new TextEncoder().encode(signedData.hash)))
  .then((is_valid) => console.log(is_valid));
"""


def about_viewers(path: Path, public: str | None) -> str:
    """The status of the claim about the viewers' signature, or what the file is instead."""
    try:
        return ", ".join(claim.status for claim in verify(path, public) if VIEWERS in claim.sentence)
    except Refused:
        return "refused"


def with_signature(path: Path, members: dict[str, bytes], changes: dict[str, Any], *, note: str | None = None) -> Path:
    """Write members with another signature for viewers, in canonical form."""
    stored = json.loads(members[verifier.LIST_DIGEST])
    signed_data = {**stored["signedData"], **changes}
    digest = stored["hash"].removeprefix("sha256:")
    content = note_signature.list_digest(digest, stored["note"] if note is None else note, signed_data)
    _write_zip(path, members | {verifier.LIST_DIGEST: content})
    return path


def test_the_key_of_the_viewers_signature_is_named_by_the_key_of_the_log(desk, key) -> None:
    other = signed_log.signed_note.SigningKey(name="daily.example/archive", seed=bytes(32)).verifier()
    assert about_viewers(desk / "copy.wacz", key) == PROVEN
    assert about_viewers(desk / "copy.wacz", None) == NOT_PROVEN
    assert about_viewers(desk / "copy.wacz", other) == NOT_PROVEN


def test_no_value_of_the_viewers_signature_changes_unseen(desk, key, tmp_path) -> None:
    members = members_of(desk / "copy.wacz")
    signed_data = json.loads(members[verifier.LIST_DIGEST])["signedData"]
    assert tuple(signed_data) == ("hash", "created", "software", "version", "signature", "publicKey")
    for name, value in signed_data.items():
        at = len(value) // 2
        for changed in (value[:at] + ("1" if value[at] != "1" else "2") + value[at + 1 :], "", 5, None):
            path = with_signature(tmp_path / "changed.wacz", members, {name: changed})
            assert about_viewers(path, key) in {FALSE, "refused"}, (name, changed)
    more = with_signature(tmp_path / "more.wacz", members, {"domain": "daily.example"})
    assert about_viewers(more, key) == FALSE


def test_a_signature_of_somebody_else_is_not_the_archives(desk, key, tmp_path) -> None:
    members = members_of(desk / "copy.wacz")
    stored = json.loads(members[verifier.LIST_DIGEST])
    digest, signed_data = stored["hash"].removeprefix("sha256:"), stored["signedData"]
    own = package_signature.sign_package(
        bytes(32), digest, created_at=signed_data["created"], software=signed_data["software"]
    )
    replaced = with_signature(tmp_path / "own.wacz", members, own)
    assert about_viewers(replaced, key) == NOT_PROVEN
    assert verifier.exit_code(verify(replaced, key)) == 1  # the note names another key
    unsigned = with_signature(tmp_path / "unsigned.wacz", members, own, note="")
    assert about_viewers(unsigned, key) == NOT_PROVEN
    assert verifier.exit_code(verify(unsigned, key)) == 3
    bare = note_signature.list_digest(digest, stored["note"])
    _write_zip(tmp_path / "bare.wacz", members | {verifier.LIST_DIGEST: bare})
    assert verifier.exit_code(verify(tmp_path / "bare.wacz", key)) == 1  # a signature was taken out


def test_a_file_of_an_older_release_has_only_the_note(desk, key, tmp_path) -> None:
    members = members_of(desk / "copy.wacz")
    digest = json.loads(members[verifier.LIST_DIGEST])["hash"].removeprefix("sha256:")
    note = signed_log.signed_note.SigningKey(name="daily.example/archive", seed=SEED).sign(
        note_signature.list_note(digest)
    )
    _write_zip(tmp_path / "older.wacz", members | {verifier.LIST_DIGEST: note_signature.list_digest(digest, note)})
    assert about_viewers(tmp_path / "older.wacz", key) == ""
    assert verifier.exit_code(verify(tmp_path / "older.wacz", key)) == 0


@pytest.mark.skipif(which("node") is None, reason="needs node, for the Web Crypto of browsers")
def test_the_cryptography_of_browsers_accepts_the_signature(desk) -> None:
    stored = members_of(desk / "article.wacz")[verifier.LIST_DIGEST]
    changed = stored.replace(b'"hash": "sha256:', b'"hash": "sha256:0', 2)
    for content, answer in ((stored, "true"), (changed, "false")):
        done = subprocess.run(["node", "-e", VIEWER], input=content, capture_output=True, check=True, timeout=60)
        assert done.stdout.decode().strip() == answer
