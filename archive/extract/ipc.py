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


def send(pipe: int, value: object, *, within: float | None = None) -> None:
    """Write one frame to the descriptor ``pipe``; ``within`` seconds when given, for which it must not block.

    Raises Hung, or Ended when nobody reads.
    """
    deadline = None if within is None else monotonic() + within
    data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    waiting = memoryview(len(data).to_bytes(_HEADER, "big") + data)
    try:
        while waiting:
            if deadline is not None:
                _wait(pipe, deadline, selectors.EVENT_WRITE)
            waiting = waiting[_write(pipe, waiting) :]
    except BrokenPipeError:
        raise Ended from None


def _write(pipe: int, data: memoryview) -> int:
    try:
        return os.write(pipe, data)
    except BlockingIOError:
        return 0


def receive(pipe: int, *, within: float | None = None) -> Any:
    """Read one frame from ``pipe``; ``within`` seconds when given. Raises Hung, or Ended at the end of the pipe."""
    deadline = None if within is None else monotonic() + within
    size = int.from_bytes(_read(pipe, _HEADER, deadline), "big")
    return pickle.loads(_read(pipe, size, deadline))  # noqa: S301  # see the import


def _read(pipe: int, size: int, deadline: float | None) -> bytes:
    parts, missing = [], size
    while missing:
        if deadline is not None:
            _wait(pipe, deadline, selectors.EVENT_READ)
        part = os.read(pipe, min(missing, _CHUNK))
        if not part:
            raise Ended
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _wait(pipe: int, deadline: float, event: int) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, event)
        if not selector.select(max(0.0, deadline - monotonic())):
            raise Hung
