"""Signatures of an evidence file: of the log's checkpoint, and of the list of members (C2SP signed-note, Ed25519)."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, Final

from .canonical_zip import Refused

FORMAT: Final = "wirecopy-evidence/1"
"""The first line of the text that is signed about a file, so that it can never be taken for a checkpoint."""

LIST: Final = "datapackage.json"
"""The member with the names and digests of all others but the last, which has its own digest."""


def list_digest(digest: str, note: str, signed_data: Any = None) -> bytes:
    """Return the bytes of datapackage-digest.json.

    ``note``: the signed note about the list, or an empty text. ``signed_data``: the signature that viewers check.
    """
    values: dict[str, Any] = {"path": LIST, "hash": f"sha256:{digest}"}
    values |= {} if signed_data is None else {"signedData": signed_data}
    return json.dumps(values | ({"note": note} if note else {}), indent=2, ensure_ascii=True).encode()


def list_note(digest: str, package_key: bytes = b"") -> str:
    """Return the text that the log's key signs about the list of members.

    ``package_key``: the public key (DER) of the signature that viewers check, none if there is no such signature.
    """
    named = f"wacz-key sha256:{hashlib.sha256(package_key).hexdigest()}\n" if package_key else ""
    return f"{FORMAT}\nsha256:{digest}\n{named}"


def signature_of(note: str, key: str | None) -> tuple[bool | None, str]:
    """Return whether a note is signed by ``key`` (``name+id+key``), None if that cannot be said, and the reason."""
    text, separator, lines = note.rpartition("\n\n")
    if not separator:
        return None, "it has no signature"
    if key is None:
        return None, "the key is unknown: name the public key of the archive with --key, from elsewhere than this file"
    name, identifier, public = split_key(key)
    for line in lines.splitlines()[:16]:
        dash, _, rest = line.partition(" ")
        signer, _, encoded = rest.partition(" ")
        raw = decode_base64(encoded)
        if dash == "—" and signer == name and raw[:4].hex() == identifier:
            return is_signed(f"{text}\n", raw[4:], public)
    return None, f"it is not signed by the key {name}+{identifier}"


def split_key(key: str) -> tuple[str, str, bytes]:
    """Return name, id and the 32 bytes of a public key. Raises Refused if it is none."""
    name, _, rest = key.strip().partition("+")
    identifier, _, encoded = rest.partition("+")
    raw = decode_base64(encoded)
    expected = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex()
    if len(raw) != 33 or raw[:1] != b"\1" or identifier != expected:  # noqa: PLR2004  a type and an Ed25519 key
        raise Refused(f"the key {key[:200]!r} is none: expected name+id+key")
    return name, identifier, raw[1:]


def is_signed(text: str, signature: bytes, public: bytes) -> tuple[bool | None, str]:
    """Return whether an Ed25519 signature by a public key fits a text, None if that cannot be said, and the reason."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return None, "signatures need the package cryptography: pip install cryptography, or openssl as in README.txt"
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, text.encode())
    except (InvalidSignature, ValueError):
        return False, "its signature does not fit"
    return True, ""


def decode_base64(text: str) -> bytes:
    """Return decoded bytes, none if the text is no base64."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""
