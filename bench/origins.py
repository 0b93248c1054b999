"""A web server of many origins on loopback, in a process of its own, as lean as Python allows.

::

    with Origins(200) as origins:
        origins.urls(3_000)      # in turns over all origins, no address twice
    origins.served               # pages given out, robots.txt and the like not counted

Every page is the same size: 60,236 bytes, about 28 kB as the gzip that is sent, in words that no dictionary holds but
that compress as prose in HTML does. Each origin is an address of 127.0.0.0/8, which Linux gives to every machine.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gzip
import random
import resource
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE_BYTES = 60_236
"""The size of every page after decoding."""

_WORDS = 10_000  # in the vocabulary: 2,000 give 22.6 kB of gzip, 10,000 give 27.8 kB, 60,000 give 29.6 kB
_PAGES = 20  # different ones; making each costs 15 ms before anything is measured
_BACKLOG = 64  # connections an origin may leave waiting
_NOT_HERE = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nnot here\n"


# --- pages -----------------------------------------------------------------------------------------------------------


@cache
def words() -> tuple[str, ...]:
    """Words of one to three syllables, short ones as often as in prose."""
    dice = random.Random(0)
    onsets = [*"bcdfghjklmnpqrstvwz", "br", "ch", "cl", "dr", "fr", "gr", "pl", "pr", "sh", "sl", "st", "th", "tr"]
    vowels = [*"aeiou" * 3, "ai", "ea", "ee", "ou", "io"]
    codas = [*[""] * 6, *"nrstldm", "nd", "ng", "st"]

    def syllable() -> str:
        return dice.choice(onsets) + dice.choice(vowels) + dice.choice(codas)

    return tuple("".join(syllable() for _ in range(dice.choice((1, 1, 2, 2, 3)))) for _ in range(_WORDS))


@cache
def page(number: int) -> bytes:
    """Article ``number``, of exactly ``PAGE_BYTES`` bytes; the last of its paragraphs is dots that fill it up."""
    if number >= _PAGES:
        return page(number % _PAGES)
    dice = random.Random(number)
    title = " ".join(dice.choices(words(), k=7)).capitalize()
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
    start, end = f"{head}<body><article><h1>{title}</h1>\n", "</article></body></html>\n"
    prose = "\n".join(paragraph(dice) for _ in range(PAGE_BYTES // 300))
    room = PAGE_BYTES - len(start) - len(end) - len("<p></p>\n")
    cut = prose[:room].rpartition("\n")[0]
    return f"{start}{cut}\n<p>{'.' * (room - len(cut) - 1)}</p>\n{end}".encode()


def paragraph(dice: random.Random) -> str:
    """Four sentences or so."""
    sentences = (" ".join(dice.choices(words(), k=dice.randint(8, 24))).capitalize() for _ in range(dice.randint(3, 5)))
    return f"<p>{'. '.join(sentences)}.</p>"


# --- seen from the client --------------------------------------------------------------------------------------------


class Origins:
    """``count`` origins on one port; with ``together``, a page is held back until that many requests wait for one."""

    def __init__(self, count: int, *, together: int = 1, port: int = 0) -> None:
        self.count = count
        self.port = port
        self.served = 0
        self._command = [sys.executable, str(Path(__file__)), str(count), "--together", str(together)]
        self._child: subprocess.Popen[str] | None = None

    def urls(self, count: int) -> list[str]:
        """Addresses of ``count`` different pages, the origins taking turns."""
        return [f"http://{host(turn % self.count)}:{self.port}/page/{turn}.html" for turn in range(count)]

    def __enter__(self) -> Self:
        self._child = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._child.stdout is not None
        self.port = int(self._child.stdout.readline())
        return self

    def __exit__(self, *_error: object) -> None:
        assert self._child is not None
        said, _ = self._child.communicate()  # which closes its input, and so ends it
        self.served = int(said)


def host(number: int) -> str:
    """The address of origin ``number``: 127.0.1.1, 127.0.1.2 ..."""
    return f"127.0.{1 + number // 250}.{1 + number % 250}"


# --- the server ------------------------------------------------------------------------------------------------------


class _Desk:
    """What is given out: pages, each as it is asked for or all at once."""

    def __init__(self, together: int) -> None:
        self.served = 0
        self._replies = [self._reply(page(number)) for number in range(_PAGES)]
        self._together = together
        self._waiting: list[tuple[int, asyncio.Transport]] = []

    def ask(self, head: bytes, transport: asyncio.Transport) -> None:
        if not head.startswith(b"GET /page/"):
            transport.write(_NOT_HERE)
            return
        number = int(head[len(b"GET /page/") : head.index(b".")])
        self._waiting.append((number, transport))
        if len(self._waiting) >= self._together:
            self._serve_all()

    def _serve_all(self) -> None:
        for number, transport in self._waiting:
            transport.write(self._replies[number % _PAGES])
        self.served += len(self._waiting)
        self._waiting.clear()

    @staticmethod
    def _reply(body: bytes) -> bytes:
        packed = gzip.compress(body, 6, mtime=0)
        head = (
            "HTTP/1.1 200 OK\r\nServer: origins\r\nDate: Sun, 22 Nov 2026 12:00:00 GMT\r\n"
            "Content-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip\r\nVary: Accept-Encoding\r\n"
            f"Content-Length: {len(packed)}\r\nConnection: keep-alive\r\n\r\n"
        )
        return head.encode() + packed


class _Talk(asyncio.Protocol):
    """One connection. Requests have no body, so a blank line ends each."""

    def __init__(self, desk: _Desk) -> None:
        self._desk = desk
        self._heard = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        *requests, self._heard = (self._heard + data).split(b"\r\n\r\n")
        for head in requests:
            self._desk.ask(head, self._transport)


def listeners(count: int) -> Iterator[socket.socket]:
    """One listening socket an origin, all on the port the first one was given."""
    port = 0
    for number in range(count):
        listener = socket.create_server((host(number), port), backlog=_BACKLOG)
        port = listener.getsockname()[1]
        yield listener


def open_all(count: int) -> list[socket.socket]:
    """The sockets of ``count`` origins; tried again on another port when somebody else holds one of them."""
    for _ in range(10):
        opened: list[socket.socket] = []
        with contextlib.suppress(OSError):
            opened.extend(listeners(count))
            return opened
        for each in opened:
            each.close()
    raise SystemExit(f"no port is free on all of {count} addresses of 127.0.0.0/8, or too many files are open")


def more_files() -> None:
    """Let this process hold as many sockets as the system allows it."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def serve(count: int, together: int) -> int:
    """Serve until the standard input ends; how many pages were given out."""
    more_files()
    desk = _Desk(together)
    loop = asyncio.get_running_loop()
    opened = open_all(count)
    servers = [await loop.create_server(lambda: _Talk(desk), sock=each) for each in opened]
    print(opened[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    for server in servers:
        server.close()
    return desk.served


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int)
    parser.add_argument("--together", type=int, default=1)
    chosen = parser.parse_args()
    print(asyncio.run(serve(chosen.count, chosen.together)))
