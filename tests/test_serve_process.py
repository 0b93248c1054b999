"""The verb itself: where it listens, what it refuses, how it ends, and that idle strangers stop no reader."""

from __future__ import annotations

import asyncio
import http.client
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest
import uvicorn
from click.testing import CliRunner
from uvicorn.server import ServerState

from archive.cli import wirecopy
from archive.serve.server import Impatient, client_name, listen
from builders import DAY, HOUR, T0, record_text
from db.errors import ConfigError, StoreError
from db.store import Store
from serving import stocked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.types import Send

READERS = 8
COMMAND = (sys.executable, "-c", "from archive.cli import main; main()")


def test_39_beyond_this_machine_only_with_a_token(tmp_path: Path) -> None:
    path = stocked(tmp_path / "archive.db")
    with pytest.raises(ConfigError, match="--token"):
        CliRunner().invoke(wirecopy, ["--db", str(path), "serve", "--host", "0.0.0.0"], catch_exceptions=False)  # noqa: S104


def test_no_archive_and_a_port_in_use_are_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="wirecopy init"):
        CliRunner().invoke(wirecopy, ["--db", str(tmp_path / "none.db"), "serve"], catch_exceptions=False)
    path = stocked(tmp_path / "archive.db")
    taken = socket.create_server(("127.0.0.1", 0))
    port = str(taken.getsockname()[1])
    with taken, pytest.raises(ConfigError, match="--port"):
        CliRunner().invoke(wirecopy, ["--db", str(path), "serve", "--port", port], catch_exceptions=False)


class Witness(asyncio.Protocol):
    """Keeps the TCP_NODELAY option of the connection it is made for."""

    def __init__(self) -> None:
        self.accepted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        option = transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        self.accepted.set_result(option)


def test_answers_leave_at_once_as_the_listening_socket_names_tcp() -> None:
    """Where a listening socket names no protocol, asyncio sets no TCP_NODELAY, and each answer waits 40 ms."""

    async def option_of_an_accepted(listener: socket.socket) -> int:
        witness = Witness()
        async with await asyncio.get_running_loop().create_server(lambda: witness, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            option = await witness.accepted
            writer.close()
            await writer.wait_closed()
        return option

    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
        assert asyncio.run(option_of_an_accepted(listener)) != 0


@contextmanager
def served(path: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    """The verb at work on any free port: the process, the port, and what it said before."""
    command = [*COMMAND, "--db", str(path), "serve", "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        said = ""
        assert process.stderr is not None
        while (found := re.search(r"http://\S*:(\d+);", said)) is None:
            line = process.stderr.readline()
            assert line, said
            said += line
        try:
            yield process, int(found[1]), said
        finally:
            process.kill()


def get(port: int, path: str = "/runs", **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=100)
    connection.request("GET", path, headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.slow
def test_57_five_hundred_idle_connections_stop_no_reader_and_an_interrupt_ends_it(tmp_path: Path) -> None:
    with served(stocked(tmp_path / "archive.db")) as (process, port, _), ExitStack() as held:
        for place in range(500):
            idle = held.enter_context(socket.create_connection(("127.0.0.1", port)))
            if place % 2:
                idle.sendall(b"GET / HTTP/1.1\r\nHost: 127.")  # and never the rest
        began = time.monotonic()
        assert get(port) == 200
        assert time.monotonic() - began < 30
        process.send_signal(signal.SIGINT)
        assert process.wait(60) in {0, 130}


@pytest.mark.slow
def test_57_a_run_that_writes_is_never_kept_waiting_by_readers(tmp_path: Path) -> None:
    path, over = stocked(tmp_path / "archive.db"), threading.Event()
    with served(path) as (_, port, _), ThreadPoolExecutor(READERS) as pool:
        asked = [pool.submit(ask_until, over, port) for _ in range(READERS)]
        try:
            with Store(path) as store:
                waited = [write(store, number) for number in range(300)]
        finally:
            over.set()
        assert all(one.result() > 0 for one in asked)
    # Each of 300 captures is a transaction of its own. A lock that a reader held would be waited for up to 30 seconds;
    # what is allowed for is a disk and two processors that eight readers use, too.
    assert sorted(waited)[len(waited) * 95 // 100] < 5
    assert max(waited) < 25


def ask_until(over: threading.Event, port: int) -> int:
    """Read one page after the other; how many were answered."""
    answered = 0
    while not over.is_set():
        for page in ("/", "/articles/1", "/copies/1", "/search?q=harbour", "/sources", "/as-of/now"):
            answered += get(port, page) == HTTPStatus.OK
    return answered


def write(store: Store, number: int) -> float:
    """Record a capture of its own text; how many seconds that took."""
    began = time.monotonic()
    record_text(store, 1, f"The harbour opens. Report {number}.", T0 + DAY + number * HOUR)
    return time.monotonic() - began


@pytest.mark.slow
def test_57_who_sends_nothing_is_sent_away(tmp_path: Path) -> None:
    with (
        served(stocked(tmp_path / "archive.db")) as (_, port, _),
        socket.create_connection(("127.0.0.1", port), timeout=250) as idle,
    ):
        idle.sendall(b"GET / HTTP/1.1\r\n")
        assert idle.recv(1) == b""


@pytest.mark.slow
def test_39_the_token_is_kept_for_its_owner_alone_and_shown_once(tmp_path: Path) -> None:
    path = stocked(tmp_path / "archive.db")
    with served(path, "--token") as (_, port, said):
        file = path.with_name("archive.db.token")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.read_text().strip() in said
        assert get(port) == 401
        assert get(port, authorization=f"Bearer {file.read_text().strip()}") == 200
    with served(path, "--token") as (_, _, said):
        assert file.read_text().strip() not in said


def test_a_client_with_too_many_connections_loses_its_oldest_idle_one() -> None:
    class Small(Impatient):
        most = 3

    async def app(_: object, __: object, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def ends_of_five() -> list[bool]:
        config, state = uvicorn.Config(app, lifespan="off"), ServerState()
        server = await asyncio.get_running_loop().create_server(lambda: Small(config, state, {}), "127.0.0.1", 0)
        async with server:
            where = server.sockets[0].getsockname()
            streams = [await asyncio.open_connection(*where) for _ in range(5)]
            streams[4][1].write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await streams[4][0].readline()).startswith(b"HTTP/1.1 204")
            open_ones = len(state.connections)
            for _, writer in streams:
                writer.close()
        assert open_ones == Small.most
        return [reader.at_eof() or reader.exception() is not None for reader, _ in streams]

    assert asyncio.run(asyncio.wait_for(ends_of_five(), 60)) == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::1:2:3:4", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_addresses_of_one_client_have_one_name(address: str, client: str) -> None:
    assert client_name(address) == client
