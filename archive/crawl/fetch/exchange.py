"""One HTTP/1.1 request and its raw response: no cookies of its own, no proxies from the environment, no decoding.

Each origin has its own small pool. One big httpx pool costs three to five times the CPU at 200 hosts and lost 7 of
3,000 requests to healthy servers there (httpx 0.28.1, 200 connections). A pool per origin lost none.
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
"""Exactly the codings ``archive.formats.content_coding`` decodes. The value is the same in all requests, because a
validator is valid only for the coding it was issued with."""

_ACCEPT = "text/html,application/xhtml+xml;q=0.9,application/xml;q=0.9,*/*;q=0.1"
_TIMEOUTS = {
    "connect": 10.0,
    "read": 20.0,
    "write": 10.0,
    "pool": None,
}  # seconds, within the deadline of the visit
_IDLE_SECONDS = 20.0  # a connection stays open that long between two visits of one origin
_CONNECTIONS = 2  # the host queue uses one; the second covers one that is still closing
_VALIDATOR = re.compile(r"[\x21-\x7e\x80-\xff](?:[\x20-\x7e\x80-\xff]{0,1022}[\x21-\x7e\x80-\xff])?")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request to be made: URL, User-Agent, and the validators of the page we already have.

    ``requested_at`` is the time of the request. ``bypass_caches`` tells every cache on the way to revalidate with the
    origin.
    """

    url: str
    agent: str
    requested_at: datetime
    language: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    bypass_caches: bool = False
    cookie: str | None = None

    @property
    def validators(self) -> dict[str, str]:
        """The conditional headers to send. A stored value that is not valid in a header is left out."""
        conditional = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in conditional.items() if value and _VALIDATOR.fullmatch(value)}

    def headers(self, host: str) -> tuple[tuple[str, str], ...]:
        """Return the header pairs to send to ``host``, in order."""
        language = self.language if self.language and _LANGUAGE.fullmatch(self.language) else None
        headers = {
            "Host": host,
            "User-Agent": self.agent,
            "Accept": _ACCEPT,
            "Accept-Encoding": ACCEPT_ENCODING,
            **({"Accept-Language": f"{language}, *;q=0.5"} if language else {}),
            **({"Cache-Control": "no-cache"} if self.bypass_caches else {}),
            **({"Cookie": self.cookie} if self.cookie else {}),
            **self.validators,
        }
        return tuple(headers.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The response to a request made at ``requested_at``.

    ``body`` holds the raw bytes that arrived. ``body_error`` is set if the body is incomplete. ``headers_by_name`` maps
    each header name in lower case to its stripped values. ``cookie`` was sent with the request. ``transfer_codings``
    are those besides ``chunked``, which are still to be decoded.
    """

    url: str
    requested_at: datetime
    status: int
    reason_phrase: str
    headers: tuple[tuple[str, str], ...]
    headers_by_name: Mapping[str, Sequence[str]]
    body: bytes = b""
    body_error: FetchError | None = None
    is_conditional: bool = False
    ip: str | None = None
    flags: tuple[str, ...] = ()
    cookie: str | None = None
    transfer_codings: tuple[str, ...] = ()
    exchange: Exchange = field(default_factory=Exchange)

    def header(self, name: str) -> str | None:
        """Return the first value of header ``name`` (in lower case), stripped, or None if there is none."""
        return next(iter(self.headers_by_name.get(name, ())), None)

    def values(self, name: str) -> tuple[str, ...]:
        """Return every value of header ``name`` (in lower case) in order."""
        return tuple(self.headers_by_name.get(name, ()))

    @property
    def location(self) -> str | None:
        """The target of a redirect, decoded as UTF-8 if valid, else as latin-1, or None if this is no redirect."""
        value = self.header("location") if self.status in REDIRECTS else None
        if value is None:
            return None
        raw = value.encode("latin-1")
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return value


class OriginTransport(httpx.AsyncBaseTransport):
    """The connection pool of one origin, behind the SSRF guard. Every network failure raises ``FetchError``."""

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
        """The connection in use. There is one at most, because a host queue makes one request at a time."""
        return self._backend.connection

    def drop_connection(self) -> None:
        """Make the next request open a new connection."""
        if self.connection is not None:
            self.connection.prevent_reuse()

    def build_request(self, request: Request) -> tuple[httpx.Request, tuple[tuple[str, str], ...]]:
        """Return the httpx request and its header pairs. Its target is the path of the URL byte for byte.

        The target bypasses httpx's own quoting. The root of the URL is parsed once per origin.
        """
        scheme, _, rest = request.url.partition("://")
        host, slash, target = rest.partition("/")
        if self._root is None:
            self._root = httpx.URL(f"{scheme}://{host}/")
        headers = request.headers(host)
        pairs = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers]
        extensions = {"timeout": _TIMEOUTS, "target": f"{slash}{target}".encode("ascii")}
        empty = httpx.ByteStream(b"")
        return httpx.Request("GET", self._root, headers=pairs, stream=empty, extensions=extensions), headers

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request`` and return the response with its body unread."""
        url = request.url
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        core_request = httpcore.Request(
            request.method, target, headers=request.headers.raw, extensions=request.extensions
        )
        response = await self._pool.handle_async_request(core_request)
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_RawBody(response),
            extensions=response.extensions,
            request=request,
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


class _RawBody(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._response.aiter_stream()

    async def aclose(self) -> None:
        await self._response.aclose()


async def exchange(transport: OriginTransport, request: Request, *, max_wire: int) -> Response:
    """Make one request and read its raw body, at most ``max_wire`` bytes of it.

    Raises ``FetchError`` if no response arrived. A body that broke off or exceeded the limit is a ``Response`` with
    ``body_error`` set. The body of a redirect is not read.
    """
    clock = asyncio.get_running_loop().time
    start = clock()
    wire_request, sent_headers = transport.build_request(request)
    try:
        wire_response = await transport.handle_async_request(wire_request)
    except Exception as error:
        raise fetch_error_from(error, transport.connection) from error
    connection: Connection = wire_response.extensions["network_stream"]
    connection.has_head = True
    try:
        reads_body = wire_response.status_code not in REDIRECTS or "location" not in wire_response.headers
        body, body_error = await _read(wire_response, connection, max_wire) if reads_body else (b"", None)
    finally:
        await wire_response.aclose()
    head = connection.repaired_head
    pairs = wire_response.headers.raw if head is None else head.headers
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs)
    response = Response(
        url=request.url,
        requested_at=request.requested_at,
        status=wire_response.status_code,
        reason_phrase=wire_response.extensions["reason_phrase"].decode("latin-1"),
        headers=headers,
        headers_by_name=_by_name(headers),
        body=body,
        body_error=body_error,
        is_conditional=bool(request.validators),
        cookie=request.cookie,
        transfer_codings=() if head is None else head.transfer_codings,
        ip=connection.ip,
        exchange=_record(wire_response, connection, sent_headers, start, clock()),
    )
    unverified = ("tls-unverified",) if ("verified", "no") in connection.tls else ()
    repaired = ("headers-repaired",) if head is not None else ()
    flags = (*_framing_flags(response, connection), *repaired, *unverified)
    return replace(response, flags=flags) if flags else response


async def _read(response: httpx.Response, connection: Connection, limit: int) -> tuple[bytes, FetchError | None]:
    body = BytesIO()  # returns its buffer without a copy
    body_error = None
    try:
        async for chunk in response.stream:  # type: ignore[union-attr]  # asynchronous, as the transport made it
            body.write(chunk)
            if body.tell() > limit:
                body_error = FetchError(Reason.TOO_LARGE, f"more than {limit} bytes on the wire")
                break
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
        body_error = fetch_error_from(error, connection)
    return body.getvalue(), body_error


def _by_name(headers: tuple[tuple[str, str], ...]) -> dict[str, list[str]]:
    by_name: dict[str, list[str]] = {}
    for name, value in headers:
        by_name.setdefault(name.lower(), []).append(value.strip())
    return by_name


def _record(
    response: httpx.Response,
    connection: Connection,
    sent_headers: tuple[tuple[str, str], ...],
    start: float,
    end: float,
) -> Exchange:
    """Return the record of a request. Only the first request over a connection includes the time of its setup."""
    setup, connection.setup_seconds = connection.setup_seconds, ()
    first_byte_at = connection.first_byte_at
    first_byte = (("first_byte", first_byte_at - start),) if first_byte_at is not None else ()
    seconds = (*setup, *first_byte, ("total", end - start))
    return Exchange(
        http_version=response.extensions["http_version"].decode("ascii", "replace"),
        request=sent_headers,
        port=connection.port,
        tls=connection.tls,
        seconds=tuple((name, round(value, 6)) for name, value in seconds),
    )


def _framing_flags(response: Response, connection: Connection) -> tuple[str, ...]:
    transfer_encoding, length = response.header("transfer-encoding"), response.header("content-length")
    flags = []
    if transfer_encoding and length:
        flags.append("length-and-chunked")
    if len(response.values("location")) > 1:
        flags.append("many-locations")
    if response.body and not transfer_encoding and not length:
        flags.append("length-unverified")
    if response.body_error is None and not connection.is_ended and not _ends_in_frame(response, connection.tail):
        flags.append("excess")
    if flags:
        connection.prevent_reuse()
    return tuple(flags)


def _ends_in_frame(response: Response, tail: bytes) -> bool:
    """True if the last bytes received belong to this response. More would be read as part of the next one."""
    if response.location is not None:
        return True  # its connection was closed unread
    if response.body and not response.header("transfer-encoding"):
        end = response.body[-len(tail) :]
        return tail.endswith(end)
    return tail.endswith((b"\r\n\r\n", b"\n\n"))
