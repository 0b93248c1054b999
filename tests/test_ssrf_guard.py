"""The SSRF guard: the addresses a fetch may connect to, whatever a name, a redirect or a resolver returns."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ssrfguard import DEFAULT_DENIED

from archive.crawl.fetch import Fetcher, FetchPolicy, post_by_apprise, require_contact
from archive.crawl.fetch.ssrf_guard import AddressScope, address_scope
from db.errors import ConfigError
from db.records import Outcome, Reason, Visit
from tests.fetching import NOON, policy_for, visit
from tests.site import CERTIFICATE, Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from ipaddress import IPv4Network, IPv6Network
    from pathlib import Path

    from ssrfguard import Block

    from archive.crawl.fetch.ssrf_guard import Lookup

ADDRESSES = {
    AddressScope.PUBLIC: """
        1.1.1.1 93.184.216.34 223.255.255.1 2606:4700::1111 ::ffff:1.1.1.1 64:ff9b::1.1.1.1 2002:101:101::1
        """,
    AddressScope.PRIVATE: """
        127.0.0.1 127.8.8.8 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 ::1 fd00::1 fc00::1
        ::ffff:127.0.0.1 ::ffff:10.0.0.1 100.100.100.199 100.100.100.201 fd00:ec3::254 fd20:ce::255 fd00:42::43
        """,
    AddressScope.FORBIDDEN: """
        0.0.0.0 0.1.2.3 169.254.169.254 169.254.0.1 192.0.0.1 192.0.0.192 192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.1
        192.88.99.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 :: fe80::1 fe80::1%eth0 ff02::1 ff0e::1
        2001:db8::1 3fff::1 100::1 fec0::1 ::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b::10.0.0.1 64:ff9b:1::1
        100.100.100.200 ::ffff:100.100.100.200 64:ff9b::100.100.100.200 168.63.129.16 fd00:ec2::254 fd00:ec2:0::23
        fd20:ce::254 fd00:c1::a9fe:a9fe fd00:42::42 169.254.170.2 ::ffff:a9fe:a9fe 64:ff9b::a9fe:a9fe ::169.254.169.254
        2002:7f00:1::1 2002:a9fe:a9fe::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 ::127.0.0.1 ::10.0.0.1 5f00::1
        """,
}


@pytest.mark.parametrize(
    ("address", "scope"), [(address, scope) for scope, addresses in ADDRESSES.items() for address in addresses.split()]
)
def test_each_address_has_its_scope(address: str, scope: AddressScope) -> None:
    assert address_scope(address) is scope


# --- compared with another implementation ----------------------------------------------------------------------------

_ANYCAST = """
    192.0.0.9/32 192.0.0.10/32 2001:1::1/128 2001:1::2/128 2001:1::3/128 2001:3::/32 2001:4:112::/48 2001:20::/28
    2001:30::/28
"""
STRICTER = tuple(map(ip_network, _ANYCAST.split()))  # services and identifiers, none of them a web site
ALLOTTED = ip_network("2000::/3")  # IANA has allotted no other global IPv6 space


def verdicts(address: str) -> tuple[bool, bool]:
    """Return whether we refuse an address without permission, and whether the table of ssrfguard blocks it."""
    return address_scope(address) is not AddressScope.PUBLIC, DEFAULT_DENIED.classify(address).blocked


def edges_of(network: IPv4Network | IPv6Network) -> list[str]:
    """Return addresses in and around a network: its first, second, middle and last ones, and its neighbours."""
    address_type = type(network.network_address)
    first, last = int(network.network_address), int(network.broadcast_address)
    highest = 2**network.max_prefixlen - 1
    numbers = {first - 1, first, first + 1, (first + last) // 2, last - 1, last, last + 1}
    return [str(address_type(number)) for number in sorted(numbers) if 0 <= number <= highest]


def may_be_stricter(address: str) -> bool:
    ip = ip_address(address)
    return any(ip in network for network in STRICTER) or (ip.version == 6 and ip not in ALLOTTED)


@pytest.mark.parametrize("block", DEFAULT_DENIED.blocks, ids=lambda block: str(block.network))
def test_every_block_of_the_registries_has_the_verdict_of_ssrfguard(block: Block) -> None:
    for address in edges_of(block.network):
        refused, blocked = verdicts(address)
        assert refused == blocked or (refused and may_be_stricter(address)), address


def wrapped(inner: IPv4Address) -> list[str]:
    """Return the IPv6 forms of an IPv4 address."""
    number = int(inner)
    return [
        f"::ffff:{inner}",
        str(IPv6Address((0x64FF9B << 96) | number)),
        str(IPv6Address((0x2002 << 112) | (number << 80) | 1)),
        str(IPv6Address((0x20010000 << 96) | (0x01010101 << 64) | (number ^ 0xFFFFFFFF))),
        str(IPv6Address((0x20010000 << 96) | (number << 64) | (0x01010101 ^ 0xFFFFFFFF))),
    ]


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_has_the_same_verdict_in_all_its_ipv6_forms(inner: IPv4Address) -> None:
    for address in (str(inner), *wrapped(inner)):
        refused, blocked = verdicts(address)
        assert refused == blocked or (refused and may_be_stricter(str(inner))), address


@given(st.ip_addresses(v=6))
def test_no_ipv6_address_that_ssrfguard_blocks_is_allowed(address: IPv6Address) -> None:
    refused, blocked = verdicts(str(address))
    assert refused or not blocked


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


def fetch(url: str, policy: FetchPolicy, *, lookup: Lookup | None = None, allow_private: bool = False) -> Outcome:
    async def run() -> Outcome:
        async with Fetcher(policy, now=lambda: NOON, lookup=lookup) as fetcher:
            return await fetcher.fetch(Visit(source_id=1, url=url, allow_private=allow_private))

    return asyncio.run(run())


def answering(*addresses: str) -> Lookup:
    async def lookup(_host: str, _port: int) -> tuple[str, ...]:
        return addresses

    return lookup


OPEN = FetchPolicy(contact="mailto:desk@wire.example", min_gap=0, deadline=60)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "0x7f000001", "2130706433", "127.1", "0", "[::1]", "[::ffff:127.0.0.1]", "localhost"]
)
def test_loopback_is_refused_by_default_in_every_spelling(site: Site, host: str) -> None:
    outcome = fetch(f"http://{host}:{site.port}/page", OPEN)
    assert outcome.reason is Reason.REFUSED_ADDRESS
    assert site.asked == []


def test_a_visit_may_carry_the_permission_for_private_addresses(site: Site) -> None:
    assert fetch(site.url("/page"), OPEN, allow_private=True).reason is None


def spellings(address: str) -> list[str]:
    """Return the forms of an IPv4 address that a resolver or an IPv6 address accepts for it."""
    number = int(IPv4Address(address))
    a, b, c, d = IPv4Address(address).packed
    forms = [address, f"{number}", f"{number:#x}", f"0{number:o}", f"{a}.{b}.{c * 256 + d}", f"{a}.{number & 0xFFFFFF}"]
    forms += [f"{a:#x}.{b:#X}.{c:#x}.{d}", f"0{a:o}.0{b:o}.0{c:o}.0{d:o}", f"{a}%2E{b}%2e{c}.{d}", f"{address}."]
    forms += [
        f"{a}\uff0e{b}\u3002{c}.{d}",
        "".join(chr(0xFEE0 + ord(sign)) if sign != "." else "." for sign in address),
    ]
    return forms + [f"[{form}]" for form in (*wrapped(IPv4Address(address)), f"::{address}", f"::ffff:0:{address}")]


METADATA = [*spellings("169.254.169.254"), *spellings("100.100.100.200"), "[fd00:ec2::254]", "[FD00:0EC2:0:0::254]"]


@pytest.mark.parametrize("host", METADATA)
def test_no_permission_reaches_the_metadata_service_of_a_cloud_in_any_spelling(host: str) -> None:
    outcome = fetch(f"http://{host}/latest/meta-data/", OPEN, allow_private=True)
    assert outcome.reason in {Reason.REFUSED_ADDRESS, Reason.REFUSED_URL, Reason.DNS}
    assert outcome.ip is None


def test_a_name_of_the_metadata_service_is_refused() -> None:
    for address in ("169.254.169.254", "100.100.100.200", "fd00:ec2::254"):
        outcome = fetch("http://metadata.test/", OPEN, lookup=answering(address), allow_private=True)
        assert outcome.reason is Reason.REFUSED_ADDRESS


def test_a_mapping_is_permission_for_its_address(site: Site) -> None:
    policy = FetchPolicy(resolve=(("*.example", f"127.0.0.1:{site.port}"),), min_gap=0)
    outcome = fetch("http://daily.example/page", policy)
    assert outcome.reason is None
    assert outcome.ip == "127.0.0.1"
    assert site.asked[-1].headers["host"] == "daily.example"


def test_one_private_answer_refuses_a_name(site: Site) -> None:
    outcome = fetch(f"http://news.test:{site.port}/", OPEN, lookup=answering("93.184.216.34", "127.0.0.1"))
    assert outcome.reason is Reason.REFUSED_ADDRESS
    assert "127.0.0.1" in outcome.detail or "port" in outcome.detail
    assert site.asked == []


def test_a_name_is_looked_up_once_and_connected_as_checked(site: Site) -> None:
    hosts: list[str] = []

    async def lookup(host: str, _port: int) -> tuple[str, ...]:
        hosts.append(host)
        return ("127.0.0.1",) if len(hosts) == 1 else ("169.254.169.254",)

    outcome = fetch(f"http://news.test:{site.port}/page", OPEN, lookup=lookup, allow_private=True)
    assert outcome.reason is None
    assert hosts == ["news.test"]


def test_the_next_address_is_tried_when_one_does_not_answer(site: Site) -> None:
    policy = FetchPolicy(contact="x@y.example", min_gap=0, deadline=5)
    lookup = answering("127.0.0.2", "127.0.0.1")  # the server listens only on 127.0.0.1
    outcome = fetch(f"http://news.test:{site.port}/page", policy, lookup=lookup, allow_private=True)
    assert outcome.reason is None
    assert outcome.ip == "127.0.0.1"


def test_a_name_without_address_is_dns() -> None:
    async def unknown(_host: str, _port: int) -> tuple[str, ...]:
        raise OSError(-2, "Name or service not known")

    assert fetch("http://news.test/", OPEN, lookup=unknown).reason is Reason.DNS
    assert fetch("http://news.test/", OPEN, lookup=answering()).reason is Reason.DNS


def test_a_port_that_is_not_of_the_web_is_refused() -> None:
    outcome = fetch("http://news.test:25/", OPEN, lookup=answering("93.184.216.34"))
    assert outcome.reason is Reason.REFUSED_ADDRESS
    assert "25" in outcome.detail


def test_a_closed_port_is_connect() -> None:
    with Site() as stopped_site:
        url = stopped_site.url("/page")
    assert fetch(url, OPEN, allow_private=True).reason is Reason.CONNECT


# --- notices by apprise ----------------------------------------------------------------------------------------------


def by_apprise(policy: FetchPolicy, receiver: str) -> tuple[bool, str]:
    return asyncio.run(post_by_apprise(policy, receiver, "Title", "text", seconds=100))


@pytest.mark.slow
def test_apprise_reaches_no_private_address_without_permission(site: Site) -> None:
    receiver = f"json://localhost:{site.port}/page"
    accepted, result = by_apprise(OPEN, receiver)
    assert not accepted
    assert "is a private address; allow_private would permit it" in result
    assert site.asked == []
    assert by_apprise(FetchPolicy(allow_private=True), receiver) == (True, "taken by apprise")
    assert by_apprise(FetchPolicy(resolve=(("a.example", f"127.0.0.1:{site.port}"),)), receiver)[0]
    for private in (f"mailto://a:b@127.0.0.1:{site.port}", f"json://[::ffff:127.0.0.1]:{site.port}", "json://0x7f.1"):
        assert not by_apprise(OPEN, private)[0]
    assert (
        "not an address of the public web" in by_apprise(FetchPolicy(allow_private=True), "json://169.254.169.254")[1]
    )


GUARDED = """
import socket
from archive.crawl.fetch.apprise_post import guard_process
refusals = guard_process(allow_private=False, mapped={("127.0.0.1", 9)})
for kind, address in (("tcp", ("127.0.0.1", 80)), ("tcp", ("localhost", 80)), ("udp", ("10.0.0.1", 514))):
    with socket.socket(type=socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as opened:
        try:
            opened.connect(address) if kind == "tcp" else opened.sendto(b"x", address)
        except PermissionError:
            print("refused")
with socket.socket() as opened:
    print(opened.connect_ex(("127.0.0.1", 9)) != 0, len(refusals))
"""


def test_a_guarded_process_opens_no_connection_and_sends_no_packet_to_a_private_address(root: Path) -> None:
    process = subprocess.run([sys.executable, "-c", GUARDED], cwd=root, capture_output=True, text=True, check=False)
    assert process.stdout.splitlines() == ["refused", "refused", "refused", "True 3"], process.stderr


# --- https -----------------------------------------------------------------------------------------------------------


def fetch_tls(host: str, *, trusted: bool, **policy: object) -> Outcome:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(CERTIFICATE)
    client = ssl.create_default_context(cafile=CERTIFICATE) if trusted else None

    async def run(site: Site) -> Outcome:
        async with Fetcher(policy_for(site, **policy), now=lambda: NOON, ssl_context=client) as fetcher:
            return await fetcher.fetch(visit(f"https://{host}/page"))

    with Site(server) as site:
        return asyncio.run(run(site))


def test_tls_is_checked_against_the_name_not_the_address() -> None:
    outcome = fetch_tls("site.example", trusted=True)
    assert outcome.reason is None
    assert outcome.ip == "127.0.0.1"


def test_an_untrusted_certificate_is_tls() -> None:
    assert fetch_tls("site.example", trusted=False).reason is Reason.TLS


def test_a_certificate_of_another_name_is_tls() -> None:
    outcome = fetch_tls("other.example", trusted=True)
    assert outcome.reason is Reason.TLS
    assert "other.example" in outcome.detail


# --- contact and User-Agent ------------------------------------------------------------------------------------------


def test_the_open_web_needs_a_contact() -> None:
    policy = FetchPolicy(resolve=(("*.example", "127.0.0.1:80"),))
    require_contact(policy, ["http://daily.example/a", "http://127.0.0.1/", "http://localhost:8080/"])
    with pytest.raises(ConfigError, match="WIRECOPY_CONTACT"):
        require_contact(policy, ["http://daily.example/a", "https://news.test/a"])
    require_contact(OPEN, ["https://news.test/a"])


def test_a_redirect_to_the_open_web_needs_a_contact_too(site: Site) -> None:
    site.pages["/away"] = site.pages["/to-private"]
    outcome = fetch("http://daily.example/away", FetchPolicy(resolve=(("*.example", f"127.0.0.1:{site.port}"),)))
    assert outcome.reason is Reason.REFUSED_URL


def test_the_user_agent_names_the_contact(site: Site) -> None:
    fetch(site.url("/page"), OPEN, allow_private=True)
    agent = site.asked[-1].headers["user-agent"]
    assert agent.startswith("wirecopy/")
    assert agent.endswith("(+mailto:desk@wire.example)")


@pytest.mark.parametrize("target", ["127.0.0.1", "127.0.0.1:0", "localhost:80", "127.0.0.1:x", "127.0.0.1:70000", ""])
def test_a_mapping_to_nothing_numeric_is_a_setting_error(target: str) -> None:
    with pytest.raises(ConfigError, match="resolve"):
        FetchPolicy(resolve=(("*.example", target),))


def test_a_contact_of_two_lines_is_a_setting_error() -> None:
    with pytest.raises(ConfigError, match="contact"):
        FetchPolicy(contact="a@b.example\r\nX-Evil: yes")


@pytest.mark.parametrize(
    ("hosts", "is_fetched"), [(("*.example",), True), (("site.example",), True), (("a.example",), False)]
)
def test_captures_of_a_host_with_unverified_certificate_are_flagged(hosts: tuple[str, ...], is_fetched: bool) -> None:
    outcome = fetch_tls("site.example", trusted=False, tls_unverified=hosts)
    assert (outcome.reason is None) is is_fetched
    assert ("tls-unverified" in outcome.flags) is is_fetched
    assert outcome.exchange is None or ("verified", "no") in outcome.exchange.tls


def test_captures_with_a_verified_certificate_are_not_flagged() -> None:
    outcome = fetch_tls("site.example", trusted=True, tls_unverified=("a.example",))
    assert outcome.exchange is not None
    assert "verified" not in dict(outcome.exchange.tls)
    assert "tls-unverified" not in outcome.flags
