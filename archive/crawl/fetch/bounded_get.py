"""One request for a small file to an address that a person gave: no redirects, at most so many bytes and seconds."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING

import httpcore
import httpx

from archive.crawl.fetch.error_reasons import fetch_error_from
from archive.crawl.fetch.ssrf_guard import GuardedBackend, Resolver
from archive.urls import fetchable_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archive.crawl.fetch.policy import FetchPolicy


async def request_bytes(
    policy: FetchPolicy,
    url: str,
    *,
    most: int,
    seconds: float,
    post: bytes | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> tuple[bytes, str]:
    """Return the body of a response with status 200 and an empty string, or no bytes and the error. Never raises.

    Private addresses are allowed, because a person named this one. ``post``: the body of a POST, None for a GET.
    """
    status, body, problem = await request_reply(policy, url, most=most, seconds=seconds, post=post, headers=headers)
    if not problem and status != HTTPStatus.OK:
        return b"", f"the answer has status {status}"
    return body, problem


async def request_reply(
    policy: FetchPolicy,
    url: str,
    *,
    most: int,
    seconds: float,
    post: bytes | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> tuple[int, bytes, str]:
    """Return status and body of a response with any status and an empty string, or 0, no bytes and the error."""
    resolver = Resolver()
    backend = GuardedBackend(policy, resolver, allow_private=True)
    pool = httpcore.AsyncConnectionPool(httpx.create_ssl_context(trust_env=False), network_backend=backend)
    pairs = list({"User-Agent": policy.user_agent, "Accept-Encoding": "identity", **headers}.items())
    method = "GET" if post is None else "POST"
    try:
        async with (
            asyncio.timeout(seconds),
            pool.stream(method, fetchable_url(url), headers=pairs, content=post) as response,
        ):
            body = b""
            async for piece in response.aiter_stream():
                body += piece
                if len(body) > most:
                    return 0, b"", f"the answer has more than {most} bytes"
            return response.status, body, ""
    except TimeoutError:
        return 0, b"", f"no answer within {seconds:g} s"
    except Exception as error:  # noqa: BLE001  (any error of the other server is returned, not raised)
        return 0, b"", str(fetch_error_from(error, backend.connection))
    finally:
        await pool.aclose()
        resolver.close()
