"""Tests of the flows: their artifacts, and that they do to an archive exactly what the command line does."""

import prefecture  # noqa: F401  # before anything of Prefect's

# isort: split
import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from _report import escape_markdown, one_line
from markdown_it import MarkdownIt

from archive.launch import FlowProcess, PrivateServer, refresher, resource_path, run_flow
from archive.pipeline.refresh import refresh
from archive.resources import code_environ
from archive.settings import load_settings, to_environ
from builders import T0
from db.errors import RunFailed, StoreBusy
from db.lease_owner import lease_owner, owner_is_alive
from db.records import Event, EventKind, Report, Row
from db.store import Store
from newsroom import PARAGRAPHS
from newsroom import page as a_page
from tests.replies import Say, page
from tests.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from archive.settings import Settings

HOSTILE = [
    "# Harbour opens",
    "[click me](javascript:alert(1))",
    "![x](https://tracker.example/pixel.png)",
    "<img src=x onerror=alert(1)>",
    "https://evil.example/ www.evil.example",
    "<https://evil.example>",
    "**bold** _it_ `code` ~~gone~~ \\* &amp; &lt;b&gt;",
    "| a | b |\n|---|---|\n1. one\n\n    code\n\n> quote",
    "ends with a backslash \\",
]

# --- what people are shown -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_title_shows_as_the_text_it_is(title: str) -> None:

    markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    (paragraph,) = [token for token in markdown.parse(escape_markdown(title)) if token.type == "inline"]
    assert {token.type for token in paragraph.children or ()} <= {"text", "text_special"}
    assert "".join(token.content for token in paragraph.children or ()) == " ".join(title.split())


def an_event(title: str, *, url: str = "https://daily.example/a", weight: float = 0.5) -> Event:
    return Event(kind=EventKind.EDITED, at=T0, since=T0, url=url, title=title, edits=("number",), weight=weight)


def test_an_event_is_one_list_item_whatever_its_title_and_address() -> None:
    from _report import event_list

    events = [an_event(title, url="https://daily.example/*a*_b_") for title in HOSTILE]
    tokens = MarkdownIt("commonmark", {"html": True}).parse(event_list(events))
    assert sum(token.type == "list_item_open" for token in tokens) == len(HOSTILE)
    inside = {child.type for token in tokens for child in token.children or ()}
    assert inside <= {"text", "text_special", "strong_open", "strong_close"}


def test_what_turns_the_direction_of_writing_is_left_out() -> None:
    assert one_line("safe \u202etxt.exe\u2066 \x1b[31mred\0") == "safe txt.exe [31mred"


def test_an_endless_title_is_cut() -> None:
    assert len(one_line("ah " * 500_000)) == 200


def test_an_event_is_told_in_the_words_of_the_inbox() -> None:
    from _report import event_list

    event = replace(an_event("Bridge to cost less"), before="three million", after="three hundred thousand")
    assert event_list([event]) == (
        "1. **Bridge to cost less** number&#58; three million \u2192 three hundred thousand. "
        "https&#58;&#47;&#47;daily&#46;example&#47;a"
    )
    assert event_list([]) == "Nothing happened that is worth telling."


def test_the_run_table_shows_the_worst_first_and_at_most_fifty() -> None:
    from _report import ROWS, run_table

    good = [Row(url=f"https://daily.example/{n:03}", outcome="page", versions=n == 70) for n in range(80)]
    bad = [Row(url="https://slow.example/", outcome="timeout", reason="no answer within 60 s")]
    table = run_table([*good, *bad])
    assert len(table) == ROWS
    assert table[0] == {
        "source": "https://slow.example/",
        "outcome": "timeout",
        "versions": 0,
        "reason": "no answer within 60 s",
    }
    assert table[1]["source"] == "https://daily.example/070"


def test_outside_a_run_nothing_is_left_anywhere(now: "datetime", tmp_path: Path) -> None:
    from _report import publish

    report = Report(run_id=1, kind="refresh", started_at=now, finished_at=now)
    asyncio.run(publish(report, load_settings({}, start=tmp_path)))


@pytest.mark.slow
def test_a_flow_without_a_server_says_what_to_start() -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    command = [sys.executable, str(resource_path("flows") / "upkeep.py"), "{}"]
    process = subprocess.run(command, env=code_environ(environ), capture_output=True, text=True, check=False)
    assert process.returncode == 1
    assert process.stdout == ""
    assert process.stderr.strip() == "PREFECT_API_URL is not set; start a server first, for example with: wirecopy up"


def test_a_hook_gives_back_the_leases_of_its_run_alone(
    tmp_path: Path, now: "datetime", monkeypatch: pytest.MonkeyPatch
) -> None:
    from _run import owner_of, release

    monkeypatch.setenv("WIRECOPY_DB", str(tmp_path / "archive.db"))
    until = now + timedelta(hours=1)
    with Store(tmp_path / "archive.db") as store:
        store.take_lease("run", lease_owner(owner_of("one")), now, until, owner_is_alive)
        store.take_lease("other", lease_owner(owner_of("two")), now, until, owner_is_alive)
        release(None, _Run("one"), None)
        assert [row["name"] for row in store.ask("SELECT name FROM lease")] == ["other"]


def test_a_hook_makes_no_archive_where_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from _run import release_leases_of

    monkeypatch.setenv("WIRECOPY_DB", str(tmp_path / "archive.db"))
    release_leases_of("one")
    assert list(tmp_path.iterdir()) == []


@dataclass
class _Run:
    """The attributes of a flow run that our hook reads."""

    id: str


# --- for real --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[PrivateServer]":
    """One server for this file: starting one takes 15 to 30 seconds."""
    with PrivateServer(tmp_path_factory.mktemp("prefect"), environ=os.environ) as server:
        server.wait_ready()
        yield server


@pytest.fixture
def site() -> "Iterator[Site]":
    """A small newspaper on loopback."""
    with Site() as site:
        for name in "abc":
            site.pages[f"/{name}"] = an_article(name)
        yield site


def an_article(name: str, **more: str) -> Say:
    return page(a_page(*PARAGRAPHS, f"Filed by our reporter {name} in Port Selwyn.", **more))


def a_project(folder: Path, site: Site) -> Path:
    """A folder with an index of three articles of the newspaper, and settings that lead there."""
    rows = "\n".join(f"| {name} | http://daily.example/{name} | article | 1h | |" for name in "abc")
    (folder / "seeds").mkdir(parents=True)
    head = "# Seeds\n\n## daily\n\n| name | url | kind | every | note |\n| --- | --- | --- | --- | --- |\n"
    (folder / "seeds" / "INDEX.md").write_text(f"{head}{rows}\n")
    mapping = f'contact = "desk@example.org"\nmin_gap = 0.0\n\n[resolve]\n"*.example" = "127.0.0.1:{site.port}"\n'
    (folder / "wirecopy.toml").write_text(mapping)
    return folder


def settings_of(folder: Path, clock: "datetime | None" = None) -> "Settings":
    return load_settings({}, start=folder, overrides={"clock": clock})


def views_of(db: Path) -> dict[str, list[tuple[object, ...]]]:
    """Everything the stable views say, in one order."""
    with contextlib.closing(sqlite3.connect(db)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE name GLOB 'v_*'")]
        return {name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr) for name in names}


def ask(server: PrivateServer, what: str, **filters: object) -> Any:
    """Return objects from Prefect's server, newest first where it sorts."""
    request = urllib.request.Request(  # noqa: S310 - our own server on loopback
        f"{server.environ['PREFECT_API_URL']}/{what}/filter",
        data=json.dumps(filters).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=100) as answer:  # noqa: S310
        return json.load(answer)


def last_run(server: PrivateServer, name: str) -> Any:
    """Return the newest started run of a flow. Scheduled ones do not count."""
    began = {"start_time": {"is_null_": False}}
    newest = {"sort": "START_TIME_DESC", "limit": 1}
    return ask(server, "flow_runs", flows={"name": {"any_": [name]}}, flow_runs=began, **newest)[0]


def prefect(server: PrivateServer, folder: Path, *command: str, **environ: str) -> str:
    """Prefect's own command, in the folder of a project, as docs/operate.md says."""
    process = subprocess.run(
        [sys.executable, "-m", "prefect", *command],
        cwd=folder,
        env=code_environ(server.environ | environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stdout
    return process.stdout


@pytest.mark.slow
def test_the_command_line_and_the_flow_make_equal_archives(
    server: PrivateServer, site: Site, tmp_path: Path, now: "datetime"
) -> None:
    direct, flown = a_project(tmp_path / "direct", site), a_project(tmp_path / "flown", site)
    counts: dict[str, list[Mapping[str, int]]] = {"direct": [], "flown": []}
    with refresher(flown, server=server, environ=os.environ) as look:
        for hours in (0, 4):
            site.pages["/a"] = an_article("a", title=f"Ministers meet for the {hours}th time")
            instant = now + timedelta(hours=hours)
            counts["direct"].append(asyncio.run(refresh(settings_of(direct, instant), force=True)).counts)
            counts["flown"].append(look(instant))
    assert counts["direct"] == counts["flown"]
    assert counts["flown"][1]["versions"] == 1
    direct_views, other = views_of(settings_of(direct).db), views_of(settings_of(flown).db)
    assert direct_views == other
    assert len(direct_views["v_versions"]) == 4


@pytest.mark.slow
def test_a_run_leaves_a_table_and_its_top_changes(server: PrivateServer, site: Site, tmp_path: Path) -> None:
    folder = a_project(tmp_path, site)
    with FlowProcess(resource_path("flows") / "refresh.py", server=server, cwd=folder, environ=os.environ) as refresh:
        refresh.run({})
        site.pages["/b"] = an_article("b", title="[Ministers](javascript:x) walk out")
        refresh.run({"seeds": ["daily/b"], "force": True})
    run = last_run(server, "refresh")
    assert run["state"]["type"] == "COMPLETED"
    assert run["name"].endswith("seeds=daily/b force=True")
    left = {artifact["key"]: artifact for artifact in ask(server, "artifacts", flow_runs={"id": {"any_": [run["id"]]}})}
    (row,) = json.loads(left["run-table"]["data"])
    assert row == {"source": "http://daily.example/b", "outcome": "page", "versions": 1, "reason": ""}
    assert "&#91;Ministers&#93;" in left["top-changes"]["data"]


@pytest.mark.slow
def test_each_batch_of_work_is_one_task(server: PrivateServer, site: Site, tmp_path: Path) -> None:
    folder = a_project(tmp_path, site)
    run_flow(resource_path("flows") / "refresh.py", {}, server=server, cwd=folder, environ=os.environ)
    run = last_run(server, "refresh")
    names: list[str] = []
    for _ in range(1000):  # task runs reach the server a little later, as events
        tasks = ask(server, "task_runs", flow_runs={"id": {"any_": [run["id"]]}})
        names = sorted(task["name"].partition("-")[0] for task in tasks)
        if names == ["derive", "gather"]:
            break
        time.sleep(0.1)
    assert names == ["derive", "gather"]


LONG = """
from _main import main
from _run import task_per_batch
from prefect import flow

async def work(ids: list[int]) -> dict[str, int]:
    return {"visits": len(ids)}

@flow(name="long")
async def long() -> dict[str, int]:
    step = task_per_batch(progress_seconds=0)
    assert await step("gather", work, [1, 2, 3]) == {"visits": 3}
    return await step("gather", work, [4, 5])

main(long)
"""


@pytest.mark.slow
def test_a_long_run_says_how_far_it_is(server: PrivateServer, tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text(LONG)
    environ = {**os.environ, "PYTHONPATH": str(resource_path("flows"))}
    counts = run_flow(tmp_path / "long.py", {}, server=server, cwd=tmp_path, environ=environ)
    assert counts == {"visits": 2}
    left = ask(server, "artifacts", artifacts={"key": {"any_": ["progress"]}}, sort="CREATED_DESC")
    own = [artifact for artifact in left if artifact["flow_run_id"] == last_run(server, "long")["id"]]
    assert [artifact["data"].partition(" after ")[0] for artifact in own] == ["visits 5", "visits 3"]


@pytest.mark.slow
def test_backfill_and_upkeep_run_for_real(server: PrivateServer, site: Site, tmp_path: Path) -> None:
    folder, flows = a_project(tmp_path, site), resource_path("flows")
    run_flow(flows / "refresh.py", {}, server=server, cwd=folder, environ=os.environ)
    window = {"since": "2021-10-01", "source": "payloads"}
    counts = run_flow(flows / "backfill.py", window, server=server, cwd=folder, environ=os.environ)
    assert counts["derived"] == 3
    assert "since=2021-10-01 source=payloads" in last_run(server, "backfill")["name"]
    assert run_flow(flows / "upkeep.py", {}, server=server, cwd=folder, environ=os.environ)["backups"] == 1
    assert len(list((folder / "data" / "backups").iterdir())) == 1


@pytest.mark.slow
def test_a_run_that_cannot_start_says_why_and_the_next_one_works(
    server: PrivateServer, site: Site, tmp_path: Path
) -> None:
    folder = a_project(tmp_path, site)
    with FlowProcess(resource_path("flows") / "refresh.py", server=server, cwd=folder, environ=os.environ) as refresh:
        with pytest.raises(RunFailed, match="SeedError: no seed, group or address 'tides'"):
            refresh.run({"seeds": ["tides"]})
        assert last_run(server, "refresh")["state"]["type"] == "FAILED"
        with pytest.raises(RunFailed, match="force"):
            refresh.run({"force": "perhaps"})
        assert refresh.run({})["versions"] == 3


@pytest.mark.slow
def test_a_refresh_that_meets_another_run_is_cancelled(server: PrivateServer, site: Site, tmp_path: Path) -> None:
    folder = a_project(tmp_path, site)
    settings = settings_of(folder)
    settings.db.parent.mkdir()
    until = settings.now() + timedelta(hours=1)
    with Store(settings.db) as store:
        store.take_lease("run", lease_owner("somebody"), settings.now(), until, owner_is_alive)
        with pytest.raises(RunFailed, match="another run is at work"):
            run_flow(resource_path("flows") / "refresh.py", {}, server=server, cwd=folder, environ=os.environ)
    assert last_run(server, "refresh")["state"]["type"] == "CANCELLED"


@pytest.mark.slow
def test_upkeep_waits_for_another_run_to_end_and_meanwhile_no_refresh_begins(
    server: PrivateServer, site: Site, tmp_path: Path
) -> None:
    folder = a_project(tmp_path, site)
    settings = settings_of(folder)
    settings.db.parent.mkdir()
    upkeep = resource_path("flows") / "upkeep.py"
    with Store(settings.db) as store, ThreadPoolExecutor(1) as pool:

        def begin_refresh(name: str) -> None:
            now = settings.now()
            store.take_lease("run", name, now, now + timedelta(hours=1), owner_is_alive, share="recipe")

        begin_refresh(lease_owner("first"))
        counts = pool.submit(run_flow, upkeep, {}, server=server, cwd=folder, environ=os.environ)
        while not (counts.done() or store.ask("SELECT 1 AS n FROM lease WHERE name = 'turn run'")):
            time.sleep(0.1)
        with pytest.raises(StoreBusy, match="waits for the archive alone"):
            begin_refresh(lease_owner("second"))
        store.release_leases("first")
        assert counts.result()["backups"] == 1
        begin_refresh(lease_owner("third"))


@pytest.mark.slow
def test_a_run_killed_in_the_middle_leaves_nothing_that_stops_the_next(
    server: PrivateServer, site: Site, tmp_path: Path
) -> None:
    folder = a_project(tmp_path, site)
    site.pages["/c"] = Say(b"", then="hang")
    environ = dict(os.environ)
    with subprocess.Popen(
        [sys.executable, str(resource_path("flows") / "refresh.py"), "{}"],
        cwd=folder,
        env=code_environ(environ | server.environ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as killed:
        while "/c" not in site.targets():
            assert killed.poll() is None
            time.sleep(0.05)
        killed.send_signal(signal.SIGKILL)
    site.pages["/c"] = an_article("c")
    counts = run_flow(
        resource_path("flows") / "refresh.py", {"force": True}, server=server, cwd=folder, environ=os.environ
    )
    assert counts["failed"] == 0
    assert len(views_of(settings_of(folder).db)["v_versions"]) == 3


@pytest.mark.slow
def test_deploying_to_a_server_and_running_a_worker_as_the_documents_say(
    server: PrivateServer, site: Site, tmp_path: Path
) -> None:
    folder = a_project(tmp_path, site)
    subprocess.run(
        [Path(sys.executable).with_name("wirecopy"), "init"], cwd=folder, env=code_environ(os.environ), check=True
    )
    settings = settings_of(folder)
    environ = to_environ(settings)
    prefect(server, folder, "work-pool", "create", "wirecopy", "--type", "process")
    prefect(server, folder, "--no-prompt", "deploy", "--all")
    prefect(server, folder, "--no-prompt", "deploy", "--all")  # again: nothing doubles
    deployed = {deployment["name"]: deployment for deployment in ask(server, "deployments")}
    assert set(deployed) == {"scheduled", "shard", "manual", "nightly"}
    assert {deployment["work_pool_name"] for deployment in deployed.values()} == {"wirecopy"}
    assert [entry["schedule"]["cron"] for entry in deployed["scheduled"]["schedules"]] == ["*/15 * * * *"]
    (automation,) = ask(server, "automations")
    assert automation["trigger"]["within"] == 180

    with pytest.raises(AssertionError, match="'since'"):  # refused at once, by the pattern in the schema
        prefect(server, folder, "deployment", "run", "backfill/manual", "-p", "since=garbage")
    prefect(server, folder, "deployment", "run", "refresh/scheduled", "-p", "force=true", "-p", "shards=2")
    worker = ("worker", "start", "--pool", "wirecopy", "--run-once")
    prefect(server, folder, *worker, **environ)  # starts the shard runs
    assert last_run(server, "refresh")["state"]["type"] == "COMPLETED"
    prefect(server, folder, *worker, **environ)  # makes them
    shards = ask(server, "flow_runs", flows={"name": {"any_": ["refresh-shard"]}})
    assert sorted(run["parameters"]["shard"] for run in shards) == [1, 2]
    assert {run["state"]["type"] for run in shards} == {"COMPLETED"}
    assert sorted(site.targets()) == ["/a", "/b", "/c"]  # a forced visit is made by one of the shards
    assert len(views_of(settings.db)["v_versions"]) == 3
