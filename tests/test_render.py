"""Pages rendered by the system's Chromium: what it loads, what it cannot reach, how it ends."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from archive.api import Archive
from archive.api.version_ref import Ref
from archive.crawl.fetch import Fetcher
from archive.crawl.render.chromium import browser_problem, chromium_options, find_chromium, kill_browser
from archive.crawl.render.renderer import Renderer
from archive.pipeline.refresh import refresh
from archive.settings import load_settings
from db.records import PageForm, Reason, Visit
from tests.commands import call_main
from tests.fetching import HOST, policy_for
from tests.newsroom import PARAGRAPHS
from tests.newsroom import page as article
from tests.replies import Say, page, raw
from tests.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from db.records import Outcome, Report

HAS_CHROMIUM = find_chromium(None) is not None
_NEEDS = pytest.mark.skipif(not HAS_CHROMIUM, reason="no chromium here; apt-get install chromium")


def needs_chromium(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test that starts a browser, which takes seconds."""
    return pytest.mark.slow(_NEEDS(test))


WORDS = "The council voted on Tuesday to keep the ferry for three more years, against the advice of its own inspectors."


def script(text: str) -> Say:
    return raw("HTTP/1.1 200 OK\nContent-Type: text/javascript", text.encode())


def data(text: str) -> Say:
    return raw("HTTP/1.1 200 OK\nContent-Type: application/json", text.encode())


SHOW = "t => document.getElementById('root').innerHTML += '<p>' + t + '</p>'"


def app(body: str) -> str:
    """A script that shows something: ``body`` calls ``show``."""
    return f"const show = {SHOW};\n{body}"


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as server:
        server.pages["/story"] = page(
            b"<!doctype html><title>Story</title><div id=root></div><script src=/app.js></script>"
        )
        server.pages["/app.js"] = script(app("fetch('/text.json').then(r => r.json()).then(d => show(d.text))"))
        server.pages["/text.json"] = data(f'{{"text": "{WORDS}"}}')
        yield server


def render(site: Site, path: str = "/story", *, chromium: Path | None = None, **changes: Any) -> Outcome:
    """Fetch a page of the site and render it."""
    policy = policy_for(site, **changes)

    def now() -> datetime:
        return datetime.now(UTC)

    async def run() -> Outcome:
        async with Fetcher(policy, now=now) as fetcher:
            visit = Visit(source_id=1, url=f"{HOST}{path}")
            outcome = await fetcher.fetch(visit)
            return await Renderer(fetcher, policy, chromium=chromium, now=now).render(visit, outcome)

    return asyncio.run(run())


def left_over() -> list[str]:
    """The command lines of browsers that are still there."""
    lines = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            lines.append((process / "cmdline").read_bytes().decode("utf-8", "replace"))
    return [line for line in lines if "wirecopy-browser-" in line]


# --- without a browser -----------------------------------------------------------------------------------------------


def test_without_a_browser_the_outcome_says_what_is_missing(site: Site, tmp_path: Path) -> None:
    outcome = render(site, chromium=tmp_path / "nothing")
    assert (outcome.reason, outcome.payload, outcome.flags) == (Reason.ERROR, None, (PageForm.RENDERED.flag,))
    assert outcome.detail == browser_problem(tmp_path / "nothing")
    assert "Install it, or name it in the setting chromium" in outcome.detail
    assert site.targets() == ["/story"]


@needs_chromium
def test_a_program_that_is_no_browser_costs_the_page_alone(site: Site) -> None:
    outcome = render(site, chromium=Path(shutil.which("false") or "/bin/false"))
    assert outcome.reason is Reason.ERROR
    assert outcome.detail.startswith("Chromium: ")


def test_the_options_close_every_way_past_the_proxy() -> None:
    options = chromium_options("127.0.0.1:4711")
    assert "--proxy-server=http://127.0.0.1:4711" in options
    assert {"--proxy-bypass-list=<-loopback>", "--disable-quic", "--dns-prefetch-disable"} <= set(options)


def test_killing_a_browser_that_is_not_there_does_nothing(tmp_path: Path) -> None:
    kill_browser(tmp_path)
    assert left_over() == []


# --- with a browser --------------------------------------------------------------------------------------------------


@needs_chromium
def test_a_page_is_rendered_from_its_stored_bytes_with_what_its_scripts_may_load(site: Site) -> None:
    site.pages["/robots.txt"] = raw("HTTP/1.1 200 OK\nContent-Type: text/plain", b"User-agent: *\nDisallow: /private/")
    site.pages["/app.js"] = script(
        app(
            "fetch('/text.json').then(r => r.json()).then(d => show(d.text));"
            "fetch('/private/x').catch(() => show('no'))"
        )
    )
    outcome = render(site)
    assert (outcome.reason, outcome.status, outcome.final_url) == (None, None, f"{HOST}/story")
    assert outcome.content_type == "text/html; charset=utf-8"
    assert f"<p>{WORDS}</p>".encode() in (outcome.payload or b"")
    assert b"<p>no</p>" in (outcome.payload or b"")
    assert "2 requests" in outcome.detail
    assert site.targets() == ["/story", "/app.js", "/text.json"]  # the page itself is asked for once
    agents = {asked.headers["user-agent"] for asked in site.asked}
    assert len(agents) == 1
    assert agents.pop().startswith("wirecopy/")
    assert left_over() == []


ATTACKS = """
const quietly = f => { try { return Promise.resolve(f()).catch(() => 0) } catch (e) { return Promise.resolve(0) } };
const add = (tag, src) => { const e = document.createElement(tag); e.src = src; document.body.append(e); return e };
quietly(async () => {
  const peer = new RTCPeerConnection({iceServers: [{urls: 'stun:127.0.0.1:UDP'}]});
  peer.createDataChannel('x');
  await peer.setLocalDescription(await peer.createOffer());
});
quietly(() => new WebSocket('ws://PLACE/socket'));
add('img', 'http://PLACE/picture'); add('iframe', 'http://PLACE/frame'); add('script', 'http://PLACE/script');
navigator.sendBeacon('http://PLACE/beacon');
window.open('http://PLACE/window');
const link = document.createElement('a'); link.href = '/file'; link.download = 'x'; link.click();
const urls = ['http://PLACE/', 'http://localhost:PORT/', 'http://[::1]:PORT/', 'http://169.254.169.254/', '/away'];
const worker = new Blob(["fetch('http://PLACE/worker', {mode: 'no-cors'}).finally(() => postMessage(1))"]);
const asked = new Promise(end => quietly(() => { new Worker(URL.createObjectURL(worker)).onmessage = end }));
const register = () => navigator.serviceWorker.register('/worker.js').then(() => show('registered'));
Promise.all([asked, quietly(register), ...urls.map(url => quietly(() => fetch(url, {mode: 'no-cors'})))])
  .then(() => show('done'));
"""


@needs_chromium
def test_no_page_reaches_this_machine_or_a_private_network(site: Site) -> None:
    with Site() as private, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stun:
        stun.bind(("127.0.0.1", 0))
        stun.setblocking(False)
        place = f"127.0.0.1:{private.port}"
        moved = f"HTTP/1.1 302 Found\r\nLocation: http://{place}/redirected\r\nContent-Length: 0\r\n\r\n"
        site.pages["/away"] = Say(moved.encode())
        site.pages["/worker.js"] = script("self.addEventListener('fetch', e => e.respondWith(new Response('fake')))")
        site.pages["/file"] = raw("HTTP/1.1 200 OK\nContent-Disposition: attachment", b"PK")
        attacks = ATTACKS.replace("PLACE", place).replace("PORT", str(private.port))
        site.pages["/app.js"] = script(app(attacks.replace("UDP", str(stun.getsockname()[1]))))
        outcome = render(site)
        assert outcome.reason is None, outcome.detail
        assert b"<p>done</p>" in (outcome.payload or b"")
        assert b"registered" not in (outcome.payload or b"")
        assert private.asked == []
        with pytest.raises(BlockingIOError):
            stun.recv(100)


@needs_chromium
def test_a_page_that_never_rests_is_ended_with_its_processes(site: Site) -> None:
    site.pages["/app.js"] = script("for (;;) {}")
    outcome = render(site, deadline=2)
    assert (outcome.reason, outcome.payload) == (Reason.TIMEOUT, None)
    assert left_over() == []


# --- a project -------------------------------------------------------------------------------------------------------

INDEX = f"## app\n\nrender: yes\n\n| url | render |\n| --- | --- |\n| {HOST}/story | |\n| {HOST}/plain | no |\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "INDEX.md").write_text(INDEX, encoding="utf-8")
    return tmp_path


def test_check_and_doctor_say_kindly_that_there_is_no_browser(project: Path) -> None:
    missing = {"WIRECOPY_CHROMIUM": str(project / "nothing")}
    sentence = browser_problem(project / "nothing")
    checked = call_main("check", cwd=project, **missing)
    assert (checked.code, sentence in " ".join(checked.err.split())) == (0, True)
    assert json.loads(call_main("check", "--json", cwd=project, **missing).out)["browser"] == sentence
    assert sentence in " ".join(call_main("doctor", cwd=project, **missing).out.split())
    (project / "seeds" / "INDEX.md").write_text(INDEX.replace("yes", "no"), encoding="utf-8")
    assert "Chromium" not in call_main("check", cwd=project, **missing).err


def refresh_project(project: Path, site: Site, **more: str) -> Report:
    values = {"RESOLVE": f"*.example=127.0.0.1:{site.port}", "MIN_GAP": "0", "PROBE": "no", "WORKERS": "1"} | more
    settings = load_settings({f"WIRECOPY_{name}": value for name, value in values.items()}, start=project)
    return asyncio.run(refresh(settings, force=True))


@pytest.mark.slow
def test_a_missing_browser_costs_only_the_rows_that_need_it(project: Path, site: Site) -> None:
    site.pages["/plain"] = page(article())
    report = refresh_project(project, site, CHROMIUM=str(project / "nothing"))
    rows = {row.url.removeprefix(HOST): row for row in report.rows}
    assert (rows["/plain"].versions, rows["/story"].versions) == (1, 0)
    assert rows["/story"].verdict == "needs_js"
    assert browser_problem(project / "nothing") in rows["/story"].reason


@needs_chromium
def test_a_refresh_keeps_the_page_and_its_rendering_and_reads_the_rendering(project: Path, site: Site) -> None:
    site.pages["/plain"] = page(article())
    lines = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    site.pages["/text.json"] = data(json.dumps({"text": f"<article><h1>Ministers meet</h1>{lines}</article>"}))
    report = refresh_project(project, site)
    assert {row.url: row.versions for row in report.rows} == {f"{HOST}/story": 1, f"{HOST}/plain": 1}
    with Archive(project / "data" / "archive.db") as archive:
        captures = [capture for capture, _ in archive.captures(f"{HOST}/story")]
        assert [capture.form for capture in captures] == [None, PageForm.RENDERED]
        version = archive.version(Ref(url=f"{HOST}/story"))
        assert archive.text(version).body == "\n".join(PARAGRAPHS)
