"""The proxy of the browser: where it connects, what it refuses, what it counts."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from archive.crawl.fetch.policy import FetchPolicy
from archive.crawl.fetch.ssrf_guard import GuardedBackend
from archive.crawl.render.guarded_proxy import GuardedProxy
from archive.urls import RefusedUrl
from tests.fetching import policy_for
from tests.replies import page
from tests.site import CERTIFICATE, Site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

HOST = "http://daily.example"
OPEN = FetchPolicy(contact="mailto:desk@wire.example")


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as server:
        server.pages["/story"] = page(b"<h1>Story</h1>")
        server.pages["/large"] = page(b"x" * 300_000)
        yield server


def ask(
    request: bytes,
    *,
    policy: FetchPolicy,
    permitted: tuple[str, ...] = (),
    names: dict[str, tuple[str, ...]] | None = None,
    allow_private: bool = False,
    most: int = 1_000_000,
) -> tuple[bytes, Any]:
    """Return the answer of a proxy to one request, and the proxy. Every name has the addresses in ``names``."""

    async def look_up(host: str, port: int) -> tuple[str, ...]:
        del port
        return (names or {})[host]

    async def run() -> tuple[bytes, GuardedProxy]:
        backend = GuardedBackend(policy, look_up, allow_private=allow_private)
        async with GuardedProxy(most=most) as proxy:
            for url in permitted:
                proxy.permit(url, backend)
            async with client(proxy) as (reader, writer):
                writer.write(request)
                return await received(reader), proxy

    return asyncio.run(run())


async def received(reader: asyncio.StreamReader) -> bytes:
    """Everything until the end of a connection, also if it is reset."""
    answer = bytearray()
    with suppress(ConnectionError):
        while piece := await reader.read(65_536):
            answer += piece
    return bytes(answer)


@asynccontextmanager
async def client(proxy: GuardedProxy) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    host, port = proxy.address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def get(url: str, *more: bytes) -> bytes:
    return b"\r\n".join([b"GET %s HTTP/1.1" % url.encode(), b"Host: daily.example", *more, b"", b""])


def connect(place: str) -> bytes:
    return f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode()


def is_refused(answer: bytes) -> bool:
    return answer.startswith(b"HTTP/1.1 403 ")


# --- what it carries -------------------------------------------------------------------------------------------------


def test_a_request_arrives_as_the_browser_made_it_without_what_is_for_the_proxy(site: Site) -> None:
    request = get(f"{HOST}/story?a=1", b"Proxy-Connection: keep-alive", b"Connection: keep-alive", b"Cookie: a=b")
    site.pages["/story?a=1"] = page(b"<h1>Story</h1>")
    answer, proxy = ask(request, policy=policy_for(site), permitted=(HOST,))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert (head.splitlines()[0], body) == (b"HTTP/1.1 200 OK", b"<h1>Story</h1>")
    assert b"Connection: close" in head.splitlines()
    (asked,) = site.asked
    assert (asked.target, asked.headers["cookie"], asked.headers["connection"]) == ("/story?a=1", "a=b", "close")
    assert "proxy-connection" not in asked.headers
    assert proxy.received > len(body)


def test_a_tunnel_carries_tls_to_the_host_itself() -> None:
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(CERTIFICATE)
    client_side = ssl.create_default_context(cafile=str(CERTIFICATE))

    async def run(site: Site) -> tuple[bytes, int]:
        backend = GuardedBackend(policy_for(site), _no_names, allow_private=False)
        async with GuardedProxy(most=1_000_000) as proxy:
            proxy.permit("https://site.example/", backend)
            async with client(proxy) as (reader, writer):
                writer.write(connect("site.example:443"))
                assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 200 Connection established\r\n\r\n"
                await writer.start_tls(client_side, server_hostname="site.example")
                writer.write(b"GET /story HTTP/1.1\r\nHost: site.example\r\nConnection: close\r\n\r\n")
                await reader.readuntil(b"\r\n\r\n")
                return await reader.readexactly(len(b"<h1>Story</h1>")), proxy.received

    with Site(server_side) as site:
        site.pages["/story"] = page(b"<h1>Story</h1>")
        body, received = asyncio.run(run(site))
    assert body == b"<h1>Story</h1>"
    assert received > 1000  # the handshake counts too


async def _no_names(host: str, port: int) -> tuple[str, ...]:
    raise AssertionError(host, port)


# --- what it refuses -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.7", "192.168.1.1", "172.16.5.5", "100.64.0.1", "[::1]", "[fc00::1]"),
        *("169.254.169.254", "100.100.100.200", "168.63.129.16", "[fd00:ec2::254]", "[::ffff:169.254.169.254]"),
        *("240.0.0.1", "[64:ff9b::7f00:1]", "224.0.0.1"),
    ],
)
@pytest.mark.parametrize("form", ["http://{}/", "{}:443"])
def test_no_private_or_metadata_address_is_reached(address: str, form: str) -> None:
    target = form.format(address)
    request = get(target) if target.startswith("http") else connect(target)
    answer, proxy = ask(request, policy=OPEN, permitted=(f"http://{address}/", f"https://{address}/"))
    assert is_refused(answer)
    assert len(proxy.refusals) == 1
    assert "address" in proxy.refusals[0]


def test_metadata_addresses_stay_refused_where_private_ones_are_allowed() -> None:
    url = "http://169.254.169.254/latest/meta-data/"
    answer, _ = ask(get(url), policy=OPEN, permitted=(url,), allow_private=True)
    assert is_refused(answer)


def test_a_name_is_looked_up_here_and_each_of_its_addresses_checked() -> None:
    names = {"rebound.example": ("93.184.215.14", "127.0.0.1")}
    request = connect("rebound.example:443")
    answer, proxy = ask(request, policy=OPEN, permitted=("https://rebound.example/",), names=names)
    assert is_refused(answer)
    assert proxy.refusals == [
        "refused_address: rebound.example (127.0.0.1) is a private address; allow_private would permit it"
    ]


@pytest.mark.parametrize("port", [22, 25, 3306, 6379])
def test_a_port_that_is_not_of_the_web_is_refused(port: int) -> None:
    place = f"daily.example:{port}"
    names = {"daily.example": ("93.184.215.14",)}
    answer, proxy = ask(connect(place), policy=OPEN, permitted=(f"https://{place}/",), names=names)
    assert is_refused(answer)
    assert "is not a port of the web" in proxy.refusals[0]


def test_a_host_that_was_not_permitted_is_refused_without_a_look_up(site: Site) -> None:
    requests = [get(f"{HOST}/story"), connect("daily.example:443"), connect("daily.example:80")]
    for request in requests:
        answer, proxy = ask(request, policy=policy_for(site), permitted=("https://daily.example:8443/",))
        assert is_refused(answer)
        assert "was not permitted" in proxy.refusals[0]
    assert site.asked == []


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /story HTTP/1.1\r\nHost: daily.example\r\n\r\n",
        b"GET https://daily.example/ HTTP/1.1\r\n\r\n",
        b"GET ftp://daily.example/ HTTP/1.1\r\n\r\n",
        b"GET file:///etc/passwd HTTP/1.1\r\n\r\n",
        b"CONNECT daily.example HTTP/1.1\r\n\r\n",
        b"CONNECT daily.example:0 HTTP/1.1\r\n\r\n",
        b"CONNECT daily.example:99999 HTTP/1.1\r\n\r\n",
        b"CONNECT user@daily.example:443 HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00 HELLO\r\n\r\n",
        b"GET http://[::1/ HTTP/1.1\r\n\r\n",
    ],
)
def test_any_other_request_is_refused(site: Site, request_: bytes) -> None:
    answer, _ = ask(request_, policy=policy_for(site), permitted=(HOST, "https://daily.example/"))
    assert is_refused(answer)
    assert site.asked == []


def test_only_an_address_can_be_permitted(site: Site) -> None:
    with pytest.raises(RefusedUrl):
        ask(b"", policy=policy_for(site), permitted=("javascript:alert(1)",))


# --- limits ----------------------------------------------------------------------------------------------------------


def test_all_connections_are_dropped_when_the_bytes_are_used_up(site: Site) -> None:
    answer, proxy = ask(get(f"{HOST}/large"), policy=policy_for(site), permitted=(HOST,), most=100_000)
    assert proxy.is_exhausted
    assert len(answer) < 300_000


def test_bytes_of_several_connections_are_counted_together(site: Site) -> None:
    async def run() -> tuple[list[bytes], GuardedProxy]:
        backend = GuardedBackend(policy_for(site), _no_names, allow_private=False)
        async with GuardedProxy(most=400_000) as proxy:
            proxy.permit(HOST, backend)
            answers = []
            for _ in range(3):
                async with client(proxy) as (reader, writer):
                    writer.write(get(f"{HOST}/large"))
                    answers.append(await received(reader))
            return answers, proxy

    answers, proxy = asyncio.run(run())
    assert (len(answers[0]) > 300_000, len(answers[1]) < 300_000, is_refused(answers[2])) == (True, True, True)
    assert proxy.is_exhausted


def test_a_server_that_never_answers_ends_with_the_proxy(site: Site) -> None:
    async def run() -> bytes:
        backend = GuardedBackend(policy_for(site), _no_names, allow_private=False)
        async with GuardedProxy(most=1000) as proxy:
            proxy.permit(HOST, backend)
            async with client(proxy) as (reader, writer):
                writer.write(connect("daily.example:80"))
                await reader.readuntil(b"\r\n\r\n")
                await proxy.__aexit__(None, None, None)
                return await received(reader)

    assert asyncio.run(run()) == b""
