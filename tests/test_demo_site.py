"""The world on a real socket, and the demo's own folder."""

from __future__ import annotations

import io
import socket
import ssl
from typing import TYPE_CHECKING

import httpx
import pytest

from archive.demo.folder import MARKER, prepare_folder, seed_index, write_project
from archive.demo.outlets import OUTLETS
from archive.demo.script import ROUNDS
from archive.demo.site import LOOPBACK, Site, serve_site
from archive.demo.world import World
from archive.seeds import read_index
from archive.settings import load_settings
from db.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORLD = World(0)


NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Instead of the client's own, which reads every authority of the world for each test."""


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site(WORLD)
    site.start()
    yield site
    site.stop()


@pytest.fixture
def client(site: Site) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://{LOOPBACK}:{site.port}", trust_env=False) as client:
        yield client


def get(client: httpx.Client, url: str, method: str = "GET", **headers: str) -> httpx.Response:
    host, _, path = url.removeprefix("http://").partition("/")
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.request(method, f"/{path}", headers={"Host": host, "Accept-Encoding": "identity", **fields})


# --- over the wire ---------------------------------------------------------------------------------------------------


def test_every_page_of_a_round_arrives_as_the_world_answers_it(site: Site, client: httpx.Client) -> None:
    site.round = 2
    for article in WORLD.articles:
        url = WORLD.url(article, 2)
        response = get(client, url)
        reply = WORLD.respond(2, f"{article.outlet}.example", url.partition(".example")[2], {})
        assert (response.status_code, response.content) == (reply.status, reply.body)


def test_a_page_that_is_cut_off_announces_more_than_it_sends(site: Site) -> None:
    turn = next(turn for turn in WORLD.script.turns if turn.event == "truncated")
    article = WORLD.script.articles[turn.article]
    site.round = turn.round
    path = WORLD.url(article).partition(".example")[2]
    request = f"GET {path} HTTP/1.1\r\nHost: {article.outlet}.example\r\n\r\n".encode()
    with socket.create_connection((LOOPBACK, site.port), timeout=5) as connection:
        connection.sendall(request)
        head, _, body = read_to_the_end(connection).partition(b"\r\n\r\n")
    whole = WORLD.respond(0, f"{article.outlet}.example", path, {}).body
    assert length_in(head) > len(body) > len(whole) / 3


def test_the_round_may_change_while_the_site_runs(site: Site, client: httpx.Client) -> None:
    dates = []
    for site.round in range(len(ROUNDS)):
        dates.append(get(client, "http://wire.example/").headers["Date"])
    assert len(set(dates)) == len(ROUNDS)


def test_a_connection_is_kept_for_the_next_request(site: Site) -> None:
    request = b"GET /robots.txt HTTP/1.1\r\nHost: wire.example\r\n\r\n"
    with socket.create_connection((LOOPBACK, site.port), timeout=5) as connection:
        for _ in range(3):
            connection.sendall(request)
            assert b"Sitemap: http://wire.example/sitemap.xml" in read_reply(connection)


def test_a_request_in_absolute_form_overrides_the_host_header(site: Site) -> None:
    request = b"GET http://ministry.example/robots.txt?x=1 HTTP/1.1\r\nHost: proxy.invalid\r\n\r\n"
    with socket.create_connection((LOOPBACK, site.port), timeout=5) as connection:
        connection.sendall(request)
        assert b"http://ministry.example/sitemap.xml" in read_reply(connection)


def read_reply(connection: socket.socket) -> bytes:
    """Read one reply to the end that its Content-Length announces."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    while len(body) < length_in(head):
        body += connection.recv(65536)
    return body


def read_to_the_end(connection: socket.socket) -> bytes:
    """Read until the server disconnects."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def length_in(head: bytes) -> int:
    """Return the Content-Length of a reply."""
    return next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))


def test_any_http_client_may_use_the_site_as_its_proxy(site: Site) -> None:
    with httpx.Client(proxy=f"http://{LOOPBACK}:{site.port}", trust_env=False) as proxied:
        assert "Meridian Wire" in proxied.get("http://wire.example/rss.xml").text


def test_a_head_request_gets_the_headers_and_no_body(client: httpx.Client) -> None:
    full, bare = (get(client, "http://wire.example/rss.xml", method) for method in ("GET", "HEAD"))
    assert bare.headers == full.headers
    assert bare.content == b""


def test_a_page_is_gzipped_when_asked(client: httpx.Client) -> None:
    plain = get(client, "http://wire.example/")
    encoded = get(client, "http://wire.example/", Accept_Encoding="gzip")
    assert encoded.headers["Content-Encoding"] == "gzip"
    assert int(encoded.headers["Content-Length"]) < len(plain.content)
    assert encoded.content == plain.content


def test_a_known_etag_is_answered_304_without_a_length(client: httpx.Client) -> None:
    url = next(event.url for event in WORLD.events() if event.event == "not_modified")
    again = get(client, url, If_None_Match=get(client, url).headers["ETag"])
    assert again.status_code == 304
    assert "Content-Length" not in again.headers


def test_a_stopped_site_can_be_started_again(site: Site) -> None:
    port = site.port
    site.stop()
    assert site.start(port) == port


def test_a_taken_port_is_refused_with_what_to_do(site: Site) -> None:
    with pytest.raises(BadInput, match=f"port {site.port} cannot be used.*give another"):
        Site(WORLD).start(site.port)


def test_a_round_that_does_not_exist_is_refused() -> None:
    with pytest.raises(BadInput, match="rounds 0 to 3"):
        serve_site(seed=0, round_number=4, port=0, err=io.StringIO())


# --- the folder ------------------------------------------------------------------------------------------------------


def test_the_demo_makes_its_folder_and_marks_it(tmp_path: Path) -> None:
    prepare_folder(tmp_path / "a" / "demo")
    assert [path.name for path in (tmp_path / "a" / "demo").iterdir()] == [MARKER]


def test_a_marked_folder_is_emptied_and_used_again(tmp_path: Path) -> None:
    prepare_folder(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "archive.db").write_bytes(b"old")
    (tmp_path / "elsewhere").symlink_to(tmp_path.parent)
    prepare_folder(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [MARKER]
    assert tmp_path.parent.is_dir()


def test_a_folder_with_anything_else_in_it_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(BadInput, match="--dir"):
        prepare_folder(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_or_a_link_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for name in ("file", "link"):
        with pytest.raises(BadInput, match="not a folder"):
            prepare_folder(tmp_path / name)


@pytest.mark.parametrize("seed", [0, 1, 17])
def test_the_seed_index_reads_without_complaint(seed: int) -> None:
    seeds = read_index(seed_index(World(seed)), file="INDEX.md")
    assert seeds.complaints == ()
    kinds = [str(seed.kind) for seed in seeds.seeds]
    assert sorted(kinds) == ["article"] * 8 + ["feed"] * 3 + ["section"] * 2 + ["sitemap"]
    assert {seed.group for seed in seeds.seeds} == {outlet.id for outlet in OUTLETS}
    assert {(seed.group, str(seed.every)) for seed in seeds.seeds if seed.every == "auto"} == {("gazette", "auto")}


def test_the_settings_lead_every_outlet_to_the_port(tmp_path: Path) -> None:
    write_project(tmp_path, WORLD, 8123)
    settings = load_settings({}, start=tmp_path)
    assert settings.root == tmp_path
    assert settings.resolve == (("*.example", "127.0.0.1:8123"),)
    assert settings.min_gap == 0
    assert settings.contact
