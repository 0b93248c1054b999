"""A real time-stamping authority on loopback: the program openssl behind an HTTP server."""

from __future__ import annotations

import subprocess
import threading
from contextlib import contextmanager, nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG = """\
[ca]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign
[ts]
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,timeStamping
[tsa]
default_tsa=one
[one]
serial=serial
crypto_device=builtin
signer_cert=tsa.pem
{certs}signer_key=tsa.key
signer_digest=sha256
default_policy=1.2.3.4.1
digests=sha256
accuracy=secs:1
ess_cert_id_alg=sha256
"""


def make_authority(folder: Path, *, with_chain: bool = False) -> Path:
    """Make a certificate authority and a time-stamping certificate in a folder. Return the root certificate."""
    folder.mkdir()
    (folder / "tsa.cnf").write_text(CONFIG.format(certs="certs=ca.pem\n" if with_chain else ""))
    (folder / "serial").write_text("01\n")
    key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    own = f"openssl req -x509 {key} -keyout ca.key -out ca.pem -days 3650 -subj /CN=Root -config /dev/null"
    run(f"{own} -addext basicConstraints=critical,CA:TRUE", folder)
    run(f"openssl req {key} -keyout tsa.key -out tsa.csr -subj /CN=Authority -config /dev/null", folder)
    signing = "openssl x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.pem -days 3650"
    run(f"{signing} -extfile tsa.cnf -extensions ts", folder)
    return folder / "ca.pem"


def run(command: str, folder: Path, **options: object) -> bytes:
    done = subprocess.run(command.split(), cwd=folder, capture_output=True, check=False, **options)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@contextmanager
def authority(folder: Path, *, says: bytes | None = None) -> Iterator[str]:
    """The address of an authority. ``says``: the same bytes to everybody, instead of an honest reply."""
    turn = threading.Lock()  # the program reads and writes files of one name

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query, reply = self.rfile.read(int(self.headers["Content-Length"])), says
            with turn if reply is None else nullcontext():
                reply = reply or self.stamp(query)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def stamp(self, query: bytes) -> bytes:
            (folder / "query").write_bytes(query)
            run("openssl ts -reply -queryfile query -config tsa.cnf -section one -out reply", folder)
            return (folder / "reply").read_bytes()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/tsr"
        server.shutdown()
        thread.join()
