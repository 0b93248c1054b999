"""One connection, straight on asyncio, that remembers what a verdict and a faithful record need.

It stands under httpcore in place of the anyio streams, whose cancel scopes and checks around every read and write cost
a third of a fetch's processor time (0.4 of 1.2 ms a page, measured on 200 loopback origins).
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from typing import Any

import httpcore

from archive.crawl.fetch.fetch_error import FetchError
from db.records import Reason

_MOST_UNREAD = 256 * 1024  # bytes taken off the socket before anybody asked for them
_MOST_HEAD = 256 * 1024  # bytes before a reply's header block is through; h11 stops single ones at 100 KiB
_TAIL = 64  # bytes; enough to see whether a reply ended where its framing said


class _Inbox(asyncio.Protocol):
    """What has come in and nobody has read yet. Full, it lets the sender wait."""

    def __init__(self) -> None:
        self._clock = asyncio.get_running_loop().time
        self._unread = bytearray()
        self._waiting: asyncio.Future[None] | None = None
        self._paused = False
        self.transport: asyncio.Transport | None = None
        self.ended = False
        self.error: Exception | None = None
        self.first_at: float | None = None

    @property
    def ready(self) -> bool:
        """True when a read need not wait: there are bytes, or there will be none any more."""
        return bool(self._unread) or self.ended

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 (what create_connection gives)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self.first_at is None:
            self.first_at = self._clock()
        self._unread += data
        if len(self._unread) > _MOST_UNREAD and self.transport is not None:
            self.transport.pause_reading()
            self._paused = True
        self._wake()

    def eof_received(self) -> None:
        self.ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended, self.error = True, exc
        self._wake()

    async def wait(self) -> None:
        """Return as soon as ``ready``."""
        while not self.ready:
            self._waiting = asyncio.get_running_loop().create_future()
            try:
                await self._waiting
            finally:
                self._waiting = None

    def take(self, most: int) -> bytes:
        """Give what is there, at most ``most`` bytes."""
        taken = bytes(self._unread[:most])
        del self._unread[:most]
        if self._paused and self.transport is not None and not self.ended:
            self.transport.resume_reading()
            self._paused = False
        return taken

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


class Connection(httpcore.AsyncNetworkStream):
    """A connection to one checked address.

    Since the last request: ``received`` bytes, the last few of them in ``tail``; ``ended`` when the peer hung up;
    ``replied`` once somebody saw a whole header block. ``opening`` says how long name, connection and handshake took
    (seconds), and ``tls`` what the handshake agreed on. ``spoil`` keeps it from being used again: whatever still lies
    in its buffers must not become the next page.
    """

    def __init__(self, inbox: _Inbox, transport: asyncio.Transport, ip: str, port: int) -> None:
        self._inbox = inbox
        self._transport = transport
        self.ip = ip
        self.port = port
        self.tls: tuple[tuple[str, str], ...] = ()
        self.opening: tuple[tuple[str, float], ...] = ()
        self.received = 0
        self.ended = False
        self.replied = False
        self.tail = b""
        self._head = b""
        self._spoilt = False

    @property
    def speaks_http(self) -> bool:
        """True when what came since the last request begins like an HTTP/1 reply."""
        return self._head.startswith(b"HTTP/1.")

    @property
    def switched(self) -> bool:
        """True when the reply says that the connection now speaks something else (101), which nobody asked for."""
        return self.speaks_http and self._head[9:12] == b"101"

    @property
    def first_byte_at(self) -> float | None:
        """When the first byte since the last request came, on the clock of the event loop; None before it did."""
        return self._inbox.first_at

    def spoil(self) -> None:
        """Have the pool drop this connection instead of using it again."""
        self._spoilt = True

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 (httpcore's signature)
        """Read what there is, at most ``max_bytes``; empty at the end.

        Raises httpcore's ``ReadTimeout`` and ``ReadError``, and ``FetchError`` for a header block without end.
        """
        if not self._inbox.ready:
            try:
                async with asyncio.timeout(timeout):
                    await self._inbox.wait()
            except TimeoutError as error:
                raise httpcore.ReadTimeout(f"silent for {timeout:g} s") from error
        data = self._inbox.take(max_bytes)
        if not data and self._inbox.error is not None:
            raise httpcore.ReadError(str(self._inbox.error)) from self._inbox.error
        self._note(data)
        return data

    def _note(self, data: bytes) -> None:
        self.received += len(data)
        self.ended = not data
        self._head = self._head or data[:16]
        self.tail = (self.tail + data)[-_TAIL:] if len(data) < _TAIL else data[-_TAIL:]
        if not self.replied and self.received > _MOST_HEAD:
            raise FetchError(Reason.PROTOCOL, f"{self.received} bytes of headers and no end of them")

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109, ARG002
        """Send ``buffer``: a new request, so what was received so far no longer counts. A request never has to wait."""
        if not buffer:
            return
        self.received, self.ended, self.replied, self._head, self.tail = 0, False, False, b"", b""
        self._inbox.first_at = None
        if self._inbox.ended or self._transport.is_closing():
            raise httpcore.WriteError("the server closed the connection")
        self._transport.write(buffer)

    async def aclose(self) -> None:
        """Close the connection at once; nothing is ever left to be sent."""
        self._transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        """Put TLS on the connection. Raises ``FetchError`` when the certificate or the handshake is bad."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(timeout):
                transport = await loop.start_tls(
                    self._transport, self._inbox, ssl_context, server_hostname=server_hostname
                )
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"no TLS handshake within {timeout:g} s") from error
        except OSError as error:  # of which ssl.SSLError is one
            raise FetchError(Reason.TLS, str(error) or type(error).__name__) from error
        if transport is None:
            raise FetchError(Reason.TLS, "the server hung up during the handshake")
        self._transport = self._inbox.transport = transport
        self.tls = _agreed(transport.get_extra_info("ssl_object"))
        self.opening = (*self.opening, ("tls", loop.time() - began))
        return self

    def get_extra_info(self, info: str) -> Any:
        """Answer httpcore's questions about the socket."""
        if info == "is_readable":  # an idle connection with something to read is one the pool gives up
            return self._spoilt or self._inbox.ready
        names = {"server_addr": "peername", "client_addr": "sockname"}
        return self._transport.get_extra_info(names.get(info, info))


async def connect(address: str, port: int, timeout: float | None) -> Connection:  # noqa: ASYNC109
    """Connect to a numeric ``address``. Raises httpcore's ``ConnectTimeout`` and ``ConnectError``."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout):
            transport, inbox = await loop.create_connection(_Inbox, address, port)
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(f"{address} did not answer within {timeout:g} s") from error
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error
    return Connection(inbox, transport, address, port)


def _agreed(tls: ssl.SSLObject) -> tuple[tuple[str, str], ...]:
    cipher, certificate = tls.cipher(), tls.getpeercert(binary_form=True)
    facts = {
        "version": tls.version(),
        "cipher": cipher and cipher[0],
        "alpn": tls.selected_alpn_protocol(),
        "certificate_sha256": certificate and hashlib.sha256(certificate).hexdigest(),
        "verified": "no" if tls.context.verify_mode is ssl.CERT_NONE else None,
    }
    return tuple((name, value) for name, value in facts.items() if value)
