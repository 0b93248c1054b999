"""The class of all questions one may ask an archive: every read verb of the command line is one of its methods.

It opens the file read-only and imports neither the web stack, nor trafilatura, nor SQLAlchemy, so that an answer takes
a tenth of a second. The methods come from one module for each subject. For runs see ``archive.pipeline.refresh``, for
files from elsewhere ``archive.formats.import_file``, for what people may change ``archive.api.curation``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from archive.api.changes import ChangeQuestions
from archive.api.copies import CopyQuestions
from archive.api.runs import RunQuestions
from archive.api.search import SearchQuestions
from archive.api.sources import SourceQuestions

if TYPE_CHECKING:
    from pathlib import Path


class Archive(CopyQuestions, ChangeQuestions, SearchQuestions, SourceQuestions, RunQuestions):
    """An archive, open for questions. Close it, or use it as a context manager.

    Raises StoreError (no archive there), SchemaMismatch, Corrupt. ``patience``: seconds from now after which every
    question is cut off with TooSlow; None: they may take any time.
    """

    @classmethod
    def open(cls, path: Path | str | None = None) -> Self:
        """Return the archive in the file ``path``; without one that of the project around the working directory.

        Raises as the class itself, and ConfigError.
        """
        from archive.settings import from_process

        return cls(from_process({"db": path}).db)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()
