"""Checks of every request before its route, and headers of every response: plain ASGI without state.

The rules. The request target may be in absolute form (RFC 9112, 3.2.2: a server must accept it; pywaybackup sends it).
The Host must be one of ours, or another site could read the archive by DNS rebinding to 127.0.0.1. Pages of other sites
may link here and load nothing. A `Door` says who makes a request. Changes need a POST from our own origin with the
token of this person's forms, and its body in time. No response sets a cookie, and all have the security headers.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus, unquote_to_bytes, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders

from archive.serve.access import Door, Identity, Refused, identity_of
from archive.serve.fetch_metadata import is_foreign_load
from archive.serve.paths import COMPARE, WATCHED_ADD
from archive.serve.problem_details import problem
from archive.serve.security_headers import HEADERS, content_security_policy
from db.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names of this machine that no other machine can have."""

MOST_POSTED = 16_384
"""Most bytes of a form: ours have four fields and a note of a few lines."""

MOST_PASTED = 2_400_000
"""Most bytes of the form with two texts of 120,000 characters: a Chinese one has nine bytes, percent-encoded."""

MOST_LISTED = 100_000
"""Most bytes of a list of addresses to watch: a thousand lines."""

BODY_SECONDS = 30.0
"""Seconds in which the body of a form must be here: 2.4 MB take 20 s on a line of one megabit a second."""

_LARGER = {COMPARE: MOST_PASTED, WATCHED_ADD: MOST_LISTED}
_MOST_FIELDS = 20

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?")
_READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Access rules. ``hosts``: names besides loopback. ``door``: who enters, and the token of a form.

    ``public``: name and port in the address by which others reach this server, empty if it has none.
    ``body_seconds``: the limit for a body.
    """

    hosts: frozenset[str] = frozenset()
    door: Door = field(default_factory=Door)
    public: str = ""
    body_seconds: float = BODY_SECONDS


class Guard:
    """ASGI middleware that applies ``rules`` to an application."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or reject it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)  # the lifespan; there are no routes for websockets
            return
        scope = in_origin_form(scope)
        host = Headers(scope=scope).get("host", "")
        policy = content_security_policy(host, self._rules.public)
        leaving = _with_headers(send, {**HEADERS, "content-security-policy": policy})
        refused = self._refuse(scope)
        if refused is None:
            try:
                scope = {**scope, "identity": await self._identify(scope)}
            except Refused as error:
                refused = error.answer
            except StoreError as error:
                refused = 503, str(error), "Try again in a moment; wirecopy doctor shows details"
        if refused is not None:
            await problem(scope, *refused)(scope, receive, leaving)
        elif scope["method"] in _READING:
            await self._app(scope, receive, leaving)
        else:
            await self._write(scope, receive, leaving)

    async def _identify(self, scope: Scope) -> Identity:
        door, headers = self._rules.door, Headers(scope=scope)
        if door.asks_archive(headers):  # off the event loop: a disk may be slow
            return await run_in_threadpool(door.identify, scope, headers)
        return door.identify(scope, headers)

    async def _write(self, scope: Scope, receive: Receive, leaving: Send) -> None:
        most = _LARGER.get(scope["path"], MOST_POSTED)
        try:
            async with asyncio.timeout(self._rules.body_seconds):
                body = await _body(receive, most)
        except TimeoutError:
            why = (f"the form did not arrive within {self._rules.body_seconds:g} s", "Send it again")
            await problem(scope, 408, *why)(scope, receive, leaving)
            return
        if body is None and most > MOST_POSTED:
            await problem(scope, 413, "this text is too large", "Send a part of it")(scope, receive, leaving)
            return
        if body is None or not _may_write(body, identity_of(scope)):
            why = ("this form is out of date or was not made by this server", "Reload the page and send it again")
            await problem(scope, 403, *why)(scope, receive, leaving)
            return
        await self._app(scope, _again(body, receive), leaving)

    def _refuse(self, scope: Scope) -> tuple[int, str, str] | None:
        headers = Headers(scope=scope)
        if not known_host(headers, self._rules.hosts):
            return 400, "this server does not have that name", "Use the address that wirecopy serve printed"
        if is_foreign_load(headers, scope["path"]):
            return 403, "another site may link to this page, and not load it", "Open the address itself"
        if scope["method"] == "OPTIONS":
            return 403, "other sites may not use this server", "Open the archive's own pages"
        if scope["method"] not in _READING and not own_origin(headers):
            return 403, "this form came from another site", "Use the buttons on the archive's own pages"
        return None


def _may_write(body: bytes, identity: Identity) -> bool:
    """True if a form has the token of this person. Only that field is decoded, as the others may be large."""
    if body.count(b"&") >= _MOST_FIELDS:  # more fields than our forms have
        return False
    sent = next((part for part in body.split(b"&") if part.startswith(b"token=")), b"token=")
    return identity.knows(unquote_plus(sent.removeprefix(b"token=").decode("ascii", "replace")))


def in_origin_form(scope: Scope) -> Scope:
    """Return the scope of a request, with a target in absolute form reduced to its path."""
    raw = scope.get("raw_path") or scope["path"].encode("latin-1", "replace")
    whole = re.match(rb"(?i)https?://[^/?#]*", raw)
    if whole is None:
        return scope
    path = raw[whole.end() :] or b"/"
    return {**scope, "raw_path": path, "path": unquote_to_bytes(path).decode("utf-8", "replace")}


def known_host(headers: Headers, hosts: Collection[str]) -> bool:
    """True if the request has one Host header with one of our names, on any port."""
    names = headers.getlist("host")
    match = _HOST.fullmatch(names[0]) if len(names) == 1 else None
    return match is not None and match["name"].strip("[]").lower() in {*LOOPBACK, *hosts}


def own_origin(headers: Headers) -> bool:
    """True unless a browser reports that another site made this request. Other clients report nothing."""
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc.lower() == headers["host"].lower()
    except ValueError:  # no origin that a browser sends, like http://[
        return False


async def _body(receive: Receive, most: int) -> bytes | None:
    """Return the body of a request, None if it has more than ``most`` bytes."""
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > most or message["type"] == "http.disconnect":
            return None
        if not message.get("more_body"):
            return body


def _again(body: bytes, receive: Receive) -> Receive:
    """Return a receive channel that yields a body already read, then the messages of ``receive``."""
    messages: Iterator[Message] = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def give() -> Message:
        return next(messages, None) or await receive()

    return give


def _with_headers(send: Send, own: Mapping[str, str]) -> Send:
    async def leave(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            del headers["set-cookie"]
            for name, value in own.items():
                headers.setdefault(name, value)
        await send(message)

    return leave
