"""Webhooks: one POST through the same SSRF guard as every visit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpcore
import httpx

from archive.crawl.fetch.error_reasons import fetch_error_from
from archive.crawl.fetch.ssrf_guard import GuardedBackend, Resolver
from archive.urls import fetchable_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archive.crawl.fetch.policy import FetchPolicy


async def post(
    policy: FetchPolicy, url: str, body: bytes, headers: Mapping[str, str], *, seconds: float
) -> tuple[int | None, str]:
    """Return the status of the response and an empty string, or None and the error. Never raises for network errors.

    A private address is refused unless ``policy`` allows or maps it. Redirects are not followed, and only the status of
    the response is read. ``seconds`` limits the whole request.
    """
    resolver = Resolver()
    backend = GuardedBackend(policy, resolver, allow_private=False)
    pool = httpcore.AsyncConnectionPool(httpx.create_ssl_context(trust_env=False), network_backend=backend)
    pairs = list({"User-Agent": policy.user_agent, **headers}.items())
    try:
        async with (
            asyncio.timeout(seconds),
            pool.stream("POST", fetchable_url(url), headers=pairs, content=body) as response,
        ):
            return response.status, ""
    except TimeoutError:
        return None, f"no answer within {seconds:g} s"
    except Exception as error:  # noqa: BLE001  (any error of the receiving server is returned, not raised)
        return None, str(fetch_error_from(error, backend.connection))
    finally:
        await pool.aclose()
        resolver.close()
