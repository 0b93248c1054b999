"""The protocol of witnesses (C2SP tlog-witness) in bytes: a request to cosign a checkpoint, and the cosignature.

::

    old 20852014                           entries of the last checkpoint that the witness cosigned
    PlRNCrwHpqhGrupue0L7gxbj...            the proof that the new checkpoint continues it, a hash a line, base64

    daily.example/archive                  the new checkpoint, signed by the log
    ...

Signing needs the extra ``wirecopy[proof]``.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from archive.formats.evidence import cosigned_checkpoints as form
from archive.formats.evidence.canonical_zip import Refused
from db.errors import BadInput

if TYPE_CHECKING:
    from datetime import datetime

    from archive.formats.signed_note import SigningKey

MOST_REQUEST: Final = 32_768
"""Most bytes of a request: a proof of 63 hashes and a note take 20 kB."""

_MOST_PROOF: Final = 63
_HASH: Final = 32
_OLD: Final = re.compile(r"old (0|[1-9]\d{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A request to cosign: the size that the witness cosigned last, the proof from there, and the new signed note."""

    old: int
    proof: tuple[bytes, ...]
    note: str

    def encode(self) -> bytes:
        """Return the body of the request."""
        hashes = "".join(f"{b64encode(sibling).decode()}\n" for sibling in self.proof)
        return f"old {self.old}\n{hashes}\n{self.note}".encode()


def parse_submission(body: bytes) -> Submission:
    """Parse the body of a request. Raises BadInput."""
    head, separator, note = body.decode("utf-8", "replace").partition("\n\n")
    first, *lines = head.split("\n")
    match = _OLD.fullmatch(first)
    if match is None or not separator or len(lines) > _MOST_PROOF or len(body) > MOST_REQUEST:
        raise BadInput("expected a line like old 100, the hashes of a proof, an empty line, and a signed checkpoint")
    return Submission(old=int(match[1]), proof=tuple(map(_hash, lines)), note=note)


def _hash(line: str) -> bytes:
    try:
        content = b64decode(line, validate=True)
    except (NotBase64, ValueError):
        content = b""
    if len(content) != _HASH:
        raise BadInput("a line of the proof is no hash in base64")
    return content


def witness_key(key: SigningKey) -> str:
    """Return the public key of a witness with this private key, as ``name+id+key``."""
    public = key.public_bytes()
    identifier = form.witness_id(key.name, public).hex()
    return f"{key.name}+{identifier}+{b64encode(form.KEY_TYPE + public).decode()}"


def cosign(key: SigningKey, text: str, now: datetime) -> str:
    """Return the cosignature line of a witness on the text of a checkpoint."""
    seconds = int(now.timestamp())
    signature = key.sign_bytes(form.cosigned_message(text, seconds).encode())
    raw = form.witness_id(key.name, key.public_bytes()) + seconds.to_bytes(8, "big") + signature
    return f"— {key.name} {b64encode(raw).decode()}\n"


def parse_witness(key: str) -> form.Witness:
    """Parse the public key of a witness. Raises BadInput."""
    try:
        return form.parse_witness(key)
    except Refused as error:
        raise BadInput(str(error)) from error


def own_line(note: str, answer: str, witness: form.Witness) -> tuple[str, datetime]:
    """Return the line of a witness's answer that is its valid cosignature on a note, and its time. Raises BadInput."""
    text = note.rpartition("\n\n")[0]
    for line in answer.split("\n"):
        moment, _ = form.cosigned_at(f"{text}\n\n{line}\n", witness)
        if moment is not None:
            return f"{line}\n", moment
    raise BadInput(f"the answer has no valid cosignature by the key of {witness.name} in the settings")
