"""The signed transparency log of an archive: its key, its last checkpoint, and proofs from its entries.

Key and last checkpoint are files beside the archive, and not in it: a backup that is restored has neither. So a
restored archive that is older than what was signed is noticed, and a log never signs two histories.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from archive.formats import signed_note
from archive.formats.durable_text import append_text, locked, replace_text, write_new
from archive.timestamps import iso, parse_stamp
from db.errors import BadInput, StoreError
from db.merkle_tree import is_consistent
from db.queries import log_tiles
from db.reader import Reader

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from archive.formats.signed_note import Checkpoint, SigningKey
    from archive.settings import Settings
    from db.reader import Ask

LATE: Final = timedelta(hours=6)
"""The time without a time stamp from outside after which it is reported as a gap."""


class LogForked(StoreError):
    """The archive does not continue what its log signed last. Nothing is signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCheckpoint:
    """A checkpoint and the signed note that has it."""

    note: str
    checkpoint: Checkpoint


def key_path(db: Path) -> Path:
    """Return the path of the private key of an archive's log."""
    return db.with_name(f"{db.name}.log-key")


def checkpoint_path(db: Path) -> Path:
    """Return the path of the last signed checkpoint."""
    return db.with_name(f"{db.name}.checkpoint")


def create_key(db: Path, name: str, *, seed: bytes, now: datetime) -> SigningKey:
    """Create the key of an archive's log in a file that only its owner can read, and sign the first checkpoint.

    ``seed``: 32 random bytes. Raises BadInput if there is a key, or for a name that no log may have.
    """
    if not signed_note.is_key_name(name):
        raise BadInput(f"{name!r} cannot name a log: use a name without blanks or +, like daily.example/archive")
    key = signed_note.SigningKey(name=name, seed=seed)
    path = key_path(db)
    with Reader(db):
        pass  # raises before a key is made for an archive that is missing
    if path.exists():
        raise _has_log(path)
    from db.store import Store

    # The key gets its name last: until then there is no log, and a creation that was cut off is made anew.
    part = _key_part(db)
    part.touch(mode=0o600)
    with locked(part):
        if path.exists():  # another process was quicker
            raise _has_log(path)
        os.truncate(part, 0)
        append_text(part, key.encode() + "\n")
        with Store(db) as store:
            store.append_entry("open", {"origin": name, "key": key.verifier(), "at": iso(now)})
        _sign(db, key, None)
        part.replace(path)
    return key


def _key_part(db: Path) -> Path:
    """Return the path of a key that is being made."""
    return key_path(db).with_name(f"{key_path(db).name}.part")


def _has_log(path: Path) -> BadInput:
    return BadInput(f"{path} exists: this archive has a log already. See: wirecopy log key")


def read_key(db: Path) -> SigningKey:
    """Return the key of an archive's log. Raises BadInput if there is none, or if it cannot be read."""
    missing = "this archive has no log key yet. Make one: wirecopy log key --create NAME"
    return signed_note.read_signing_key(key_path(db), owner="the log", missing=missing)


def last_checkpoint(db: Path) -> SignedCheckpoint | None:
    """Return the last signed checkpoint of an archive's log, None if there is none. Raises BadInput."""
    path = checkpoint_path(db)
    try:
        note = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read ({error}); put back your copy of it") from error
    try:
        text, _ = signed_note.split_note(note)
        return SignedCheckpoint(note=note, checkpoint=signed_note.parse_checkpoint(text))
    except BadInput as error:
        raise BadInput(f"{path}: {error}. Put back your copy of it") from error


def fork_of(ask: Ask, last: Checkpoint) -> str | None:
    """Return what is wrong if the archive does not continue a checkpoint, None if it does."""
    size = log_tiles.log_size(ask)
    if size < last.size:
        return f"the archive has {size} entries, but its log signed {last.size}: an older archive was restored"
    if log_tiles.tree_root(ask, last.size) != last.root:
        return f"the first {last.size} entries of the archive are not those that its log signed"
    return None


def fork_problem(db: Path) -> str | None:
    """Return a sentence if the archive does not continue what its log signed last, None if all is well."""
    last = last_checkpoint(db)
    if last is None:
        return None
    with Reader(db) as reader:
        problem = fork_of(reader.ask, last.checkpoint)
    if problem is None:
        return None
    return f"{problem}. Nothing is signed until you restore a newer backup or begin a new log: wirecopy log new"


def sign(db: Path) -> SignedCheckpoint:
    """Sign the present state of the log and keep it as its last checkpoint. Unchanged, it is not signed again.

    Raises BadInput without a key, and LogForked if the archive does not continue the last checkpoint.
    """
    key = read_key(db)
    with locked(key_path(db)):
        last = last_checkpoint(db)
        if last is None:
            raise LogForked(
                f"{checkpoint_path(db)} is missing, so nobody knows what this log signed. Put back your copy of it, "
                "or begin a new log: wirecopy log new"
            )
        signed_note.open_note(last.note, key.verifier())
        return _sign(db, key, last)


def _sign(db: Path, key: SigningKey, last: SignedCheckpoint | None) -> SignedCheckpoint:
    with Reader(db) as reader:
        if last is not None and fork_of(reader.ask, last.checkpoint) is not None:
            raise LogForked(f"{fork_problem(db)}")
        size = log_tiles.log_size(reader.ask)
        if last is not None and last.checkpoint.size == size:
            return last
        root = log_tiles.tree_root(reader.ask, size)
    checkpoint = signed_note.Checkpoint(origin=key.name, size=size, root=root)
    signed = SignedCheckpoint(note=key.sign(checkpoint.text()), checkpoint=checkpoint)
    replace_text(checkpoint_path(db), signed.note)  # before anybody sees it: what is shown is never unknown here
    return signed


def begin_new_log(db: Path, *, because: str, now: datetime) -> SignedCheckpoint:
    """Begin a new log with the same key under the next name. Its first entry names the old checkpoint and the reason.

    The old checkpoint stays in a file beside the archive. A beginning that was cut off after its first checkpoint goes
    on. Raises BadInput without a key.
    """
    key = read_key(db)
    stem, _, number = key.name.rpartition("/")
    is_numbered = bool(stem) and number.isdecimal() and number.isascii()
    name = f"{stem}/{int(number[:9]) + 1}" if is_numbered else f"{key.name}/2"
    new_key = signed_note.SigningKey(name=name, seed=key.seed)
    with locked(key_path(db)):
        last = last_checkpoint(db)
        if last is not None and last.checkpoint.origin == name and fork_problem(db) is None:
            signed = last
        else:
            signed = _open_log(db, key, new_key, last, because, now)
        part = _key_part(db)
        part.unlink(missing_ok=True)
        write_new(part, new_key.encode() + "\n")
        part.replace(key_path(db))
    return signed


def _open_log(
    db: Path, key: SigningKey, new_key: SigningKey, last: SignedCheckpoint | None, because: str, now: datetime
) -> SignedCheckpoint:
    """Append the entry that opens the log of ``new_key`` after that of ``key``, and sign."""
    from db.store import Store

    facts = {"origin": new_key.name, "key": new_key.verifier(), "at": iso(now), "because": because, "before": key.name}
    if last is not None:
        facts |= {"size": str(last.checkpoint.size), "root": last.checkpoint.root.hex()}
        replace_text(db.with_name(f"{db.name}.checkpoint-{last.checkpoint.size}"), last.note)
    with Store(db) as store:
        store.append_entry("open", facts)
    return _sign(db, new_key, None)


def prove(db: Path, number: int) -> str:
    """Return the C2SP proof that an entry (from 1, a capture id) is in the log, with a checkpoint that covers it.

    The last checkpoint is used if it covers the entry, otherwise the log is signed. Raises as ``sign``.
    """
    last = last_checkpoint(db)
    signed = last if last is not None and number <= last.checkpoint.size else sign(db)
    with Reader(db) as reader:
        problem = fork_of(reader.ask, signed.checkpoint)
        if problem is not None:
            raise LogForked(f"{problem}. See: wirecopy log checkpoint")
        path = log_tiles.inclusion_proof(reader.ask, number, signed.checkpoint.size)
    return signed_note.proof_text(number - 1, path, signed.note)


def continues(db: Path, old: Checkpoint) -> tuple[int, list[bytes]]:
    """Return size and consistency proof if the archive continues a checkpoint. Raises LogForked if it does not."""
    with Reader(db) as reader:
        problem = fork_of(reader.ask, old)
        if problem is not None:
            raise LogForked(problem)
        size = log_tiles.log_size(reader.ask)
        proof = log_tiles.consistency_proof(reader.ask, old.size, size)
        root = log_tiles.tree_root(reader.ask, size)
    if not is_consistent(old.size, size, proof, old.root, root):
        raise LogForked(f"the log of {size} entries does not begin with the {old.size} of that checkpoint")
    return size, proof


def tile_hashes(ask: Ask, level: int, first: int, end: int) -> list[bytes]:
    """Return the hashes of a level from number ``first`` to before ``end``, 32 bytes each. Raises Corrupt."""
    return log_tiles.hashes(ask, level, first, end)


def entries(ask: Ask, first: int, end: int) -> list[bytes]:
    """Return the entries (links, 32 bytes each) from number ``first``, counted from 0, to before ``end``."""
    return log_tiles.links(ask, first, end)


def anchors_path(db: Path) -> Path:
    """Return the folder of the replies of time-stamping authorities, and of the checkpoints that they stamped."""
    return db.with_name(f"{db.name}.anchors")


def last_anchor(db: Path) -> tuple[datetime | None, int]:
    """Return the time of the newest time stamp, and the number of entries of the log since."""
    with Reader(db) as reader:
        size = log_tiles.log_size(reader.ask)
        newest = log_tiles.entries_of_kind(reader.ask, "anchor")[-1:]
    if not newest:
        return None, size
    return parse_stamp(json.loads(newest[0]["facts"])["at"]), size - int(newest[0]["number"])


def anchor_gap(settings: Settings) -> str | None:
    """Return a sentence if the newest entries have no time stamp for longer than they should, else None."""
    if not settings.authorities:
        return None
    if not key_path(settings.db).exists():
        return "authorities are set, but the archive has no log key. Make one: wirecopy log key --create NAME"
    last_at, entries = last_anchor(settings.db)
    if not entries or (last_at is not None and settings.wall() - last_at < LATE):
        return None
    since = "ever" if last_at is None else f"since {iso(last_at)}"
    return f"{entries} entries of the log have no time stamp: none came {since}. Try: wirecopy log anchor"
