"""Queries of labels: what people said of two texts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from db.microseconds import instant
from db.queries import row_mapping
from db.records import Label, OriginalLabel, Relation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from db.reader import Ask, Row

# In today's history: the version that had that text at that instant, else a version with that text, else the version at
# that instant. (In SQLite the ORDER BY of a subquery sees nothing outside.)
_ITS = "FROM version w WHERE w.source_id = l.{0}_root AND w.superseded_at IS NULL"
_THEN = "AND w.first_seen_at <= l.{0}_seen_at ORDER BY w.first_seen_at DESC, w.number DESC LIMIT 1"
_WITH_TEXT = "AND w.text_id = (SELECT t.id FROM text t WHERE t.sha256 = l.{0}_sha256)"
_VERSION = f"""coalesce((SELECT w.id {_ITS} {_WITH_TEXT} {_THEN}),
    (SELECT w.id {_ITS} {_WITH_TEXT} ORDER BY w.number LIMIT 1),
    (SELECT w.id {_ITS} {_THEN})) AS {{0}}_version"""
_SIDE = """{0}r.url AS {0}_url, coalesce({0}v.number, 0) AS {0}_number, coalesce({0}v.title, '') AS {0}_title,
    l.{0}_seen_at AS {0}_seen, {0}v.published_at AS {0}_published, {0}v.byline AS {0}_byline, l.{0}_sha256"""
_JOIN = "JOIN source {0}r ON {0}r.id = l.{0}_root LEFT JOIN version {0}v ON {0}v.id = l.{0}_version"
# CROSS JOIN keeps the order of tables: from the few labels to their sources. SQLite would begin with all sources.
_LABELS = f"""
    WITH rooted AS (SELECT n.*, coalesce(x.same_as, x.id) AS a_root, coalesce(y.same_as, y.id) AS b_root
                  FROM label n CROSS JOIN source x ON x.id = n.a_source_id CROSS JOIN source y ON y.id = n.b_source_id),
         versioned AS (SELECT l.*, {_VERSION.format("a")}, {_VERSION.format("b")} FROM rooted l WHERE {{where}})
    SELECT {_SIDE.format("a")}, {_SIDE.format("b")}, l.copy, l.note, l.labelled_at,
           CASE WHEN l.a_sha256 = l.b_sha256 THEN 'exact' ELSE
                (SELECT k.relation FROM link k
                 JOIN text side ON side.id = k.a_text_id JOIN text other ON other.id = k.b_text_id
                 WHERE side.sha256 IN (l.a_sha256, l.b_sha256) AND other.sha256 IN (l.a_sha256, l.b_sha256))
           END AS machine
    FROM versioned l {_JOIN.format("a")} {_JOIN.format("b")}
    ORDER BY ar.url_key, br.url_key, l.labelled_at, l.a_sha256, l.b_sha256"""


_A_PAIR = "NOT (l.a_source_id = l.b_source_id AND l.a_sha256 = l.b_sha256)"
_ORIGINALS = f"""
    WITH l AS (SELECT n.*, coalesce(x.same_as, x.id) AS a_root
               FROM label n CROSS JOIN source x ON x.id = n.a_source_id
               WHERE n.a_source_id = n.b_source_id AND n.a_sha256 = n.b_sha256),
         versioned AS (SELECT l.*, {_VERSION.format("a")} FROM l WHERE {{where}})
    SELECT {_SIDE.format("a")}, l.copy, l.note, l.labelled_at FROM versioned l {_JOIN.format("a")}
    ORDER BY ar.url_key, l.labelled_at, l.a_sha256"""


def originals(ask: Ask, source_ids: Sequence[int] | None = None) -> list[OriginalLabel]:
    """Return what people said of which text is an original, of all articles (None) or of these, by url_key.

    It is stored as a label of a text and itself: ``copy`` is True for an original.
    """
    where = "1 = 1" if source_ids is None else "l.a_root IN (SELECT value FROM json_each(:ids))"
    parameters = {} if source_ids is None else {"ids": json.dumps(list(source_ids))}
    return [
        OriginalLabel(
            version=row_mapping.version_ref(row, "a"),
            original=bool(row["copy"]),
            note=row["note"],
            labelled_at=instant(row["labelled_at"]),
        )
        for row in ask(_ORIGINALS.format(where=where), **parameters)
    ]


def all_labels(ask: Ask) -> list[Label]:
    """Return every label, by the url_keys of the two sources."""
    return [_label(row) for row in ask(_LABELS.format(where=_A_PAIR))]


def of_sources(ask: Ask, source_ids: Sequence[int]) -> list[Label]:
    """Return the labels with a side at one of these sources, or at an address whose history one of them keeps."""
    ids = "(SELECT value FROM json_each(:ids))"
    where = f"(l.a_root IN {ids} OR l.b_root IN {ids}) AND {_A_PAIR}"
    return [_label(row) for row in ask(_LABELS.format(where=where), ids=json.dumps(list(source_ids)))]


def _label(row: Row) -> Label:
    return Label(
        a=row_mapping.version_ref(row, "a"),
        b=row_mapping.version_ref(row, "b"),
        copy=bool(row["copy"]),
        note=row["note"],
        labelled_at=instant(row["labelled_at"]),
        machine=None if row["machine"] is None else Relation(row["machine"]),
    )
