"""One request and its reply, as raw as the wire gave it: HTTP/1.1, no cookies, no environment, no decoding.

Each origin has its own small pool: one big httpx pool costs three to five times the CPU at 200 hosts, and lost 7 of
3,000 requests to healthy servers there (httpx 0.28.1, 200 connections; none with a pool per origin).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import httpcore
import httpx

from archive.fetch.weather import REDIRECTS, Weather, weather_of
from db.records import Reason

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

    from archive.fetch.guard import GuardedBackend, WatchedStream

ACCEPT_ENCODING = "gzip, deflate, br, zstd"
"""Exactly what ``decode`` reads. Validators hold only for the same value, so it never varies."""

_ACCEPT = "text/html,application/xhtml+xml;q=0.9,application/xml;q=0.9,*/*;q=0.1"
_TIMEOUTS = {"connect": 10.0, "read": 20.0, "write": 10.0, "pool": None}  # seconds; the total deadline rules over them
_IDLE_SECONDS = 20.0  # kept open that long between two visits of one origin
_CONNECTIONS = 2  # the lane uses one; the second covers one that is still closing
_MOST_HEADERS = 64 * 1024  # bytes kept of a header block
_VALIDATOR = re.compile(r"[\x21-\x7e\x80-\xff](?:[\x20-\x7e\x80-\xff]{0,1022}[\x21-\x7e\x80-\xff])?")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request to be made: where, as whom, and what we already hold of it."""

    url: str
    agent: str
    language: str | None = None
    etag: str | None = None
    last_modified: str | None = None

    @property
    def validators(self) -> dict[str, str]:
        """The conditional headers that can be sent; a stored value no header may carry is left out."""
        named = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in named.items() if value and _VALIDATOR.fullmatch(value)}

    def request(self) -> httpx.Request:
        """Build the request; its target is the address byte for byte, past any quoting of httpx's own."""
        scheme, _, rest = self.url.partition("://")
        host, slash, target = rest.partition("/")
        headers = {
            "Host": host,
            "User-Agent": self.agent,
            "Accept": _ACCEPT,
            "Accept-Encoding": ACCEPT_ENCODING,
            **({"Accept-Language": f"{self.language}, *;q=0.5"} if _LANGUAGE.fullmatch(self.language or "") else {}),
            **self.validators,
        }
        pairs = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
        extensions = {"timeout": _TIMEOUTS, "target": f"{slash}{target}".encode("ascii")}
        return httpx.Request("GET", f"{scheme}://{host}/", headers=pairs, extensions=extensions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back. ``body`` is the raw body as far as it arrived; ``broken`` says why it is not whole."""

    url: str
    status: int
    reason_phrase: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    broken: Weather | None = None
    conditional: bool = False
    ip: str | None = None
    flags: tuple[str, ...] = ()

    def header(self, name: str) -> str | None:
        """Give the first value of header ``name``, stripped; None when there is none."""
        return next(iter(self.values(name)), None)

    def values(self, name: str) -> tuple[str, ...]:
        """Give every value of header ``name`` in order."""
        return tuple(value.strip() for key, value in self.headers if key.lower() == name)

    @property
    def location(self) -> str | None:
        """Where a redirect points, read as UTF-8 if it is that, else as latin-1; None when this is no redirect."""
        named = self.header("location") if self.status in REDIRECTS else None
        if named is None:
            return None
        raw = named.encode("latin-1")
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return named


class OriginTransport(httpx.AsyncBaseTransport):
    """The small connection pool of one origin, over the address guard. Raises ``Weather`` for every network failure."""

    def __init__(self, backend: GuardedBackend, ssl_context: ssl.SSLContext | None) -> None:
        self._backend = backend
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl_context,
            max_connections=_CONNECTIONS,
            keepalive_expiry=_IDLE_SECONDS,
            http1=True,
            http2=False,
            network_backend=backend,
        )

    @property
    def stream(self) -> WatchedStream | None:
        """The connection in use; a lane makes one request at a time."""
        return self._backend.stream

    def renew(self) -> None:
        """Use a new connection for the next request, whatever is still open."""
        if self.stream is not None:
            self.stream.spoil()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request``; the response's body is still on the wire."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path
        )
        sent = httpcore.Request(request.method, url, headers=request.headers.raw, extensions=request.extensions)
        reply = await self._pool.handle_async_request(sent)
        return httpx.Response(
            reply.status, headers=reply.headers, stream=_RawBody(reply), extensions=reply.extensions, request=request
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


class _RawBody(httpx.AsyncByteStream):
    def __init__(self, reply: httpcore.Response) -> None:
        self._reply = reply

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._reply.aiter_stream():
            yield chunk

    async def aclose(self) -> None:
        await self._reply.aclose()


async def exchange(transport: OriginTransport, ask: Ask, *, max_wire: int) -> Reply:
    """Make one request and read its raw body, at most ``max_wire`` bytes of it.

    Raises ``Weather`` when no reply came at all; a body that broke off or ran over is a ``Reply`` with ``broken`` set.
    The body of a redirect is not read.
    """
    try:
        response = await transport.handle_async_request(ask.request())
    except Exception as error:
        raise weather_of(error, transport.stream) from error
    try:
        reads_body = response.status_code not in REDIRECTS or "location" not in response.headers
        body, broken = await _read(response, transport.stream, max_wire) if reads_body else (b"", None)
    finally:
        await response.aclose()
    return _reply(ask, response, transport.stream, body, broken)


async def _read(response: httpx.Response, stream: WatchedStream | None, limit: int) -> tuple[bytes, Weather | None]:
    body = bytearray()
    try:
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > limit:
                return bytes(body), Weather(Reason.TOO_LARGE, f"more than {limit} bytes on the wire")
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
        return bytes(body), weather_of(error, stream)
    return bytes(body), None


def _reply(
    ask: Ask, response: httpx.Response, stream: WatchedStream | None, body: bytes, broken: Weather | None
) -> Reply:
    headers, cut = _kept_headers(response.headers.raw)
    reply = Reply(
        url=ask.url,
        status=response.status_code,
        reason_phrase=response.extensions["reason_phrase"].decode("latin-1"),
        headers=headers,
        body=body,
        broken=broken,
        conditional=bool(ask.validators),
        ip=stream.ip if stream else None,
    )
    flags = (*(("headers-cut",) if cut else ()), *_framing_flags(reply, stream))
    return replace(reply, flags=flags)


def _kept_headers(raw: list[tuple[bytes, bytes]]) -> tuple[tuple[tuple[str, str], ...], bool]:
    kept: list[tuple[str, str]] = []
    room = _MOST_HEADERS
    for name, value in raw:
        room -= len(name) + len(value) + len(": \r\n")
        if room < 0:
            return tuple(kept), True
        kept.append((name.decode("latin-1"), value.decode("latin-1")))
    return tuple(kept), False


def _framing_flags(reply: Reply, stream: WatchedStream | None) -> list[str]:
    chunked, length = reply.header("transfer-encoding"), reply.header("content-length")
    flags = []
    if chunked and length:
        flags.append("length-and-chunked")
    if len(reply.values("location")) > 1:
        flags.append("many-locations")
    if reply.body and not chunked and not length:
        flags.append("length-unverified")
    if stream is not None and reply.broken is None and not stream.ended and not _ends_in_frame(reply, stream.tail):
        flags.append("excess")
    if stream is not None and flags:
        stream.spoil()
    return flags


def _ends_in_frame(reply: Reply, tail: bytes) -> bool:
    """Tell whether the last bytes received are the reply's own: more would be taken for the next reply."""
    if reply.location is not None:
        return True  # its connection was closed unread
    if reply.body and not reply.header("transfer-encoding"):
        end = reply.body[-len(tail) :]
        return tail.endswith(end)
    return tail.endswith((b"\r\n\r\n", b"\n\n"))
