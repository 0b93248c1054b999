"""Memory over many pages through the pool: what this process and its largest worker hold, early and at the end.

python bench/run.py extract_soak                  2,000 pages
python bench/bench_extract_soak.py 50000          as many as named
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench_extract import made_up

from archive.extract import Extractors

if TYPE_CHECKING:
    from collections.abc import Iterator

UNIT = "MB"
PAGES = 2_000
WORKERS = 2
FIRST = 0.2
"""Share of the pages after which memory is looked at for the first time: the workers are warm by then."""

EVERY = 50


def figures(pages: int = PAGES) -> Iterator[tuple[str, float]]:
    """Megabytes, each the most seen in a stretch of the run; children are those of this process."""
    early = [0.0, 0.0]
    late = [0.0, 0.0]
    with Extractors(WORKERS) as pool:
        for number, _ in enumerate(pool.map(made_up(each) for each in range(pages))):
            if number % EVERY == 0:
                held = early if number < FIRST * pages else late
                held[:] = map(max, held, (resident("self"), max(map(resident, children()), default=0.0)))
    yield "a worker, first pages", early[1]
    yield "a worker, other pages", late[1]
    yield "this process, first pages", early[0]
    yield "this process, other pages", late[0]


def resident(process: str) -> float:
    """Megabytes of memory the process holds now; 0 when it is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS")), 0.0)


def children() -> list[str]:
    """Ids of the child processes of this one."""
    found: set[str] = set()
    for task in Path("/proc/self/task").iterdir():
        found.update((task / "children").read_text().split())
    return sorted(found)


def main() -> None:
    for name, value in figures(int(sys.argv[1]) if len(sys.argv) > 1 else PAGES):
        print(f"{name:<30} {value:>8.1f} {UNIT}")


if __name__ == "__main__":
    main()
