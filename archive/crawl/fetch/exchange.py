"""One request and its reply, as raw as the wire gave it: HTTP/1.1, no cookies, no environment, no decoding.

Each origin has its own small pool: one big httpx pool costs three to five times the CPU at 200 hosts, and lost 7 of
3,000 requests to healthy servers there (httpx 0.28.1, 200 connections; none with a pool per origin).
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import TYPE_CHECKING

import httpcore
import httpx

from archive.crawl.fetch.error_reasons import fetch_error_from
from archive.crawl.fetch.fetch_error import FetchError
from archive.formats.http_status import REDIRECTS
from db.records import Exchange, Reason

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Mapping, Sequence
    from datetime import datetime

    from archive.crawl.fetch.connection import Connection
    from archive.crawl.fetch.ssrf_guard import GuardedBackend

ACCEPT_ENCODING = "gzip, deflate, br, zstd"
"""Exactly what ``archive.formats.content_coding`` reads. Validators hold only for the same value, so it never
varies."""

_ACCEPT = "text/html,application/xhtml+xml;q=0.9,application/xml;q=0.9,*/*;q=0.1"
_TIMEOUTS = {"connect": 10.0, "read": 20.0, "write": 10.0, "pool": None}  # seconds; the total deadline rules over them
_IDLE_SECONDS = 20.0  # kept open that long between two visits of one origin
_CONNECTIONS = 2  # the lane uses one; the second covers one that is still closing
_VALIDATOR = re.compile(r"[\x21-\x7e\x80-\xff](?:[\x20-\x7e\x80-\xff]{0,1022}[\x21-\x7e\x80-\xff])?")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request to be made: where, as whom, and what we already hold of it.

    ``at`` is the moment of asking; ``past_caches`` asks every cache on the way to look at the origin again.
    """

    url: str
    agent: str
    at: datetime
    language: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    past_caches: bool = False

    @property
    def validators(self) -> dict[str, str]:
        """The conditional headers that can be sent; a stored value no header may carry is left out."""
        named = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in named.items() if value and _VALIDATOR.fullmatch(value)}

    def headers(self, host: str) -> tuple[tuple[str, str], ...]:
        """The header pairs to be sent to ``host``, in order."""
        language = self.language if self.language and _LANGUAGE.fullmatch(self.language) else None
        named = {
            "Host": host,
            "User-Agent": self.agent,
            "Accept": _ACCEPT,
            "Accept-Encoding": ACCEPT_ENCODING,
            **({"Accept-Language": f"{language}, *;q=0.5"} if language else {}),
            **({"Cache-Control": "no-cache"} if self.past_caches else {}),
            **self.validators,
        }
        return tuple(named.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What came back to a request made ``at`` a moment.

    ``body`` is the raw body as far as it arrived; ``broken`` says why it is not whole.
    ``named`` holds the stripped values of each header under its name in lower case.
    """

    url: str
    at: datetime
    status: int
    reason_phrase: str
    headers: tuple[tuple[str, str], ...]
    named: Mapping[str, Sequence[str]]
    body: bytes = b""
    broken: FetchError | None = None
    conditional: bool = False
    ip: str | None = None
    flags: tuple[str, ...] = ()
    exchange: Exchange = field(default_factory=Exchange)

    def header(self, name: str) -> str | None:
        """Give the first value of header ``name`` (in lower case), stripped; None when there is none."""
        return next(iter(self.named.get(name, ())), None)

    def values(self, name: str) -> tuple[str, ...]:
        """Give every value of header ``name`` (in lower case) in order."""
        return tuple(self.named.get(name, ()))

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
    """The connection pool of one origin, over the address guard. Every network failure raises ``FetchError``."""

    def __init__(self, backend: GuardedBackend, ssl_context: ssl.SSLContext | None) -> None:
        self._backend = backend
        self._root: httpx.URL | None = None
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl_context,
            max_connections=_CONNECTIONS,
            keepalive_expiry=_IDLE_SECONDS,
            http1=True,
            http2=False,
            network_backend=backend,
        )

    @property
    def connection(self) -> Connection | None:
        """The connection in use; a lane makes one request at a time."""
        return self._backend.connection

    def renew(self) -> None:
        """Use a new connection for the next request, whatever is still open."""
        if self.connection is not None:
            self.connection.spoil()

    def request(self, ask: Request) -> tuple[httpx.Request, tuple[tuple[str, str], ...]]:
        """Give the request to send, and its header pairs; its target is the address byte for byte.

        The target goes past any quoting of httpx's own, and the rest of the address is read once an origin.
        """
        scheme, _, rest = ask.url.partition("://")
        host, slash, target = rest.partition("/")
        if self._root is None:
            self._root = httpx.URL(f"{scheme}://{host}/")
        sent = ask.headers(host)
        pairs = [(name.encode("ascii"), value.encode("latin-1")) for name, value in sent]
        extensions = {"timeout": _TIMEOUTS, "target": f"{slash}{target}".encode("ascii")}
        empty = httpx.ByteStream(b"")
        return httpx.Request("GET", self._root, headers=pairs, stream=empty, extensions=extensions), sent

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request``; the response's body is still on the wire."""
        url = request.url
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        sent = httpcore.Request(request.method, target, headers=request.headers.raw, extensions=request.extensions)
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

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._reply.aiter_stream()

    async def aclose(self) -> None:
        await self._reply.aclose()


async def exchange(transport: OriginTransport, ask: Request, *, max_wire: int) -> Response:
    """Make one request and read its raw body, at most ``max_wire`` bytes of it.

    Raises ``FetchError`` when no reply came at all; a body that broke off or ran over is a ``Response`` with
    ``broken`` set. The body of a redirect is not read.
    """
    clock = asyncio.get_running_loop().time
    began = clock()
    request, sent = transport.request(ask)
    try:
        response = await transport.handle_async_request(request)
    except Exception as error:
        raise fetch_error_from(error, transport.connection) from error
    connection: Connection = response.extensions["network_stream"]
    connection.replied = True
    try:
        reads_body = response.status_code not in REDIRECTS or "location" not in response.headers
        body, broken = await _read(response, connection, max_wire) if reads_body else (b"", None)
    finally:
        await response.aclose()
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw)
    reply = Response(
        url=ask.url,
        at=ask.at,
        status=response.status_code,
        reason_phrase=response.extensions["reason_phrase"].decode("latin-1"),
        headers=headers,
        named=_by_name(headers),
        body=body,
        broken=broken,
        conditional=bool(ask.validators),
        ip=connection.ip,
        exchange=_record(response, connection, sent, began, clock()),
    )
    unverified = ("tls-unverified",) if ("verified", "no") in connection.tls else ()
    flags = (*_framing_flags(reply, connection), *unverified)
    return replace(reply, flags=flags) if flags else reply


async def _read(response: httpx.Response, connection: Connection, limit: int) -> tuple[bytes, FetchError | None]:
    body = BytesIO()  # gives its buffer away without a copy
    broken = None
    try:
        async for chunk in response.stream:  # type: ignore[union-attr]  # asynchronous, as the transport made it
            body.write(chunk)
            if body.tell() > limit:
                broken = FetchError(Reason.TOO_LARGE, f"more than {limit} bytes on the wire")
                break
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
        broken = fetch_error_from(error, connection)
    return body.getvalue(), broken


def _by_name(headers: tuple[tuple[str, str], ...]) -> dict[str, list[str]]:
    named: dict[str, list[str]] = {}
    for name, value in headers:
        named.setdefault(name.lower(), []).append(value.strip())
    return named


def _record(
    response: httpx.Response, connection: Connection, sent: tuple[tuple[str, str], ...], began: float, ended: float
) -> Exchange:
    """How the request went. Only the first one over a connection waited for its opening."""
    opening, connection.opening = connection.opening, ()
    answered = connection.first_byte_at
    first = (("first_byte", answered - began),) if answered is not None else ()
    seconds = (*opening, *first, ("total", ended - began))
    return Exchange(
        http_version=response.extensions["http_version"].decode("ascii", "replace"),
        request=sent,
        port=connection.port,
        tls=connection.tls,
        seconds=tuple((name, round(value, 6)) for name, value in seconds),
    )


def _framing_flags(reply: Response, connection: Connection) -> tuple[str, ...]:
    chunked, length = reply.header("transfer-encoding"), reply.header("content-length")
    flags = []
    if chunked and length:
        flags.append("length-and-chunked")
    if len(reply.values("location")) > 1:
        flags.append("many-locations")
    if reply.body and not chunked and not length:
        flags.append("length-unverified")
    if reply.broken is None and not connection.ended and not _ends_in_frame(reply, connection.tail):
        flags.append("excess")
    if flags:
        connection.spoil()
    return tuple(flags)


def _ends_in_frame(reply: Response, tail: bytes) -> bool:
    """Tell whether the last bytes received are the reply's own: more would be taken for the next reply."""
    if reply.location is not None:
        return True  # its connection was closed unread
    if reply.body and not reply.header("transfer-encoding"):
        end = reply.body[-len(tail) :]
        return tail.endswith(end)
    return tail.endswith((b"\r\n\r\n", b"\n\n"))
