"""The wall: which errors cost only the capture, entry or line that caused them, and how their cause is described.

An error of the place (a full disk, a locked or damaged file, a wrong setting, a process that cannot be started) would
meet every other capture too, so it ends the run. Every other exception is taken for a fault of the one input at hand.
Decision 0027 says where the line is and why.
"""

from __future__ import annotations

import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from db.errors import ConfigError, RunFailed, SeedError, StoreError, Unstorable

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT: Final = Path(__file__).resolve().parent.parent
_LONGEST: Final = 300
"""Characters of a message that are kept: a parser may quote all of what it could not read."""


def is_own_fault(error: BaseException) -> bool:
    """True if ``error`` may be charged to the one input that was being worked on, False if the run has to end.

    A group is charged to the input if each of its errors is. An OSError without a number comes from a decoder, one with
    a number from the operating system.
    """
    if isinstance(error, BaseExceptionGroup):
        return all(is_own_fault(member) for member in error.exceptions)
    if isinstance(error, Unstorable):
        return True
    if isinstance(error, OSError):
        return error.errno is None and not isinstance(error, TimeoutError | ConnectionError)
    return isinstance(error, Exception) and not isinstance(error, StoreError | ConfigError | SeedError | RunFailed)


@contextmanager
def suppress_own_faults() -> Iterator[None]:
    """Leave the block at an exception that may be charged to its input, where there is nobody to charge."""
    try:
        yield
    except Exception as error:
        if not is_own_fault(error):
            raise


def cause_of(error: BaseException) -> str:
    """Return type, place and message of ``error`` on one line: ``ValueError in archive/urls.py line 41 (_parse): ...``.

    The place is the innermost line of our own code. The message is cut to 300 characters and can be stored whatever it
    quotes.
    """
    message = " ".join(str(error).split())[:_LONGEST]
    cause = f"{type(error).__name__}{_place(error)}" + (f": {message}" if message else "")
    return cause.encode("utf-8", "backslashreplace").decode()


def _place(error: BaseException) -> str:
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(_ROOT / "archive") or path.is_relative_to(_ROOT / "db"):
            return f" in {path.relative_to(_ROOT).as_posix()} line {frame.lineno} ({frame.name})"
    return ""
