"""RFC 3161 time stamps: the request, what a reply says, and the check of its signature.

Requests and replies are read and written here, in DER. The signature is checked by the package rfc3161-client, or by
the program openssl where that is missing or refuses the reply: it refuses certificates that are not in DER's order.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

MOST_REPLY: Final = 1 << 16
"""Most bytes of a reply: 6 kB is usual."""

_SHA256: Final = bytes.fromhex("300d06096086480165030402010500")
_TST_INFO: Final = bytes.fromhex("060b2a864886f70d0109100104")  # the object identifier of a time stamp's content
_SECONDS: Final = 20
_SEQUENCE, _INTEGER, _OCTETS, _TIME, _CONTEXT = 0x30, 0x02, 0x04, 0x18, 0xA0


class BadReply(Exception):
    """The reply of an authority is no time stamp. The message says why."""


@dataclass(frozen=True)
class TimeStamp:
    """The content of a reply: the time, the sha256 that it is about, and the number that the request named."""

    stated_at: datetime
    digest: bytes
    nonce: int | None


def request(digest: bytes, nonce: int) -> bytes:
    """Return the request for a time stamp of a sha256, with the authority's certificate."""
    imprint = _element(_SEQUENCE, _SHA256 + _element(_OCTETS, digest))
    number = nonce.to_bytes(nonce.bit_length() // 8 + 1, "big")
    return _element(_SEQUENCE, b"\2\1\1" + imprint + _element(_INTEGER, number) + b"\1\1\xff")


def _element(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")  # noqa: PLR2004  DER's short form
    return bytes([tag]) + length + content


def read_reply(reply: bytes) -> TimeStamp:
    """Return the content of a reply, whose signature is not checked. Raises BadReply."""
    try:
        status, token = _children(_content(reply, _SEQUENCE))[:2]
        if int.from_bytes(_children(status[1])[0][1], "big") > 1:
            raise BadReply("the authority refused the request")
        signed = _children(_children(_children(token[1])[1][1])[0][1])
        content = next(content for tag, content in signed if tag == _SEQUENCE and content.startswith(_TST_INFO))
        info = _content(_content(_children(content)[1][1], _OCTETS), _SEQUENCE)
        return _read_info(_children(info))
    except (ValueError, IndexError, StopIteration) as error:
        raise BadReply("the reply is no time stamp") from error


def _read_info(fields: list[tuple[int, bytes]]) -> TimeStamp:
    imprint = _children(fields[2][1])
    written = next(content for tag, content in fields if tag == _TIME).decode("ascii")
    match = re.fullmatch(r"(\d{14})(?:\.(\d{1,6})\d*)?Z", written)
    if match is None or _element(_SEQUENCE, imprint[0][1]) != _SHA256:
        raise ValueError
    stated_at = datetime.strptime(match[1], "%Y%m%d%H%M%S").replace(
        tzinfo=UTC, microsecond=int((match[2] or "").ljust(6, "0"))
    )
    numbers = [content for tag, content in fields[5:] if tag == _INTEGER]
    nonce = int.from_bytes(numbers[0], "big", signed=True) if numbers else None
    return TimeStamp(stated_at=stated_at, digest=imprint[1][1], nonce=nonce)


def _content(data: bytes, tag: int) -> bytes:
    elements = _children(data)
    if len(elements) != 1 or elements[0][0] != tag:
        raise ValueError
    return elements[0][1]


def _children(data: bytes) -> list[tuple[int, bytes]]:
    """Return tag and content of the elements in DER. Raises ValueError."""
    elements, position = [], 0
    while position < len(data):
        tag, size, position = data[position], data[position + 1], position + 2
        if size & 0x80:
            width = size & 0x7F
            size, position = int.from_bytes(data[position : position + width], "big"), position + width
        if position + size > len(data):
            raise ValueError
        elements.append((tag, data[position : position + size]))
        position += size
    return elements


def check(reply: bytes, message: bytes, roots: Path) -> tuple[datetime | None, str]:
    """Return the time that a reply proves for ``message``, or None and the reason why it proves none.

    ``roots``: a PEM file with the certificates that are trusted. A certificate that ran out since does not matter: it
    has to be valid at the time of the stamp.
    """
    try:
        stamp = read_reply(reply)
    except BadReply as error:
        return None, str(error)
    if stamp.digest != hashlib.sha256(message).digest():
        return None, "the time stamp is about something else"
    problem = _problem_by_package(reply, stamp.digest, roots)
    if problem is not None:
        problem = _problem_by_openssl(reply, stamp, roots) or ""
    return (None, problem) if problem else (stamp.stated_at, "")


def _problem_by_package(reply: bytes, digest: bytes, roots: Path) -> str | None:
    """Return None if the package accepts a reply, else why not."""
    try:
        import rfc3161_client
        from cryptography import x509
    except ImportError:
        return "rfc3161-client is not installed"
    try:
        builder = rfc3161_client.VerifierBuilder()
        for certificate in x509.load_pem_x509_certificates(roots.read_bytes()):
            builder = builder.add_root_certificate(certificate)
        builder.build().verify(rfc3161_client.decode_timestamp_response(reply), digest)
    except (ValueError, OSError, rfc3161_client.VerificationError) as error:
        return f"the package does not accept it ({error})"
    return None


def _problem_by_openssl(reply: bytes, stamp: TimeStamp, roots: Path) -> str | None:
    """Return None if the program accepts a reply, else why not."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "reply.tsr"
        path.write_bytes(reply)
        options = ["-digest", stamp.digest.hex(), "-in", str(path), "-CAfile", str(roots)]
        options += ["-attime", str(int(stamp.stated_at.timestamp()))]
        try:
            done = subprocess.run(  # noqa: S603  no shell, and no argument from the reply but numbers
                ["openssl", "ts", "-verify", *options],  # noqa: S607  the user's own openssl
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return "neither rfc3161-client nor openssl could check it: pip install wirecopy[proof]"
    return None if done.returncode == 0 else "its signature does not lead to a certificate that is trusted here"
