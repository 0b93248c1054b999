"""Repair clock: re-date a run whose clock was wrong, and settle the histories that it touched."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from archive.pipeline.outside import prove_outside_if_due
from archive.pipeline.run import open_run, run_inline
from archive.pipeline.run_clocks import run_clock
from archive.timestamps import format_offset, iso
from db.errors import BadInput
from db.queries import log_tiles
from db.queries.future_captures import SLACK
from db.reader import Reader

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from archive.pipeline.run import Step
    from archive.pipeline.run_clocks import RunClock
    from archive.settings import Settings
    from db.records import Report


async def repair_clock(
    settings: Settings,
    run_id: int,
    *,
    by: timedelta | None = None,
    owner: str | None = None,
    step: Step = run_inline,
) -> Report:
    """Add ``by`` to all dates of a run, or what its servers' time says. Then read its pages and their histories again.

    The saved bytes and the links of the chain stay as they are. An entry of the log says what was done. A repair that
    was cut off goes on: its dates are not moved twice. Raises BadInput where the servers do not say by how much the
    clock was wrong, or the result would be in the future.
    """
    started_at = settings.now()
    with Reader(settings.db) as reader:
        clock = run_clock(reader.ask, run_id)
        cut_off = log_tiles.cut_off_correction(reader.ask, run_id)
    if clock is None:
        raise BadInput(f"run {run_id} fetched nothing, so there is nothing to re-date. List the runs: wirecopy status")
    is_redated = cut_off is not None and by in {None, cut_off}
    if cut_off is not None and is_redated:
        offset = cut_off
    else:
        offset = _offset(clock) if by is None else by
        _refuse_future(clock, offset, started_at)
    because = "the time of its servers" if by is None else "given by a person"
    parameters = {"run": run_id, "by": format_offset(offset)}
    async with open_run(settings, "repair-clock", parameters, owner=owner, step=step, resume=is_redated) as run:
        if is_redated:
            run.counts["redated"] = run.store.requeue_redated(run_id)
        else:
            run.counts["redated"] = run.store.redate_run(run_id, offset, because, started_at, repair_id=run.run_id)
        run.again = True  # a date on a page is believed or not by the date of its capture
        await run.derive()
    report = run.report("repair-clock", started_at)
    return replace(report, counts=report.counts | await prove_outside_if_due(settings))


def _offset(clock: RunClock) -> timedelta:
    """Return by how much the servers' time is ahead of a run's. Raises BadInput where that is not sure."""
    name = f"run {clock.run_id}"
    if clock.was_set:
        raise BadInput(
            f"the clock was set during {name}: a part of its checks has the right time, so it stays as it is"
        )
    if clock.offset is not None:
        return clock.offset
    if clock.doubt is not None:
        raise BadInput(
            f"only one server of {name} told the time, and it may be wrong itself. If it is right: "
            f"wirecopy repair-clock {clock.run_id} --by {format_offset(clock.doubt)}"
        )
    if clock.is_confirmed:
        raise BadInput(f"the servers of {name} told the same time as this archive, so its dates are right")
    raise BadInput(f"the servers of {name} do not say what time it was. Say by how much its clock was wrong: --by +2d")


def _refuse_future(clock: RunClock, offset: timedelta, now: datetime) -> None:
    try:
        is_past = clock.last_at + offset <= now + SLACK
    except OverflowError:
        is_past = False
    if not is_past:
        raise BadInput(
            f"run {clock.run_id} would be dated in the future (it is now {iso(now)} by the clock of this machine). "
            "Choose another --by: a clock that was ahead needs a minus"
        )
