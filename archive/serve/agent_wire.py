"""Lines between an agent and the MCP SDK: each request is repaired or answered, where the SDK would drop it.

The SDK reads standard input and passes over a line that it cannot parse, so the agent waits for ever. Two threads stand
between: one repairs requests on their way in, and writes the answer to those that cannot be repaired; the other passes
answers on, so that no two lines mix.
"""

from __future__ import annotations

import json
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONGEST_LINE: Final = 4 * 1024 * 1024
"""Most bytes of a request. The longest sensible one has an address and a number."""

_LAST: Final = b"\0\n"  # no JSON: tells the thread that no answer follows
_PATIENCE: Final = 5.0
_PARSE_ERROR, _INVALID_REQUEST = -32700, -32600  # JSON-RPC 2.0, section 5.1


def repair(line: bytes, is_message: Callable[[str], bool]) -> tuple[bytes, bytes]:
    """Return a request that the SDK can read, and an answer; one of the two is empty.

    Bytes that are no UTF-8 and halves of surrogate pairs become U+FFFD. ``is_message`` tells if the SDK accepts a line.
    """
    if len(line) > LONGEST_LINE:
        return b"", _failure(None, _INVALID_REQUEST, f"a request has at most {LONGEST_LINE} bytes")
    text = line.decode("utf-8", "replace").strip("\r\n\t \ufeff")
    if not text:
        return b"", b""
    if is_message(text):
        return f"{text}\n".encode(), b""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return b"", _failure(None, _PARSE_ERROR, "this line is not JSON")
    text = _without_surrogates(json.dumps(message, ensure_ascii=False))
    if is_message(text):
        return f"{text}\n".encode(), b""
    request_id = json.loads(text).get("id") if isinstance(message, dict) else None
    known_id = request_id if isinstance(request_id, str | int) else None
    return b"", _failure(known_id, _INVALID_REQUEST, "this is not a request of JSON-RPC 2.0")


def _without_surrogates(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _failure(request_id: Any, code: int, message: str) -> bytes:
    answer = {"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": message}}
    return f"{json.dumps(answer)}\n".encode()


@contextmanager
def repaired_wire(is_message: Callable[[str], bool]) -> Iterator[None]:
    """Stand between the agent and file descriptors 0 and 1 of this process."""
    requests, answers = os.dup(0), os.dup(1)
    to_sdk, lock = _pipe_for(0, reads=True), threading.Lock()
    from_sdk = _pipe_for(1, reads=False)
    threading.Thread(target=_pass_requests, args=(requests, to_sdk, answers, lock, is_message), daemon=True).start()
    passing = threading.Thread(target=_pass_answers, args=(from_sdk, answers, lock), daemon=True)
    passing.start()
    try:
        yield
    finally:
        os.write(1, _LAST)
        passing.join(_PATIENCE)


def _pipe_for(descriptor: int, *, reads: bool) -> int:
    """Make a descriptor one end of a pipe, and return the other end."""
    reading, writing = os.pipe()
    own, other = (reading, writing) if reads else (writing, reading)
    os.dup2(own, descriptor)
    os.close(own)
    return other


def _pass_requests(
    requests: int, to_sdk: int, answers: int, lock: threading.Lock, is_message: Callable[[str], bool]
) -> None:
    with open(requests, "rb") as lines, open(to_sdk, "wb") as sdk:
        while line := lines.readline(LONGEST_LINE + 1):
            rest = line
            while not rest.endswith(b"\n") and (rest := lines.readline(LONGEST_LINE)):
                pass  # the rest of a line that is too long
            request, answer = repair(line, is_message)
            if answer:
                _write(answers, answer, lock)
            sdk.write(request)
            sdk.flush()


def _pass_answers(from_sdk: int, answers: int, lock: threading.Lock) -> None:
    with open(from_sdk, "rb") as lines:
        for line in lines:
            if line == _LAST:
                return
            _write(answers, line, lock)


def _write(descriptor: int, line: bytes, lock: threading.Lock) -> None:
    with lock:
        while line:
            line = line[os.write(descriptor, line) :]
