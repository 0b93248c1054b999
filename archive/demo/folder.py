"""The demo's own folder: marker, seed index, settings. Nothing outside the folder is touched."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from archive.demo.outlets import OUTLETS, Outlet
from db.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

    from archive.demo.world import World

MARKER = ".wirecopy-demo"
SETTINGS = """\
# Settings of the demo: its outlets are served by this computer, so nobody needs to be spared and nobody asked.
contact = "demo@wirecopy.example"
min_gap = 0

[resolve]
"*.example" = "127.0.0.1:{port}"
"""
HEADER = """\
# The news world

Eight invented outlets, served by `wirecopy demo` itself. This page is a seed index like any other: each heading is a
group, each row something to watch.
"""


def prepare_folder(folder: Path) -> None:
    """Create an empty demo folder, or empty the one that an earlier demo marked as its own.

    Raises ``BadInput`` if the folder has any files and no marker, or if the path is not a folder.
    """
    marker = folder / MARKER
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise BadInput(f"{folder} is not a folder; name another one with --dir")
    if folder.exists() and any(folder.iterdir()) and not marker.is_file():
        raise BadInput(f"{folder} is not empty and no demo made it; name another folder with --dir, or empty it")
    folder.mkdir(parents=True, exist_ok=True)
    marker.write_text("Made by wirecopy demo, which empties this folder when it runs again.\n", encoding="utf-8")
    for path in folder.iterdir():
        if path != marker:
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def write_project(folder: Path, world: World, port: int) -> None:
    """Write ``seeds/INDEX.md`` and ``wirecopy.toml`` for a world that is served on this loopback port."""
    (folder / "seeds").mkdir(exist_ok=True)
    (folder / "seeds" / "INDEX.md").write_text(seed_index(world), encoding="utf-8")
    (folder / "wirecopy.toml").write_text(SETTINGS.format(port=port), encoding="utf-8")


def seed_index(world: World) -> str:
    """Return the demo's seed index. Each outlet has a feed, a sitemap, a section page, or single articles."""
    return "\n".join([HEADER, *(_group(outlet, world) for outlet in OUTLETS)])


def _group(outlet: Outlet, world: World) -> str:
    rows = "".join(f"| {name} | {url} | {kind} | |\n" for name, url, kind in _rows(outlet, world))
    head = f"## {outlet.id}\n\n{outlet.name}: {outlet.note}\n\nevery: {outlet.every}\n"
    return f"{head}\n| name | url | kind | note |\n| --- | --- | --- | --- |\n{rows}"


def _rows(outlet: Outlet, world: World) -> list[tuple[str, str, str]]:
    if outlet.listing:
        return [(outlet.kind, outlet.root + outlet.listing, outlet.kind)]
    return [(a.id.partition("-")[2], world.url(a), "article") for a in world.articles if a.outlet == outlet.id]
