"""The news world on a loopback port: one HTTP server for all its hosts, distinguished by the Host header.

It also answers requests in absolute form (``GET http://wire.example/ HTTP/1.1``). Any tool can therefore use it as an
HTTP proxy: ``http_proxy=http://127.0.0.1:PORT curl http://wire.example/``.
"""

from __future__ import annotations

import sys
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from archive.demo.script import ROUNDS
from archive.demo.world import World
from db.errors import BadInput

if TYPE_CHECKING:
    from typing import TextIO

LOOPBACK = "127.0.0.1"


class Site:
    """A world that is served. ``round`` may be set at any time and applies from the next request on."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.round = 0
        self._server: ThreadingHTTPServer | None = None
        self._thread: Thread | None = None

    def start(self, port: int = 0) -> int:
        """Listen on loopback and return the port, a free one for 0. Raises ``BadInput`` if the port is in use."""
        try:
            server = _Server((LOOPBACK, port), partial(_Handler, self))
        except (OSError, OverflowError) as error:
            raise BadInput(f"port {port} cannot be used ({error}); give another, or 0 for any free one") from error
        self._server = server
        self._thread = Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="news-world", daemon=True
        )
        self._thread.start()
        return self.port

    @property
    def port(self) -> int:
        """The port it listens on, 0 when stopped."""
        return int(self._server.server_address[1]) if self._server else 0

    def stop(self) -> None:
        """Stop listening. A stopped site may be started again."""
        if self._server and self._thread:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
        self._server = self._thread = None

    def wait(self) -> None:
        """Block until the site is stopped."""
        if self._thread:
            self._thread.join()


class _Server(ThreadingHTTPServer):
    """The library's server, but silent about clients that disconnect: an archiver does that with every connection."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report an error, unless the client disconnected."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One persistent connection. It only transfers bytes. The world decides their content."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 30  # seconds a silent connection stays open; a round of the demo takes far less

    def __init__(self, site: Site, *args: Any) -> None:
        self._site = site
        super().__init__(*args)

    def do_GET(self) -> None:
        """Answer with headers and body."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer with the headers of a GET, without the body."""
        self._answer(with_body=False)

    def log_message(self, *_: Any) -> None:
        """Log nothing: stderr belongs to the caller."""

    def _answer(self, *, with_body: bool) -> None:
        host, target = self._host_and_target()
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self._site.world.respond(self._site.round, host, target, headers)
        self.send_response_only(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        if reply.status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(reply.body) + reply.missing))
        self.close_connection |= bool(reply.missing)
        self.end_headers()
        if with_body:
            self.wfile.write(reply.body)

    def _host_and_target(self) -> tuple[str, str]:
        """Return host and target. An absolute request line has both and overrides the Host header (RFC 9112, 3.2.2)."""
        if not self.path.startswith(("http://", "https://")):
            return self.headers.get("Host", ""), self.path
        parts = urlsplit(self.path)
        return parts.netloc, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def serve_site(*, seed: int, round_number: int, port: int, err: TextIO) -> None:
    """Serve one round of a seed's world until interrupted. Raises ``BadInput`` for an unusable round or port."""
    if round_number not in range(len(ROUNDS)):
        raise BadInput(f"no round {round_number}: the news world has rounds 0 to {len(ROUNDS) - 1}")
    site = Site(World(seed))
    site.round = round_number
    actual_port = site.start(port)
    hosts = ", ".join(site.world.hosts)
    err.write(f"Round {round_number} of the news world (seed {seed}) on http://{LOOPBACK}:{actual_port} for {hosts}\n")
    err.write(
        f"Try: http_proxy=http://{LOOPBACK}:{actual_port} curl http://wire.example/rss.xml      Ctrl-C stops it.\n"
    )
    err.flush()
    try:
        site.wait()
    except KeyboardInterrupt:
        err.write("\n")
    finally:
        site.stop()
