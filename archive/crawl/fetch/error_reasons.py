"""The mapping from exceptions of the libraries to `Reason`.

The reason follows from the type of the error and from the state of the connection, never from a message.
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
    """Return ``error`` as a FetchError. The state of its ``connection`` tells a broken connection from a bad response.

    An unknown error becomes ``protocol`` with the name of its type in the detail: one strange page must not end a run.
    """
    if isinstance(error, FetchError):
        return error
    if isinstance(error, RefusedUrl):
        return FetchError(error.reason, str(error))
    if isinstance(error, httpcore.ProtocolError) and connection is not None:
        return _protocol_error(connection, error)
    for error_type, reason in _BY_TYPE:
        if isinstance(error, error_type):
            return FetchError(reason, _describe(error))
    return FetchError(Reason.PROTOCOL, _describe(error))


def _protocol_error(connection: Connection, error: httpcore.ProtocolError) -> FetchError:
    if connection.is_switching_protocols:
        return FetchError(Reason.UNEXPECTED_STATUS, "HTTP 101: the server changes to a protocol that was not requested")
    if not connection.is_ended:
        return FetchError(Reason.PROTOCOL, _describe(error))
    if connection.received == 0:
        return FetchError(Reason.RESET, "the server closed the connection without a reply")
    if not connection.speaks_http:
        return FetchError(Reason.PROTOCOL, "the reply is not HTTP")
    return FetchError(Reason.TRUNCATED, f"the connection ended after {connection.received} bytes, before the reply did")


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
