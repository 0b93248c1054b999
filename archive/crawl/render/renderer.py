"""Renderer: a page that was fetched is loaded by Chromium, and its document is read once its scripts are at rest.

The browser gets the page as it was stored, and asks for everything else. Each request waits for the turn of its origin
under the rules for visits (contact, robots.txt, gap, pause), and goes through the guarding proxy. Pictures, media and
fonts are not loaded. Every page has a browser with a fresh profile, which ends with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from archive.crawl.fetch.fetch_error import FetchError
from archive.crawl.render.chromium import browser_problem, chromium_options, find_chromium, kill_browser
from archive.crawl.render.guarded_proxy import GuardedProxy
from archive.urls import RefusedUrl, fetchable_url, host_of
from db.records import Outcome, PageForm, Reason

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from playwright.async_api import BrowserContext, Page, Request, Route

    from archive.crawl.fetch import Fetcher, FetchPolicy
    from db.records import Visit

CONTENT_TYPE: Final = "text/html; charset=utf-8"
"""The type of a rendered document: its markup, written by the browser."""

_NOT_LOADED = frozenset(
    {"image", "media", "font", "websocket", "eventsource", "manifest", "ping", "cspviolationreport"}
)
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
_NOT_PASSED_ON = frozenset({"content-encoding", "content-length", "transfer-encoding", "connection", "keep-alive"})
_DEADLINES = 3  # of a visit: requests of one page wait for their turns
_REST = 1.0  # seconds without a request, after which a page is at rest
_POLL = 0.1
_STOP_SECONDS = 5.0
_LONGEST_DETAIL = 200


class Renderer:
    """Renders pages one after the other, with the rules and permissions of a ``fetcher`` and its ``policy``.

    ``chromium`` is the path of the program, None to look for it on the ``PATH``. ``now`` is the clock of captures.
    """

    def __init__(
        self, fetcher: Fetcher, policy: FetchPolicy, *, chromium: Path | None, now: Callable[[], datetime]
    ) -> None:
        self._fetcher = fetcher
        self._policy = policy
        self._chromium = chromium
        self._now = now
        self._lock = asyncio.Lock()

    async def render(self, visit: Visit, page: Outcome) -> Outcome:
        """Return the rendered document of a whole ``page`` as an outcome without a status. Failures are outcomes."""
        async with self._lock:
            outcome = Outcome(
                requested_url=visit.url,
                final_url=page.final_url,
                started_at=self._now(),
                finished_at=self._now(),
                flags=(PageForm.RENDERED.flag,),
            )
            try:
                document = await self._render(visit, page)
            except TimeoutError:
                detail = f"no rest within {_DEADLINES * self._policy.deadline:g} s"
                return replace(outcome, finished_at=self._now(), reason=Reason.TIMEOUT, detail=detail)
            except FetchError as error:
                return replace(outcome, finished_at=self._now(), reason=error.reason, detail=error.detail)
            return replace(
                outcome,
                finished_at=self._now(),
                final_url=document.url,
                detail=document.detail,
                payload=document.markup,
                content_type=CONTENT_TYPE,
                charset="utf-8",
            )

    async def _render(self, visit: Visit, page: Outcome) -> _Document:
        if problem := browser_problem(self._chromium):
            raise FetchError(Reason.ERROR, problem)
        from playwright.async_api import Error

        with tempfile.TemporaryDirectory(prefix="wirecopy-browser-", ignore_cleanup_errors=True) as folder:
            profile = Path(folder)
            try:
                async with (
                    asyncio.timeout(_DEADLINES * self._policy.deadline),
                    GuardedProxy(most=self._policy.max_wire) as proxy,
                    self._open_browser(profile, proxy.address, visit, page) as context,
                ):
                    loading = _Loading(self._fetcher, proxy, visit, page)
                    return await loading.load(context, self._policy.max_payload)
            except Error as error:
                raise FetchError(Reason.ERROR, f"Chromium: {error.message.splitlines()[0][:_LONGEST_DETAIL]}") from None
            finally:
                kill_browser(profile)

    @contextlib.asynccontextmanager
    async def _open_browser(
        self, profile: Path, proxy: str, visit: Visit, page: Outcome
    ) -> AsyncIterator[BrowserContext]:
        """Start a browser with an empty profile and none of our environment, and end it."""
        from playwright.async_api import async_playwright

        playwright = await async_playwright().start()
        try:
            yield await playwright.chromium.launch_persistent_context(
                profile,
                executable_path=find_chromium(self._chromium),
                args=chromium_options(proxy),
                env={"HOME": str(profile), "PATH": os.defpath, "LANG": "C.UTF-8"},
                chromium_sandbox=os.geteuid() != 0,  # Chromium refuses its sandbox to root
                user_agent=self._policy.user_agent,
                locale=visit.language,
                service_workers="block",
                accept_downloads=False,
                ignore_https_errors=not self._policy.verifies_certificate(host_of(page.final_url)),
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
            )
        finally:
            kill_browser(profile)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(playwright.stop()), _STOP_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Document:
    """A rendered document: its address, its markup in UTF-8, and how it came about."""

    url: str
    markup: bytes
    detail: str


@dataclass  # without slots: playwright sets an attribute on the owner of a handler
class _Loading:
    """The loading of one page: which of its requests are under way, and what the first document's answer was."""

    fetcher: Fetcher
    proxy: GuardedProxy
    visit: Visit
    page: Outcome
    requests: int = 0
    under_way: int = 0
    is_served: bool = False
    refusal: FetchError | None = None
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def load(self, context: BrowserContext, max_payload: int) -> _Document:
        """Return the document of the page at rest. Raises ``FetchError`` and playwright's ``Error``."""
        tab = context.pages[0]
        await context.route("**/*", self._handle)
        await context.route_web_socket("**/*", lambda socket: socket.close())
        context.on("page", lambda other: asyncio.ensure_future(other.close()) if other is not tab else None)
        try:
            await tab.goto(self.page.final_url, wait_until="domcontentloaded", timeout=0)
            await self._rest()
            markup = (await tab.content()).encode("utf-8", "replace")
        except Exception:
            self._raise_known()
            raise
        self._raise_known()
        if len(markup) > max_payload:
            raise FetchError(Reason.TOO_LARGE, f"a document of {len(markup)} bytes")
        version = f" {context.browser.version}" if context.browser else ""
        detail = f"rendered by Chromium{version}: {self.requests} requests, {self.proxy.received} bytes"
        if refusals := self.proxy.refusals:
            detail += f"; refused: {', '.join(dict.fromkeys(refusals))}"[:_LONGEST_DETAIL]
        return _Document(url=_address(tab, self.page), markup=markup, detail=detail)

    def _raise_known(self) -> None:
        if self.proxy.is_exhausted:
            raise FetchError(Reason.TOO_LARGE, "more bytes than one page may load")
        if self.refusal is not None:
            raise self.refusal

    async def _rest(self) -> None:
        """Return once no request was under way for a second."""
        clock = asyncio.get_running_loop().time
        at_rest_since = clock()
        while clock() - at_rest_since < _REST:
            await asyncio.sleep(_POLL)
            if self.under_way or self.proxy.is_exhausted:
                at_rest_since = clock()
                self._raise_known()

    async def _handle(self, route: Route, request: Request) -> None:
        """Answer a request, unless the browser has ended."""
        from playwright.async_api import Error

        with contextlib.suppress(Error):
            await self._answer(route, request)

    async def _answer(self, route: Route, request: Request) -> None:
        """Answer the first request with the stored page, refuse what is not needed, let others wait for their turns."""
        if request.is_navigation_request() and not self.is_served and request.url == _browser_url(self.page):
            self.is_served = True
            headers = _headers(self.page)
            await route.fulfill(status=self.page.status or 200, headers=headers, body=self.page.payload or b"")
            return
        if request.resource_type in _NOT_LOADED or request.method not in _METHODS or _is_of_other_frame(request):
            await route.abort("blockedbyclient")
            return
        self.under_way += 1
        try:
            await self._ask(route, request)
        except (FetchError, RefusedUrl) as error:
            if request.is_navigation_request():
                self.refusal = error if isinstance(error, FetchError) else FetchError(error.reason, str(error))
            await route.abort("blockedbyclient")
        finally:
            self.under_way -= 1

    async def _ask(self, route: Route, request: Request) -> None:
        """Let one request go when its origin has its turn, and hold the turn until the response has ended."""
        url = fetchable_url(request.url)
        clock = asyncio.get_running_loop().time
        is_own_host = host_of(url) in {host_of(self.page.final_url), host_of(self.page.requested_url)}
        allow_private = self.visit.allow_private and is_own_host
        async with self.fetcher.turn(url, allow_private=allow_private) as queue:
            self.requests += 1
            self.proxy.permit(url, self.fetcher.guard(allow_private=allow_private))
            start = clock()
            await route.continue_()
            response = await request.response()
            if response is not None:
                await response.finished()
                headers: dict[str, Any] = response.headers
                queue.record_response(response.status, headers.get("retry-after"), clock() - start)


def _is_of_other_frame(request: Request) -> bool:
    """True for the document of a frame within the page, or of another window."""
    from playwright.async_api import Error

    if not request.is_navigation_request():
        return False
    try:
        return request.frame.parent_frame is not None
    except Error:  # a new window, of which there is no frame yet
        return True


def _address(tab: Page, page: Outcome) -> str:
    try:
        return fetchable_url(tab.url)
    except RefusedUrl:
        return page.final_url


def _browser_url(page: Outcome) -> str:
    return fetchable_url(page.final_url)


def _headers(page: Outcome) -> dict[str, str]:
    """Return the headers of a stored page for the browser, without those about the coding of its body."""
    headers: dict[str, str] = {}
    for name, value in page.headers:
        key = name.lower()
        if key not in _NOT_PASSED_ON:
            joint = "\n" if key == "set-cookie" else ", "
            headers[key] = f"{headers[key]}{joint}{value}" if key in headers else value
    return headers
