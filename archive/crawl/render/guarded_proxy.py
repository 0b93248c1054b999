"""An HTTP proxy on loopback that carries all traffic of one browser, behind the address guard of the fetcher.

It resolves each name itself, checks every address of the answer and connects to a checked one, so no page reaches a
private network or the metadata service of a cloud, whatever its scripts ask for. It carries ``http`` requests and
``CONNECT`` tunnels (RFC 9110, section 9.3.6), and only to hosts that were permitted: those whose robots.txt was obeyed.
It counts the bytes of all connections together, and drops them all at the limit.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

from archive.crawl.fetch.fetch_error import FetchError
from archive.urls import RefusedUrl, host_of, origin_of
from db.records import Reason

if TYPE_CHECKING:
    from types import TracebackType

    from archive.crawl.fetch.ssrf_guard import GuardedBackend

_MAX_HEAD: Final = 64 * 1024  # bytes of a request or response head
_MAX_CONNECTIONS: Final = 64
_MAX_REFUSALS: Final = 50
_PIECE: Final = 64 * 1024
_CONNECT_SECONDS: Final = 10.0
_HEAD_SECONDS: Final = 20.0
_REQUEST = re.compile(rb"([A-Z]{1,20}) (\S{1,8000}) HTTP/1\.[01]\r?\n")
_AUTHORITY = re.compile(r"(\[[0-9a-fA-F:.]{2,45}\]|[^\s/@:\[\]]{1,253}):(\d{1,5})")
_HOP_BY_HOP = (b"connection:", b"proxy-", b"keep-alive:", b"te:", b"upgrade:")
_HIGHEST_PORT = 65_535
_ENDS = (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError)
"""What ends one connection and nothing else: either side hung up, was too slow, or all connections are dropped."""


class GuardedProxy:
    """The proxy of one browser: ``async with`` it, and give the browser ``address``.

    ``most`` limits the bytes received by all connections together, and those sent. ``received`` and ``sent`` count
    them, ``is_exhausted`` is true once the limit was reached. ``refusals`` has a sentence for each of the first 50
    requests that were refused.
    """

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._permitted: dict[str, GuardedBackend] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.received = 0
        self.sent = 0
        self.is_exhausted = False
        self.refusals: list[str] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_MAX_HEAD)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        self._drop_all()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # aborted transports let go of their sockets

    @property
    def address(self) -> str:
        """The address for the browser: ``127.0.0.1:PORT``."""
        assert self._server is not None  # noqa: S101 (it is set for as long as the proxy is open)
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"{host}:{port}"

    def permit(self, url: str, guard: GuardedBackend) -> None:
        """Allow connections to the origin of ``url``, to addresses that ``guard`` accepts. Raises ``RefusedUrl``."""
        self._permitted[_place(host_of(url), int(origin_of(url).rpartition(":")[2]))] = guard

    def _drop_all(self) -> None:
        for task in self._tasks:
            task.cancel()

    # --- one connection of the browser -------------------------------------------------------------------------------

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (a coroutine runs in a task)
        self._tasks.add(task)
        try:
            with contextlib.suppress(*_ENDS):
                await self._serve(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(_HEAD_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
        try:
            request = _request(head)
            is_tunnel = request[1] == b"CONNECT"
            target = request[2].decode("latin-1")
            host, port = _authority(target) if is_tunnel else _http_host(target)
            remote_reader, remote_writer = await self._connect(host, port)
        except (FetchError, RefusedUrl) as error:
            self._refuse(writer, str(error))
            await writer.drain()
            return
        try:
            if is_tunnel:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await self._tunnel(reader, writer, remote_reader, remote_writer)
            else:
                await self._forward(head, request, (reader, writer), (remote_reader, remote_writer))
        finally:
            remote_writer.transport.abort()

    def _refuse(self, writer: asyncio.StreamWriter, reason: str) -> None:
        if len(self.refusals) < _MAX_REFUSALS:
            self.refusals.append(reason)
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    async def _connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a connection to a checked address of ``host``. Raises ``FetchError``."""
        guard = self._permitted.get(_place(host, port))
        if guard is None:
            raise FetchError(Reason.REFUSED_ADDRESS, f"{host}:{port} was not permitted")
        if self.is_exhausted or len(self._tasks) > _MAX_CONNECTIONS:
            raise FetchError(Reason.TOO_LARGE, f"{host}: too much traffic for one page")
        addresses, port = await guard.checked_addresses(host, port)
        for address in addresses:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(_CONNECT_SECONDS):
                    return await asyncio.open_connection(address, port, limit=_MAX_HEAD)
        raise FetchError(Reason.CONNECT, f"{host}:{port} did not answer")

    async def _tunnel(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        remote_reader: asyncio.StreamReader,
        remote_writer: asyncio.StreamWriter,
    ) -> None:
        """Carry bytes both ways until one side hangs up."""
        upload = asyncio.create_task(self._pipe(reader, remote_writer, is_download=False))
        download = asyncio.create_task(self._pipe(remote_reader, writer, is_download=True))
        try:
            await asyncio.wait({upload, download}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            upload.cancel()
            download.cancel()
            await asyncio.gather(upload, download, return_exceptions=True)

    async def _forward(
        self,
        head: bytes,
        request: re.Match[bytes],
        browser: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        remote: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        """Forward one ``http`` request and its response, after which both connections end."""
        target = urlsplit(request[2])
        path = (target.path or b"/") + (b"?" + target.query if target.query else b"")
        lines = _end_to_end(head[request.end() :])
        remote[1].write(b"\r\n".join([b"%s %s HTTP/1.1" % (request[1], path), *lines, b"Connection: close", b"", b""]))
        await self._pipe(browser[0], remote[1], is_download=False, most=_content_length(lines))
        async with asyncio.timeout(_HEAD_SECONDS):
            response = await remote[0].readuntil(b"\r\n\r\n")
        self._count(len(response), is_download=True)
        first, _, rest = response.partition(b"\r\n")
        lines = _end_to_end(rest)
        browser[1].write(b"\r\n".join([first, *lines, b"Connection: close", b"", b""]))
        await self._pipe(remote[0], browser[1], is_download=True, most=_content_length(lines) or sys.maxsize)

    async def _pipe(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_download: bool, most: int = sys.maxsize
    ) -> None:
        """Carry bytes one way, at most ``most`` of them, until the sender ends."""
        while most > 0 and (piece := await reader.read(min(most, _PIECE))):
            most -= len(piece)
            self._count(len(piece), is_download=is_download)
            writer.write(piece)
            await writer.drain()

    def _count(self, size: int, *, is_download: bool) -> None:
        if is_download:
            self.received += size
        else:
            self.sent += size
        if max(self.received, self.sent) > self._most and not self.is_exhausted:
            self.is_exhausted = True
            self._drop_all()


def _place(host: str, port: int) -> str:
    return f"{host.strip('[]').lower()} {port}"


def _request(head: bytes) -> re.Match[bytes]:
    match = _REQUEST.match(head)
    if match is None:
        raise FetchError(Reason.PROTOCOL, "a request that is not HTTP/1")
    return match


def _authority(target: str) -> tuple[str, int]:
    """Return host and port of the target of a CONNECT. Raises ``FetchError``."""
    match = _AUTHORITY.fullmatch(target)
    if match is None or not 0 < int(match[2]) <= _HIGHEST_PORT:
        raise FetchError(Reason.BAD_URL, f"{target[:100]!r} is no host and port")
    return match[1].strip("[]"), int(match[2])


def _http_host(target: str) -> tuple[str, int]:
    """Return host and port of the target of a plain request. Raises ``FetchError`` and ``RefusedUrl``."""
    if not target.lower().startswith("http://"):
        raise FetchError(Reason.REFUSED_SCHEME, f"{target[:100]!r} is no address of plain http")
    return host_of(target), int(origin_of(target).rpartition(":")[2])


def _end_to_end(block: bytes) -> list[bytes]:
    """Return the header lines of a block that concern both ends, without those about the connection."""
    lines = block.split(b"\r\n")
    return [line for line in lines if line and not line.lower().startswith(_HOP_BY_HOP)]


def _content_length(lines: list[bytes]) -> int:
    values = [line.partition(b":")[2].strip() for line in lines if line.lower().startswith(b"content-length:")]
    return int(values[0]) if len(values) == 1 and values[0].isdigit() else 0
