"""The owner of a lease, a name that identifies its process, so that the lease of a dead process can be ignored.

Form: ``name@host:pid:start#token``. ``start`` is the process's start time as the kernel counts it, because process ids
are reused. The token tells two runs of one process apart.
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
    """Return a new owner for the run called ``name`` in this process."""
    pid = os.getpid()
    return f"{name}@{socket.gethostname()}:{pid}:{_start_time(pid)}#{secrets.token_hex(3)}"


def owner_is_alive(owner: str) -> bool:
    """False if ``owner`` names a process of this machine that no longer runs. True if it runs or may run."""
    host, _, process = owner.rpartition("@")[2].partition(":")
    pid, _, start = process.partition("#")[0].partition(":")
    if host != socket.gethostname() or not pid.isdecimal():
        return True
    return _is_running(int(pid)) and start in {"", _start_time(int(pid))}


def active_leases(ask: Ask, now: datetime) -> list[dict[str, Any]]:
    """Return the leases in force at ``now`` whose owner runs, as far as this machine can tell."""
    return [lease for lease in leases(ask, now) if owner_is_alive(lease["owner"])]


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _start_time(pid: int) -> str:
    """Return the start time of a process in clock ticks since boot, or empty where the system does not say."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    # The second field is the program's name in brackets, and may itself contain blanks and brackets.
    return stat.rpartition(")")[2].split()[19]
