"""Checkpoints in places outside: a branch of a bare repository, a mailbox on loopback, and a file on another disk."""

from __future__ import annotations

import asyncio
import os
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

import pytest

from archive.api import checkpoint_places, signed_log
from archive.api.checkpoint_places import Place
from archive.cli import main
from archive.formats import signed_note
from archive.pipeline import outside
from archive.settings import load_settings
from db.errors import ConfigError
from db.merkle_tree import EMPTY_ROOT
from db.store import Store
from tests.builders import HOUR, T0, a_capture, add_source
from tests.test_notify import mailbox

if TYPE_CHECKING:
    from archive.settings import Settings

LOG = "daily.example/archive"
FILE_NAME = "daily.example-archive.checkpoint"
needs_git = pytest.mark.skipif(which("git") is None, reason="needs git")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an archive with a signed log of two captures, without a place outside."""
    found = load_settings({}, start=tmp_path / "project")
    found.db.parent.mkdir(parents=True)
    grow(found, 0, 2)
    signed_log.create_key(found.db, LOG, seed=bytes(32), now=T0)
    return found


def grow(settings: Settings, first: int, end: int) -> None:
    with Store(settings.db) as store:
        source = add_source(store)
        store.record([(a_capture(source, at=T0 + hour * HOUR), b"page %d" % hour) for hour in range(first, end)])


def problems(settings: Settings) -> list[str]:
    """One round of all places, and the problem of each."""
    places = checkpoint_places.places_of(settings)
    return [report.problem for report in asyncio.run(outside.give_out(settings, places))]


def verified(settings: Settings, note: str) -> int:
    """The size in a checkpoint whose signature fits."""
    text = signed_note.open_note(note, signed_log.read_key(settings.db).verifier())
    return signed_note.parse_checkpoint(text).size


def rewritten(settings: Settings) -> None:
    """Put an older, other archive in place, as somebody would who also has the last checkpoint written again."""
    for tail in ("", "-wal", "-shm"):
        settings.db.with_name(settings.db.name + tail).unlink(missing_ok=True)
    grow(settings, 30, 40)
    key = signed_log.read_key(settings.db)
    signed_log.checkpoint_path(settings.db).write_text(
        key.sign(signed_note.Checkpoint(origin=LOG, size=0, root=EMPTY_ROOT).text())
    )


# --- a git repository ------------------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=True)
    return done.stdout.decode()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--bare", "remote.git")
    return tmp_path / "remote.git"


@needs_git
def test_each_checkpoint_is_a_commit_on_a_branch_and_nothing_is_overwritten(settings, repository):
    on = replace(settings, checkpoints_to=(f"git+file://{repository}#proofs",))
    assert problems(on) == [""]
    assert problems(on) == [""]  # nothing new: no second commit
    grow(settings, 2, 5)
    assert problems(on) == [""]
    assert git(repository, "rev-list", "--count", "proofs").strip() == "2"
    sizes = [verified(settings, git(repository, "show", f"proofs{back}:{FILE_NAME}")) for back in ("~1", "")]
    assert sizes == [3, 6]
    assert git(repository, "log", "-1", "--format=%s", "proofs").strip() == f"Checkpoint of {LOG}: 6 entries"


@needs_git
def test_other_files_of_the_branch_stay_and_two_archives_share_it(settings, repository, tmp_path):
    on = replace(settings, checkpoints_to=(f"git+file://{repository}",))
    assert problems(on) == [""]
    other = load_settings({}, start=tmp_path / "other")
    other.db.parent.mkdir(parents=True)
    grow(other, 0, 3)
    signed_log.create_key(other.db, "else.example/archive", seed=bytes([1] * 32), now=T0)
    assert problems(replace(other, checkpoints_to=on.checkpoints_to)) == [""]
    names = git(repository, "ls-tree", "--name-only", "checkpoints").split()
    assert names == [FILE_NAME, "else.example-archive.checkpoint"]


@needs_git
def test_a_repository_refuses_nothing_silently(settings, repository, tmp_path):
    (repository / "hooks" / "pre-receive").write_text("#!/bin/sh\necho no more today >&2\nexit 1\n")
    (repository / "hooks" / "pre-receive").chmod(0o755)
    places = (
        f"git+file://{repository}",
        f"git+file://{tmp_path}/missing.git",
        "git+http://user:geheim@127.0.0.1:1/a.git",
        f"git+file://{repository}#two..dots",
    )
    found = problems(replace(settings, checkpoints_to=places))
    assert all("git" in problem for problem in found)
    assert not any("geheim" in problem for problem in found)
    assert git(repository, "branch", "--list").strip() == ""


@needs_git
def test_git_inside_a_hook_of_another_repository_leaves_that_one_alone(settings, repository, tmp_path):
    """A hook's variables name the repository and the index of whoever started it."""
    git(tmp_path, "init", "--quiet", "work")
    index = tmp_path / "work" / ".git" / "index"
    before = {name: os.environ.get(name) for name in ("GIT_DIR", "GIT_INDEX_FILE")}
    os.environ |= {"GIT_DIR": str(tmp_path / "work" / ".git"), "GIT_INDEX_FILE": str(index)}
    try:
        assert problems(replace(settings, checkpoints_to=(f"git+file://{repository}",))) == [""]
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            os.environ.update({} if value is None else {name: value})
    assert not index.exists()
    assert git(tmp_path / "work", "branch", "--list", "--all").strip() == ""


# --- a file ----------------------------------------------------------------------------------------------------------


def test_a_file_gets_each_checkpoint_at_its_end_also_after_a_crash(settings, tmp_path):
    path = tmp_path / "disk" / "check points.txt"
    on = replace(settings, checkpoints_to=(f"file://{path}".replace(" ", "%20"),))
    assert "does not exist" in problems(on)[0]  # the disk is away: no folder is made in its place
    assert not path.parent.exists()
    path.parent.mkdir()
    assert problems(on) == [""]
    whole = path.read_text()
    path.write_text(whole + whole[:100])  # cut off in the middle of the next one
    grow(settings, 2, 4)
    assert problems(on) == [""]
    parts = path.read_text().rstrip("\n").split("\n\n")
    assert verified(settings, f"{parts[-2]}\n\n{parts[-1]}\n") == 5
    assert path.read_text().startswith(whole)


@pytest.mark.parametrize("kind", ["file", pytest.param("git", marks=needs_git)])
def test_a_place_shows_that_an_archive_was_replaced_although_its_checkpoint_was_too(
    settings, repository, tmp_path, kind
):
    address = f"git+file://{repository}" if kind == "git" else f"file://{tmp_path}/checkpoints.txt"
    on = replace(settings, checkpoints_to=(address,))
    grow(settings, 2, 6)
    assert problems(on) == [""]
    rewritten(settings)
    (problem,) = problems(on)
    assert "does not continue" in problem


# --- a mail ----------------------------------------------------------------------------------------------------------


def test_a_mail_has_the_checkpoint_as_a_file(settings):
    with mailbox() as box:
        on = replace(settings, checkpoints_to=(box.url,))
        assert problems(on) == [""]
        (mail,) = box.mails
        box.answers[:] = ["550 no"]
        assert "mail server" in problems(on)[0]
    assert mail["Subject"] == f"Checkpoint of {LOG}: 3 entries"
    (attachment,) = mail.iter_attachments()
    assert attachment.get_filename() == "checkpoint.txt"
    content = attachment.get_payload(decode=True).replace(b"\r\n", b"\n").decode()
    assert verified(settings, content) == 3
    assert "write smtp://" in problems(replace(settings, checkpoints_to=("smtp://mail.example",)))[0]


# --- when ------------------------------------------------------------------------------------------------------------


def test_a_place_gets_what_is_new_hourly_a_mail_daily_and_gaps_are_said(settings, tmp_path):
    path = tmp_path / "checkpoints.txt"
    address = f"file://{path}"
    assert asyncio.run(outside.prove_outside_if_due(settings)) == {}
    on = replace(settings, checkpoints_to=(address,))
    assert checkpoint_places.gaps(on) == [f"{address} has no checkpoint of the log yet. Try: wirecopy log anchor"]
    assert asyncio.run(outside.prove_outside_if_due(on)) == {"checkpoint_copies": 1, "checkpoint_copies_failed": 0}
    assert asyncio.run(outside.prove_outside_if_due(on)) == {}
    grow(settings, 2, 3)
    place = Place(address=address)
    now = settings.wall()
    for age, is_due, has_gap in (
        (timedelta(minutes=59), False, False),
        (timedelta(minutes=61), True, False),
        (timedelta(hours=8), True, True),
        (-timedelta(days=2), True, False),  # our clock was ahead then
    ):
        delivery = checkpoint_places.Delivery(origin=LOG, size=3, at=now - age)
        checkpoint_places.record_deliveries(settings.db, {place.key: delivery})
        assert (place in checkpoint_places.due_places(on, 4)) == is_due, age
        assert bool(checkpoint_places.gaps(on)) == has_gap, age
    assert checkpoint_places.due_places(on, 3) == []
    assert Place(address="smtp://u:p@mail.example?from=a@b.example&to=c@d.example").every == timedelta(days=1)
    signed_log.key_path(settings.db).unlink()
    assert "no log key" in checkpoint_places.gaps(on)[0]
    assert asyncio.run(outside.prove_outside_if_due(on)) == {}


def test_the_command_names_each_place_without_its_password(settings, tmp_path, capsys):
    addresses = [f"file://{tmp_path}/a.txt", "smtp://me:geheim@127.0.0.1:1?from=a@b.example&to=desk@d.example"]
    toml = f"checkpoints_to = {addresses}\n".replace("'", '"')
    (settings.root / "wirecopy.toml").write_text(toml)
    before = Path.cwd()
    os.chdir(settings.root)
    try:
        for verb, code in ((["log", "anchor"], 3), (["doctor"], 1)):
            with pytest.raises(SystemExit) as end:
                main(["--db", str(settings.db), *verb])
            assert end.value.code == code
    finally:
        os.chdir(before)
    output = "".join(capsys.readouterr())
    assert f"file://{tmp_path}/a.txt: has the checkpoint" in output
    assert "mail to desk@d.example: mail server" in output
    assert "mail to desk@d.example has no checkpoint of the log yet" in output
    assert "geheim" not in output


def test_settings_refuse_places_that_nothing_here_can_reach(tmp_path):
    for name, value in (
        ("CHECKPOINTS_TO", "https://daily.example/"),
        ("CHECKPOINTS_TO", "git+ext://sh -c x"),
        ("WITNESSES", "https://witness.example"),
        ("WITNESSES", "https://witness.example#name+id+key"),
    ):
        with pytest.raises(ConfigError):
            load_settings({f"WIRECOPY_{name}": value}, start=tmp_path)
