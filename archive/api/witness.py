"""A witness of other logs: it cosigns a checkpoint only if it continues the last one of that log (C2SP tlog-witness).

Everything is in one folder: the key, and for each log the last checkpoint that was cosigned. It is on the disk before
anybody sees the cosignature, so no crash makes the witness forget what it signed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from archive.formats import cosignature, signed_note
from archive.formats.durable_text import locked, replace_text, write_new
from db.errors import BadInput
from db.merkle_tree import EMPTY_ROOT, is_consistent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from archive.formats.cosignature import Submission
    from archive.formats.signed_note import Checkpoint, SigningKey

SIZE_TYPE: Final = "text/x.tlog.size"
"""The content type of an answer that says which size the witness cosigned last."""

_TEXT: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to a request: HTTP status, text and content type."""

    status: int
    text: str
    media_type: str = _TEXT


def key_path(folder: Path) -> Path:
    """Return the path of the private key of a witness."""
    return folder / "key"


def create_key(folder: Path, name: str, *, seed: bytes) -> SigningKey:
    """Create the key of a witness in a file that only its owner can read. ``seed``: 32 random bytes.

    Raises BadInput if there is a key, or for a name that no witness may have.
    """
    if not signed_note.is_key_name(name):
        raise BadInput(f"{name!r} cannot name a witness: use a name without blanks or +, like daily.example/witness")
    key = signed_note.SigningKey(name=name, seed=seed)
    encoded = key.encode()
    cosignature.witness_key(key)  # raises without the extra, before there is a file
    folder.mkdir(parents=True, exist_ok=True)
    try:
        write_new(key_path(folder), encoded + "\n")
    except FileExistsError as error:
        raise BadInput(f"{key_path(folder)} exists: this witness has a key. See: wirecopy witness key") from error
    return key


def read_key(folder: Path) -> SigningKey:
    """Return the key of a witness. Raises BadInput if there is none, or if it cannot be read."""
    missing = f"{folder} has no key of a witness. Make one: wirecopy witness key --create NAME"
    return signed_note.read_signing_key(key_path(folder), owner="a witness", missing=missing)


class Witness:
    """A witness with the key and the state in ``folder``, for the logs with these public keys. Raises BadInput."""

    def __init__(self, folder: Path, logs: Sequence[str]) -> None:
        self.key = read_key(folder)
        self._folder = folder
        self._logs: dict[str, list[str]] = {}
        for log in logs:
            signed_note.split_verifier(log)
            self._logs.setdefault(log.partition("+")[0], []).append(log)

    def state_path(self, origin: str) -> Path:
        """Return the path of the last checkpoint of a log that this witness cosigned."""
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()[:32]}.checkpoint"

    def last(self, origin: str) -> Checkpoint | None:
        """Return the last checkpoint of a log that was cosigned. Raises BadInput if it cannot be read."""
        path = self.state_path(origin)
        try:
            text, _ = signed_note.split_note(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError, BadInput) as error:
            raise BadInput(f"{path} cannot be read ({error}). Without it nothing is cosigned: put it back") from error
        return signed_note.parse_checkpoint(text)

    def answer(self, body: bytes, now: datetime) -> Answer:
        """Answer a request to cosign a checkpoint. Raises BadInput if the state cannot be read, and OSError."""
        try:
            submission = cosignature.parse_submission(body)
            text, _ = signed_note.split_note(submission.note)
            checkpoint = signed_note.parse_checkpoint(text)
        except BadInput as error:
            return Answer(status=HTTPStatus.BAD_REQUEST, text=f"{error}\n")
        keys = self._logs.get(checkpoint.origin)
        if keys is None:
            return Answer(status=HTTPStatus.NOT_FOUND, text="this witness does not know that log\n")
        if not any(_is_signed(submission.note, key) for key in keys):
            return Answer(status=HTTPStatus.FORBIDDEN, text="no key of that log signed this checkpoint\n")
        if submission.old > checkpoint.size:
            return Answer(status=HTTPStatus.BAD_REQUEST, text="the old size is above that of the checkpoint\n")
        with locked(key_path(self._folder)):  # no other request may change the state between check and signature
            last = self.last(checkpoint.origin) or signed_note.Checkpoint(
                origin=checkpoint.origin, size=0, root=EMPTY_ROOT
            )
            refusal = self._refusal(submission, checkpoint, last)
            if refusal is not None:
                return refusal
            if checkpoint != last or not self.state_path(checkpoint.origin).exists():
                replace_text(self.state_path(checkpoint.origin), submission.note)
            return Answer(status=HTTPStatus.OK, text=cosignature.cosign(self.key, text, now))

    def _refusal(self, submission: Submission, new: Checkpoint, last: Checkpoint) -> Answer | None:
        """Return why a checkpoint is not cosigned, None if it continues the last one."""
        if submission.old != last.size:
            return Answer(status=HTTPStatus.CONFLICT, text=f"{last.size}\n", media_type=SIZE_TYPE)
        if new.size == last.size and new.root != last.root:
            if last.size:
                self._keep_fork(new.origin, submission.note)
                return Answer(status=HTTPStatus.CONFLICT, text=f"{last.size}\n", media_type=SIZE_TYPE)
            return Answer(status=HTTPStatus.UNPROCESSABLE_ENTITY, text="an empty log has another root\n")
        if not is_consistent(last.size, new.size, submission.proof, last.root, new.root):
            return Answer(status=HTTPStatus.UNPROCESSABLE_ENTITY, text="the proof does not show that it continues\n")
        return None

    def _keep_fork(self, origin: str, note: str) -> None:
        """Keep the first checkpoint that contradicts the last one: both signatures together prove the fork."""
        path = self.state_path(origin).with_suffix(".fork")
        if not path.exists():
            replace_text(path, note)


def _is_signed(note: str, key: str) -> bool:
    try:
        signed_note.open_note(note, key)
    except BadInput:
        return False
    return True
