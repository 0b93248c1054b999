"""Hostile names, certificates and pauses: the rows of the acceptance list that need more than a page."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpcore
import pytest

from archive.crawl.fetch import Fetcher, FetchPolicy
from archive.crawl.fetch.connection import connect
from archive.crawl.fetch.fetch_error import FetchError
from archive.crawl.fetch.ssrf_guard import LOOKUP_SECONDS, GuardedBackend
from db.records import Outcome, Reason
from tests.fetching import NOON, SteppedLoop, policy_for, run_stepped, visit
from tests.replies import page
from tests.site import CERTIFICATE, Site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.crawl.fetch.connection import Connection
    from archive.crawl.fetch.ssrf_guard import Lookup

EXPIRED = Path(__file__).with_name("expired.pem")
"""A key and its self-signed certificate for ``site.example``, good until the end of 2020; made for this test alone."""

PUBLIC = "93.184.216.34"
OPEN = FetchPolicy(contact="mailto:desk@wire.example", min_gap=0, deadline=60)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


async def at_once(_seconds: float) -> None:
    """Sleep no time at all."""


def fetch_by(lookup: Lookup | None, url: str, policy: FetchPolicy = OPEN) -> Outcome:
    async def run() -> Outcome:
        async with Fetcher(policy, now=lambda: NOON, sleep=at_once, lookup=lookup) as fetcher:
            return await fetcher.fetch(visit(url))

    return asyncio.run(run())


def answering(*addresses: str) -> Lookup:
    async def lookup(_host: str, _port: int) -> tuple[str, ...]:
        return addresses

    return lookup


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "fd00::8",
        "fe80::1%eth0",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::1",
        "2001:0:4136:e378:8000:63bf:f5ff:fffe",
        "224.0.0.1",
        "ff02::1",
        "0.0.0.0",  # noqa: S104 (to be refused, not bound)
    ],
)
@pytest.mark.parametrize("others", [(), (PUBLIC,)])
def test_one_bad_answer_of_a_name_server_refuses_the_name(bad: str, others: tuple[str, ...]) -> None:
    outcome = fetch_by(answering(*others, bad), "http://news.test/")
    assert outcome.reason is Reason.REFUSED_ADDRESS
    assert "news.test" in outcome.detail


def test_a_name_that_changes_its_answer_has_no_second_lookup_to_win(site: Site) -> None:
    answers = [(PUBLIC,), ("127.0.0.1",), ("169.254.169.254",)]
    dialled: list[str] = []

    async def lookup(_host: str, _port: int) -> tuple[str, ...]:
        return answers.pop(0)

    async def dial(address: str, _port: int, seconds: float | None) -> Connection:
        dialled.append(address)  # the address that was checked, and not the name, is what gets connected to
        return await connect("127.0.0.1", site.port, seconds)

    async def run() -> None:
        backend = GuardedBackend(OPEN, lookup, allow_private=False, dial=dial)
        first = await backend.connect_tcp("news.test", 80)
        await first.aclose()
        assert (dialled, len(answers)) == ([PUBLIC], 2)
        for _ in range(2):
            with pytest.raises(FetchError) as refused:
                await backend.connect_tcp("news.test", 80)
            assert refused.value.reason is Reason.REFUSED_ADDRESS
        assert dialled == [PUBLIC]

    asyncio.run(run())


def test_a_name_nobody_answers_for_is_dns_within_its_own_deadline() -> None:
    async def unknown(_host: str, _port: int) -> tuple[str, ...]:
        raise OSError(-2, "Name or service not known")

    async def run(loop: SteppedLoop) -> None:
        async def hanging(_host: str, _port: int) -> tuple[str, ...]:
            loop.pass_time(0.2)
            await asyncio.Event().wait()
            return ()

        backend = GuardedBackend(OPEN, hanging, allow_private=False, lookup_seconds=0.1)
        with pytest.raises(FetchError) as late:
            await backend.connect_tcp("news.test", 80)
        assert late.value.reason is Reason.DNS

    run_stepped(run)
    assert LOOKUP_SECONDS == 5.0
    assert fetch_by(unknown, "http://news.test/").reason is Reason.DNS
    assert fetch_by(answering(), "http://news.test/").reason is Reason.DNS


@pytest.mark.parametrize("url", ["http://news.test:22/", "http://news.test:6379/", "https://news.test:9443/"])
def test_a_port_of_no_web_server_is_refused(url: str) -> None:
    assert fetch_by(answering(PUBLIC), url).reason is Reason.REFUSED_ADDRESS


def test_all_of_an_address_is_dialled_in_turn_and_no_more_than_three() -> None:
    dialled: list[str] = []

    async def dial(address: str, _port: int, _seconds: float | None) -> Connection:
        dialled.append(address)
        raise httpcore.ConnectError("nobody there")

    async def run() -> None:
        lookup = answering(*(f"93.184.216.{n}" for n in range(1, 9)))
        with pytest.raises(httpcore.ConnectError):
            await GuardedBackend(OPEN, lookup, allow_private=False, dial=dial).connect_tcp("news.test", 80)

    asyncio.run(run())
    assert dialled == ["93.184.216.1", "93.184.216.2", "93.184.216.3"]


# --- certificates ----------------------------------------------------------------------------------------------------


def server_with(certificate: Path, *, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it is the point
        context.minimum_version = min(newest, ssl.TLSVersion.TLSv1_2)
        context.maximum_version = newest
    if newest < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def fetch_tls(host: str, server: ssl.SSLContext, trusted: Path | None) -> Outcome:
    client = ssl.create_default_context(cafile=trusted) if trusted else None

    async def run(site: Site) -> Outcome:
        async with Fetcher(policy_for(site), now=lambda: NOON, ssl_context=client) as fetcher:
            return await fetcher.fetch(visit(f"https://{host}/page"))

    with Site(server) as site:
        return asyncio.run(run(site))


@pytest.mark.parametrize(
    ("case", "host", "certificate", "trusted", "says"),
    [
        ("expired", "site.example", EXPIRED, EXPIRED, "expired"),
        ("another name", "other.example", CERTIFICATE, CERTIFICATE, "other.example"),
        ("self-signed", "site.example", CERTIFICATE, None, "self"),
        ("TLS 1.0 only", "site.example", CERTIFICATE, CERTIFICATE, ""),
    ],
)
def test_a_bad_certificate_or_an_old_protocol_is_tls(
    case: str, host: str, certificate: Path, trusted: Path | None, says: str
) -> None:
    newest = ssl.TLSVersion.TLSv1 if case == "TLS 1.0 only" else ssl.TLSVersion.TLSv1_3
    outcome = fetch_tls(host, server_with(certificate, newest=newest), trusted)
    assert outcome.reason is Reason.TLS
    assert says in outcome.detail
    assert outcome.payload is None


# --- pauses ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("120", timedelta(minutes=2)),
        ("Sun, 22 Nov 2026 12:05:00 GMT", timedelta(minutes=5)),
        ("-3600", timedelta(seconds=1)),
        ("Sat, 21 Nov 2026 12:00:00 GMT", timedelta(seconds=1)),
        ("315360000", timedelta(days=1)),
        ("Sun, 22 Nov 2037 12:00:00 GMT", timedelta(days=1)),
    ],
)
def test_a_pause_is_kept_between_a_second_and_a_day(site: Site, status: str, asked: str, given: timedelta) -> None:
    site.pages["/later"] = page(b"Later", status=status, Retry_After=asked)
    assert fetch_by(None, "/later", policy_for(site)).retry_at == NOON + given
