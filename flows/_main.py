"""Run a flow from its own file: ``python flows/refresh.py '{"seeds": [], "force": true}'``.

With parameters on the command line, the flow runs once. Without, it runs once for each line of standard input, JSON of
the form ``{"parameters": {...}, "environ": {...}}``. Each run writes one line of JSON to standard output,
``{"counts": {...}}`` or ``{"failed": "..."}``. All other output goes to standard error.

PREFECT_API_URL must name a server. Prefect's hidden server is never used.
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
    """Run ``flow`` with parameters of the command line or of standard input. Exits with 1 if the last run failed."""
    if not os.environ.get("PREFECT_API_URL"):
        sys.exit("PREFECT_API_URL is not set; start a server first, for example with: wirecopy up")
    output, result = sys.stdout, {}
    with redirect_stdout(sys.stderr):
        for order in _orders():
            result = _run(flow, order)
            output.write(json.dumps(result) + "\n")
            output.flush()
    sys.exit(1 if "failed" in result else 0)


def _orders() -> Iterator[dict[str, dict[str, str]]]:
    if len(sys.argv) > 1:
        yield {"parameters": json.loads(sys.argv[1])}
    else:
        yield from map(json.loads, sys.stdin)


def _run(flow: Flow[..., Any], order: dict[str, dict[str, str]]) -> dict[str, object]:
    os.environ.update(order.get("environ", {}))
    try:
        return {"counts": asyncio.run(flow(**order["parameters"]))}
    except Exception as error:  # noqa: BLE001 - the caller must learn of any error, and the next order runs
        traceback.print_exc()
        return {"failed": f"{type(error).__name__}: {error}"}
