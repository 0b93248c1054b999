"""A network cable to a server on a socket in a folder, which a test can cut: then nothing comes through any more.

::

    with Cable(folder / ".s.PGSQL.5432") as cable:
        psycopg.connect(host="127.0.0.1", port=cable.port, ...)
        cable.cut()   # bytes vanish, and new connections are accepted by nobody
        cable.mend()  # both ends find the connections of before the cut reset, and new ones work

While it is cut neither end notices anything, as with a cable that was pulled out.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

_RESET = struct.pack("ii", 1, 0)
_PIECE = 2**16


class Cable:
    """The cable, relayed by a thread of its own. ``port`` on loopback is the near end."""

    def __init__(self, socket_path: Path) -> None:
        self._far_end = str(socket_path)
        self._is_cut = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    def cut(self) -> int:
        """Let nothing through from now on. Return the number of connections that were cut."""
        self._is_cut = True
        return len(self._writers) // 2

    def mend(self) -> None:
        """Reset what was connected, and let new connections through."""
        asyncio.run_coroutine_threadsafe(self._mend(), self._loop).result()

    async def _mend(self) -> None:
        self._reset_all()
        self._is_cut = False

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port: int = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._end.wait()
        server.close()
        self._reset_all()

    def _reset_all(self) -> None:
        for writer in self._writers:
            connection = writer.get_extra_info("socket")
            if connection.family == socket.AF_INET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()
        self._writers.clear()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        if self._is_cut:
            return
        far_reader, far_writer = await asyncio.open_unix_connection(self._far_end)
        self._writers.add(far_writer)
        await asyncio.gather(self._pass_on(reader, far_writer), self._pass_on(far_reader, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what is read until an end closes. What is read while the cable is cut vanishes."""
        try:
            while piece := await reader.read(_PIECE):
                if not self._is_cut:
                    writer.write(piece)
                    await writer.drain()
        except ConnectionError:
            pass
        if not self._is_cut:
            self._writers.discard(writer)
            writer.close()
