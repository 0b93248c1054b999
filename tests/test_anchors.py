"""Time stamps by a real authority on loopback: kept as they come, entries of the log, and never in the way."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import zipfile
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from archive.api import signed_log
from archive.api.version_ref import Ref
from archive.export import export_evidence
from archive.export.evidence import _write_zip
from archive.formats.evidence import note_signature, time_stamp, verifier, windows
from archive.formats.evidence.verifier import FALSE, NOT_PROVEN, PROVEN, Refused
from archive.pipeline import anchors
from archive.settings import load_settings
from db.errors import ConfigError
from db.queries import log_tiles
from db.reader import Reader
from db.store import Store
from db.verify import verify
from tests.builders import HOUR, T0, a_capture, add_source, derive_all
from tests.stamping import authority, make_authority, run

if TYPE_CHECKING:
    from pathlib import Path

    from archive.settings import Settings

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl program")


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("authority") / "tsa"
    make_authority(folder)
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an archive with a signed log of two captures, without an authority."""
    found = load_settings({}, start=tmp_path)
    capture(found, 0)
    capture(found, 1)
    signed_log.create_key(found.db, "daily.example/archive", seed=bytes(32), now=T0)
    return found


def capture(settings: Settings, hour: int) -> None:
    with Store(settings.db) as store:
        store.record([(a_capture(add_source(store), at=T0 + hour * HOUR), b"page %d" % hour)])


def entries(settings: Settings) -> list[dict[str, str]]:
    with Reader(settings.db) as reader:
        assert not list(verify(reader, deep=False))
        return [json.loads(row["facts"]) for row in log_tiles.entries_of_kind(reader.ask, "anchor")]


def test_a_time_stamp_is_kept_and_its_digest_is_the_next_entry(settings, tsa, tmp_path):
    with authority(tsa) as url:
        (report,) = asyncio.run(anchors.anchor(replace(settings, authorities=(url,))))
    (entry,) = entries(settings)
    folder = signed_log.anchors_path(settings.db)
    reply = (folder / f"{entry['reply_sha256']}.tsr").read_bytes()
    message = (folder / f"{entry['size']}.checkpoint").read_bytes()
    assert time_stamp.check(reply, message, tsa / "ca.pem") == (report.stamped_at, "")
    other = make_authority(tmp_path / "other")
    for token, text, roots in (
        (reply, message, other),
        (reply, message + b"\n", tsa / "ca.pem"),
        (reply[:-1] + bytes([reply[-1] ^ 1]), message, tsa / "ca.pem"),
        (reply[:40], message, tsa / "ca.pem"),
        (b"", message, tsa / "ca.pem"),
    ):
        stamped_at, problem = time_stamp.check(token, text, roots)
        assert stamped_at is None
        assert problem


def test_a_reply_with_the_chain_is_checked_by_openssl_where_the_package_refuses_it(settings, tmp_path):
    roots = make_authority(tmp_path / "chain", with_chain=True)
    with authority(tmp_path / "chain") as url:
        (report,) = asyncio.run(anchors.anchor(replace(settings, authorities=(url,))))
    (entry,) = entries(settings)
    folder = signed_log.anchors_path(settings.db)
    reply = (folder / f"{entry['reply_sha256']}.tsr").read_bytes()
    message = (folder / f"{entry['size']}.checkpoint").read_bytes()
    assert time_stamp.check(reply, message, roots)[0] == report.stamped_at


def test_an_authority_that_is_down_lies_or_repeats_itself_costs_only_itself(settings, tsa):
    (tsa / "text").write_bytes(b"another text")
    run("openssl ts -query -data text -sha256 -cert -out query", tsa)
    run("openssl ts -reply -queryfile query -config tsa.cnf -section one -out reply", tsa)
    old = (tsa / "reply").read_bytes()
    with authority(tsa) as good, authority(tsa, says=old) as repeating, authority(tsa, says=b"<html>") as lying:
        for url, problem in (
            (repeating, "another request"),
            (lying, "no time stamp"),
            ("http://127.0.0.1:1/", ""),
            (f"{good}/../nothing", ""),
        ):
            reports = asyncio.run(anchors.anchor(replace(settings, authorities=(url, good))))
            assert reports[1].stamped_at is not None
            assert problem in reports[0].problem
    assert len(entries(settings)) >= 4
    assert len([*signed_log.anchors_path(settings.db).glob("*.tsr")]) >= 6  # the bad replies too


def test_stamps_come_hourly_only_with_something_new_and_gaps_are_said(settings, tsa):
    capture(settings, 5)
    assert asyncio.run(anchors.anchor_if_due(settings)) == {}
    signed = signed_log.last_checkpoint(settings.db)
    assert signed is not None
    assert signed.checkpoint.size == 4  # a refresh ends with a checkpoint, so that mirrors of the log go on
    assert signed_log.anchor_gap(settings) is None
    down = replace(settings, authorities=("http://127.0.0.1:1/",))
    assert asyncio.run(anchors.anchor_if_due(down)) == {"time_stamps": 0, "time_stamp_failures": 1}
    assert "4 entries of the log have no time stamp" in str(signed_log.anchor_gap(down))
    with authority(tsa) as url:
        on = replace(settings, authorities=(url,))
        assert asyncio.run(anchors.anchor_if_due(on)) == {"time_stamps": 1, "time_stamp_failures": 0}
        assert signed_log.anchor_gap(on) is None
        capture(on, 2)
        assert asyncio.run(anchors.anchor_if_due(on)) == {}  # the hour is not over
    assert signed_log.anchor_gap(on) is None
    signed_log.key_path(on.db).unlink()
    assert "no log key" in str(signed_log.anchor_gap(on))
    assert asyncio.run(anchors.anchor_if_due(on)) == {}


def test_at_most_three_authorities_are_asked(tmp_path):
    addresses = ",".join(f"https://tsa{number}.example/" for number in range(4))
    with pytest.raises(ConfigError, match="one to three"):
        load_settings({"WIRECOPY_AUTHORITIES": addresses}, start=tmp_path)
    assert timedelta(hours=1) <= anchors.EVERY


# --- in evidence -----------------------------------------------------------------------------------------------------

ORIGINAL, COPY = "https://daily.example/a", "https://copy.example/a"
STORY = "The ministers of Velmora and Oskany met on Monday to end the long quarrel over the border at the river Tal. "


@pytest.fixture(scope="module")
def stamped(tsa: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Evidence about a copy that was recorded after a time stamp on its original, and the log's key."""
    folder = tmp_path_factory.mktemp("stamped")
    settings = load_settings({}, start=folder)
    settings.db.parent.mkdir()
    with Store(settings.db) as store:
        store.record([(a_capture(add_source(store, ORIGINAL), url=ORIGINAL, at=T0), (STORY * 3).encode())])
        derive_all(store)
    key = signed_log.create_key(settings.db, "daily.example/archive", seed=bytes(32), now=T0)
    with authority(tsa) as url:
        on = replace(settings, authorities=(url,))
        asyncio.run(anchors.anchor(on))
        with Store(settings.db) as store:
            store.record([(a_capture(add_source(store, COPY), url=COPY, at=T0 + HOUR), (STORY * 3).encode())])
            derive_all(store)
        asyncio.run(anchors.anchor(on))
    export_evidence(settings.db, folder / "copy.wacz", [Ref(url=ORIGINAL), Ref(url=COPY)])
    return folder / "copy.wacz", key.verifier()


def statuses(path: Path, key: str, roots: Path | None, words: str) -> set[str]:
    return {claim.status for claim in verifier.verify(path, key, roots) if words in claim.sentence}


def test_a_copy_is_proven_later_only_by_a_time_stamp_between_the_two(stamped, tsa, tmp_path):
    path, key = stamped
    order = "A was recorded before B"
    assert statuses(path, key, tsa / "ca.pem", order) == {PROVEN}
    assert statuses(path, key, tsa / "ca.pem", "number 1 was in the log by") == {PROVEN}
    for roots in (None, make_authority(tmp_path / "other")):
        assert statuses(path, key, roots, order) == {NOT_PROVEN}
        assert statuses(path, key, roots, "the time stamp of the first") == {NOT_PROVEN}
    other = signed_log.signed_note.SigningKey(name="daily.example/archive", seed=bytes([1] * 32)).verifier()
    assert statuses(path, other, tsa / "ca.pem", order) == {NOT_PROVEN}


def test_a_time_stamp_that_was_changed_or_moved_proves_nothing(stamped, tsa, tmp_path):
    path, key = stamped
    with zipfile.ZipFile(path) as zipped:
        members = {name: zipped.read(name) for name in zipped.namelist()}
    first, second = [json.loads(line) for line in members[windows.ANCHORS].splitlines()]
    token = f"evidence/anchors/{first['reply']}.tsr"
    for lines, more in (
        ([first | {"checkpoint": second["checkpoint"]}, second], {}),
        ([first | {"consistency": []}, second], {}),
        ([first | {"reply": second["reply"]}, second], {}),
        ([first | {"entry": second["entry"]}, second], {}),
        ([first | {"entry": first["entry"] | {"number": 1}}, second], {}),
        ([first, second], {token: members[token][:-1] + b"x"}),
        ([first | {"entry": None}, second | {"entry": None}], {}),
        ([first | {"checkpoint": first["checkpoint"].replace("— ", "— x")}, second], {}),
        ([], {}),
    ):
        content = members | more | {windows.ANCHORS: b"".join(json.dumps(line).encode() + b"\n" for line in lines)}
        forged = resigned(tmp_path / "forged.wacz", content)
        assert PROVEN not in statuses(forged, key, tsa / "ca.pem", "A was recorded before B"), lines
    claims = verifier.verify(resigned(tmp_path / "forged.wacz", members), key, tsa / "ca.pem")
    assert not [claim for claim in claims if claim.status == FALSE]


def resigned(path: Path, members: dict[str, bytes]) -> Path:
    """Write members as the holder of the log's key could: the list and its signature fit."""
    listed = json.loads(members[verifier.LIST])
    for row in listed["resources"]:
        content = members[row["path"]]
        row |= {"hash": f"sha256:{hashlib.sha256(content).hexdigest()}", "bytes": len(content)}
    members = members | {verifier.LIST: json.dumps(listed, indent=2).encode()}
    digest = hashlib.sha256(members[verifier.LIST]).hexdigest()
    key = signed_log.signed_note.SigningKey(name="daily.example/archive", seed=bytes(32))
    note = key.sign(note_signature.list_note(digest))
    _write_zip(path, members | {verifier.LIST_DIGEST: note_signature.list_digest(digest, note)})
    return path


def test_a_hostile_list_of_time_stamps_is_refused_or_false(stamped, tmp_path):
    path, key = stamped
    with zipfile.ZipFile(path) as zipped:
        members = {name: zipped.read(name) for name in zipped.namelist()}
    for content in (b"{}\n" * 1000, b"[]\n", b"1\n", b'{"checkpoint":1,"reply":2,"consistency":[[]]}\n', b"\xff\n"):
        hostile = resigned(tmp_path / "hostile.wacz", members | {windows.ANCHORS: content})
        try:
            claims = verifier.verify(hostile, key)
        except Refused:
            continue
        assert verifier.exit_code(claims) == 1
