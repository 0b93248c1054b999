"""Fetcher: one visit in, one outcome out, whatever the network does.

A visit is a chain of hops. Before each hop the fetcher checks the URL, the contact, robots.txt and the turn of the
origin. It reads the raw response within one deadline for the whole visit. The response is another hop or the end. All
failures are ``FetchError`` inside this package and a ``Reason`` in the outcome. What it learns of origins on the way
(their state, robots.txt files and soft-404 probes) is returned by ``side_captures`` to be recorded.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import httpx

from archive.crawl import soft404
from archive.crawl.fetch.error_reasons import fetch_error_from
from archive.crawl.fetch.exchange import ACCEPT_ENCODING, Request, Response, exchange
from archive.crawl.fetch.fetch_error import FetchError, SiteBusy
from archive.crawl.fetch.host_queue import HostQueue
from archive.crawl.fetch.ip_limit import IpLimiter
from archive.crawl.fetch.meta_refresh import refresh_target
from archive.crawl.fetch.politeness import RememberedHost, permit_all, recall_nothing, retry_wait
from archive.crawl.fetch.redirects import RedirectChain, outcome_from_error, outcome_from_response
from archive.crawl.fetch.robots import READ_BYTES, robots_from_outcome, robots_visit
from archive.crawl.fetch.ssrf_guard import GuardedBackend, Lookup, Resolver
from archive.urls import fetchable_url, host_of, origin_of, site_of
from db.records import Outcome, Reason, SeedKind, Visit

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
    from datetime import datetime
    from types import TracebackType

    from archive.crawl.fetch.policy import FetchPolicy
    from archive.crawl.fetch.politeness import Permit
    from db.records import HostState

_MAX_HOPS = 10
_MAX_ROBOTS_HOPS = 5  # RFC 9309, section 2.3.1.2
_PROBE_SECONDS = 10.0  # the deadline of a probe; a visit to the same origin waits no longer than that
_PATIENCE = 20.0  # seconds a run waits for its probes; an origin with a longer gap is probed while texts are derived


@dataclass(frozen=True, slots=True, kw_only=True)
class SideCaptures:
    """Unplanned captures (robots.txt, soft-404 probes) in ``pages``, and the new ``host_states`` of their origins."""

    pages: tuple[tuple[Visit, Outcome], ...] = ()
    host_states: tuple[HostState, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _FetchMode:
    """The limits and rules that differ between fetching a page, robots.txt and a probe."""

    deadline: float
    max_wire: int
    max_hops: int = _MAX_HOPS
    obeys_robots: bool = True
    keeps_oversized_start: bool = False  # the first ``max_wire`` bytes of a body that is too large
    retries: bool = True  # once more after a failure that may be chance


class Fetcher:
    """Fetches visits politely. It is an async context manager that owns every connection it opens.

    ``now`` and ``sleep`` are the clock of politeness and of the recorded times. ``recall`` returns what earlier runs
    remembered of an origin (``scheme://host:port``). ``permit`` is held during each request to a URL, and yields False
    if another run makes the requests to its site. ``lookup`` replaces the resolver of the system. ``ssl_context``
    replaces the default one, which has Mozilla's certificate authorities.
    """

    def __init__(
        self,
        policy: FetchPolicy,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        recall: Callable[[str], RememberedHost] = recall_nothing,
        permit: Permit = permit_all,
        lookup: Lookup | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._policy = policy
        self._agent = policy.user_agent
        self._now = now
        self._sleep = sleep
        self._recall = recall
        self._permit = permit
        self._resolver = Resolver()
        self._ip_limiter = IpLimiter(policy, lookup or self._resolver)
        self._queues: dict[str, HostQueue] = {}
        self._ssl_context = ssl_context
        self._side_pages: list[tuple[Visit, Outcome]] = []
        self._changed_queues: set[HostQueue] = set()
        self._probe_tasks: set[asyncio.Task[None]] = set()
        self._unprobed: dict[HostQueue, bool] = {}  # origins that are due for a probe, and whether they may be private
        self._page_mode = _FetchMode(deadline=policy.deadline, max_wire=policy.max_wire)
        self._robots_mode = replace(
            self._page_mode,
            max_wire=READ_BYTES,
            max_hops=_MAX_ROBOTS_HOPS,
            obeys_robots=False,
            keeps_oversized_start=True,
        )
        self._probe_mode = replace(self._page_mode, deadline=min(policy.deadline, _PROBE_SECONDS), retries=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._probe_tasks:
            task.cancel()
        await asyncio.gather(*self._probe_tasks, return_exceptions=True)
        self._ip_limiter.close()
        self._resolver.close()
        for queue in self._queues.values():
            await queue.aclose()

    async def fetch(self, visit: Visit) -> Outcome:
        """Visit a source and return the outcome. Never raises for network errors. Cancellation passes through.

        Raises SiteBusy where ``permit`` did not let it go on. A visit that broke off or met a temporary error is
        retried within the same deadline (``retry_wait``).
        """
        outcome = await self._run(visit, self._page_mode)
        if self._policy.probe and visit.kind is SeedKind.ARTICLE and outcome.reason is None:
            self._schedule_probe(self._queue(outcome.final_url), allow_private=visit.allow_private)
        return outcome

    @asynccontextmanager
    async def turn(self, url: str, *, allow_private: bool) -> AsyncIterator[HostQueue]:
        """Wait for the turn of an origin, and hold it for one request that a browser makes, by the rules for visits.

        Yields the queue, which is to record the response. Raises ``FetchError`` if the contact, robots.txt, a pause or
        another run forbids the request, and ``RefusedUrl``.
        """
        self._check_contact(url)
        async with self._permit(url) as is_permitted:
            if not is_permitted:
                raise FetchError(Reason.TIMEOUT, f"another run asks {host_of(url)}")
            queue = self._queue(url)
            await self._obey_robots(queue, url, allow_private=allow_private)
            async with queue.turn():
                yield queue
            self._changed_queues.add(queue)

    def guard(self, *, allow_private: bool) -> GuardedBackend:
        """Return the address guard of this fetcher, for the connections of a browser."""
        return GuardedBackend(self._policy, self._ip_limiter.look_up, allow_private=allow_private)

    def side_captures(self) -> SideCaptures:
        """Return the side captures since the last call. Record them before or with the outcomes they decided."""
        pages, self._side_pages = self._side_pages, []
        queues, self._changed_queues = self._changed_queues, set()
        return SideCaptures(pages=tuple(pages), host_states=tuple(queue.state for queue in queues))

    def resume_probes(self, pages: Iterable[tuple[str, bool]]) -> None:
        """Schedule the probes that an interrupted run would have made for the articles it fetched.

        Each page is its final URL, and whether it may be on a private address.
        """
        for url, allow_private in pages:
            if self._policy.probe:
                self._schedule_probe(self._queue(url), allow_private=allow_private)

    async def finish_probes(self) -> None:
        """Probe the origins that were never idle, and wait for all probes, for 20 seconds at most.

        Call it when no visit is under way. An origin whose last visit failed has had no other occasion.
        """
        for queue, allow_private in list(self._unprobed.items()):
            self._schedule_probe(queue, allow_private=allow_private)
        if self._probe_tasks:
            await asyncio.wait(self._probe_tasks, timeout=_PATIENCE)

    async def forget(self, site: str) -> bool:
        """Forget the origins of a site (``archive.urls.site_of``), of which other runs may learn from now on.

        False, and nothing happens, while one of them has a request or waits for its probe. Record the side captures
        before, because its state goes with it.
        """
        origins = [origin for origin in self._queues if site_of(origin) == site]
        queues = [self._queues[origin] for origin in origins]
        if any(queue in self._unprobed or queue in self._changed_queues or not queue.is_idle for queue in queues):
            return False
        for origin in origins:
            await self._queues.pop(origin).aclose()
        return True

    # --- one fetch ---

    async def _run(self, visit: Visit, mode: _FetchMode) -> Outcome:
        chain = RedirectChain(visit, self._now(), seconds_left=mode.deadline)
        outcome = await self._attempt(chain, mode)
        retries = 0
        while mode.retries and (wait := self._retry_wait(outcome, retries, mode)) is not None:
            if wait >= chain.seconds_left:
                break
            chain.seconds_left -= wait
            if wait > 0:
                await self._sleep(wait)
            chain = chain.restart()
            outcome = await self._attempt(chain, mode)
            retries += 1
        return outcome

    def _retry_wait(self, outcome: Outcome, retries: int, mode: _FetchMode) -> float | None:
        """Return the seconds until a retry, or None if there is none."""
        if outcome.reason is None or outcome.reason is Reason.NOT_MODIFIED or _is_memento(outcome):
            return None
        queue = self._queues.get(_origin(outcome.final_url))
        if mode.obeys_robots and queue is not None and queue.robots is not None and queue.robots.denial is not None:
            return None  # the fetch of robots.txt made its own retries
        return retry_wait(outcome, retries, queue.gap if queue else self._policy.min_gap)

    async def _attempt(self, chain: RedirectChain, mode: _FetchMode) -> Outcome:
        try:
            chain.url = fetchable_url(chain.visit.url)
            response, outcome = await self._follow_to_page(chain, mode)
        except SiteBusy:
            raise
        except Exception as error:  # noqa: BLE001 (the one place where any error a page causes becomes a value)
            return outcome_from_error(chain, fetch_error_from(error), self._now())
        if mode.keeps_oversized_start and outcome.reason is Reason.TOO_LARGE and outcome.payload is None:
            return replace(outcome, payload=response.body)
        return outcome

    async def _follow_to_page(self, chain: RedirectChain, mode: _FetchMode) -> tuple[Response, Outcome]:
        while True:
            response = await self._follow(chain, mode)
            outcome = outcome_from_response(chain, response, self._now(), max_payload=self._policy.max_payload)
            follows = mode.obeys_robots and not chain.visit.replays  # a robots.txt is no page for readers
            target = refresh_target(outcome) if follows else None
            if target is None:
                return response, outcome
            chain.follow_refresh(response, target, mode.max_hops)

    async def _follow(self, chain: RedirectChain, mode: _FetchMode) -> Response:
        while True:
            self._check_contact(chain.url)
            async with self._permit(chain.url) as is_permitted:
                if not is_permitted:
                    raise SiteBusy(chain.url)
                queue = self._queue(chain.url)
                if mode.obeys_robots:
                    await self._obey_robots(queue, chain.url, allow_private=chain.visit.allow_private)
                response = await self._request(queue, chain, mode)
            if chain.visit.replays:
                return response
            if chain.retries_useless_304(response):
                continue
            if response.location is None:
                return response
            chain.follow(response, mode.max_hops)

    async def _request(self, queue: HostQueue, chain: RedirectChain, mode: _FetchMode) -> Response:
        async with queue.turn():
            transport = queue.transport(allow_private=chain.visit.allow_private)
            if chain.is_retry:
                transport.drop_connection()
            request = self._build_request(chain)
            seconds_left = chain.seconds_left
            try:
                with chain.timed(request.requested_at):
                    async with asyncio.timeout(seconds_left):
                        response = await exchange(transport, request, max_wire=mode.max_wire)
            except TimeoutError:
                raise FetchError(Reason.TIMEOUT, f"no whole reply within {mode.deadline:g} s") from None
            # A 429 that a web archive recorded long ago must not slow us down now.
            is_archived = chain.visit.replays and response.header("memento-datetime")
            status, retry_after = (200, None) if is_archived else (response.status, response.header("retry-after"))
            queue.record_response(status, retry_after, seconds_left - chain.seconds_left)
            self._changed_queues.add(queue)
        return response

    def _build_request(self, chain: RedirectChain) -> Request:
        """Return the request for the next hop. Validators go only to the URL that issued them, for the same coding."""
        visit = chain.visit
        is_issuer = chain.url == visit.validators_url if visit.validators_url else not chain.hops
        is_same_coding = visit.validators_coding in {None, ACCEPT_ENCODING}
        is_conditional = is_issuer and is_same_coding and not chain.bypass_caches
        return Request(
            url=chain.url,
            agent=self._agent,
            requested_at=self._now(),
            language=visit.language,
            etag=visit.etag if is_conditional else None,
            last_modified=visit.last_modified if is_conditional else None,
            bypass_caches=chain.bypass_caches,
            cookie=chain.cookies.header(chain.url),
        )

    # --- origins ---

    def _queue(self, url: str) -> HostQueue:
        origin = origin_of(url)
        if origin not in self._queues:
            ssl_context = self._ssl_context_for(host_of(url)) if origin.startswith("https:") else None
            remembered = self._recall(origin)
            self._queues[origin] = HostQueue(
                url, remembered, self._policy, self._ip_limiter, ssl_context, now=self._now, sleep=self._sleep
            )
        return self._queues[origin]

    def _ssl_context_for(self, host: str) -> ssl.SSLContext:
        if not self._policy.verifies_certificate(host):
            return httpx.create_ssl_context(verify=False, trust_env=False)
        if self._ssl_context is None:  # reading the certificate bundle takes tens of milliseconds: once is enough
            self._ssl_context = httpx.create_ssl_context(trust_env=False)
        return self._ssl_context

    def _check_contact(self, url: str) -> None:
        if not self._policy.is_allowed(host_of(url)):
            raise FetchError(Reason.REFUSED_URL, f"{host_of(url)} is on the open web and no contact is set")

    async def _obey_robots(self, queue: HostQueue, url: str, *, allow_private: bool) -> None:
        queue.raise_if_paused()
        async with queue.robots_lock:
            if queue.robots is None or queue.robots.is_stale(self._now()):
                await self._fetch_robots(queue, allow_private=allow_private)
        refusal = queue.robots.refusal(url) if queue.robots else None
        if refusal is not None:
            raise refusal

    async def _fetch_robots(self, queue: HostQueue, *, allow_private: bool) -> None:
        visit = robots_visit(queue.root, queue.robots, allow_private=allow_private)
        outcome = await self._run(visit, self._robots_mode)
        if outcome.reason is Reason.RATE_LIMITED and outcome.status is None:  # no request was made
            raise FetchError(Reason.RATE_LIMITED, outcome.detail, outcome.retry_at)
        self._side_pages.append((visit, outcome))
        queue.record_robots(robots_from_outcome(outcome, queue.robots, queue.state.robots_failing_since_at))
        self._changed_queues.add(queue)

    # --- probes ---

    def _schedule_probe(self, queue: HostQueue, *, allow_private: bool) -> None:
        """Start a soft-404 probe of an idle origin, unless it had one within a week. A busy origin waits for later."""
        if not soft404.is_probe_due(queue.state.probed_at, self._now()):
            return
        self._unprobed[queue] = allow_private
        if queue.is_probing or not queue.is_idle:
            return
        queue.is_probing = True
        task = asyncio.create_task(self._probe_when_idle(queue, allow_private=allow_private))
        self._probe_tasks.add(task)
        task.add_done_callback(self._probe_tasks.discard)

    async def _probe_when_idle(self, queue: HostQueue, *, allow_private: bool) -> None:
        try:
            await queue.wait_for_gap()
            if queue.is_idle:  # else a visit arrived in the meantime; a later one schedules the probe again
                await self._probe(queue, allow_private=allow_private)
        finally:
            queue.is_probing = False

    async def _probe(self, queue: HostQueue, *, allow_private: bool) -> None:
        visit = Visit(
            source_id=0,
            url=soft404.probe_url(queue.root, self._now()),
            kind=SeedKind.PROBE,
            because="what does a page look like that cannot exist?",
            allow_private=allow_private,
        )
        try:
            outcome = await self._run(visit, self._probe_mode)
        except SiteBusy:
            return
        if outcome.reason is Reason.RATE_LIMITED and outcome.status is None:
            return
        if outcome.reason is not Reason.ROBOTS_DENIED:
            self._side_pages.append((visit, outcome))
        queue.record_probe()
        self._unprobed.pop(queue, None)
        self._changed_queues.add(queue)


def _is_memento(outcome: Outcome) -> bool:
    """True for a response that a web archive replays (RFC 7089, section 2.1.1). A retry would return the same."""
    return any(name.lower() == "memento-datetime" for name, _ in outcome.headers)


def _origin(url: str) -> str:
    try:
        return origin_of(url)
    except ValueError:  # it was not a valid URL to begin with
        return ""
