"""Run a flow from its own file: ``python flows/refresh.py '{"seeds": [], "force": true}'``.

With parameters, once. Without, once for each order read from standard input, a line of JSON
``{"parameters": {...}, "environ": {...}}``. Each run answers with one line of JSON on standard output,
``{"counts": {...}}`` or ``{"failed": "..."}``; all else that is printed goes to standard error.

A server must be named by PREFECT_API_URL; Prefect's hidden one is never used.
"""

import asyncio
import json
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import Any

from prefect import Flow


def main(flow: Flow[..., Any]) -> None:
    """Run ``flow`` as the command line or standard input says. Ends with 1 if the last run failed."""
    if not os.environ.get("PREFECT_API_URL"):
        sys.exit("PREFECT_API_URL is not set; start a server first, for example with: wirecopy up")
    answers, answer = sys.stdout, {}
    with redirect_stdout(sys.stderr):
        for order in _orders():
            answer = _run(flow, order)
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
    sys.exit(1 if "failed" in answer else 0)


def _orders() -> Iterator[dict[str, dict[str, str]]]:
    if len(sys.argv) > 1:
        yield {"parameters": json.loads(sys.argv[1])}
    else:
        yield from map(json.loads, sys.stdin)


def _run(flow: Flow[..., Any], order: dict[str, dict[str, str]]) -> dict[str, object]:
    os.environ.update(order.get("environ", {}))
    try:
        return {"counts": asyncio.run(flow(**order["parameters"]))}
    except Exception as error:  # noqa: BLE001 - whatever it was, who asked must hear of it, and the next order runs
        traceback.print_exc()
        return {"failed": f"{type(error).__name__}: {error}"}
