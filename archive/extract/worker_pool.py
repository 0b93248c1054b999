"""A pool of worker processes, so that no page can hang or crash a run, and all processors have something to do.

A page that exceeds its wall limit, or crashes its worker, costs only that worker. A thread or a signal could not do
this, because libxml2 never returns to them. Neither could the standard process pool: one death breaks the whole pool,
and its children import the caller's main module.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections import deque
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from enum import Enum
from functools import partial
from pathlib import Path
from queue import LifoQueue
from typing import TYPE_CHECKING, Any, Final, Self

import archive
from archive.extract import ipc
from archive.formats.media_type import pdf_start
from db.errors import RunFailed
from db.records import Extraction, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from db.records import Page

WALL = 20.0
"""Seconds that a page may take."""

MEMORY = 1024 * 1024 * 1024
"""Bytes of address space of a worker: 1 GiB. It starts with 0.2 GiB, and no admitted page needs 0.65 GiB more."""

RECYCLE = 2_000
"""Pages after which a worker is replaced. 5,000 pages showed no growth (85 MB throughout). This limits undetected
growth."""

_START_SECONDS = 60.0  # allowed to import and warm up on a loaded machine (about 1.5 on an idle one)
_QUEUED_PER_WORKER = 4  # pages submitted per worker before the first result is awaited
_EXIT_SECONDS = 2.0  # allowed to end by itself
_TOO_MUCH = f"a PDF that crashes its reader or needs more than {MEMORY // 2**20} MiB of memory"
_ABANDONED = "the run has ended; its extraction workers are stopped"


def processors() -> int:
    """Return how many processors this process may use, which a container or ``taskset`` may have limited."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS does not say
        return os.cpu_count() or 1


class Lost(Enum):
    """Why a call to a worker has no result: it took too long, or it took its worker down twice."""

    TIMEOUT = "timeout"
    CRASH = "crash"


class Extractors:
    """A pool of ``workers`` processes that extract, each page within ``wall`` seconds. 0 workers extract in-process.

    ``fast`` selects the cheaper way of reading a page, which has a recipe of its own (``extract_facts(fast=True)``).
    ``after`` is called with each extraction, in the worker; ``map`` then yields what it returns. It is a function of a
    module, without side effects, as is any function for ``run``.

    A context manager. Workers start with the first page, because each pays for the import of trafilatura. A PDF always
    goes to a worker, because it may crash its reader. Not for use outside its ``with`` block.
    """

    def __init__(
        self, workers: int, wall: float = WALL, *, fast: bool = False, after: Callable[[Extraction], Any] | None = None
    ) -> None:
        self._extract = partial(extract_page, fast=fast, after=after)
        self._is_abandoned = False
        self._workers = [_Worker(wall) for _ in range(workers)]
        self._pdf_worker = _Worker(wall)
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
            self._is_abandoned = True
            for worker in self._workers:  # nobody waits for the results, so Ctrl-C need not wait for a slow page
                worker.abandon()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for worker in (*self._workers, self._pdf_worker):
            worker.stop()

    def map(self, pages: Iterable[Page]) -> Iterator[Any]:
        """Yield one extraction per page, in the order of ``pages``, which are read only a little ahead of the results.

        A page over its wall limit gets the verdict ``timeout``, one that crashed two workers ``error``. Raises
        RunFailed if a worker cannot be started at all, and in a thread that still extracts after an error (Ctrl-C) has
        left the ``with`` block: a worker that was killed then says nothing about its page.
        """
        if self._workers:
            yield from self._in_order(self._extract_in_worker, pages)
        else:
            yield from map(self._extract_here, pages)

    def run(self, function: Callable[[Any], Any], arguments: Iterable[Any]) -> Iterator[Any]:
        """Yield ``function`` of each argument, in order, called in the workers. ``Lost`` where there is no result.

        It must not raise: an exception in a worker is a crash. Raises RunFailed as ``map`` does.
        """
        if self._workers:
            yield from self._in_order(lambda worker, argument: worker.call(function, argument), arguments)
        else:
            yield from map(function, arguments)

    def _in_order(self, work: Callable[[_Worker, Any], Any], arguments: Iterable[Any]) -> Iterator[Any]:
        pending: deque[Future[Any]] = deque()
        try:
            for argument in arguments:
                pending.append(self._submit(work, argument))
                if len(pending) >= _QUEUED_PER_WORKER * len(self._workers):
                    yield _result(pending.popleft())
            while pending:
                yield _result(pending.popleft())
        finally:
            for future in pending:
                future.cancel()

    def _extract_here(self, page: Page) -> Any:
        """Extract in this process, unless the page is a PDF."""
        if pdf_start(page.payload, page.content_type) is None:
            return self._extract(page)
        return self._extract_in_worker(self._pdf_worker, page)

    def _extract_in_worker(self, worker: _Worker, page: Page) -> Any:
        result = worker.call(self._extract, page)
        return _failure(page, worker.wall, result) if isinstance(result, Lost) else result

    def _submit(self, work: Callable[[_Worker, Any], Any], argument: Any) -> Future[Any]:
        try:
            return self._threads.submit(self._with_worker, work, argument)
        except RuntimeError:  # the threads are shut down
            if self._is_abandoned:
                raise RunFailed(_ABANDONED) from None
            raise

    def _with_worker(self, work: Callable[[_Worker, Any], Any], argument: Any) -> Any:
        worker = self._idle.get()
        try:
            return work(worker, argument)
        finally:
            self._idle.put(worker)


def import_call(function: Callable[[Any], Any]) -> None:
    """Do nothing: to receive a function, its module is imported, and that must not count as work on a page."""
    del function


def extract_page(page: Page, *, fast: bool, after: Callable[[Extraction], Any] | None) -> Any:
    """Return the extraction of a page, or what ``after`` makes of it."""
    from archive.extract.page import extract  # imported late: loads trafilatura

    extraction = extract(page, fast=fast)
    return extraction if after is None else after(extraction)


def _failure(page: Page, wall: float, lost: Lost) -> Extraction:
    if lost is Lost.TIMEOUT:
        return Extraction(verdict=Verdict.TIMEOUT, detail=f"no answer within {wall:g} s")
    if pdf_start(page.payload, page.content_type) is not None:
        return Extraction(verdict=Verdict.TOO_BIG, detail=_TOO_MUCH)
    return Extraction(verdict=Verdict.ERROR, detail="took its worker down")


def _result(future: Future[Any]) -> Any:
    try:
        return future.result()
    except CancelledError:
        raise RunFailed(_ABANDONED) from None


class _Worker:
    """One slot of the pool: a child process, started on demand and replaced after ``RECYCLE`` calls or a failure."""

    def __init__(self, wall: float) -> None:
        self.wall: Final = wall
        self._child: subprocess.Popen[bytes] | None = None
        self._calls_done = 0
        self._is_abandoned = False

    def call(self, function: Callable[[Any], Any], argument: Any) -> Any:
        """Return what the child's call returns. After a crash retry once in a new child: it may not be the cause."""
        for _ in range(2):
            if self._is_abandoned:
                raise RunFailed(_ABANDONED)
            try:
                return self._ask(function, argument)
            except ipc.PipeTimeout:
                self._kill()
                return Lost.TIMEOUT
            except ipc.PipeClosed:
                self._kill()
        if self._is_abandoned:
            raise RunFailed(_ABANDONED)
        return Lost.CRASH

    def abandon(self) -> None:
        """Kill the child while it works on a page. May be called from another thread than the one that waits for it."""
        self._is_abandoned = True
        if (child := self._child) is not None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()

    def stop(self) -> None:
        """Close the child's input to let it end, and kill it if it does not."""
        if self._child is None:
            return
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._child.wait(_EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child, self._calls_done = None, 0

    def _ask(self, function: Callable[[Any], Any], argument: Any) -> Any:
        child = self._child or self._start(function)
        assert child.stdin is not None  # noqa: S101  # both were requested as pipes
        assert child.stdout is not None  # noqa: S101
        ipc.send(child.stdin.fileno(), (function, argument), within=self.wall)
        result, is_sound = ipc.receive(child.stdout.fileno(), within=self.wall)
        self._calls_done += 1
        if self._calls_done >= RECYCLE or not is_sound:
            self.stop()
        return result

    def _start(self, function: Callable[[Any], Any]) -> subprocess.Popen[bytes]:
        """Start a child and wait until it is warm, and has imported what ``function`` needs.

        It runs in our own folder, so that it imports the same code as we do and not another ``archive.py``.
        """
        with tempfile.TemporaryFile() as stderr:
            self._child = subprocess.Popen(  # noqa: S603  # our own interpreter and module
                [sys.executable, "-m", "archive.extract.worker", str(self.wall), str(MEMORY)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                bufsize=0,
                cwd=Path(archive.__file__).parent.parent,
                process_group=0,
            )
            try:
                assert self._child.stdout is not None  # noqa: S101  # requested as a pipe
                ipc.receive(self._child.stdout.fileno(), within=_START_SECONDS)
                assert self._child.stdin is not None  # noqa: S101  # the same
                os.set_blocking(self._child.stdin.fileno(), False)  # a worker that does not read must not block us
                ipc.send(self._child.stdin.fileno(), (import_call, function), within=_START_SECONDS)
                ipc.receive(self._child.stdout.fileno(), within=_START_SECONDS)
            except (ipc.PipeClosed, ipc.PipeTimeout):
                self._kill()
                stderr.seek(0)
                last_line = stderr.read().decode(errors="replace").strip().rpartition("\n")[2]
                raise RunFailed(
                    f"cannot start an extraction worker: {last_line or 'no answer'}; try `wirecopy doctor`"
                ) from None
        return self._child

    def _kill(self) -> None:
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                self._child.kill()
        self.stop()
