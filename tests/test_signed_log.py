"""The signed log: notes as C2SP writes them, proofs that others can check, and no second history under one name."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from base64 import b64decode
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import uvicorn
from click.testing import CliRunner
from starlette.testclient import TestClient

from archive.api import signed_log
from archive.cli import main, wirecopy
from archive.formats import signed_note
from archive.formats.tile_path import format_tile_path, parse_tile_path
from archive.serve.app import create_app
from archive.serve.server import listen
from db.errors import BadInput
from db.maintenance import backup, restore
from db.merkle_tree import is_consistent, is_included, leaf_hash
from db.reader import Reader
from db.store import Store
from db.verify import verify
from tests.builders import HOUR, T0, a_capture, add_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result
    from starlette.applications import Starlette

NAME = "daily.example/archive"
SEED = bytes(range(32))
SPEC = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
SPEC_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"


def add(path: Path, first: int, end: int) -> None:
    with Store(path) as store:
        source = add_source(store)
        store.record([(a_capture(source, at=T0 + hour * HOUR), b"page %d" % hour) for hour in range(first, end)])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An archive of four captures with a signed log, whose first own entry is number 5."""
    where = tmp_path / "data" / "archive.db"
    add(where, 0, 4)
    signed_log.create_key(where, NAME, seed=SEED, now=T0)
    return where


def run(path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(wirecopy, ["--db", str(path), "log", *arguments])


def code_of(path: Path, *arguments: str, verb: str = "log") -> int:
    with pytest.raises(SystemExit) as end:
        main(["--db", str(path), verb, *arguments])
    return int(end.value.code or 0)


# --- notes -----------------------------------------------------------------------------------------------------------


def test_the_example_of_the_specification_is_valid_and_no_other_text_or_key_is():
    assert signed_note.open_note(SPEC, SPEC_KEY) == "This is an example message.\n"
    ours = signed_note.SigningKey(name="example.com/foo", seed=SEED)
    for note, key in (
        (SPEC.replace("example message", "Example message"), SPEC_KEY),
        (SPEC.replace("IneyaQM", "IneyaQA"), SPEC_KEY),
        (SPEC, ours.verifier()),
        (SPEC, SPEC_KEY.replace("foo", "bar")),
        (SPEC.replace("\n\n", "\n"), SPEC_KEY),
        ("", SPEC_KEY),
        (SPEC + "— x AAAA\n" * 20, SPEC_KEY),
    ):
        with pytest.raises(BadInput):
            signed_note.open_note(note, key)


def test_a_checkpoint_reads_as_it_was_written():
    checkpoint = signed_note.Checkpoint(origin=NAME, size=1_000_003, root=bytes(32))
    assert signed_note.parse_checkpoint(checkpoint.text()) == checkpoint
    for text in (
        "",
        "x\n",
        f"{NAME}\n-1\nAAAA\n",
        f"{NAME}\n07\n{'A' * 43}=\n",
        f"{NAME}\n7\nAAAA\n",
        f"{NAME}\n٣\n\n",
    ):
        with pytest.raises(BadInput):
            signed_note.parse_checkpoint(text)


def test_a_private_key_is_read_back_and_never_printed():
    key = signed_note.SigningKey(name=NAME, seed=SEED)
    assert signed_note.decode_signing_key(key.encode()) == key
    assert SEED.hex() not in repr(key)
    assert "seed" not in repr(key)
    with pytest.raises(BadInput) as refused:
        signed_note.decode_signing_key(key.encode()[:-8])
    assert key.encode()[-30:-8] not in str(refused.value)


# --- the log of an archive -------------------------------------------------------------------------------------------


def test_the_key_is_readable_by_its_owner_alone_and_in_no_backup(path, tmp_path):
    key = signed_log.key_path(path)
    assert key.stat().st_mode & 0o777 == 0o600
    copy = backup(path, tmp_path / "copy.db")
    assert b64decode(key.read_text().strip().rpartition("+")[2])[1:] == SEED
    assert SEED not in copy.read_bytes()
    assert key.read_text().encode() not in copy.read_bytes()
    assert run(path, "key").stdout.strip() == signed_note.SigningKey(name=NAME, seed=SEED).verifier()
    assert code_of(path, "key", "--create", NAME) == 2
    with Reader(path) as reader:
        assert not list(verify(reader, deep=False))


def test_openssl_alone_checks_a_checkpoint(path, tmp_path):
    """A second person's way: the key, the text and the signature as files, without anything of ours."""
    note = run(path, "checkpoint").stdout
    text, _, line = note.rpartition("\n\n")
    (tmp_path / "text").write_text(text + "\n", encoding="utf-8")
    (tmp_path / "sig").write_bytes(b64decode(line.split(" ")[2])[4:])
    public = b64decode(run(path, "key").stdout.strip().split("+", 2)[2])[1:]
    (tmp_path / "key.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + public)
    command = "openssl pkeyutl -verify -pubin -inkey key.der -keyform DER -rawin -in text -sigfile sig"
    if shutil.which("openssl") is None:
        pytest.skip("no openssl program")
    done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Successfully" in done.stdout, done.stderr


def test_a_proof_holds_against_its_checkpoint(path):
    lines = run(path, "prove", "3").stdout.split("\n\n", 1)
    head, *hashes = lines[0].splitlines()[1:]
    checkpoint = signed_note.parse_checkpoint(signed_note.open_note(lines[1], run(path, "key").stdout))
    with Reader(path) as reader:
        (row,) = reader.ask("SELECT link FROM chain WHERE capture_id = 3")
    assert head == "index 2"
    proof = [b64decode(each) for each in hashes]
    assert is_included(leaf_hash(row["link"]), 2, checkpoint.size, proof, checkpoint.root)
    assert code_of(path, "prove", "99") == 2


def test_a_later_log_continues_an_earlier_checkpoint(path, tmp_path):
    old = tmp_path / "old.txt"
    first = signed_note.parse_checkpoint(run(path, "checkpoint", "--to", str(old)).stdout)
    add(path, 4, 9)
    done = run(path, "consistency", str(old))
    assert done.exit_code == 0
    later = signed_log.sign(path).checkpoint
    proof = [b64decode(line) for line in done.stdout.splitlines()]
    assert is_consistent(first.size, later.size, proof, first.root, later.root)


def test_a_rewritten_chain_is_not_what_was_signed(path, tmp_path):
    old = tmp_path / "old.txt"
    run(path, "checkpoint", "--to", str(old))
    other = tmp_path / "other" / "archive.db"
    add(other, 1, 9)  # a chain that is sound in itself
    with Reader(other) as reader:
        assert not list(verify(reader, deep=True))
    for name in ("log-key", "checkpoint"):
        shutil.copy(path.with_name(f"archive.db.{name}"), other.with_name(f"archive.db.{name}"))
    assert code_of(other, "consistency", str(old)) == 1
    assert code_of(other, "checkpoint") == 5


# --- no fork ---------------------------------------------------------------------------------------------------------


def test_a_restored_older_archive_is_noticed_and_never_signed(path, tmp_path, capsys):
    copy = backup(path, tmp_path / "copy.db")
    add(path, 4, 9)
    before = signed_log.sign(path)
    assert code_of(path, str(copy), verb="restore") == 0
    assert "an older archive was restored" in capsys.readouterr().err
    assert code_of(path, "checkpoint") == 5
    add(path, 20, 40)  # a second history, now longer than what was signed
    assert code_of(path, "checkpoint") == 5
    assert "are not those that its log signed" in capsys.readouterr().err
    assert code_of(path, "prove", "3") == 5
    assert signed_log.last_checkpoint(path) == before
    assert code_of(path, verb="doctor") == 1


def test_a_new_log_names_the_old_one_and_the_reason(path, tmp_path):
    copy = backup(path, tmp_path / "copy.db")
    add(path, 4, 9)
    before = signed_log.sign(path).checkpoint
    restore(path, copy)
    assert run(path, "new", "--because", "the disk failed").exit_code == 0
    after = signed_log.sign(path).checkpoint
    assert after.origin == f"{NAME}/2"
    with Reader(path) as reader:
        (entry,) = reader.ask("SELECT facts FROM entry WHERE number = :n", n=after.size)
        assert not list(verify(reader, deep=False))
    assert before.root.hex() in entry["facts"]
    assert "the disk failed" in entry["facts"]
    assert signed_note.parse_checkpoint(path.with_name(f"archive.db.checkpoint-{before.size}").read_text()) == before
    add(path, 50, 52)
    assert signed_log.sign(path).checkpoint.size == after.size + 2


def test_a_log_whose_last_checkpoint_is_lost_is_not_signed(path):
    signed_log.checkpoint_path(path).unlink()
    assert code_of(path, "checkpoint") == 5


def test_an_entry_that_is_no_capture_is_protected_by_the_chain(path):
    with Store(path) as store:
        number = store.append_entry("open", {"origin": "x"})
        assert number == 6
        with store.begin() as connection:
            connection.exec_driver_sql("UPDATE entry SET facts = '{}' WHERE number = 6")
    with Reader(path) as reader:
        assert [problem.where for problem in verify(reader, deep=False)] == ["entry 6 of the log"]


# --- others watch it -------------------------------------------------------------------------------------------------


def test_a_path_of_a_tile_has_one_spelling():
    for number, width, path in (
        (0, 256, "000"),
        (67, 256, "067"),
        (1234067, 256, "x001/x234/067"),
        (5, 12, "005.p/12"),
    ):
        assert format_tile_path(number, width) == path
        assert parse_tile_path(path) == (number, width)
    for path in (
        "5",
        "x000/067",
        "067.p/0",
        "067.p/257",
        "067.p/256",
        "067.p/012",
        "x1/067",
        "../067",
        "\u0660\u0660\u0660",
        "",
    ):
        assert parse_tile_path(path) is None


@contextmanager
def listening(app: Starlette) -> Iterator[str]:
    """The address of an application, in this process."""
    with listen("127.0.0.1", 0) as at:
        server = uvicorn.Server(uvicorn.Config(app, ws="none", lifespan="off", log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [at]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{at.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture
def served(path: Path) -> Iterator[tuple[Path, str]]:
    with listening(create_app(path, clock=lambda: T0)) as address:
        yield path, f"{address}/log"


def test_tiles_are_served_as_far_as_the_checkpoint_covers_them(path):
    add(path, 4, 300)
    size = signed_log.sign(path).checkpoint.size
    client = TestClient(create_app(path, clock=lambda: T0), base_url="http://localhost")
    with Reader(path) as reader:
        links = [row["link"] for row in reader.ask("SELECT link FROM chain ORDER BY capture_id")]
    whole, rest = client.get("/log/tile/0/000"), client.get(f"/log/tile/0/001.p/{size - 256}")
    assert whole.content + rest.content == b"".join(leaf_hash(link) for link in links)
    assert "immutable" in whole.headers["cache-control"]
    assert client.get("/log/tile/entries/001.p/1").content == b"\0\x20" + links[256]
    assert len(client.get("/log/tile/1/000.p/1").content) == 32
    assert client.get("/log/checkpoint").text == signed_log.sign(path).note
    add(path, 300, 302)  # not signed yet
    for beyond in (f"0/001.p/{size - 255}", "0/001", "1/000.p/2", "2/000.p/1", "9999999999/000.p/1", "0/../checkpoint"):
        assert client.get(f"/log/tile/{beyond}").status_code == 404
    assert client.post("/log/checkpoint").status_code in {403, 405}


def test_a_monitor_accepts_a_log_that_grows_and_keeps_the_proof_of_one_that_does_not(served, tmp_path):
    path, url = served
    key, seen = run(path, "key").stdout.strip(), tmp_path / "seen.txt"
    options = ("monitor", url, "--key", key, "--state", str(seen))
    assert code_of(path, *options) == 0
    add(path, 4, 600)
    signed_log.sign(path)
    assert code_of(path, *options) == 0
    before = seen.read_text()

    signed = signed_note.parse_checkpoint(before.partition("\n\n")[0] + "\n")
    other = signed_note.Checkpoint(origin=NAME, size=signed.size + 1, root=bytes(32))
    note = signed_note.SigningKey(name=NAME, seed=SEED).sign(other.text())
    with Store(path) as store:
        store.append_entry("open", {})
    signed_log.checkpoint_path(path).write_text(note, encoding="utf-8")  # the owner signs another history
    assert code_of(path, *options) == 1
    assert seen.read_text() == before
    assert seen.with_name("seen.txt.fork").read_text() == note


def test_a_monitor_says_when_it_could_not_look(served, tmp_path):
    path, url = served
    key = run(path, "key").stdout.strip()
    options = ("--key", key, "--state", str(tmp_path / "seen.txt"))
    assert code_of(path, "monitor", f"{url}/nothing", *options) == 3
    assert code_of(path, "monitor", "http://127.0.0.1:1/log", *options) == 3
    assert code_of(path, "monitor", url, "--key", SPEC_KEY, "--state", str(tmp_path / "seen.txt")) == 1
    assert code_of(path, "monitor", url, "--key", "nonsense", "--state", str(tmp_path / "seen.txt")) in {1, 2}
    assert not (tmp_path / "seen.txt").exists()


def test_each_answer_of_the_log_is_there_for_programs(path, tmp_path):
    def answer(*arguments: str) -> dict[str, object]:
        done = CliRunner().invoke(wirecopy, ["--db", str(path), *arguments, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    created = answer("log", "key")
    assert created["key"] == signed_log.read_key(path).verifier()
    signed = answer("log", "checkpoint", "--to", str(tmp_path / "old.txt"))
    assert signed["note"] == (tmp_path / "old.txt").read_text()
    assert signed["origin"] == created["name"]
    same = answer("log", "consistency", str(tmp_path / "old.txt"))
    assert (same["consistent"], same["before"], same["size"]) == (True, signed["size"], signed["size"])
    renewed = answer("log", "new", "--because", "a test")
    assert renewed["origin"] == f"{created['name']}/2"
