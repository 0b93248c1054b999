"""A witness on loopback: it cosigns what continues a log, nothing else, and no crash makes it forget what it signed."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import threading
from base64 import b64decode
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from archive.api import checkpoint_places, signed_log, witness
from archive.api.version_ref import Ref
from archive.cli import wirecopy
from archive.export import export_evidence
from archive.formats import cosignature, signed_note
from archive.formats.cosignature import Submission
from archive.formats.evidence import cosigned_checkpoints as form
from archive.formats.evidence import verifier
from archive.formats.evidence.verifier import FALSE, NOT_PROVEN, PROVEN
from archive.pipeline import outside
from archive.serve.witness_app import create_witness_app
from archive.settings import load_settings
from db.errors import BadInput
from db.queries import log_tiles
from db.reader import Reader
from db.store import Store
from tests.builders import DAY, HOUR, T0, a_capture, add_source, derive_all
from tests.test_evidence import members_of, repack
from tests.test_signed_log import listening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from archive.api.signed_log import SignedCheckpoint
    from archive.settings import Settings

LOG, OTHER = "daily.example/archive", "other.example/witness"
ARTICLE = "https://daily.example/talks"
STORY = "The ministers of Velmora and Oskany met on Monday to end the long quarrel over the border at the river Tal. "

# From the specification (C2SP tlog-cosignature), which says that its time is 1679315147.
SPEC = "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA=="


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an archive with a signed log of three captures."""
    found = load_settings({}, start=tmp_path / "log")
    found.db.parent.mkdir(parents=True)
    add(found, 0, 3)
    signed_log.create_key(found.db, LOG, seed=bytes(32), now=T0)
    return found


def add(settings: Settings, first: int, end: int, words: str = STORY) -> None:
    with Store(settings.db) as store:
        source = add_source(store, ARTICLE)
        pages = [a_capture(source, url=ARTICLE, at=T0 + hour * HOUR) for hour in range(first, end)]
        store.record([(page, f"{words * 3} {page.captured_at}".encode()) for page in pages])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    witness.create_key(tmp_path / "witness", OTHER, seed=bytes([7] * 32))
    return tmp_path / "witness"


def log_key(settings: Settings) -> str:
    return signed_log.read_key(settings.db).verifier()


def witness_key(folder: Path) -> str:
    return cosignature.witness_key(witness.read_key(folder))


def submission(settings: Settings, signed: SignedCheckpoint, old: int) -> bytes:
    with Reader(settings.db) as reader:
        proof = log_tiles.consistency_proof(reader.ask, old, signed.checkpoint.size)
    return Submission(old=old, proof=tuple(proof), note=signed.note).encode()


def grown(settings: Settings, end: int) -> SignedCheckpoint:
    """Add captures up to an hour, and sign."""
    add(settings, log_size(settings), end)
    return signed_log.sign(settings.db)


def log_size(settings: Settings) -> int:
    with Reader(settings.db) as reader:
        return log_tiles.log_size(reader.ask)


# --- the witness -----------------------------------------------------------------------------------------------------


def test_a_cosignature_has_the_form_of_the_specification(settings, folder):
    raw = b64decode(SPEC)
    assert len(raw) == form.SIZE
    assert int.from_bytes(raw[4:12], "big") == 1679315147
    note = signed_log.sign(settings.db).note
    line = cosignature.cosign(witness.read_key(folder), note.rpartition("\n\n")[0] + "\n", T0)
    key = form.parse_witness(witness_key(folder))
    assert cosignature.own_line(note, line, key) == (line, T0)
    assert form.cosigned_at(note + line, key) == (T0, "")
    for changed in (note.replace(LOG, "daily.example/archivf", 1), note.replace("\n\n", "\nmore\n\n")):
        assert form.cosigned_at(changed + line, key)[0] is None
    assert form.cosigned_at(note, key)[0] is None
    signed_note.open_note(note + line, log_key(settings))  # a log's own reader passes over it


def test_only_what_continues_the_last_checkpoint_is_cosigned(settings, folder):
    first = signed_log.sign(settings.db)
    here = witness.Witness(folder, [log_key(settings)])
    assert here.answer(submission(settings, first, 0), T0).status == 200
    second = grown(settings, 9)
    size = first.checkpoint.size
    right = submission(settings, second, size)
    for body, status in (
        (submission(settings, second, 0), 409),
        (submission(settings, second, size + 1), 409),
        (Submission(old=size, proof=(), note=second.note).encode(), 422),
        (Submission(old=size, proof=(bytes(32),) * 3, note=second.note).encode(), 422),
        (Submission(old=second.checkpoint.size + 1, proof=(), note=second.note).encode(), 400),
        (right.replace(LOG.encode(), b"else.example/archive"), 404),
        (right[:-9] + b"A" + right[-8:], 403),
        (right.replace(b"old ", b"old 0"), 400),
        (right.replace(b"\n\n", b"\n"), 400),
        (b"", 400),
        (b"\xff" * 100, 400),
        (b"old 0\n" + b"A" * 40_000, 400),
    ):
        answer = here.answer(body, T0)
        assert answer.status == status, (body[:80], answer)
        assert "—" not in answer.text
    conflict = here.answer(submission(settings, second, 0), T0)
    assert (conflict.text, conflict.media_type) == (f"{size}\n", "text/x.tlog.size")
    assert here.last(LOG) == first.checkpoint
    for _ in range(2):  # the second time it has the checkpoint already
        answer = here.answer(right, T0 + DAY)
        assert answer.status == 200
        right = submission(settings, second, second.checkpoint.size)
    line, moment = cosignature.own_line(second.note, answer.text, form.parse_witness(witness_key(folder)))
    assert moment == T0 + DAY
    assert line == answer.text


def test_another_history_of_the_same_size_is_refused_and_kept_as_its_proof(settings, folder, tmp_path):
    here = witness.Witness(folder, [log_key(settings)])
    first = signed_log.sign(settings.db)
    assert here.answer(submission(settings, first, 0), T0).status == 200
    key = signed_log.read_key(settings.db)
    forged = replace(first.checkpoint, root=bytes(32))
    note = key.sign(forged.text())
    size = first.checkpoint.size
    assert here.answer(Submission(old=size, proof=(), note=note).encode(), T0).status == 409
    assert here.last(LOG) == first.checkpoint
    kept = here.state_path(LOG).with_suffix(".fork").read_text()
    assert signed_note.parse_checkpoint(signed_note.open_note(kept, key.verifier())) == forged
    empty = Submission(old=0, proof=(), note=key.sign(replace(forged, size=0).text())).encode()
    witness.create_key(tmp_path / "new", OTHER, seed=bytes([8] * 32))
    assert witness.Witness(tmp_path / "new", [key.verifier()]).answer(empty, T0).status == 422


def test_two_requests_at_once_never_roll_the_state_back(settings, folder):
    first = signed_log.sign(settings.db)
    here = witness.Witness(folder, [log_key(settings)])
    here.answer(submission(settings, first, 0), T0)
    size = first.checkpoint.size
    notes = [grown(settings, size + step) for step in range(2, 12, 2)]
    bodies = [submission(settings, note, size) for note in notes]
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda body=body: statuses.append(here.answer(body, T0).status)) for body in bodies
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 409, 409, 409, 409]
    assert here.last(LOG) in [note.checkpoint for note in notes]


def test_a_state_that_cannot_be_read_or_written_stops_the_witness_instead_of_starting_anew(settings, folder):
    here = witness.Witness(folder, [log_key(settings)])
    first = signed_log.sign(settings.db)
    assert here.answer(submission(settings, first, 0), T0).status == 200
    here.state_path(LOG).write_text("cut o")
    problems: list[str] = []
    client = TestClient(create_witness_app(here, clock=lambda: T0, report=problems.append))
    answer = client.post("/add-checkpoint", content=submission(settings, first, 0))
    assert answer.status_code == 500
    assert "put it back" in problems[0]
    here.state_path(LOG).unlink()
    here.state_path(LOG).with_name(f"{here.state_path(LOG).name}.part").mkdir()  # nothing can be written there
    assert client.post("/add-checkpoint", content=submission(settings, first, 0)).status_code == 500
    assert here.last(LOG) is None
    assert client.get("/add-checkpoint").status_code == 405
    assert client.post("/add-checkpoint", content=b"x" * 40_000).status_code == 413


def test_the_commands_make_a_key_and_name_what_is_wrong(tmp_path, settings):
    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(wirecopy, ["--db", str(settings.db), "witness", *arguments])
        return done.exit_code, done.output if done.exception is None else f"{done.exception}"

    assert "Make one: wirecopy witness key --create NAME" in run("key")[1]
    made = run("key", "--create", OTHER)[1].splitlines()[0]
    form.parse_witness(made)
    assert json.loads(run("key", "--json")[1]) == {"name": OTHER, "key": made}
    assert "has a key" in run("key", "--create", OTHER)[1]
    assert "cannot name a witness" in run("key", "--create", "two words", "--folder", str(tmp_path / "x"))[1]
    assert "no public key of a log" in run("serve", "--log", made)[1]
    assert (settings.db.parent / "witness" / "key").stat().st_mode & 0o077 == 0


# --- the log ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def witnessed(settings: Settings, folder: Path) -> Iterator[tuple[Settings, witness.Witness]]:
    """Settings with a witness that runs, and that witness."""
    here = witness.Witness(folder, [log_key(settings)])
    app = create_witness_app(here, clock=lambda: T0 + DAY, report=print)
    with listening(app) as address:
        yield replace(settings, witnesses=(f"{address}#{witness_key(folder)}",)), here


def round_of(settings: Settings) -> list[str]:
    """One round of all places, and the problems."""
    places = checkpoint_places.places_of(settings)
    return [report.problem for report in asyncio.run(outside.give_out(settings, places))]


def test_a_log_is_cosigned_once_an_hour_and_the_cosignature_is_served(witnessed):
    settings, here = witnessed
    assert asyncio.run(outside.prove_outside_if_due(settings)) == {"cosignatures": 1, "cosignatures_failed": 0}
    signed = signed_log.last_checkpoint(settings.db)
    assert signed is not None
    assert here.last(LOG) == signed.checkpoint
    assert checkpoint_places.cosigners(checkpoint_places.cosigned(settings.db, signed)) == {OTHER}
    assert checkpoint_places.gaps(settings) == []
    add(settings, 3, 8)
    assert asyncio.run(outside.prove_outside_if_due(settings)) == {}  # the hour is not over
    assert round_of(settings) == [""]
    assert here.last(LOG) == signed_log.last_checkpoint(settings.db).checkpoint


def test_a_witness_that_knows_more_or_less_than_we_think_is_asked_again(witnessed):
    settings, here = witnessed
    assert round_of(settings) == [""]
    grown(settings, 9)
    (signed_log.anchors_path(settings.db) / "deliveries.json").unlink()
    assert round_of(settings) == [""]  # it says how much it has
    here.state_path(LOG).unlink()
    grown(settings, 12)
    assert round_of(settings) == [""]
    (signed_log.anchors_path(settings.db) / "deliveries.json").write_text('{"a": 5}')
    assert round_of(settings) == [""]


def test_a_witness_that_saw_another_history_is_named(witnessed):
    settings, _ = witnessed
    before = settings.db.read_bytes()
    grown(settings, 9)
    assert round_of(settings) == [""]
    settings.db.write_bytes(before)  # an older archive, and its checkpoint was lost too
    for tail in ("-wal", "-shm"):
        settings.db.with_name(settings.db.name + tail).unlink(missing_ok=True)
    signed_log.checkpoint_path(settings.db).write_text(first_note(settings))
    add(settings, 20, 30, "Another story. ")
    (problem,) = round_of(settings)
    assert "422" in problem or "another history" in problem


def first_note(settings: Settings) -> str:
    with Reader(settings.db) as reader:
        size = log_tiles.log_size(reader.ask)
        root = log_tiles.tree_root(reader.ask, size)
    return signed_log.read_key(settings.db).sign(signed_note.Checkpoint(origin=LOG, size=size, root=root).text())


def test_a_witness_that_is_down_or_lies_costs_nothing_but_a_gap(settings, folder):
    key = witness_key(folder)
    lying = signed_note.SigningKey(name=OTHER, seed=bytes([9] * 32))
    witness.create_key(folder.parent / "lying", OTHER, seed=bytes([9] * 32))
    here = witness.Witness(folder.parent / "lying", [log_key(settings)])
    with listening(create_witness_app(here, clock=lambda: T0, report=print)) as address:
        on = replace(settings, witnesses=(f"{address}#{key}", f"http://127.0.0.1:1#{key}", f"{address}/none#{key}"))
        problems = round_of(on)
    assert lying.name == OTHER
    assert "no valid cosignature" in problems[0]
    assert problems[1]
    assert "404" in problems[2]
    assert len(checkpoint_places.gaps(on)) == 3
    assert f"witness {OTHER} has no checkpoint" in checkpoint_places.gaps(on)[0]
    with pytest.raises(BadInput):
        cosignature.parse_witness(log_key(settings))


# --- evidence --------------------------------------------------------------------------------------------------------


def write_evidence(settings: Settings, file: Path) -> None:
    with Store(settings.db) as store:
        derive_all(store, title="Talks")
    export_evidence(settings.db, file, [Ref(url=ARTICLE)])


def about(path: Path, settings: Settings, keys: list[str]) -> list[tuple[str, str]]:
    claims = verifier.verify(path, log_key(settings), None, keys)
    return [
        (claim.status, claim.sentence) for claim in claims if "itness" in claim.sentence or "cosigned" in claim.sentence
    ]


def test_evidence_has_the_cosignature_and_the_verifier_says_what_it_shows(witnessed, folder, tmp_path):
    settings, _ = witnessed
    assert round_of(settings) == [""]
    size = log_size(settings)
    grown(settings, 9)  # evidence has a newer checkpoint than the witness
    file, key = tmp_path / "talks.wacz", witness_key(folder)
    write_evidence(settings, file)
    ((status, sentence),) = about(file, settings, [key])
    assert status == PROVEN
    assert f"knows of no other history of the first {size} entries, as of {T0 + DAY:%Y-%m-%d %H:%M:%S} UTC" in sentence
    assert about(file, settings, []) == []
    other = cosignature.witness_key(signed_note.SigningKey(name=OTHER, seed=bytes([9] * 32)))
    assert [status for status, _ in about(file, settings, [other])] == [NOT_PROVEN]
    with pytest.raises(verifier.Refused):
        about(file, settings, [log_key(settings)])
    members = members_of(file)
    row = json.loads(members[form.COSIGNED])
    note = row["checkpoint"]
    for changed, expected in (
        (row | {"checkpoint": note.replace(f"\n{size}\n", f"\n{size + 1}\n")}, {FALSE, NOT_PROVEN}),
        (row | {"consistency": []}, {FALSE, NOT_PROVEN}),
        (row | {"checkpoint": note.replace(LOG, "else.example/a")}, {FALSE, NOT_PROVEN}),
        (row | {"checkpoint": note.replace(f"— {OTHER} ", f"— {OTHER}x ")}, {NOT_PROVEN}),
        (row | {"checkpoint": note[:-30] + "AAAA" + note[-26:]}, {NOT_PROVEN}),
    ):
        forged = repack(tmp_path / "forged.wacz", members | {form.COSIGNED: json.dumps(changed).encode() + b"\n"})
        assert {status for status, _ in about(forged, settings, [key])} == expected, changed


def test_a_hostile_list_of_cosigned_checkpoints_is_refused(witnessed, folder, tmp_path):
    settings, _ = witnessed
    assert round_of(settings) == [""]
    write_evidence(settings, tmp_path / "talks.wacz")
    members = members_of(tmp_path / "talks.wacz")
    for content in (b"{}\n", b"[]\n", b"1\n" * 3, b"{}\n" * 1000, b"\xff\n", b'{"checkpoint":1,"consistency":5}\n'):
        forged = repack(tmp_path / "forged.wacz", members | {form.COSIGNED: content})
        try:
            claims = verifier.verify(forged, log_key(settings), None, [witness_key(folder)])
        except verifier.Refused:
            continue
        assert verifier.exit_code(claims) == 1


# --- killed between any two steps ------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from archive.api import witness

steps, here = int(sys.argv[4]), Path(sys.argv[1])
seen = 0

def step(event, arguments):  # every call that may change a file
    global seen
    if event in {"open", "os.rename", "os.remove"} and str(here) in str(arguments[0]):
        seen += 1
        if seen == steps:
            os.kill(os.getpid(), signal.SIGKILL)

present = witness.Witness(here, [sys.argv[2]])
sys.addaudithook(step)
answer = present.answer(Path(sys.argv[3]).read_bytes(), datetime(2026, 1, 6, tzinfo=UTC))
print(answer.status, answer.text)
"""


def test_a_witness_killed_at_any_step_never_cosigns_less_or_another_history(settings, folder, tmp_path):
    """It is asked in a process of its own, which is killed before each of its file operations in turn."""
    first = signed_log.sign(settings.db)
    body, forked = tmp_path / "body", signed_note.Checkpoint(origin=LOG, size=first.checkpoint.size, root=bytes(32))
    body.write_bytes(submission(settings, first, 0))
    command = [sys.executable, "-c", KILLED, str(folder), log_key(settings), str(body)]
    killed = 0
    for steps in range(1, 20):
        done = subprocess.run([*command, str(steps)], capture_output=True, text=True, check=False)
        here = witness.Witness(folder, [log_key(settings)])
        assert here.last(LOG) in {None, first.checkpoint}  # the old state or the new one, never a part
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert done.stdout == ""  # nobody saw a cosignature
        killed += 1
    assert killed > 3
    assert done.stdout.startswith(("200 ", "409 "))
    assert here.last(LOG) == first.checkpoint
    fork = signed_log.read_key(settings.db).sign(forked.text())
    for old in (0, first.checkpoint.size):
        assert here.answer(Submission(old=old, proof=(), note=fork).encode(), T0).status == 409
    grown(settings, 9)
    with Reader(settings.db) as reader:
        smaller = signed_note.Checkpoint(origin=LOG, size=2, root=log_tiles.tree_root(reader.ask, 2))
    note = signed_log.read_key(settings.db).sign(smaller.text())
    for old in (0, 1, 2):
        assert here.answer(Submission(old=old, proof=(), note=note).encode(), T0).status == 409


ASKING = """
import asyncio, os, signal, sys
from pathlib import Path
from archive.api import checkpoint_places
from archive.pipeline import outside
from archive.settings import load_settings
from dataclasses import replace

settings = replace(load_settings({}, start=Path(sys.argv[1])), witnesses=(sys.argv[2],))
steps, seen = int(sys.argv[3]), 0

def step(event, arguments):
    global seen
    if event in {"open", "os.rename", "os.remove", "os.mkdir"} and "archive.db." in str(arguments[0]):
        seen += 1
        if seen == steps:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(step)
reports = asyncio.run(outside.give_out(settings, checkpoint_places.places_of(settings)))
print([report.problem for report in reports])
"""


@pytest.mark.slow
def test_a_log_killed_at_any_step_of_asking_asks_again_and_signs_one_history(witnessed):
    settings, here = witnessed
    root, (address,) = settings.db.parent.parent, settings.witnesses
    found = load_settings({}, start=root)
    assert found.db == settings.db
    killed = 0
    for steps in range(1, 60, 7):
        done = subprocess.run(
            [sys.executable, "-c", ASKING, str(root), address, str(steps)], capture_output=True, text=True, check=False
        )
        last = here.last(LOG)
        assert last is None or signed_log.continues(settings.db, last)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        killed += 1
    assert killed > 1
    assert round_of(settings) == [""]
    assert not list(here.state_path(LOG).parent.glob("*.fork"))
    assert here.last(LOG).size == log_size(settings)
