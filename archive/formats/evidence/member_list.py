"""The list of members of an evidence file: that it has each member as it is, and who signed it.

Two signatures are about the list. The note is by the log's key. The other is the anonymous form of WACZ signatures,
which viewers check: ECDSA with P-384 over the text ``sha256:...``, with its own public key beside it. Anybody can make
that one, so it counts only if the note names its key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .canonical_zip import Refused
from .claims import FALSE, NOT_PROVEN, PROVEN, Claim
from .note_signature import LIST, decode_base64, list_digest, list_note, signature_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .canonical_zip import Package

LIST_DIGEST: Final = "datapackage-digest.json"
"""The last member: the digest of the list, and the signatures."""

SIGNED: Final = ("hash", "created", "software", "version", "signature", "publicKey")
"""The values of an anonymous WACZ signature. Viewers refuse one with others."""

VERSION: Final = "0.1.0"
"""The version of wacz-auth after which it is made."""

_NUMBER: Final = 48  # bytes of one of the two numbers of a signature by P-384


def check_members(package: Package, key: str | None) -> Iterator[Claim]:
    """Check that the list of members has every member as it is, and who signed the list."""
    listed = package.json(LIST)
    resources = listed.get("resources") if isinstance(listed, dict) else None
    if not isinstance(resources, list) or not all(isinstance(row, dict) for row in resources):
        raise Refused(f"{LIST} has no list of members")
    expected = [
        {"path": name, "hash": f"sha256:{package.digest(name)}", "bytes": package.members[name][1]}
        for name in [*package.members][:-2]
    ]
    stated = [{name: row.get(name) for name in ("path", "hash", "bytes")} for row in resources]
    wrong = [str(a["path"]) for a, b in zip(expected, stated, strict=False) if a != b]
    if wrong or len(expected) != len(stated):
        yield Claim(FALSE, f"its members are those of its list: {', '.join(wrong[:5]) or 'their number'} differs")
    digest = package.digest(LIST)
    note, signed_data = _stored(package)
    is_canonical = package.read(LIST_DIGEST) == list_digest(digest, note, signed_data)
    texts = {list_note(digest), list_note(digest, _public_key(signed_data))}
    if not is_canonical:
        yield Claim(FALSE, f"{LIST_DIGEST} has the digest of {LIST}")
    elif note and _text(note) not in texts:
        yield Claim(FALSE, f"the signature of this file is about its list {LIST}")
    else:
        is_signed, why = signature_of(note, key)
        sentence = "the holder of the archive's key put this file together, and no byte changed since"
        if is_signed:
            yield Claim(PROVEN, sentence)
        else:
            yield Claim(NOT_PROVEN if is_signed is None else FALSE, f"that {sentence}: {why}")


def check_package_signature(package: Package, key: str | None) -> Iterator[Claim]:
    """Check the signature that viewers of WACZ files check, and whether its key is the archive's."""
    note, signed_data = _stored(package)
    if signed_data is None:
        return
    listed, digest = package.json(LIST), package.digest(LIST)
    expected = {name: listed.get(name) for name in ("created", "software")}
    expected |= {"hash": f"sha256:{digest}", "version": VERSION}
    sentence = "the signature that WACZ viewers check is about this file"
    is_whole = isinstance(signed_data, dict) and tuple(signed_data) == SIGNED
    if not is_whole or {name: signed_data[name] for name in expected} != expected:
        yield Claim(FALSE, sentence)
        return
    public = _public_key(signed_data)
    fits = _fits(public, decode_base64(str(signed_data["signature"])), str(signed_data["hash"]))
    is_named = _text(note) == list_note(digest, public) and signature_of(note, key)[0]
    if fits is None:
        yield Claim(NOT_PROVEN, f"that {sentence}: it needs the package cryptography")
    elif not fits:
        yield Claim(FALSE, sentence)
    elif is_named:
        yield Claim(PROVEN, f"{sentence}, and its key is one that the holder of the archive's key named")
    else:
        yield Claim(NOT_PROVEN, f"whose signature it is that WACZ viewers check: {_WHY_NOT}")


_WHY_NOT: Final = "its key is in the file itself, so anybody can make one"


def _stored(package: Package) -> tuple[str, Any]:
    """Return the note and the anonymous signature of a file, an empty text and None where it has none."""
    stored = package.json(LIST_DIGEST)
    note = stored.get("note", "") if isinstance(stored, dict) else ""
    signed_data = stored.get("signedData") if isinstance(stored, dict) else None
    return (note, signed_data) if isinstance(note, str) else ("", signed_data)


def _text(note: str) -> str:
    return note.rpartition("\n\n")[0] + "\n"


def _public_key(signed_data: Any) -> bytes:
    return decode_base64(str(signed_data.get("publicKey"))) if isinstance(signed_data, dict) else b""


def _fits(public: bytes, signature: bytes, text: str) -> bool | None:
    """Return whether a signature by P-384 (two numbers of 48 bytes) fits a text, None if that cannot be said."""
    try:
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec, utils
    except ImportError:
        return None
    try:
        key = serialization.load_der_public_key(public)
        if not isinstance(key, ec.EllipticCurvePublicKey) or len(signature) != 2 * _NUMBER:
            return False
        numbers = int.from_bytes(signature[:_NUMBER], "big"), int.from_bytes(signature[_NUMBER:], "big")
        key.verify(utils.encode_dss_signature(*numbers), text.encode(), ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True
