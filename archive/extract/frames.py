"""Values over a pipe: eight bytes of length, then the pickled value. Both ends are our own processes."""

from __future__ import annotations

import os
import pickle  # parent and child are one program, and the pipe has no other end
import selectors
from time import monotonic
from typing import Any

_HEADER = 8
_CHUNK = 1 << 20


class Hung(Exception):
    """The other end did not answer in time."""


class Ended(Exception):
    """The other end is gone."""


def send(pipe: int, value: object) -> None:
    """Write one frame to the descriptor ``pipe``. Raises Ended when nobody reads."""
    data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    waiting = memoryview(len(data).to_bytes(_HEADER, "big") + data)
    try:
        while waiting:
            waiting = waiting[os.write(pipe, waiting) :]
    except BrokenPipeError:
        raise Ended from None


def receive(pipe: int, *, within: float | None = None) -> Any:
    """Read one frame from ``pipe``; ``within`` seconds when given. Raises Hung, or Ended at the end of the pipe."""
    deadline = None if within is None else monotonic() + within
    size = int.from_bytes(_read(pipe, _HEADER, deadline), "big")
    return pickle.loads(_read(pipe, size, deadline))  # noqa: S301  # see the import


def _read(pipe: int, size: int, deadline: float | None) -> bytes:
    parts, missing = [], size
    while missing:
        if deadline is not None:
            _wait(pipe, deadline)
        part = os.read(pipe, min(missing, _CHUNK))
        if not part:
            raise Ended
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _wait(pipe: int, deadline: float) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        if not selector.select(max(0.0, deadline - monotonic())):
            raise Hung
