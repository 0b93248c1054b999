"""The HTTP interface of a witness (C2SP tlog-witness): one address, to which logs post their checkpoints."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from archive.api.witness import Answer
from archive.formats.cosignature import MOST_REQUEST
from db.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.requests import Request

    from archive.api.witness import Witness

BODY_SECONDS: Final = 20.0
"""Seconds in which a request must be here."""

_FAILED: Final = Answer(
    status=HTTPStatus.INTERNAL_SERVER_ERROR, text="the witness cannot read or write its state; nothing was cosigned\n"
)


def create_witness_app(
    witness: Witness,
    *,
    clock: Callable[[], datetime],
    report: Callable[[str], None],
    body_seconds: float = BODY_SECONDS,
) -> Starlette:
    """Return the application of a witness. ``report`` gets a sentence about each failure that its owner must mend."""

    def answer(body: bytes) -> Answer:
        try:
            return witness.answer(body, clock())
        except (BadInput, OSError) as error:
            report(str(error))
            return _FAILED

    async def add_checkpoint(request: Request) -> Response:
        body = await _read(request, body_seconds)
        if body is None:
            return PlainTextResponse("too large or too slow\n", status_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        result = await run_in_threadpool(answer, body)
        return Response(result.text, status_code=result.status, headers={"content-type": result.media_type})

    return Starlette(routes=[Route("/add-checkpoint", add_checkpoint, methods=["POST"])])


async def _read(request: Request, seconds: float) -> bytes | None:
    """Return the body of a request, None if it is too large or comes too slowly."""
    body = b""
    try:
        async with asyncio.timeout(seconds):
            async for piece in request.stream():
                body += piece
                if len(body) > MOST_REQUEST:
                    return None
    except TimeoutError:
        return None
    return body
