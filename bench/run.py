"""Run every ``bench_*.py`` of this folder and print what it measured. Reported, never asserted.

A bench defines ``figures() -> Iterator[tuple[str, float]]`` and ``UNIT``. Its first figure is the yardstick, and the
last column says how many times as much each figure is: ratios within one run mean something on any machine, absolute
figures only on a quiet one. A bench may also define ``findings(figures) -> Iterator[str]``, sentences that set its
figures beside what is wanted of them.

    python bench/run.py            all of them
    python bench/run.py fetch      bench_fetch.py, and those whose names begin so: bench_fetch_memory.py
    python bench/run.py --json     one JSON document
"""

from __future__ import annotations

import argparse
import importlib
import json
import platform
from pathlib import Path

HERE = Path(__file__).parent


def measure(name: str) -> dict[str, object]:
    bench = importlib.import_module(f"bench_{name}")
    figures = list(bench.figures())
    findings = list(bench.findings(dict(figures))) if hasattr(bench, "findings") else []
    return {"bench": name, "unit": bench.UNIT, "about": bench.__doc__, "figures": figures, "findings": findings}


def show(result: dict[str, object]) -> None:
    print(f"\n{result['bench']}: {result['about'].splitlines()[0]}")
    yardstick = result["figures"][0][1]
    for name, value in result["figures"]:
        print(f"  {name:<44} {value:>10.3f} {result['unit']}  {value / yardstick:>8.2f} x")
    for finding in result["findings"]:
        print(f"  {finding}")


def picked(asked: list[str], known: list[str]) -> list[str]:
    """The benches meant: each name stands for its bench and for those that begin with it; all if none is asked for."""
    return [name for name in known if not asked or any(f"{name}_".startswith(f"{each}_") for each in asked)]


def main() -> None:
    known = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(known)}")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    if unknown := {name for name in chosen.names if not picked([name], known)}:
        parser.error(f"no such bench: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    results = []
    for name in picked(chosen.names, known):
        results.append(measure(name))
        if not chosen.json:
            show(results[-1])
    if chosen.json:
        print(json.dumps({"python": platform.python_version(), "machine": platform.machine(), "results": results}))


if __name__ == "__main__":
    main()
