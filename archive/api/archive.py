"""The class ``Archive``: every read command of the command line is one of its methods.

It opens the file read-only and imports neither the web stack, nor trafilatura, nor SQLAlchemy, so a command takes a
tenth of a second. Each subject has a module of its own. For runs see ``archive.pipeline.refresh``, for importing files
``archive.formats.import_file``, for changes by people ``archive.api.curation``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from archive.api.access import AccessQuestions
from archive.api.changes import ChangeQuestions
from archive.api.events import EventQuestions
from archive.api.outlets import OutletQuestions
from archive.api.runs import RunQuestions
from archive.api.search import SearchQuestions
from archive.api.sources import SourceQuestions

if TYPE_CHECKING:
    from pathlib import Path


class Archive(
    EventQuestions,
    OutletQuestions,
    ChangeQuestions,
    SearchQuestions,
    SourceQuestions,
    RunQuestions,
    AccessQuestions,
):
    """An open archive. Close it, or use it as a context manager.

    Raises StoreError (no archive there), SchemaMismatch, Corrupt. ``patience``: seconds of processor time
    after which every query raises TooSlow; None: no limit.
    """

    @classmethod
    def open(cls, path: Path | str | None = None) -> Self:
        """Open the archive in the file ``path``, by default that of the project around the working directory.

        Raises as the class itself, and ConfigError.
        """
        from archive.settings import from_process

        return cls(from_process({"db": path}).db)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._reader.close()
