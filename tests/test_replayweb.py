"""Evidence in ReplayWeb.page, the viewer of WACZ files, in a real browser.

::

    npm pack replaywebpage && tar xzf replaywebpage-*.tgz
    TEST_REPLAYWEB=package pytest tests/test_replayweb.py

The folder has ``ui.js`` and ``sw.js``. Nothing but loopback is reached.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from tests.test_evidence import FIRST, TALKS, desk
from tests.test_signed_log import listening

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

__all__ = ["desk"]
VIEWER = os.environ.get("TEST_REPLAYWEB", "")
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not VIEWER or CHROMIUM is None, reason="TEST_REPLAYWEB names no viewer, or no chromium"),
]
PAGE = f"""<!doctype html><title>Evidence</title><script src="/ui.js"></script>
<replay-web-page source="/article.wacz" url="{TALKS}" replayBase="/replay/" style="height: 600px"></replay-web-page>"""


def viewer(desk: Path) -> Starlette:
    """The viewer embedded in a page, and the evidence beside it."""

    def page(_: Request) -> Response:
        return HTMLResponse(PAGE)

    def worker(_: Request) -> Response:
        return Response('importScripts("/sw.js");', media_type="text/javascript")

    def file(request: Request) -> Response:
        name = request.path_params["name"]
        place = desk if name.endswith(".wacz") else Path(VIEWER).absolute()
        found = place / name
        return FileResponse(found) if found.is_file() else Response(status_code=404)

    def frame(_: Request) -> Response:
        return HTMLResponse('<!doctype html><script src="/ui.js"></script><replay-app-main></replay-app-main>')

    frames = [Route(path, frame) for path in ("/replay", "/replay/")]
    return Starlette(routes=[Route("/", page), *frames, Route("/replay/sw.js", worker), Route("/{name}", file)])


@pytest.fixture
def page(desk: Path) -> Iterator[Any]:
    """A page of the browser with the viewer, which can reach nothing but loopback."""
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    with listening(viewer(desk)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=arguments)
        tab = browser.new_page()
        tab.goto(address)
        yield tab
        browser.close()


def test_the_page_of_an_evidence_file_is_shown(page: Any) -> None:
    """The frame of the captured page, inside the frame of the viewer, has the words of the capture."""
    words = FIRST.split(".")[0]
    for _ in range(120):
        page.wait_for_timeout(500)
        texts = [frame.evaluate("document.body ? document.body.innerText : ''") for frame in page.frames[1:]]
        if any(words in text for text in texts):
            break
    assert any(words in text for text in texts), [
        (frame.url, text[:300]) for frame, text in zip(page.frames[1:], texts, strict=False)
    ]
