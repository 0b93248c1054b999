"""The mapping from exceptions of the libraries to `Reason`.

A cause is told by the type of the error and by what the connection saw, never by reading a message.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import httpcore
import httpx

from archive.crawl.fetch.fetch_error import FetchError
from archive.urls import RefusedUrl
from db.records import Reason

if TYPE_CHECKING:
    from archive.crawl.fetch.connection import Connection


_BY_TYPE: tuple[tuple[type[Exception], Reason], ...] = (
    (TimeoutError, Reason.TIMEOUT),
    (httpcore.ConnectTimeout, Reason.CONNECT),
    (httpcore.TimeoutException, Reason.TIMEOUT),
    (ssl.SSLError, Reason.TLS),
    (httpcore.ConnectError, Reason.CONNECT),
    (httpcore.NetworkError, Reason.RESET),
    (httpcore.UnsupportedProtocol, Reason.REFUSED_SCHEME),
    (httpx.InvalidURL, Reason.BAD_URL),
    (UnicodeError, Reason.BAD_URL),  # host names the idna codec refuses
    (OverflowError, Reason.BAD_URL),  # port numbers beyond 65535
    (ConnectionError, Reason.RESET),
    (OSError, Reason.CONNECT),
)


def fetch_error_from(error: Exception, connection: Connection | None = None) -> FetchError:
    """Name what ``error`` means. ``connection`` is the one it happened on and tells a cut from a lie.

    Anything unknown becomes ``protocol`` with the type's name in its detail: one strange page must not end a run.
    """
    if isinstance(error, FetchError):
        return error
    if isinstance(error, RefusedUrl):
        return FetchError(error.reason, str(error))
    if isinstance(error, httpcore.ProtocolError) and connection is not None:
        return _broken_off(connection, error)
    for kind, reason in _BY_TYPE:
        if isinstance(error, kind):
            return FetchError(reason, _told(error))
    return FetchError(Reason.PROTOCOL, _told(error))


def _broken_off(connection: Connection, error: httpcore.ProtocolError) -> FetchError:
    if connection.switched:
        return FetchError(Reason.UNEXPECTED_STATUS, "HTTP 101: the server changes to a protocol nobody asked for")
    if not connection.ended:
        return FetchError(Reason.PROTOCOL, _told(error))
    if connection.received == 0:
        return FetchError(Reason.RESET, "the server closed the connection without a reply")
    if not connection.speaks_http:
        return FetchError(Reason.PROTOCOL, "the reply is not HTTP")
    return FetchError(Reason.TRUNCATED, f"the connection ended after {connection.received} bytes, before the reply did")


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
