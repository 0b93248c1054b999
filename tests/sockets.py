"""Applications on real sockets of loopback, plain and under TLS, for clients that are not ours."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from starlette.types import ASGIApp


@contextlib.contextmanager
def served(make: Callable[[int], ASGIApp], *, tls: Path | None = None) -> Iterator[int]:
    """What ``make`` gives for a free port, served there by uvicorn; ``tls``: key and certificate in one file."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        keys = {} if tls is None else {"ssl_keyfile": str(tls), "ssl_certfile": str(tls)}
        config = uvicorn.Config(make(port), log_level="warning", lifespan="off", **keys)
        server = uvicorn.Server(config)
        running = threading.Thread(target=server.run, args=([listening],), daemon=True)
        running.start()
        try:
            _wait_until(lambda: server.started)
            yield port
        finally:
            server.should_exit = True
            running.join(20)


def make_certificates(folder: Path, names: Sequence[str]) -> tuple[Path, Path]:
    """Files of a certificate authority of these tests, and of a key with a certificate of its for ``names``."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    authority = _certificate(issuer, issuer, authority_key, authority_key, authority=True)
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    own = _certificate(subject, issuer, key, authority_key, alternatives=alternatives)
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    paths = folder / "authority.pem", folder / "server.pem"
    paths[0].write_bytes(authority.public_bytes(pem))
    paths[1].write_bytes(private + own.public_bytes(pem))
    return paths


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    *,
    authority: bool = False,
    alternatives: x509.SubjectAlternativeName | None = None,
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if alternatives is not None:
        made = made.add_extension(alternatives, critical=False)
    return made.sign(signer, hashes.SHA256())


def _wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(2000):  # 100 seconds
        if holds():
            return
        time.sleep(0.05)
    pytest.fail("the server does not come up")
