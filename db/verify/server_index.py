"""Checks of the full-text index of an archive on a server: the word vectors of the texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from db.records import Problem
from db.verify.common import DERIVE, in_order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from db.reader import Reader

_MISSING = "SELECT t.id, t.title FROM text t WHERE t.id NOT IN (SELECT text_id FROM text_words) ORDER BY t.id"
_TEXTS = "SELECT id, title, body FROM text WHERE id > :last ORDER BY id LIMIT :n"
_DIFFERS = """
    SELECT 1 FROM text_words WHERE text_id = :id
    AND (length <> :length OR is_complete <> :is_complete OR words <> CAST(:words AS tsvector))"""


def vectors(reader: Reader) -> Iterator[Problem]:
    """Check that each text has a vector. One without a text is refused by the server."""
    for row in reader.ask(_MISSING):
        yield Problem(what="search cannot find it", where=f"text {row['id']}, {row['title']!r}", todo=DERIVE)


def vector_words(reader: Reader) -> Iterator[Problem]:
    """Check the vectors against the words of the texts."""
    from db.dialect.word_vectors import vector_row

    for row in in_order(reader, _TEXTS):
        if reader.ask(_DIFFERS, **vector_row(row["id"], row["title"], row["body"])):
            what = "search finds it by other words than it has"
            yield Problem(what=what, where=f"text {row['id']}, {row['title']!r}", todo=DERIVE)
