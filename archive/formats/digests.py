"""Digests as web archives write them: ``sha1:BASE32``, ``sha256:hex``, or in an index a bare base32 sha1."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Final

_SIZES: Final = {"md5": 16, "sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}  # bytes
_BARE: Final = {32: "sha1", 40: "sha1", 64: "sha256"}  # characters: base32 of sha1, its hex, hex of sha256


def parse_digest(label: str) -> tuple[str, bytes] | None:
    """The algorithm (lower case) and the value of a digest as written; None if it is of no known form.

    WARC/1.1 (section 5.8) leaves the encoding open: base32 is usual for sha1, hexadecimal for sha256, and both occur.
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
    """True if ``label`` is written like a digest with its algorithm, whether or not its value can be read."""
    name, colon, value = label.partition(":")
    return bool(colon and value) and name.lower().replace("-", "") in _SIZES


def matches_digest(label: str, *bodies: bytes) -> bool | None:
    """True if one of ``bodies`` has the digest that ``label`` writes; None if that cannot be told."""
    told = parse_digest(label)
    if told is None:
        return None
    name, value = told
    return any(hashlib.new(name, body, usedforsecurity=False).digest() == value for body in bodies)
