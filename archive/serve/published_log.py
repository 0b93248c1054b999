"""The transparency log for mirrors and monitors, read only: the last checkpoint, and tiles (C2SP tlog-tiles).

The checkpoint has the cosignatures of witnesses that came so far.

Only entries that the checkpoint covers are served. An entry is a link of the chain, which reveals nothing of a capture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import Response
from starlette.routing import Route

from archive.api import checkpoint_places, signed_log
from archive.formats.tile_path import parse_tile_path
from archive.serve.request_context import request_context
from db.errors import NotArchived
from db.merkle_tree import TILE

if TYPE_CHECKING:
    from starlette.requests import Request

_FOR_EVER: Final = {"cache-control": "public, max-age=31536000, immutable"}
_MOST_LEVEL: Final = 7  # 256 ** 8 entries are more than a row id can count
_ENTRY_SIZE: Final = (32).to_bytes(2, "big")


def routes() -> list[Route]:
    """Return the routes of the log: ``/log/checkpoint``, ``/log/tile/LEVEL/N`` and ``/log/tile/entries/N``."""
    return [
        Route("/log/checkpoint", _checkpoint),
        Route("/log/tile/entries/{path:path}", _entries),
        Route("/log/tile/{level:int}/{path:path}", _tile),
    ]


def _checkpoint(request: Request) -> Response:
    note = checkpoint_places.cosigned(request.app.state.shared.db, _signed(request)).note
    return Response(note, headers={"cache-control": "no-cache"}, media_type="text/plain; charset=utf-8")


def _signed(request: Request) -> signed_log.SignedCheckpoint:
    last = signed_log.last_checkpoint(request.app.state.shared.db)
    if last is None:
        raise NotArchived("this archive has no signed log. Its owner makes one: wirecopy log key --create NAME")
    return last


def _tile(request: Request) -> Response:
    level = int(request.path_params["level"])
    first, end = _range(request, level)
    with request_context(request, "") as context:
        return _bytes(b"".join(signed_log.tile_hashes(context.archive.ask, level, first, end)))


def _entries(request: Request) -> Response:
    first, end = _range(request, 0)
    with request_context(request, "") as context:
        return _bytes(b"".join(_ENTRY_SIZE + link for link in signed_log.entries(context.archive.ask, first, end)))


def _range(request: Request, level: int) -> tuple[int, int]:
    """Return the numbers of a tile's hashes. Raises NotArchived if the checkpoint does not cover them."""
    place = parse_tile_path(request.path_params["path"])
    if place is not None and level <= _MOST_LEVEL:
        number, width = place
        if number * TILE + width <= _signed(request).checkpoint.size // TILE**level:
            return number * TILE, number * TILE + width
    raise NotArchived("the log has no such tile; its checkpoint says how many entries it has")


def _bytes(content: bytes) -> Response:
    return Response(content, headers=_FOR_EVER, media_type="application/octet-stream")
