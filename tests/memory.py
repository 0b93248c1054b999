"""How much memory a process has held at most: a child's own, not what it inherited."""

from __future__ import annotations

import resource
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak() -> int:
    """Bytes this process has held at most since it was started.

    ``ru_maxrss`` begins, on Linux, at what the parent held when it forked; the kernel's own mark begins at zero.
    """
    if STATUS.exists():
        return next(int(line.split()[1]) for line in STATUS.read_text().splitlines() if line.startswith("VmHWM")) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
