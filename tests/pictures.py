"""Pictures of the pages, of the demo's archive, light and dark; written anew by ``make screenshots``.

All go to ``build/screenshots/``, to be looked at before a release; those that documents show go to ``docs/pictures/``.
Needs Debian's Chromium; without one it says so and writes nothing.
"""

from __future__ import annotations

import shutil
import struct
import sys
import threading
import time
import zlib
from base64 import b64decode, b64encode
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import uvicorn
from playwright.sync_api import sync_playwright

from archive.api import Archive
from archive.serve.app import create_app
from archive.serve.server import listen
from examples import ROOT, play

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

ALL = ROOT / "build" / "screenshots"
SHOWN = ROOT / "docs" / "pictures"
CHOSEN = frozenset({"inbox-light", "inbox-dark", "copies-light", "copies-dark", "diff-light"})
"""The pictures that documents show."""

LARGEST = 150_000
"""Bytes of a picture in the repository."""

SIZE = {"width": 1100, "height": 760}
NOW = datetime(2026, 1, 7, 20, tzinfo=UTC)
"""Two hours after the demo's last round: "2 h ago" is the same in every picture."""

ARTICLE = "http://wire.example/news/2026/01/04/battery-maker-picks-harrow-bay-for-its-largest-plant"


_READ = """async (png) => {
    const image = await createImageBitmap(await (await fetch("data:image/png;base64," + png)).blob())
    const context = new OffscreenCanvas(image.width, image.height).getContext("2d")
    context.drawImage(image, 0, 0)
    const data = context.getImageData(0, 0, image.width, image.height).data
    let text = ""
    for (let at = 0; at < data.length; at += 32768) text += String.fromCharCode(...data.subarray(at, at + 32768))
    return btoa(text)
}"""


def paths(db: Path) -> dict[str, str]:
    """The pages by the name of their picture."""
    with Archive(db) as archive:
        article = archive.source(ARTICLE).id
    return {
        "inbox": "/",
        "article": f"/articles/{article}",
        "diff": f"/articles/{article}/diff/1..3",
        "side": f"/articles/{article}/diff/1..3?mode=side",
        "card": f"/articles/{article}/diff/1..3.svg",
        "cite": f"/articles/{article}/cite",
        "captures": f"/articles/{article}/captures",
        "copies": f"/copies/{article}",
        "pair": f"/copies/{article}#pair",
        "search": "/search?q=%22hire+300+people%22",
        "sources": "/sources",
    }


@contextmanager
def served(db: Path) -> Iterator[str]:
    """The address of the pages of an archive, in this process."""
    app = create_app(db, token="of-the-pictures", clock=lambda: NOW)  # noqa: S106 - it guards nothing
    with listen("127.0.0.1", 0) as at:
        server = uvicorn.Server(uvicorn.Config(app, ws="none", lifespan="off", log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [at]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{at.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def take(db: Path, chromium: str) -> Iterator[tuple[str, Pixels]]:
    """Each picture: its name and its pixels."""
    with served(db) as base, sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=options)
        for scheme in ("light", "dark"):
            page: Any = browser.new_context(color_scheme=scheme, viewport=SIZE, reduced_motion="reduce").new_page()
            desk: Any = browser.new_page()  # an empty one, without the pages' policy: there a picture may be opened
            for name, path in paths(db).items():
                page.goto(base + path)
                yield f"{name}-{scheme}", pixels(desk, page.screenshot())
        browser.close()


def pixels(desk: Any, picture: bytes) -> Pixels:
    """The pixels of a PNG as (height, width, 3); the browser that wrote it reads it, too."""
    rgba = b64decode(desk.evaluate(_READ, b64encode(picture).decode()))
    return np.frombuffer(rgba, np.uint8).reshape(SIZE["height"], SIZE["width"], 4)[:, :, :3]


def png(picture: Pixels) -> bytes:
    """A PNG with a palette: the 256 commonest colours, each other pixel as the nearest of them. It takes a third."""
    colours, which, often = np.unique(picture.reshape(-1, 3), axis=0, return_inverse=True, return_counts=True)
    palette = colours[np.argsort(-often, kind="stable")[:256]].astype(int)
    apart = np.abs(colours.astype(int)[:, None, :] - palette[None, :, :]).sum(axis=2)
    height, width, _ = picture.shape
    rows = np.zeros((height, width + 1), np.uint8)  # each begins with 0: no filter
    rows[:, 1:] = apart.argmin(axis=1)[which.ravel()].reshape(height, width)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = (b"IHDR", head), (b"PLTE", palette.astype(np.uint8).tobytes()), (b"IDAT", zlib.compress(rows.tobytes(), 9))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in (*parts, (b"IEND", b"")))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def main() -> None:
    """Take all pictures; of the archive that is named, else of a demo played for it."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("skipped: there is no chromium here; make browser installs Debian's")
    with TemporaryDirectory() as desk:
        demo = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(desk)
        if len(sys.argv) == 1:
            play(demo)
        for folder in (ALL, SHOWN):
            folder.mkdir(parents=True, exist_ok=True)
        for name, pixels in take(demo / "data" / "archive.db", chromium):
            small = png(pixels)
            assert len(small) <= LARGEST, f"{name} takes {len(small):,} bytes"
            (ALL / f"{name}.png").write_bytes(small)
            if name in CHOSEN:
                (SHOWN / f"{name}.png").write_bytes(small)
            sys.stdout.write(f"{len(small):8,} bytes  {name}\n")


if __name__ == "__main__":
    main()
