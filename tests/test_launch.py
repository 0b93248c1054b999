"""Child processes: Prefect and the flows get what they need, and none outlives its parent."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import tomllib
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import pytest

from archive.launch.child import MAX_LOG_BYTES, TAIL_LINES, Child, read_tail
from archive.launch.port import HOST, _is_healthy, free_port, port_is_free
from archive.launch.server import PrivateServer, private_environ
from archive.launch.up import set_damaged_aside
from archive.launch.up import up as launch_up
from archive.resources import code_environ, prefect_environ, resource_path
from archive.settings import Settings
from db.errors import ConfigError, RunFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PATIENCE = 200.0

SLEEPER = "import os, sys, time; print(os.getpid(), flush=True); time.sleep(600)"

STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER

FAMILY = (  # a parent that prints its child's process id and then waits
    "import subprocess, sys, time; "
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
    "print(child.pid, flush=True); time.sleep(600)"
)


def a_child(folder: Path, *command: str) -> Child:
    return Child([sys.executable, *command], environ=dict(os.environ), cwd=folder, log=folder / "child.log")


def alive(pid: int) -> bool:
    """Return True if a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def soon(condition: Callable[[], bool]) -> bool:
    """Return True if the condition comes true before patience ends."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


# --- children --------------------------------------------------------------------------------------------------------


def test_a_child_answers_line_by_line(tmp_path: Path) -> None:
    with a_child(
        tmp_path, "-c", "for line in __import__('sys').stdin: print(line.upper(), end='', flush=True)"
    ) as child:
        assert child.ask("harbour") == "HARBOUR\n"
        assert child.ask("strait") == "STRAIT\n"


def test_a_log_that_has_grown_large_makes_room_for_a_new_one(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    speak = "-c", "import sys; print('new', file=sys.stderr)"
    for size, content in ((10, b"o" * 10 + b"new\n"), (MAX_LOG_BYTES + 1, b"new\n")):
        log.write_bytes(b"o" * size)
        with a_child(tmp_path, *speak) as child:
            child.wait()
        assert log.read_bytes() == content
    assert log.with_name("child.log.1").read_bytes() == b"o" * (MAX_LOG_BYTES + 1)


def test_the_error_of_a_dead_child_quotes_the_end_of_its_log(tmp_path: Path) -> None:
    noise = "import sys; sys.stderr.write(''.join(f'line {n}\\n' for n in range(100))); sys.exit('no such harbour')"
    with a_child(tmp_path, "-c", noise) as child, pytest.raises(RunFailed) as failure:
        child.ask()
    message = str(failure.value)
    assert message.startswith(f"child ended without an answer; {tmp_path}/child.log ends with:\n")
    assert message.endswith("line 99\nno such harbour")
    assert "line 0\n" not in message
    assert len(read_tail(tmp_path / "child.log").splitlines()) == TAIL_LINES


def test_asking_a_dead_child_fails_in_the_same_way_every_time(tmp_path: Path) -> None:
    with a_child(tmp_path, "-c", "") as child:
        child.wait()
        for _ in range(2):
            with pytest.raises(RunFailed, match="ended without an answer"):
                child.ask("anybody there?")


def test_a_child_has_the_exit_code_of_its_command(tmp_path: Path) -> None:
    with a_child(tmp_path, "-c", "raise SystemExit(7)") as child:
        assert child.wait() == 7
        assert not child.running


def test_stopping_ends_the_child_and_may_be_repeated(tmp_path: Path) -> None:
    child = a_child(tmp_path, "-c", SLEEPER)
    pid = int(child.ask())
    assert alive(pid)
    child.stop()
    assert not alive(pid)
    child.stop()


def test_stopping_ends_the_children_of_the_child(tmp_path: Path) -> None:
    with a_child(tmp_path, "-c", FAMILY) as child:
        grandchild = int(child.ask())
        assert alive(grandchild)
    assert soon(lambda: not alive(grandchild))


def test_grandchildren_are_ended_when_the_child_ends_by_itself(tmp_path: Path) -> None:
    leaver = FAMILY.removesuffix("time.sleep(600)")
    with a_child(tmp_path, "-c", leaver) as child:
        grandchild = int(child.ask())
        child.wait()
        assert soon(lambda: not alive(grandchild))


@pytest.mark.slow
def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    with a_child(tmp_path, "-c", STUBBORN) as child:
        pid = int(child.ask())
    assert not alive(pid)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "terminated"])
def test_a_child_ends_when_its_parent_is_gone(tmp_path: Path, number: signal.Signals) -> None:
    parent = (
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from archive.launch.child import Child\n"
        "here = Path.cwd()\n"
        "child = Child([sys.executable, '-c', sys.argv[1]], environ=os.environ, cwd=here, log=here / 'child.log')\n"
        "print(child.ask(), flush=True)\n"
        "time.sleep(600)\n"
    )
    command = [sys.executable, "-c", parent, SLEEPER]
    with subprocess.Popen(
        command, cwd=tmp_path, env=code_environ(os.environ), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert alive(pid)
        process.send_signal(number)
    assert soon(lambda: not alive(pid))


# --- paths and environments -------------------------------------------------------------------------------------------


def test_shipped_files_are_beside_the_package_in_a_clone(root: Path) -> None:
    assert resource_path("flows") == root / "flows"
    assert resource_path("prefect.yaml").is_file()


def test_a_missing_file_is_reported_with_the_places_searched() -> None:
    with pytest.raises(ConfigError, match=r"tides\.yaml is in neither .*_shipped"):
        resource_path("tides.yaml")


def test_a_child_in_another_folder_imports_this_code(tmp_path: Path, root: Path) -> None:
    with a_child(tmp_path, "-c", "import archive; print(archive.__file__)") as child:
        assert child.ask() == f"{root}/archive/__init__.py\n"


def test_prefect_toml_becomes_variables(tmp_path: Path) -> None:
    file = tmp_path / "prefect.toml"
    file.write_text('[server]\nanalytics_enabled = false\n[server.api]\nport = 7\n[x.y]\nz = ["a", "b"]\n')
    assert prefect_environ(file) == {
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_API_PORT": "7",
        "PREFECT_X_Y_Z": "a,b",
    }


def test_a_private_server_ignores_the_variables_of_other_prefects(tmp_path: Path) -> None:
    strange = {
        "PREFECT_API_URL": "https://cloud.example/api",
        "PREFECT_API_KEY": "secret",
        "LANG": "C",
        "NO_PROXY": "a",
    }
    environ = private_environ(strange, home=tmp_path, port=4711)
    assert environ["PREFECT_API_URL"] == "http://127.0.0.1:4711/api"
    assert environ["PREFECT_SERVER_API_PORT"] == "4711"
    assert environ["PREFECT_HOME"] == str(tmp_path)
    assert environ["LANG"] == "C"
    assert environ["NO_PROXY"] == "a,127.0.0.1"
    assert "PREFECT_API_KEY" not in environ


def test_a_private_server_sends_no_telemetry(tmp_path: Path) -> None:
    environ = private_environ({}, home=tmp_path, port=1)
    assert environ["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert environ["PREFECT_SERVER_EPHEMERAL_ENABLED"] == "false"
    assert environ["DO_NOT_TRACK"] == "1"


def test_temporary_files_of_a_private_server_are_in_its_own_folder(tmp_path: Path) -> None:
    """Prefect's runner makes a folder of a fixed name in the system's: a second user of the machine cannot write it."""
    environ = private_environ({"TMPDIR": "/elsewhere"}, home=tmp_path, port=1)
    assert environ["TMPDIR"] == str(tmp_path / "tmp")


@pytest.mark.parametrize("damage", [b"no database at all" * 400, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_damaged_database_of_prefect_is_set_aside(tmp_path: Path, damage: bytes) -> None:
    database = tmp_path / "prefect.db"
    for name in ("prefect.db.damaged", "prefect.db.damaged1"):
        database.write_bytes(damage)
        assert set_damaged_aside(database) == tmp_path / name
        assert not database.exists()
        assert (tmp_path / name).read_bytes() == damage


def test_a_sound_database_of_prefect_stays(tmp_path: Path) -> None:
    database = tmp_path / "prefect.db"
    assert set_damaged_aside(database) is None
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE flow_run (id)")
        assert set_damaged_aside(database) is None
    assert database.exists()


def test_one_number_for_both_ports_is_refused(tmp_path: Path) -> None:
    settings = Settings(root=tmp_path, db=tmp_path / "archive.db", index=tmp_path / "INDEX.md")
    settings.index.write_text("# Seeds\n")
    with pytest.raises(ConfigError, match="choose another number"):
        launch_up(settings, environ={}, out=print, port=9999, web_port=9999)
    assert not (tmp_path / "data").exists()


def test_a_port_in_use_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        assert not port_is_free(port)
        with pytest.raises(RunFailed, match=f"port {port} is in use"):
            PrivateServer(tmp_path / "home", environ={}, port=port).__enter__()
    assert not (tmp_path / "home").exists()
    assert port_is_free(free_port())


def test_the_error_of_a_server_that_cannot_start_quotes_its_log(tmp_path: Path) -> None:
    (tmp_path / "prefect.py").write_text("raise SystemExit('this prefect is broken')\n")
    broken = {"PYTHONPATH": str(tmp_path), "PATH": os.environ["PATH"]}
    server = PrivateServer(tmp_path / "home", environ=broken)
    with server, pytest.raises(RunFailed, match=r"server ended while it was starting(.|\n)*this prefect is broken"):
        server.wait_ready()


def test_a_silent_server_times_out(tmp_path: Path) -> None:
    (tmp_path / "prefect.py").write_text("import time; time.sleep(600)\n")
    silent = {"PYTHONPATH": str(tmp_path), "PATH": os.environ["PATH"]}
    server = PrivateServer(tmp_path / "home", environ=silent)
    with server, pytest.raises(RunFailed, match="did not answer within 0 s"):
        server.wait_ready(timeout=0.2)


def test_launching_imports_neither_prefect_nor_the_extractor() -> None:
    heavy = "prefect", "trafilatura", "httpx", "sqlalchemy"
    script = f"import archive.launch, sys; print([name for name in {heavy!r} if name in sys.modules])"
    assert output_of([sys.executable, "-c", script]) == "[]\n"


def test_the_packaging_ships_what_launching_needs(root: Path) -> None:
    pyproject = tomllib.loads((root / "pyproject.toml").read_text())
    included = pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for name in ("flows", "prefect.yaml", "prefect.toml"):
        assert included.get(name) == f"archive/_shipped/{name}"


def output_of(command: Sequence[str]) -> str:
    return subprocess.run(command, env=code_environ(os.environ), stdout=subprocess.PIPE, text=True, check=True).stdout


# --- up, for real ----------------------------------------------------------------------------------------------------

UP = """
import os, signal, sys
from db.errors import RunFailed
from archive.launch import up
from archive.settings import from_process
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    port = int(sys.argv[1]) or None
    sys.exit(up(from_process(), environ=os.environ, web_port=port, out=lambda line: print(line, flush=True)))
except RunFailed as error:
    sys.exit(f"refused: {error}")
"""

READY = "wirecopy is running."


READ_ALL = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
"""The Python of root is in a folder that no other user may enter. Reading it is all that is allowed here."""


def second_user() -> tuple[str, ...]:
    """What runs a command as another user of this machine, nothing where this process may not do that."""
    prefix = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *READ_ALL)
    if os.geteuid() or not which("setpriv"):
        return ()
    works = subprocess.run([*prefix, sys.executable, "-c", ""], capture_output=True, check=False).returncode == 0
    return prefix if works else ()


SECOND_USER = second_user()

OWNER = 65534 if SECOND_USER else os.geteuid()


class Up:
    """``wirecopy up`` in a folder, by a second user where there can be one; its output so far in ``output``."""

    def __init__(self, folder: Path, *, web_port: int = 0) -> None:
        self.output = ""
        own = {name: value for name, value in os.environ.items() if not name.startswith("WIRECOPY_")}
        self.process = subprocess.Popen(
            [*SECOND_USER, sys.executable, "-c", UP, str(web_port)],
            cwd=folder,
            env=code_environ(own | {"TMPDIR": str(folder / "shared"), "HOME": str(folder)}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.database = folder / "data" / "prefect" / "prefect.db"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        with self.process:  # closes the pipe
            self.process.wait()

    def until(self, words: str) -> str:
        """Return the output up to ``words``, or to its end."""
        assert self.process.stdout is not None
        while words not in self.output and (line := self.process.stdout.readline()):
            self.output += line
        return self.output

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        self.until("text that never appears")
        return self.process.wait(PATIENCE)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Return rows of Prefect's own database."""
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return connection.execute(sql).fetchall()

    def processes(self) -> set[int]:
        """Return the ids of all processes that run in the home of this server or serve it."""
        home = f"PREFECT_HOME={self.database.parent}\0".encode()
        pids = set()
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if home in (folder / "environ").read_bytes():
                    pids.add(int(folder.name))
        return pids


def arguments(pid: int) -> list[str]:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    return []


@pytest.fixture(scope="module")
def project() -> Iterator[Path]:
    """A project with an empty index, on a machine where another user ran Prefect before.

    Shared, because the first start of a server takes 20 seconds and later ones 5.
    """
    with TemporaryDirectory() as path:  # a folder of pytest is closed to other users
        folder = Path(path)
        (folder / "seeds").mkdir()
        (folder / "seeds" / "INDEX.md").write_text("# Seeds\n")
        (folder / "shared" / "runner_storage").mkdir(parents=True)  # as the first user's runner leaves it
        (folder / "shared").chmod(0o1777)
        if SECOND_USER:
            os.chown(folder, 65534, 65534)
            folder.chmod(0o755)
        yield folder


@pytest.mark.slow
def test_up_serves_three_deployments_whose_schedules_bring_runs(project: Path) -> None:
    with Up(project) as up:
        output = up.until("wirecopy status")
        for words in (READY, "http://127.0.0.1:", "data/archive.db", "refresh/scheduled", "upkeep/nightly"):
            assert words in output
        assert "refresh/scheduled starts once, without waiting for its schedule" in output
        unscheduled = "SELECT d.name, r.state_type FROM flow_run r JOIN deployment d ON d.id = r.deployment_id"
        assert soon(lambda: up.rows(f"{unscheduled} WHERE NOT r.auto_scheduled") == [("scheduled", "COMPLETED")])
        # With SQLAlchemy 2.1 the scheduler of Prefect 3.8 fails, which only its log shows, and schedules no run.
        scheduled = (
            "SELECT DISTINCT d.name FROM flow_run r JOIN deployment d ON d.id = r.deployment_id WHERE r.auto_scheduled"
        )
        assert soon(lambda: {name for (name,) in up.rows(scheduled)} == {"scheduled", "nightly"})
        assert len(up.rows("SELECT 1 FROM automation")) == 1
        assert {path.stat().st_uid for path in (project / "data").rglob("*")} == {OWNER}
        assert not [*(project / "shared" / "runner_storage").iterdir()]


@pytest.mark.slow
def test_up_creates_a_missing_archive_and_serves_its_pages_until_they_die(project: Path) -> None:
    with Up(project) as up:
        address = re.search(r"web pages +http://(\S+)", up.until("wirecopy status"))
        assert address is not None, up.output
        with contextlib.closing(http.client.HTTPConnection(address[1], timeout=10)) as connection:
            connection.request("GET", "/")
            assert connection.getresponse().status == 200
        assert (project / "data" / "archive.db").is_file()
        (pages,) = [pid for pid in up.processes() if "serve" in arguments(pid) and "-I" not in arguments(pid)]
        os.kill(pages, signal.SIGKILL)
        message = up.until("text that never appears")
        assert "refused: the web interface ended by itself, and so does wirecopy up. What is saved stays" in message
        assert "pages.log ends with" in message


@pytest.mark.parametrize(("status", "is_up"), [("200 OK", True), ("401 Unauthorized", True), ("503 Busy", False)])
def test_pages_behind_a_login_are_up(status: str, is_up: bool) -> None:
    with socket.create_server((HOST, 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(f"HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n".encode())

        thread = threading.Thread(target=answer)
        thread.start()
        assert _is_healthy(listener.getsockname()[1], "/runs") is is_up
        thread.join()


@pytest.mark.slow
def test_up_refuses_a_web_port_in_use(project: Path) -> None:
    with socket.create_server((HOST, 0)) as taken, Up(project, web_port=taken.getsockname()[1]) as up:
        assert "choose another with --web-port" in up.until("refused")
        assert up.process.wait(PATIENCE) == 1
        assert soon(lambda: up.processes() == set())  # those of the test before need a moment to see that it is dead


@pytest.mark.slow
def test_ctrl_c_ends_up_and_keeps_the_schedules(project: Path) -> None:
    with Up(project) as up:
        up.until("wirecopy status")
        assert len(up.processes()) >= 3
        assert up.end(signal.SIGINT) == 0
        assert "The schedules are kept" in up.output
        assert "Traceback" not in up.output
        assert up.processes() == set()
        assert set(up.rows("SELECT slug, active FROM deployment_schedule")) == {("every-15-minutes", 1), ("nightly", 1)}
        assert set(up.rows("SELECT paused FROM deployment")) == {(0,)}


@pytest.mark.slow
def test_a_second_up_in_the_same_project_is_refused(project: Path) -> None:
    with Up(project) as up:
        up.until("Starting Prefect")
        with Up(project) as twin:
            assert "refused: wirecopy up is already running" in twin.until("refused")
            assert twin.process.wait(PATIENCE) == 1


@pytest.mark.slow
def test_runs_cut_by_a_power_loss_are_closed_by_the_next_start(project: Path) -> None:
    under_way = "SELECT name FROM flow_run WHERE state_type IN ('PENDING', 'RUNNING')"
    with Up(project) as up:
        address = up.until("wirecopy status").partition("PREFECT_API_URL=")[2].split()[0]
        run = [sys.executable, "-m", "prefect", "deployment", "run", "backfill/manual"]
        environ = code_environ({**os.environ, "PREFECT_API_URL": address, "PREFECT_HOME": str(project / "elsewhere")})
        subprocess.run(run, env=environ, check=True, capture_output=True)
        assert soon(lambda: up.rows(under_way))
        cut = set(up.rows(under_way))
        for process in up.processes():  # all at once, as when the power goes
            os.kill(process, signal.SIGKILL)
        assert soon(lambda: not up.processes())
        assert cut
    with Up(project) as after:
        assert "its process is gone" in after.until("wirecopy status")
        assert cut.isdisjoint(after.rows(under_way))  # the refresh of this start may be under way
        assert after.end(signal.SIGTERM) == 0


FOREIGN = """
import os, sys
from archive.cli import main
for arguments in (["doctor"], ["up"]):
    try:
        main(arguments)
    except SystemExit as ended:
        print(ended.code, flush=True)
"""


def test_files_of_another_user_are_named() -> None:
    """Without root the folder of this user is closed to himself, which is the same to a program."""
    with TemporaryDirectory() as path:
        folder = Path(path)
        (folder / "seeds").mkdir()
        (folder / "seeds" / "INDEX.md").write_text("# Seeds\n")
        (folder / "data" / "prefect").mkdir(parents=True)
        folder.chmod(0o755)
        (folder / "data" / "prefect").chmod(0o755 if SECOND_USER else 0o555)
        command = [*SECOND_USER, sys.executable, "-c", FOREIGN]
        environ = code_environ({**os.environ, "HOME": path, "COLUMNS": "300"})
        answer = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    output = " ".join(f"{answer.stdout} {answer.stderr}".split())
    assert "this user may not write the files of wirecopy up" in output
    assert "data/prefect belongs to another user, and you may not write it. See: wirecopy doctor" in output


# --- the demo, and then a browser ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_demo_opens_its_archive_in_a_browser_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    browser, visited = tmp_path / "browser", tmp_path / "visited"
    browser.write_text(f'#!/bin/sh\necho "$1" > {visited}.new && mv {visited}.new {visited}\n')
    browser.chmod(0o755)
    command = [sys.executable, "-c", "from archive.cli import main; main()", "demo", "--open"]
    environ = code_environ({**os.environ, "BROWSER": str(browser)})
    with subprocess.Popen(command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, text=True) as demo:
        try:
            while not visited.exists():  # the whole demo is played before
                assert demo.poll() is None
                time.sleep(0.1)
            where = urlsplit(visited.read_text().strip())
            assert where.hostname == HOST
            with contextlib.closing(http.client.HTTPConnection(where.netloc, timeout=100)) as connection:
                connection.request("GET", "/")
                body = connection.getresponse().read().decode()
            assert "Battery maker picks Harrow Bay" in body
            demo.send_signal(signal.SIGINT)
            assert demo.wait(PATIENCE) == 0
        finally:
            demo.kill()
        assert demo.stdout is not None
        assert "  wirecopy serve --open\n" in demo.stdout.read()
