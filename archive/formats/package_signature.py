"""The anonymous signature of a WACZ file, as wacz-auth describes it and as viewers check it: ECDSA with P-384.

Its key is derived from that of the log, so there is one secret to keep. Anybody can make such a signature with a key of
his own: it only shows that nothing changed since. So the log's key signs the name of this key as well.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any, Final

from archive.formats.evidence.member_list import VERSION
from db.errors import BadInput

_PURPOSE: Final = b"wirecopy: the key of WACZ signatures"
_ORDER: Final = int(
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16
)  # of the group of P-384 (FIPS 186-5)
_NUMBER: Final = 48


def sign_package(seed: bytes, list_sha256: str, *, created_at: str, software: str) -> dict[str, str]:
    """Return the ``signedData`` of datapackage-digest.json. Raises BadInput without the extra ``wirecopy[proof]``.

    ``seed``: the secret of the log's key. ``created_at`` and ``software`` are those of datapackage.json. The same input
    gives the same signature (RFC 6979).
    """
    try:
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec, utils
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF
    except ImportError as error:
        raise BadInput("signatures of a file need an extra: pip install wirecopy[proof]") from error
    wide = HKDF(algorithm=hashes.SHA256(), length=_NUMBER + 16, salt=None, info=_PURPOSE).derive(seed)
    key: Any = ec.derive_private_key(int.from_bytes(wide, "big") % (_ORDER - 1) + 1, ec.SECP384R1())
    text = f"sha256:{list_sha256}"
    algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    numbers = utils.decode_dss_signature(key.sign(text.encode(), algorithm))
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = key.public_key().public_bytes(serialization.Encoding.DER, form)
    signature = b"".join(number.to_bytes(_NUMBER, "big") for number in numbers)
    return {
        "hash": text,
        "created": created_at,
        "software": software,
        "version": VERSION,
        "signature": b64encode(signature).decode(),
        "publicKey": b64encode(public).decode(),
    }


def public_key(signed_data: dict[str, str]) -> bytes:
    """Return the public key (DER) of an anonymous signature."""
    return b64decode(signed_data["publicKey"])
