"""Who holds a lease: a name that says which process, so that a holder that died is known to be dead.

``name@host:pid:start#token``: ``start`` is the process's start time as the kernel counts it, because numbers of
processes are used again; the token tells two runs of one process apart.
"""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.queries.statistics import leases

if TYPE_CHECKING:
    from datetime import datetime

    from db.reader import Ask


def lease_owner(name: str) -> str:
    """A new holder for the run called ``name`` in this process."""
    pid = os.getpid()
    return f"{name}@{socket.gethostname()}:{pid}:{_started(pid)}#{secrets.token_hex(3)}"


def owner_is_alive(owner: str) -> bool:
    """False if ``owner`` names a process of this machine that no longer runs; True if it runs, or cannot be told."""
    host, _, process = owner.rpartition("@")[2].partition(":")
    pid, _, start = process.partition("#")[0].partition(":")
    if host != socket.gethostname() or not pid.isdecimal():
        return True
    return _runs(int(pid)) and start in {"", _started(int(pid))}


def active_leases(ask: Ask, now: datetime) -> list[dict[str, Any]]:
    """The leases that somebody holds at ``now`` who lives, as far as that can be told."""
    return [lease for lease in leases(ask, now) if owner_is_alive(lease["owner"])]


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _started(pid: int) -> str:
    """Start time of a process in clock ticks since boot; empty where the system does not tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    # The second field is the program's name in brackets, and may itself hold blanks and brackets.
    return stat.rpartition(")")[2].split()[19]
