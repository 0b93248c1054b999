"""Commands that the server starts in processes of their own: checks of a page, and first looks at an address.

A separate process keeps fetching and extraction out of the server. Jobs are remembered until the server ends.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Protocol

from db.errors import BadInput, NotArchived

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

MOST_RUNNING: Final = 6
"""Most jobs at one time: each is a process of some 100 MB."""

MOST_KEPT: Final = 200
"""Jobs that are remembered."""


@dataclass(frozen=True, slots=True)
class JobResult:
    """The end of a job: its exit code, its standard output, and its message for people."""

    code: int
    output: str
    message: str


class Process(Protocol):
    """A command that was started."""

    def result(self) -> JobResult | None:
        """Return its end, None while it runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The project around an archive. ``index``: the seed index; None: it cannot be changed here.

    ``check`` starts a check of addresses now, and ``look`` a first look at addresses for a group. None: this server
    cannot. ``prefect`` is the address of Prefect's pages. ``has_contact``: False without the setting `contact`.
    """

    index: Path | None = None
    check: Callable[[Sequence[str]], Process] | None = None
    look: Callable[[Sequence[str], str], Process] | None = None
    prefect: str | None = None
    has_contact: Callable[[], bool] = lambda: True


@dataclass(frozen=True, slots=True)
class Findings:
    """The result of `wirecopy add --dry-run --json`: an addition for each entry, and lists that could not be read.

    ``digest`` identifies the answer.
    """

    additions: tuple[dict[str, Any], ...] = ()
    problems: tuple[str, ...] = ()
    digest: str = ""

    @property
    def new(self) -> list[dict[str, Any]]:
        """The additions that can be watched."""
        return [addition for addition in self.additions if addition["status"] == "added"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job by ``kind`` (check or look) with its addresses, the group of a look, and its process."""

    id: int
    kind: str
    urls: tuple[str, ...]
    group: str
    started_at: datetime
    process: Process

    @property
    def path(self) -> str:
        """The address of its page."""
        return f"/jobs/{self.id}"

    def findings(self) -> Findings:
        """Return what a look found, nothing if it did not come to its end."""
        result = self.process.result()
        if result is None:
            return Findings()
        try:
            answer = json.loads(result.output)
            additions, problems = tuple(answer["additions"]), tuple(answer["problems"])
        except (ValueError, KeyError, TypeError):
            additions, problems = (), ()
        return Findings(additions, problems, sha256(result.output.encode()).hexdigest())


@dataclass(slots=True)
class Jobs:
    """The jobs of a server."""

    _jobs: dict[int, Job] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _lock: Lock = field(default_factory=Lock)

    def check(self, project: Project, urls: Sequence[str], now: datetime) -> Job:
        """Start a check of addresses. Raises BadInput if the server cannot, or too many jobs run."""
        if project.check is None:
            raise BadInput("this server cannot check pages; run wirecopy refresh")
        begin = project.check
        return self._start("check", urls, "", now, lambda: begin(urls))

    def look(self, project: Project, urls: Sequence[str], group: str, now: datetime) -> Job:
        """Start a first look at addresses. Raises BadInput if the server cannot, or too many jobs run."""
        if project.look is None:
            raise BadInput("this server cannot visit addresses; run wirecopy add")
        begin = project.look
        return self._start("look", urls, group, now, lambda: begin(urls, group))

    def get(self, number: int) -> Job:
        """Return a job. Raises NotArchived for one that is not known any more."""
        job = self._jobs.get(number)
        if job is None:
            raise NotArchived("this job is not known any more, because the server was started again; start it again")
        return job

    def _start(self, kind: str, urls: Sequence[str], group: str, now: datetime, begin: Callable[[], Process]) -> Job:
        with self._lock:
            running = sum(job.process.result() is None for job in self._jobs.values())
            if running >= MOST_RUNNING:
                raise BadInput("too many checks run at this moment; try again in a minute")
            job = Job(id=next(self._numbers), kind=kind, urls=tuple(urls), group=group, started_at=now, process=begin())
            self._jobs[job.id] = job
            for number in list(self._jobs)[:-MOST_KEPT]:
                del self._jobs[number]
            return job
