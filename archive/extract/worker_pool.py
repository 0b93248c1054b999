"""Extraction that cannot hang or crash a run: a pool of child processes, each of which may be killed for one page.

A page that exceeds its wall limit, or takes its worker down, costs that worker alone; its neighbours are with other
workers or still here. Neither a thread nor a signal could do this: libxml2 returns to neither. The standard process
pool could not either: one death breaks the pool, and its children import the caller's main module.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import LifoQueue
from typing import TYPE_CHECKING, Self

import archive
from archive.extract import ipc
from db.errors import RunFailed
from db.records import Extraction, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from db.records import Page

WALL = 20.0
"""Seconds a page may take."""

MEMORY = 1024 * 1024 * 1024
"""Bytes of address space of a worker: 1 GiB. It starts with 0.2, and no page that is admitted needs 0.65 more."""

RECYCLE = 2_000
"""Pages after which a worker is replaced. 5,000 pages showed no growth (85 MB throughout); this bounds what they
hid."""

_START = 60.0  # seconds a worker may need to import and warm up on a loaded machine (about 1.5 on an idle one)
_AHEAD = 4  # pages handed out per worker before the first answer is asked for
_GOODBYE = 2.0  # seconds a worker has to end by itself


class Extractors:
    """A pool of ``workers`` processes that extract, each page within ``wall`` seconds; 0 workers extract right here.

    ``fast`` is the cheaper way of reading a page, with a recipe of its own (``extract_facts(fast=True)``).
    A context manager; workers start with the first page, because each pays for trafilatura's import. Not for use by
    several threads at once, nor outside its ``with``.
    """

    def __init__(self, workers: int, wall: float = WALL, *, fast: bool = False) -> None:
        self._fast = fast
        self._workers = [_Worker(wall, fast=fast) for _ in range(workers)]
        self._threads = ThreadPoolExecutor(max_workers=max(workers, 1), thread_name_prefix="extract")
        self._idle: LifoQueue[_Worker] = LifoQueue()
        for worker in self._workers:
            self._idle.put(worker)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            for worker in self._workers:  # nobody will ask for the answers: Ctrl-C does not wait for a slow page
                worker.abandon()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for worker in self._workers:
            worker.stop()

    def map(self, pages: Iterable[Page]) -> Iterator[Extraction]:
        """One extraction a page, in the order of ``pages``, which are read only a little ahead of the answers.

        A page over its wall limit has the verdict ``timeout``, one that took two workers down ``error``. Raises
        RunFailed when a worker cannot be started at all.
        """
        if not self._workers:
            from archive.extract.page import extract  # only where pages are extracted in this process

            yield from (extract(page, fast=self._fast) for page in pages)
            return
        waiting: deque[Future[Extraction]] = deque()
        try:
            for page in pages:
                waiting.append(self._threads.submit(self._extract, page))
                if len(waiting) >= _AHEAD * len(self._workers):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def _extract(self, page: Page) -> Extraction:
        worker = self._idle.get()
        try:
            return worker.extract(page)
        finally:
            self._idle.put(worker)


class _Worker:
    """One place in the pool: a child process, started when needed and replaced when spent."""

    def __init__(self, wall: float, *, fast: bool) -> None:
        self._wall = wall
        self._mode = "fast" if fast else "whole"
        self._child: subprocess.Popen[bytes] | None = None
        self._done = 0
        self._is_abandoned = False

    def extract(self, page: Page) -> Extraction:
        """Ask the child; a death is tried once more in a fresh one, because the page may not have been the cause."""
        for _ in range(2):
            try:
                return self._ask(page)
            except ipc.Hung:
                self._kill()
                return Extraction(verdict=Verdict.TIMEOUT, detail=f"no answer within {self._wall:g} s")
            except ipc.Ended:
                self._kill()
            if self._is_abandoned:
                break
        return Extraction(verdict=Verdict.ERROR, detail="took its worker down")

    def abandon(self) -> None:
        """Kill the child under the page it works on; callable from another thread than the one that waits for it."""
        self._is_abandoned = True
        if (child := self._child) is not None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()

    def stop(self) -> None:
        """Let the child end by closing its input, and make sure that it does."""
        if self._child is None:
            return
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._child.wait(_GOODBYE)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child, self._done = None, 0

    def _ask(self, page: Page) -> Extraction:
        child = self._child or self._start()
        assert child.stdin is not None  # noqa: S101  # both were asked for as pipes
        assert child.stdout is not None  # noqa: S101
        ipc.send(child.stdin.fileno(), page, within=self._wall)
        answer: Extraction = ipc.receive(child.stdout.fileno(), within=self._wall)
        self._done += 1
        if self._done >= RECYCLE or answer.verdict is Verdict.ERROR:  # after a failed allocation nothing is certain
            self.stop()
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        """A warmed child. It runs in our own folder: the same code as ours, and nobody's ``archive.py`` in between."""
        with tempfile.TemporaryFile() as complaints:
            self._child = subprocess.Popen(  # noqa: S603  # our own interpreter and module
                [sys.executable, "-m", "archive.extract.worker", str(self._wall), str(MEMORY), self._mode],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                bufsize=0,
                cwd=Path(archive.__file__).parent.parent,
                process_group=0,
            )
            try:
                assert self._child.stdout is not None  # noqa: S101  # asked for as a pipe
                ipc.receive(self._child.stdout.fileno(), within=_START)
                assert self._child.stdin is not None  # noqa: S101  # the same
                os.set_blocking(self._child.stdin.fileno(), False)  # a worker that does not read must not hold us
            except (ipc.Ended, ipc.Hung):
                self._kill()
                complaints.seek(0)
                last = complaints.read().decode(errors="replace").strip().rpartition("\n")[2]
                raise RunFailed(
                    f"cannot start an extraction worker: {last or 'no answer'}; try `wirecopy doctor`"
                ) from None
        return self._child

    def _kill(self) -> None:
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                self._child.kill()
        self.stop()
