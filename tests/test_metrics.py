"""What a monitor asks: queues, lag and locks in ``status --json``, and the same for Prometheus at ``/metrics``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from archive.api import Archive
from archive.api.serialize_runs import status
from archive.serve.app import create_app
from archive.serve.metrics import Gauge, expose
from db.store import Store
from tests.builders import DAY, HOUR, LATER, T0, a_capture, add_source, make_history

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers import Server


def fill(db: Path) -> None:
    """One article with two versions that wait to be compared, and a check that waits to be read."""
    with Store(db) as store:
        source = add_source(store)
        make_history(store, source, [("ferry sinks in fog", T0), ("ferry sinks", T0 + DAY)])
        store.record([(a_capture(source, at=LATER), b"<p>ferry found</p>")])
        run = store.begin_run("refresh", "{}", "one", T0)
        store.end_run(run, {}, T0 + HOUR)
        store.begin_run("refresh", "{}", "two", T0 + DAY)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "archive.db"
    fill(path)
    return path


def test_status_has_what_waits_and_since_when(db: Path) -> None:
    with Archive(db) as archive:
        document = status(archive.status(LATER))
    assert document["queues"]["derive"] == {"waiting": 1, "oldest_at": LATER.isoformat().replace("+00:00", "Z")}
    assert document["queues"]["link"]["waiting"] == 2
    assert document["queues"]["link"]["oldest_at"] is not None
    assert document["newest"]["captured_at"] == document["queues"]["derive"]["oldest_at"]
    assert document["newest"]["derived_at"] is not None
    assert document["locks"] is None


def test_an_empty_archive_waits_for_nothing(tmp_path: Path) -> None:
    Store(tmp_path / "empty.db").close()
    with Archive(tmp_path / "empty.db") as archive:
        work = archive.work(T0)
    assert work["queues"] == {name: {"waiting": 0, "oldest_at": None} for name in ("derive", "link")}
    assert work["newest"] == {"captured_at": None, "derived_at": None}


def test_a_server_says_who_waits_for_a_lock(server: Server, tmp_path: Path) -> None:
    address = server.address(tmp_path)
    fill(address)
    with Archive(address) as archive:
        assert archive.work(LATER)["locks"] == {"waiting": 0, "longest_seconds": 0.0}


def test_prometheus_reads_the_same(db: Path) -> None:
    client = TestClient(create_app(db, clock=lambda: LATER), base_url="http://localhost")
    answer = client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#"))
    assert samples['wirecopy_queue_waiting{queue="derive"}'] == "1"
    assert float(samples['wirecopy_queue_oldest_timestamp_seconds{queue="derive"}']) == LATER.timestamp()
    assert float(samples['wirecopy_newest_timestamp_seconds{step="captured"}']) == LATER.timestamp()
    started = 'wirecopy_run_started_timestamp_seconds{kind="refresh"}'
    assert float(samples[started]) == (T0 + DAY).timestamp()
    assert not [name for name in samples if "run_finished" in name]  # the last one was killed
    assert float(samples["wirecopy_archive_bytes"]) > 0
    names = [line.split()[2] for line in answer.text.splitlines() if line.startswith("# TYPE")]
    assert len(names) == len(set(names))


def test_metrics_need_a_token_where_reading_does(db: Path) -> None:
    client = TestClient(create_app(db, clock=lambda: LATER, token="a" * 32, guarded=True), base_url="http://localhost")
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"authorization": f"Bearer {'a' * 32}"}).status_code == 200


def test_a_label_is_escaped() -> None:
    (_, line) = expose([Gauge("a", "About.", (({"b": 'c"\\\n'}, 1),))])
    assert line == 'a{b="c\\"\\\\\\n"} 1\n'
