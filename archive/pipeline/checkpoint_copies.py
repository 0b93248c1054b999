"""Copies of signed checkpoints in places outside: a branch of a git repository, a mail, a file on another disk.

Whoever has an older checkpoint can prove later that the archive was rewritten. So a place that keeps its content is
read first: if the archive does not continue what is there, it gets nothing, and the problem says so.
"""

from __future__ import annotations

import re
import subprocess
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from archive.api import signed_log
from archive.formats import signed_note
from archive.formats.durable_text import append_text
from archive.pipeline.notice_channels import hand_over, mail_server
from db.errors import BadInput
from db.reader import Reader

if TYPE_CHECKING:
    from datetime import datetime

    from archive.api.signed_log import SignedCheckpoint

_BRANCH: Final = "checkpoints"
_GIT_SECONDS: Final = 60
_FOREIGN: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY")  # set inside a hook of git
_NO_SUCH_PROGRAM: Final = 127
_TAIL: Final = 2 * signed_note.MOST_NOTE


class NotDelivered(Exception):
    """A place did not get a checkpoint. The message says why, without what is secret."""


def deliver(db: Path, address: str, signed: SignedCheckpoint, now: datetime) -> None:
    """Give a checkpoint to a place of the setting ``checkpoints_to``. Raises NotDelivered, and OSError for a file."""
    scheme = urlsplit(address).scheme
    if scheme in {"smtp", "smtps"}:
        _by_mail(address, signed, now)
    elif scheme == "file":
        _to_file(db, Path(unquote(urlsplit(address).path)), signed)
    else:
        _to_repository(db, address.removeprefix("git+"), signed)


def _refuse_fork(db: Path, note: str, place: str) -> None:
    """Raise NotDelivered if the archive does not continue a checkpoint of its log that a place has."""
    try:
        earlier = signed_note.parse_checkpoint(signed_note.open_note(note, signed_log.read_key(db).verifier()))
    except BadInput:
        return  # of another log, or not whole: nothing to continue
    with Reader(db) as reader:
        problem = signed_log.fork_of(reader.ask, earlier)
    if problem is not None:
        raise NotDelivered(f"{place} has a checkpoint that this archive does not continue: {problem}")


# --- a file ----------------------------------------------------------------------------------------------------------


def _to_file(db: Path, path: Path, signed: SignedCheckpoint) -> None:
    """Append a checkpoint and an empty line to a file. Its folder must exist: a disk may be away."""
    if not path.parent.is_dir():
        raise NotDelivered(f"the folder {path.parent} does not exist; is its disk there?")
    tail = ""
    if path.exists():
        with path.open("rb") as stream:
            stream.seek(max(stream.seek(0, 2) - _TAIL, 0))
            tail = stream.read().decode("utf-8", "replace")
    parts = tail.rstrip("\n").split("\n\n")
    if len(parts) > 1:
        _refuse_fork(db, f"{parts[-2]}\n\n{parts[-1]}\n", "the file")
    gap = "" if not tail or tail.endswith("\n\n") else "\n\n"  # after a crash the end may be cut off
    append_text(path, f"{gap}{signed.note}\n")


# --- a mail ----------------------------------------------------------------------------------------------------------


def _by_mail(address: str, signed: SignedCheckpoint, now: datetime) -> None:
    server = mail_server(address)
    if server is None:
        raise NotDelivered("write smtp://user:password@host:587?from=you@a.example&to=you@b.example")
    state = signed.checkpoint
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = f"Checkpoint of {state.origin}: {state.size} entries"
    mail["From"], mail["To"], mail["Date"] = server.sender, ", ".join(server.to), format_datetime(now)
    mail["Message-ID"] = f"<{state.size}.{state.root.hex()[:32]}@{server.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(_MAIL.format(origin=state.origin, size=state.size))
    mail.add_attachment(signed.note.encode(), maintype="text", subtype="plain", filename="checkpoint.txt")
    is_accepted, why = hand_over(server, mail)
    if not is_accepted:
        raise NotDelivered(why)


_MAIL: Final = """\
The attached file is a signed checkpoint of the archive {origin}, which has {size} entries now.
Keep this mail. With the file you can prove later that nothing before it was changed or removed:

  wirecopy log consistency checkpoint.txt --key KEY     for the owner of the archive
  wirecopy log monitor URL --key KEY                    for everybody, if the archive is on the web

It reveals nothing of what was archived.
"""


# --- a git repository ------------------------------------------------------------------------------------------------


def _to_repository(db: Path, address: str, signed: SignedCheckpoint) -> None:
    """Commit a checkpoint to a branch of a repository, as the file named after the log. Nothing is ever forced."""
    url, _, named = address.partition("#")
    branch = f"refs/heads/{named or _BRANCH}"
    name = f"{signed.checkpoint.origin.replace('/', '-').lstrip('.-') or 'log'}.checkpoint"
    with TemporaryDirectory(prefix="wirecopy-checkpoint-") as folder:
        git = _Git(Path(folder))
        git.run("init", "--quiet", "--bare", ".")
        git.run("check-ref-format", branch)
        has_branch = bool(git.run("ls-remote", "--", url, branch))
        if has_branch:
            git.run("fetch", "--quiet", "--depth=1", "--", url, branch)
            git.run("read-tree", "FETCH_HEAD")
            if git.run("ls-files", "--", name):
                _refuse_fork(db, git.run("show", f"FETCH_HEAD:{name}"), "the repository")
        blob = git.run("hash-object", "-w", "--stdin", text=signed.note).strip()
        git.run("update-index", "--add", "--cacheinfo", f"100644,{blob},{name}")
        tree = git.run("write-tree").strip()
        if has_branch and tree == git.run("rev-parse", "FETCH_HEAD^{tree}").strip():
            return  # the repository has it already
        parents = ["-p", "FETCH_HEAD"] if has_branch else []
        message = f"Checkpoint of {signed.checkpoint.origin}: {signed.checkpoint.size} entries\n"
        commit = git.run("commit-tree", tree, *parents, text=message).strip()
        git.run("push", "--quiet", "--", url, f"{commit}:{branch}")


class _Git:
    """The system's git in a folder. It asks nobody for a password, runs no hook, and reads no helper for addresses."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def run(self, *arguments: str, text: str = "") -> str:
        """Return the output of a command of git. Raises NotDelivered."""
        options = ["user.name=wirecopy", "user.email=wirecopy@localhost", "core.hooksPath=/dev/null"]
        options += ["protocol.ext.allow=never", "core.askPass=", "gc.auto=0", "commit.gpgSign=false"]
        alone = [part for name in _FOREIGN for part in ("-u", name)]
        pairs = [part for option in options for part in ("-c", option)]
        command = ["env", *alone, "GIT_TERMINAL_PROMPT=0", "LC_ALL=C", "git", *pairs, *arguments]
        try:
            done = subprocess.run(  # noqa: S603  no shell; the address comes after "--"
                command,
                cwd=self._folder,
                input=text.encode(),
                capture_output=True,
                timeout=_GIT_SECONDS,
                check=False,
                start_new_session=True,  # without a terminal there is nobody whom git or ssh could ask
            )
        except subprocess.TimeoutExpired as error:
            raise NotDelivered(f"git {arguments[0]} took longer than {_GIT_SECONDS} s") from error
        if done.returncode == _NO_SUCH_PROGRAM:
            raise NotDelivered("git is not installed")
        if done.returncode:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise NotDelivered(f"git {arguments[0]}: {_without_secret(lines[-1] if lines else 'it failed')[:200]}")
        return done.stdout.decode("utf-8", "replace")


def _without_secret(line: str) -> str:
    """Return a message of git without the user and password of an address."""
    return re.sub(r"(://)[^/@\s]*@", r"\1", line)
