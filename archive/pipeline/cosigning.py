"""Ask witnesses to cosign a checkpoint of the log (C2SP tlog-witness, the side of the log)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from archive.crawl.fetch import policy_from
from archive.crawl.fetch.bounded_get import request_reply
from archive.formats import cosignature
from archive.formats.cosignature import Submission
from db.errors import BadInput
from db.queries import log_tiles
from db.reader import Reader

if TYPE_CHECKING:
    from datetime import datetime

    from archive.api.signed_log import SignedCheckpoint
    from archive.settings import Settings

_SECONDS: Final = 20.0
_MOST_REPLY: Final = 16_384


class NotCosigned(Exception):
    """A witness did not cosign a checkpoint. The message says why."""


async def ask_witness(settings: Settings, address: str, signed: SignedCheckpoint, old: int) -> tuple[str, datetime]:
    """Return the cosignature line of a witness on a checkpoint, and its time. Raises NotCosigned.

    ``address`` is one of the setting ``witnesses``, with the key behind ``#``. ``old``: the entries of the last
    checkpoint that the witness is known to have cosigned, 0 if none is. If it is wrong, the witness says the right one.
    """
    url, _, key = address.partition("#")
    try:
        witness = cosignature.parse_witness(key)
        status, text = await _submit(settings, url, signed, old)
        if status == HTTPStatus.CONFLICT:
            newest = _size(text)
            if newest == old or newest > signed.checkpoint.size:
                raise NotCosigned(f"it cosigned another history of this log, of {newest} entries")
            status, text = await _submit(settings, url, signed, newest)
        if status == HTTPStatus.OK:
            return cosignature.own_line(signed.note, text, witness)
    except BadInput as error:
        raise NotCosigned(str(error)) from error
    raise NotCosigned(f"the answer has status {status}: {' '.join(text[:200].split())}")


async def _submit(settings: Settings, url: str, signed: SignedCheckpoint, old: int) -> tuple[int, str]:
    """Return status and text of the answer to a request with the proof from ``old`` entries on."""
    size = signed.checkpoint.size
    with Reader(settings.db) as reader:
        proof = log_tiles.consistency_proof(reader.ask, old, size) if 0 < old < size else []
    question = Submission(old=old, proof=tuple(proof), note=signed.note).encode()
    path = f"{url.rstrip('/')}/add-checkpoint"
    policy = policy_from(settings)
    status, body, problem = await request_reply(policy, path, most=_MOST_REPLY, seconds=_SECONDS, post=question)
    if problem:
        raise NotCosigned(problem)
    return status, body.decode("utf-8", "replace")


def _size(text: str) -> int:
    """Return the size in an answer that names the last cosigned checkpoint. Raises NotCosigned."""
    number = text.removesuffix("\n")
    if not (number.isascii() and number.isdecimal() and len(number) < len(str(1 << 62))):
        raise NotCosigned("the witness has another checkpoint, and its answer does not say of which size")
    return int(number)
