"""Digests as web archives write them: ``sha1:BASE32``, ``sha256:hex``, or in an index a bare base32 sha1."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Final

_SIZES: Final = {"md5": 16, "sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}  # bytes
_BARE: Final = {32: "sha1", 40: "sha1", 64: "sha256"}  # number of characters: base32 of sha1, its hex, hex of sha256


def parse_digest(label: str) -> tuple[str, bytes] | None:
    """Return the algorithm (lower case) and the value of a written digest, or None if its form is unknown.

    WARC/1.1 (section 5.8) leaves the encoding open. Base32 is usual for sha1 and hexadecimal for sha256, but both
    occur.
    """
    name, colon, text = label.strip().partition(":")
    if not colon:
        name, text = _BARE.get(len(name), ""), name
    name = name.lower().replace("-", "")
    size = _SIZES.get(name)
    if size is None:
        return None
    try:
        if len(text) == 2 * size:
            value = bytes.fromhex(text)
        else:
            value = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except (ValueError, binascii.Error):
        return None
    return (name, value) if len(value) == size else None


def is_digest(label: str) -> bool:
    """True if ``label`` looks like a digest with its algorithm. Its value need not be valid."""
    name, colon, value = label.partition(":")
    return bool(colon and value) and name.lower().replace("-", "") in _SIZES


def matches_digest(label: str, *bodies: bytes) -> bool | None:
    """True if one of ``bodies`` has the digest written as ``label``. None if the label cannot be parsed."""
    digest = parse_digest(label)
    if digest is None:
        return None
    name, value = digest
    return any(hashlib.new(name, body, usedforsecurity=False).digest() == value for body in bodies)
