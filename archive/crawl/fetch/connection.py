"""One network connection on plain asyncio, which records what error reasons and capture records need.

It replaces httpcore's anyio streams. Their cancel scopes and checks around every read and write cost a third of the
processor time of a fetch (0.4 of 1.2 ms a page, measured on 200 loopback origins).
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from typing import Any

import httpcore

from archive.crawl.fetch.fetch_error import FetchError
from archive.crawl.fetch.response_head import HeadReader, RepairedHead
from db.records import Reason

_MAX_UNREAD = 256 * 1024  # bytes buffered before the transport is paused
_MAX_HEAD = 256 * 1024  # bytes of all header blocks of a response; h11 stops a single one at 100 KiB
_TAIL = 64  # bytes; enough to see whether a response ended where its framing said


class _ReceiveBuffer(asyncio.Protocol):
    """The bytes received and not yet read. When it is full, the transport is paused."""

    def __init__(self) -> None:
        self._clock = asyncio.get_running_loop().time
        self._unread = bytearray()
        self._waiter: asyncio.Future[None] | None = None
        self._is_paused = False
        self.transport: asyncio.Transport | None = None
        self.is_ended = False
        self.error: Exception | None = None
        self.first_byte_at: float | None = None

    @property
    def is_ready(self) -> bool:
        """True if a read returns at once: there are bytes, or the connection has ended."""
        return bool(self._unread) or self.is_ended

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 (create_connection passes no other)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self.first_byte_at is None:
            self.first_byte_at = self._clock()
        self._unread += data
        if len(self._unread) > _MAX_UNREAD and self.transport is not None:
            self.transport.pause_reading()
            self._is_paused = True
        self._wake()

    def eof_received(self) -> None:
        self.is_ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_ended, self.error = True, exc
        self._wake()

    async def wait(self) -> None:
        """Return as soon as ``is_ready``."""
        while not self.is_ready:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None

    def read(self, limit: int) -> bytes:
        """Remove and return the buffered bytes, at most ``limit`` of them."""
        data = bytes(self._unread[:limit])
        del self._unread[:limit]
        if self._is_paused and self.transport is not None and not self.is_ended:
            self.transport.resume_reading()
            self._is_paused = False
        return data

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Connection(httpcore.AsyncNetworkStream):
    """A connection to one checked IP address.

    These attributes count from the last request: ``received`` is the number of bytes, ``tail`` the last few of them,
    ``is_ended`` true once the peer closed the connection. The reader of the response sets ``has_head`` when it has a
    complete header block. ``setup_seconds`` holds the duration of name lookup, connection and handshake, ``tls`` the
    parameters of the handshake. ``prevent_reuse`` makes the pool drop the connection: bytes still in its buffers must
    not become part of the next response.
    """

    def __init__(self, buffer: _ReceiveBuffer, transport: asyncio.Transport, ip: str, port: int) -> None:
        self._buffer = buffer
        self._transport = transport
        self.ip = ip
        self.port = port
        self.tls: tuple[tuple[str, str], ...] = ()
        self.setup_seconds: tuple[tuple[str, float], ...] = ()
        self.received = 0
        self.is_ended = False
        self.has_head = False
        self.tail = b""
        self._leading = b""
        self._must_close = False
        self._head_reader = HeadReader()

    @property
    def repaired_head(self) -> RepairedHead | None:
        """The last header block since the last request, if the parser got another form of it than was received."""
        return self._head_reader.repaired

    @property
    def speaks_http(self) -> bool:
        """True if the bytes since the last request begin like an HTTP/1 response."""
        return self._leading.startswith(b"HTTP/1.")

    @property
    def is_switching_protocols(self) -> bool:
        """True if the response has status 101: the server changes to a protocol that was not requested."""
        return self.speaks_http and self._leading[9:12] == b"101"

    @property
    def first_byte_at(self) -> float | None:
        """The arrival of the first byte since the last request, on the clock of the event loop, or None before that."""
        return self._buffer.first_byte_at

    def prevent_reuse(self) -> None:
        """Make the pool drop this connection instead of using it again."""
        self._must_close = True

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 (httpcore's signature)
        """Return the received bytes, at most ``max_bytes``, or no bytes at the end of the connection.

        A header block is returned as a whole, in the form that the parser accepts (``response_head``). Raises
        httpcore's ``ReadTimeout`` and ``ReadError``, and ``FetchError`` for a header block without end.
        """
        while True:
            received = await self._receive(max_bytes, timeout)
            if (data := self._head_reader.feed(received)) or not received:
                return data

    async def _receive(self, max_bytes: int, timeout: float | None) -> bytes:  # noqa: ASYNC109
        if not self._buffer.is_ready:
            try:
                async with asyncio.timeout(timeout):
                    await self._buffer.wait()
            except TimeoutError as error:
                raise httpcore.ReadTimeout(f"silent for {timeout:g} s") from error
        data = self._buffer.read(max_bytes)
        if not data and self._buffer.error is not None:
            raise httpcore.ReadError(str(self._buffer.error)) from self._buffer.error
        self._record(data)
        return data

    def _record(self, data: bytes) -> None:
        self.received += len(data)
        self.is_ended = not data
        self._leading = self._leading or data[:16]
        self.tail = (self.tail + data)[-_TAIL:] if len(data) < _TAIL else data[-_TAIL:]
        if not self.has_head and self.received > _MAX_HEAD:
            raise FetchError(Reason.PROTOCOL, f"{self.received} bytes of headers and no end of them")

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109, ARG002
        """Send ``buffer`` as a new request, and reset what was recorded of the last response. Never waits."""
        if not buffer:
            return
        self.received, self.is_ended, self.has_head, self._leading, self.tail = 0, False, False, b"", b""
        self._buffer.first_byte_at = None
        self._head_reader = HeadReader()
        if self._buffer.is_ended or self._transport.is_closing():
            raise httpcore.WriteError("the server closed the connection")
        self._transport.write(buffer)

    async def aclose(self) -> None:
        """Close the connection at once. No data is ever waiting to be sent."""
        self._transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        """Start TLS on the connection. Raises ``FetchError`` if the certificate or the handshake is bad."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        try:
            async with asyncio.timeout(timeout):
                transport = await loop.start_tls(
                    self._transport, self._buffer, ssl_context, server_hostname=server_hostname
                )
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"no TLS handshake within {timeout:g} s") from error
        except OSError as error:  # ssl.SSLError is one
            raise FetchError(Reason.TLS, str(error) or type(error).__name__) from error
        if transport is None:
            raise FetchError(Reason.TLS, "the server hung up during the handshake")
        self._transport = self._buffer.transport = transport
        self.tls = _tls_facts(transport.get_extra_info("ssl_object"))
        self.setup_seconds = (*self.setup_seconds, ("tls", loop.time() - start))
        return self

    def get_extra_info(self, info: str) -> Any:
        """Return a fact about the socket that httpcore asks for by name."""
        if info == "is_readable":  # the pool drops an idle connection that is readable
            return self._must_close or self._buffer.is_ready
        names = {"server_addr": "peername", "client_addr": "sockname"}
        return self._transport.get_extra_info(names.get(info, info))


async def connect(address: str, port: int, timeout: float | None) -> Connection:  # noqa: ASYNC109
    """Connect to a numeric ``address``. Raises httpcore's ``ConnectTimeout`` and ``ConnectError``."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout):
            transport, buffer = await loop.create_connection(_ReceiveBuffer, address, port)
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(f"{address} did not answer within {timeout:g} s") from error
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error
    return Connection(buffer, transport, address, port)


def _tls_facts(tls: ssl.SSLObject) -> tuple[tuple[str, str], ...]:
    cipher, certificate = tls.cipher(), tls.getpeercert(binary_form=True)
    facts = {
        "version": tls.version(),
        "cipher": cipher and cipher[0],
        "alpn": tls.selected_alpn_protocol(),
        "certificate_sha256": certificate and hashlib.sha256(certificate).hexdigest(),
        "verified": "no" if tls.context.verify_mode is ssl.CERT_NONE else None,
    }
    return tuple((name, value) for name, value in facts.items() if value)
