"""Pickled values over a pipe, each after eight bytes of length. Both ends are our own processes."""

from __future__ import annotations

import os
import pickle  # safe: parent and child are one program, and nobody else can write to the pipe
import selectors
from time import monotonic
from typing import Any

_HEADER = 8
_CHUNK = 1 << 20


class PipeTimeout(Exception):
    """The other end did not answer in time."""


class PipeClosed(Exception):
    """The other end has closed the pipe."""


def send(pipe: int, value: object, *, within: float | None = None) -> None:
    """Write one value to the file descriptor ``pipe``. Raises PipeTimeout, or PipeClosed if nobody reads.

    ``within`` is a time limit in seconds. With a limit, the descriptor must be non-blocking.
    """
    deadline = None if within is None else monotonic() + within
    body = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    unsent = memoryview(len(body).to_bytes(_HEADER, "big") + body)
    try:
        while unsent:
            if deadline is not None:
                _wait(pipe, deadline, selectors.EVENT_WRITE)
            unsent = unsent[_write(pipe, unsent) :]
    except BrokenPipeError:
        raise PipeClosed from None


def _write(pipe: int, data: memoryview) -> int:
    try:
        return os.write(pipe, data)
    except BlockingIOError:
        return 0


def receive(pipe: int, *, within: float | None = None) -> Any:
    """Read one value from ``pipe``, with a time limit in seconds. Raises PipeTimeout, or PipeClosed at its end."""
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
            raise PipeClosed
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _wait(pipe: int, deadline: float, event: int) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, event)
        if not selector.select(max(0.0, deadline - monotonic())):
            raise PipeTimeout
