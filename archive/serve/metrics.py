"""``/metrics``: figures for a monitor, in Prometheus' text format 0.0.4.

https://prometheus.io/docs/instrumenting/exposition_formats/ . All are gauges, and all are read from the archive, so
they are right whichever process did the work. Times are seconds since 1970. One that never was has no line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starlette.responses import Response
from starlette.routing import Route

from archive.serve.request_context import request_context

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from starlette.requests import Request

    from archive.api import Archive

_MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_ESCAPES: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})

Sample = tuple["Mapping[str, str]", float]


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure with its explanation, and its samples: labels and value of each."""

    name: str
    about: str
    samples: tuple[Sample, ...]


def routes() -> list[Route]:
    """Return the route of the figures."""
    return [Route("/metrics", _answer)]


def _answer(request: Request) -> Response:
    with request_context(request, "") as context:
        text = "".join(expose(gauges(context.archive, context.now)))
    return Response(text, headers={"cache-control": "no-store"}, media_type=_MEDIA_TYPE)


def gauges(archive: Archive, now: datetime) -> Iterator[Gauge]:
    """Yield the figures of an archive."""
    work = archive.work(now)
    queues = work["queues"].items()
    yield _gauge("queue_waiting", "Pages to derive, and texts to compare.", _of_queues(queues, "waiting"))
    about = "When the first of them was checked, or its version recorded."
    yield _gauge("queue_oldest_timestamp_seconds", about, _of_queues(queues, "oldest_at"))
    times = [({"step": step.removesuffix("_at")}, moment) for step, moment in work["newest"].items()]
    yield _gauge("newest_timestamp_seconds", "The newest check, and when the newest derived one was derived.", times)
    runs = list({run["kind"]: run for run in reversed(work["runs"])}.values())
    starts = [({"kind": run["kind"]}, run["started_at"]) for run in runs]
    yield _gauge("run_started_timestamp_seconds", "The start of the last run of each kind.", starts)
    ends = [({"kind": run["kind"]}, run["finished_at"]) for run in runs]
    yield _gauge("run_finished_timestamp_seconds", "Its end; none while it runs, or if it was killed.", ends)
    yield _gauge("leases", "Runs at work now.", [({}, len(work["leases"]))])
    yield _gauge("work_errors", "Pages and texts that made our own code raise.", [({}, work["error_count"])])
    yield _gauge("archive_bytes", "Bytes of the archive in use.", [({}, work["bytes"])])
    if work["locks"] is not None:
        yield _gauge("lock_waiting", "Sessions of the server that wait for a lock.", [({}, work["locks"]["waiting"])])
        longest = work["locks"]["longest_seconds"]
        yield _gauge("lock_longest_wait_seconds", "The longest of these waits so far.", [({}, longest)])


def expose(figures: Iterable[Gauge]) -> Iterator[str]:
    """Yield the figures as Prometheus reads them, those without a sample left out."""
    for gauge in figures:
        if gauge.samples:
            yield f"# HELP {gauge.name} {gauge.about}\n# TYPE {gauge.name} gauge\n"
        for labels, value in gauge.samples:
            pairs = ",".join(f'{name}="{text.translate(_ESCAPES)}"' for name, text in labels.items())
            yield f"{gauge.name}{f'{{{pairs}}}' if pairs else ''} {value}\n"


def _of_queues(
    queues: Iterable[tuple[str, Mapping[str, datetime | float | None]]], field: str
) -> list[tuple[dict[str, str], datetime | float | None]]:
    return [({"queue": name}, queue[field]) for name, queue in queues]


def _gauge(name: str, about: str, values: Iterable[tuple[Mapping[str, str], datetime | float | None]]) -> Gauge:
    samples = [
        (labels, value if isinstance(value, int | float) else value.timestamp())
        for labels, value in values
        if value is not None
    ]
    return Gauge(f"wirecopy_{name}", about, tuple(samples))
