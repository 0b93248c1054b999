"""Base of the archive's queries: a read-only connection to its file, and pages of long lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from db.reader import Reader

if TYPE_CHECKING:
    from pathlib import Path

    from db.reader import Ask

Row_co = TypeVar("Row_co", covariant=True)
Key_co = TypeVar("Key_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row_co, Key_co]):
    """A page of a long list. ``next_key`` is the key after which the next page begins, None on the last page.

    A page may have fewer rows than requested, or none, although there is a next page.
    """

    rows: tuple[Row_co, ...]
    next_key: Key_co | None = None


class Questions:
    """Base of the mixins of ``archive.api.Archive``, one for each subject."""

    def __init__(self, path: Path, *, patience: float | None = None) -> None:
        """Raises StoreError (no archive there), SchemaMismatch, Corrupt. ``patience``: as for ``db.reader.Reader``."""
        self._reader = Reader(path, patience=patience)
        self._ask = self._reader.ask

    @property
    def ask(self) -> Ask:
        """The connection, as queries of ``db.queries`` take it."""
        return self._ask
