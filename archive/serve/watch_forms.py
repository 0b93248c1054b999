"""Forms that change what is watched: look at addresses, add what was found, and change one row of the seed index.

All need the role manage, but a check of a row. An address is visited by a job, under the rules and the guard of
`wirecopy add`. What is added is what the job found, not what the form says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from archive.api import seed_index
from archive.serve import paths
from archive.serve.forms import form_route
from archive.serve.pages.watched import DEFAULT_GROUP
from db.errors import BadInput
from db.records import Role

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.routing import Route

    from archive.serve.forms import Posted

MOST_CHECKED: Final = 20
"""New rows that are checked at once. The next run visits more."""

_LONGEST_GROUP: Final = 80


def _index(posted: Posted) -> Path:
    index = posted.state.project.index
    if index is None:
        raise BadInput("this server shows an archive without its seed index")
    return index


def look(posted: Posted) -> str:
    """Start a look at the addresses in ``urls``, one a line, for the group ``group``. Raises BadInput."""
    _index(posted)
    urls = [line.strip() for line in posted.form.get("urls", "").splitlines() if line.strip()]
    if not urls:
        raise BadInput("enter an address, for example https://news.example")
    group = posted.form.get("group", "").strip()[:_LONGEST_GROUP] or DEFAULT_GROUP
    return posted.state.jobs.look(posted.state.project, urls, group, posted.state.clock()).path


def add_found(posted: Posted) -> str:
    """Add what a look found, and check it now. Raises BadInput, NotArchived, SeedError.

    ``found`` is the digest of the answer that the person saw: after a new start of the server a number may be that of
    another job.
    """
    state, form, actor = posted.state, posted.form, posted.identity.actor
    job = state.jobs.get(posted.source_id)
    findings = job.findings()
    if form.get("found") != findings.digest:
        raise BadInput("this look is out of date; enter the address again")
    numbered = list(enumerate(findings.new))
    if form.get("picked"):
        numbered = [(number, addition) for number, addition in numbered if form.get(f"use-{number}")]
    rows = [(addition["url"], addition["kind"], addition.get("title", "")) for _, addition in numbered]
    if not rows:
        raise BadInput("choose at least one address")
    urls = seed_index.add_found(
        state.db, _index(posted), rows, group=job.group, every=form.get("every", ""), actor=actor, now=state.clock()
    )
    if not 0 < len(urls) <= MOST_CHECKED or state.project.check is None:
        return paths.WATCHED
    return state.jobs.check(state.project, urls, state.clock()).path


def change(posted: Posted) -> str:
    """Change one row of the index as it was when the form was made. Raises BadInput, SeedError."""
    state, form = posted.state, posted.form
    fields = {name: form.get(name, "") for name in ("kind", "every", "note", "group")}
    row_change = seed_index.RowChange(key=form.get("seed", ""), action=form.get("action", ""), **fields)
    key = seed_index.change_one(
        state.db,
        _index(posted),
        row_change,
        digest=form.get("digest", ""),
        actor=posted.identity.actor,
        now=state.clock(),
    )
    return paths.WATCHED if row_change.action == "retire" else f"{paths.WATCHED_ROW}?{urlencode({'seed': key})}"


def check(posted: Posted) -> str:
    """Check a row now, also one that no run has visited yet. Raises BadInput, NotArchived, SeedError."""
    row = seed_index.read_page(_index(posted)).row(posted.form.get("seed", ""))
    return posted.state.jobs.check(posted.state.project, [row.url], posted.state.clock()).path


def routes() -> list[Route]:
    """Return the routes of these forms."""
    return [
        form_route(paths.WATCHED_ADD, Role.MANAGE, look),
        form_route(f"{paths.JOB}/add", Role.MANAGE, add_found),
        form_route(paths.WATCHED_ROW, Role.MANAGE, change),
        form_route(f"{paths.WATCHED}/check", Role.LABEL, check),
    ]
