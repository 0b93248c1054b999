"""Signed notes and checkpoints of a transparency log, after C2SP: signed-note, tlog-checkpoint, tlog-proof.

::

    daily.example/archive                  the origin: the log's name
    1000003                                entries
    hEB0hYDYjoXVuNRvXhEGkC...              root of their tree, base64

    — daily.example/archive Uw2QOkn8...    key id and Ed25519 signature of the text above the empty line, base64

Signing and checking need the extra ``wirecopy[proof]``; everything else here does not.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from db.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_ED25519: Final = b"\x01"  # the type of a key and its signatures in C2SP's registry
_PRIVATE: Final = "PRIVATE+KEY+"
_MOST_SIGNATURES: Final = 16
_MOST_NAME: Final = 200
_SEED: Final = 32
MOST_NOTE: Final = 16_384
"""Most characters of a note that is read: ours have 300."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The state of a log: its name (``origin``), its number of entries, and the root of their tree (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SigningKey:
    """A private Ed25519 key with its name. It is not shown by ``repr``, so that no message or log prints it."""

    name: str
    seed: bytes

    def encode(self) -> str:
        """Return the key in the form of Go's ``note`` package: keep it secret."""
        return f"{_PRIVATE}{self.name}+{self._id().hex()}+{b64encode(_ED25519 + self.seed).decode()}"

    def verifier(self) -> str:
        """Return the public key as ``name+id+key``: publish it."""
        return f"{self.name}+{self._id().hex()}+{b64encode(_ED25519 + self.public_bytes()).decode()}"

    def sign(self, text: str) -> str:
        """Return ``text``, which ends in a newline, as a signed note."""
        signature = self.sign_bytes(text.encode())
        return f"{text}\n— {self.name} {b64encode(self._id() + signature).decode()}\n"

    def sign_bytes(self, message: bytes) -> bytes:
        """Return the Ed25519 signature (64 bytes) of a message."""
        return bytes(self._private().sign(message))

    def public_bytes(self) -> bytes:
        """Return the public key (32 bytes)."""
        return bytes(self._private().public_key().public_bytes_raw())

    def _id(self) -> bytes:
        return key_id(self.name, self.public_bytes())

    def _private(self) -> Any:
        return _ed25519().Ed25519PrivateKey.from_private_bytes(self.seed)


def decode_signing_key(text: str) -> SigningKey:
    """Parse a private key in the form of ``SigningKey.encode``. Raises BadInput, without the key in the message."""
    name, _, rest = text.strip().removeprefix(_PRIVATE).partition("+")
    _, _, encoded = rest.partition("+")
    try:
        raw = b64decode(encoded, validate=True)
    except NotBase64:
        raw = b""
    if not text.startswith(_PRIVATE) or not is_key_name(name) or raw[:1] != _ED25519 or len(raw) != 1 + _SEED:
        raise BadInput("this is no private key of a log: expected one line PRIVATE+KEY+name+id+key")
    return SigningKey(name=name, seed=raw[1:])


def read_signing_key(path: Path, *, owner: str, missing: str) -> SigningKey:
    """Return the private key in a file. Raises BadInput: ``missing`` if there is none, else that it is unusable.

    ``owner`` is the owner of the key in the message, such as ``the log``.
    """
    try:
        return decode_signing_key(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadInput(missing) from error
    except (OSError, UnicodeDecodeError, BadInput) as error:
        raise BadInput(f"{path} cannot be used as the key of {owner} ({error}); put back your copy of it") from error


def is_key_name(name: str) -> bool:
    """True if a key and its log may have this name: not empty, without blanks, control characters and plus signs."""
    return 0 < len(name) <= _MOST_NAME and name.isprintable() and "+" not in name and not any(map(str.isspace, name))


def key_id(name: str, public: bytes) -> bytes:
    """Return the four bytes that name an Ed25519 key in a signature."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def split_verifier(verifier: str) -> tuple[str, str, bytes]:
    """Return name, id and the 32 bytes of a public key ``name+id+key``. Raises BadInput if it is none."""
    name, _, rest = verifier.strip().partition("+")
    identifier, _, encoded = rest.partition("+")
    public = _decode(encoded)
    if public[:1] != _ED25519 or len(public) != 1 + _SEED or key_id(name, public[1:]).hex() != identifier:
        raise BadInput(f"{verifier[:_MOST_NAME]!r} is no public key of a log: expected name+id+key")
    return name, identifier, public[1:]


def open_note(note: str, verifier: str) -> str:
    """Return the text of a note with a valid signature by ``verifier`` (``name+id+key``). Raises BadInput."""
    name, identifier, public = split_verifier(verifier)
    text, signatures = split_note(note)
    for signer, signature in signatures:
        if signer == name and signature[:4].hex() == identifier:
            if not is_signed(text, signature[4:], public):
                raise BadInput(f"the signature of {name} does not fit the text of this note")
            return text
    raise BadInput(f"this note is not signed by {name}")


def split_note(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Return the text of a note and its signatures: name, and bytes with the key id first. Raises BadInput."""
    text, separator, tail = note.rpartition("\n\n")
    lines = tail.splitlines()
    if len(note) > MOST_NOTE or not separator or not lines or not note.endswith("\n") or len(lines) > _MOST_SIGNATURES:
        raise BadInput("this is no signed note: expected a text, an empty line, and signatures")
    signatures = []
    for line in lines:
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        if dash != "—" or not is_key_name(name) or len(_decode(encoded)) <= len(key_id("", b"")):
            raise BadInput("this is no signed note: a signature line cannot be read")
        signatures.append((name, _decode(encoded)))
    return f"{text}\n", signatures


def is_signed(text: str, signature: bytes, public: bytes) -> bool:
    """True if an Ed25519 signature (64 bytes) by a public key (32 bytes) fits a text."""
    from cryptography.exceptions import InvalidSignature

    try:
        _ed25519().Ed25519PublicKey.from_public_bytes(public).verify(signature, text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def parse_checkpoint(text: str) -> Checkpoint:
    """Parse the text of a checkpoint; further lines are allowed. Raises BadInput."""
    origin, size, root, *_ = [*text.split("\n"), "", ""]
    number = int(size) if size.isascii() and size.isdecimal() and len(size) <= len(str(1 << 62)) else -1
    if not origin or str(number) != size or len(_decode(root)) != hashlib.sha256().digest_size:
        raise BadInput("this is no checkpoint of a log: expected its name, its size and its root")
    return Checkpoint(origin=origin, size=number, root=_decode(root))


def proof_text(number: int, path: Sequence[bytes], note: str) -> str:
    """Return a C2SP tlog-proof: a leaf number from 0, the hashes of its path, and the signed checkpoint."""
    lines = ["c2sp.org/tlog-proof@v1", f"index {number}", *(b64encode(sibling).decode() for sibling in path)]
    return "\n".join(lines) + f"\n\n{note}"


def _decode(encoded: str) -> bytes:
    try:
        return b64decode(encoded, validate=True)
    except (NotBase64, ValueError):
        return b""


def _ed25519() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise BadInput("signatures of the log need an extra: pip install wirecopy[proof]") from error
    return ed25519
