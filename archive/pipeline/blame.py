"""Blame: charge an exception to the one capture or text that caused it, so that the rest of the pass goes on.

The wall (``db.wall``) decides which exceptions may be charged. The others end the run.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.pipeline.build import current_build
from db.records import WorkError
from db.wall import cause_of, is_own_fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from db.records import Capture, Recipe
    from db.store import Store


@dataclass(frozen=True, slots=True)
class Blame:
    """Records the errors of captures."""

    store: Store
    recipe: Recipe
    now: datetime

    @contextmanager
    def on(self, capture: Capture, step: str) -> Iterator[None]:
        """Charge an exception of the block to ``capture``: its verdict becomes ``error``, and the block is left."""
        try:
            yield
        except Exception as error:
            if not is_own_fault(error):
                raise
            self.charge(capture, step, cause_of(error))

    def charge(self, capture: Capture, step: str, cause: str) -> None:
        """Record that ``capture`` failed at ``step``. ``cause`` names the exception."""
        error = work_error(capture.url, step, cause, self.now)
        self.store.record_capture_error(capture, error, self.recipe)


def work_error(url: str, step: str, cause: str, now: datetime) -> WorkError:
    """Return the error of this build at ``step``."""
    return WorkError(url=url, step=step, cause=cause, build=current_build(), failed_at=now)
