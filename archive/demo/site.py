"""The news world on a loopback port: one HTTP server for all its hosts, told apart by the Host header.

It also answers requests in absolute form (``GET http://wire.example/ HTTP/1.1``), so that any tool can be pointed at
the world by calling it an HTTP proxy: ``http_proxy=http://127.0.0.1:PORT curl http://wire.example/``.
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
    """A running world. ``round`` may be set at any time and counts from the next request on."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.round = 0
        self._server: ThreadingHTTPServer | None = None
        self._thread: Thread | None = None

    def start(self, port: int = 0) -> int:
        """Listen on loopback and return the port, a free one for 0. Raises ``BadInput`` when it is taken."""
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
        """Stop listening; a stopped site may be started again."""
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
    """As the library has it, but silent about clients that hang up: an archiver does that with every connection."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report what is a bug of ours only."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One connection, kept alive. All it decides is how bytes travel; what they say, the world decides."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 30  # seconds a silent connection is kept; a round of the demo takes far less

    def __init__(self, site: Site, *args: Any) -> None:
        self._site = site
        super().__init__(*args)

    def do_GET(self) -> None:
        """Answer with headers and body."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer as for GET, without the body."""
        self._answer(with_body=False)

    def log_message(self, *_: Any) -> None:
        """Say nothing: stderr belongs to whoever runs the world."""

    def _answer(self, *, with_body: bool) -> None:
        host, target = self._asked()
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

    def _asked(self) -> tuple[str, str]:
        """Host and target: of an absolute request line both stand in it, and they win (RFC 9112, 3.2.2)."""
        if not self.path.startswith(("http://", "https://")):
            return self.headers.get("Host", ""), self.path
        parts = urlsplit(self.path)
        return parts.netloc, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def serve_site(*, seed: int, at: int, port: int, err: TextIO) -> None:
    """Serve round ``at`` of the world of that seed until interrupted. Raises ``BadInput`` for no such round or port."""
    if at not in range(len(ROUNDS)):
        raise BadInput(f"no round {at}: the news world has rounds 0 to {len(ROUNDS) - 1}")
    site = Site(World(seed))
    site.round = at
    taken = site.start(port)
    hosts = ", ".join(site.world.hosts)
    err.write(f"Round {at} of the news world (seed {seed}) on http://{LOOPBACK}:{taken} for {hosts}\n")
    err.write(f"Try: http_proxy=http://{LOOPBACK}:{taken} curl http://wire.example/rss.xml      Ctrl-C stops it.\n")
    err.flush()
    try:
        site.wait()
    except KeyboardInterrupt:
        err.write("\n")
    finally:
        site.stop()
