# ruff: noqa: A005 (imported as tests.site, never as site)
"""A web server on loopback whose pages misbehave by name; a bare socket, no HTTP library, so that it can lie freely.

::

    with Site() as site:
        site.pages["/front"] = page(b"<h1>Front</h1>", ETag='"1"')
        site.url("/gzip-cut")          # the named behaviours of tests/misbehaviour.py are there from the start
        site.asked                     # every request so far: method, target, headers, connection

It runs on a thread of its own, so any client may be driven against it. A path it does not know answers 404, and so does
``/robots.txt`` until a test sets one.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

from archive.crawl.soft404 import is_probe
from tests.misbehaviour import BEHAVIOURS
from tests.replies import Asked, Behaviour, Say, page

if TYPE_CHECKING:
    import ssl

CERTIFICATE = Path(__file__).with_name("site.pem")
"""A key and its self-signed certificate for ``site.example``, good until 2120; made for these tests alone."""

_NOWHERE = page(b"<h1>Not here</h1>", status="404 Not Found")
_RESET = struct.pack("ii", 1, 0)  # linger for no time: close() sends RST


class Site:
    """A loopback server; ``pages`` maps paths to behaviours and may be changed at any time.

    With ``tls`` it speaks https; ``CERTIFICATE`` serves for a context on either side.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.pages: dict[str, Behaviour] = dict(BEHAVIOURS)
        self.asked: list[Asked] = []
        self.connections = 0
        self._loop = asyncio.new_event_loop()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._run, name="site", daemon=True)
        self._stop = asyncio.Event()
        self.port: int = self._listener.getsockname()[1]

    def url(self, path: str = "/") -> str:
        """Give the address of ``path`` on this server."""
        return f"http://127.0.0.1:{self.port}{path}"

    def targets(self) -> list[str]:
        """Give the paths asked for so far, without what is asked of every site: robots.txt, a page that never was."""
        return [asked.target for asked in self.asked if asked.target != "/robots.txt" and not is_probe(asked.target)]

    def start(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Drop every connection and stop listening."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        talks: set[asyncio.Task[None]] = set()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            talks.add(task)
            self.connections += 1
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._talk(reader, writer, self.connections)
            writer.transport.abort()  # also what is closing: bytes that nobody reads would hold it open for ever
            talks.discard(task)

        server = await asyncio.start_server(talk, sock=self._listener, ssl=self._tls)
        await self._stop.wait()
        # Nobody else is let in, and whoever was let in just now begins to talk, and can be told to stop. Only then is
        # the server closed: asyncio forgets a connection that it accepted just before, and leaves its socket open.
        self._loop.remove_reader(self._listener)
        await _turns(10)
        server.close()
        for task in list(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await _turns(10)  # aborted transports let go of their sockets

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> None:
        while True:
            asked = _read_request(await reader.readuntil(b"\r\n\r\n"), connection)
            self.asked.append(asked)
            behaviour = self.pages.get(asked.target.partition("?")[0], _NOWHERE)
            said = behaviour if isinstance(behaviour, Say) else behaviour(asked)
            if not isinstance(said, Say):
                async for piece in said:
                    writer.write(piece)
                    await writer.drain()
                said = Say(b"")
            writer.write(said.raw)
            await writer.drain()
            if said.then != "keep":
                await _finish(writer, said)
                return


async def _turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def _finish(writer: asyncio.StreamWriter, said: Say) -> None:
    if said.then == "hang":
        await asyncio.Event().wait()
    if said.then == "reset":
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        writer.transport.abort()
        return
    writer.close()
    await writer.wait_closed()


def _read_request(head: bytes, connection: int) -> Asked:
    first, *lines = head.decode("latin-1").rstrip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Asked(method=method, target=target, headers=headers, connection=connection)
