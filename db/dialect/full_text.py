"""Full-text search of an archive on a server: the matches, scores and snippets that FTS5 gives for a file.

``bm25`` is FTS5's, over the same window of texts, with the same tokens. Snippets are made by FTS5 itself, in memory.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from db.dialect.fts5_query import parse_fts5
from db.dialect.word_vectors import COLUMNS, WEIGHTS, open_memory, tokens
from db.script_folding import INDEX_ENTRY, index_entry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from db.dialect.fts5_query import Phrase, Places, Query
    from db.reader import Ask, Row

_K1, _B = 1.2, 0.75  # FTS5's constants
COLUMN_WEIGHTS: Final = dict(zip(COLUMNS, (4.0, 1.0, 4.0, 1.0), strict=True))
"""How much a word in each column counts: the arguments of ``bm25`` in ``db.queries.search``."""

_MATCHES = """
    CASE WHEN w.is_complete THEN w.words @@ CAST(:strict AS tsquery) ELSE w.words @@ CAST(:lax AS tsquery) END"""
_CANDIDATES = """((w.words @@ CAST(:strict AS tsquery) AND w.is_complete)
    OR (w.words @@ CAST(:lax AS tsquery) AND NOT w.is_complete))"""
_WINDOW = f"""
    SELECT w.text_id, w.length, w.is_complete FROM text_words w WHERE {_CANDIDATES} AND w.text_id <= :top
    ORDER BY w.text_id DESC LIMIT :n"""
_AMONG = f"""
    SELECT w.text_id, w.length, w.is_complete FROM json_each(:texts) f JOIN text_words w ON w.text_id = f.value
    WHERE {_MATCHES}"""
_PLACES = """
    SELECT w.text_id, u.lexeme, u.positions, u.weights
    FROM json_each(:texts) f JOIN text_words w ON w.text_id = f.value, unnest(w.words) u
    WHERE u.lexeme = ANY(:words) OR u.lexeme ^@ ANY(:beginnings)"""
_TEXTS = "SELECT id, title, body FROM text WHERE id IN (SELECT value FROM json_each(:ids))"
_TOTALS = "SELECT count(*) AS texts, coalesce(sum(length), 0) AS words FROM text_words"
_HOLDERS = f"SELECT count(*) AS n FROM text_words w WHERE {_CANDIDATES}"
_INCOMPLETE = "SELECT w.text_id FROM text_words w WHERE NOT w.is_complete AND w.words @@ CAST(:lax AS tsquery)"
_SURE = "SELECT count(*) AS n FROM text_words w WHERE w.is_complete AND w.words @@ CAST(:strict AS tsquery)"
_COLUMN_OF = {weight: column for column, weight in WEIGHTS.items()}
_COLUMN_STEP = 1 << 32  # between the columns of a text that is cut here


class WordIndex:
    """The full-text index behind an ``Ask``."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def scores(self, text: str, top: int, limit: int) -> dict[int, float]:
        """Return the newest matching texts up to the id ``top``, newest first, with their bm25 score."""
        query = parse_fts5(text)
        hits: dict[int, list[list[tuple[int, str]]]] = {}
        lengths: dict[int, int] = {}
        while len(hits) < limit:
            missing = limit - len(hits)
            rows = self._ask(_WINDOW, strict=query.strict, lax=query.lax, top=top, n=missing)
            lengths |= {row["text_id"]: row["length"] for row in rows}
            hits |= self._occurrences(query, rows)
            if len(rows) < missing:
                break
            top = rows[-1]["text_id"] - 1
        return _bm25(hits, lengths, self._rarities(query) if hits else [], self._mean_length())

    def matching(self, text: str, text_ids: Collection[int]) -> list[int]:
        """Return those of these texts that match."""
        query = parse_fts5(text)
        rows = self._ask(_AMONG, strict=query.strict, lax=query.lax, texts=json.dumps(sorted(text_ids)))
        if query.is_exact and all(row["is_complete"] for row in rows):
            return [row["text_id"] for row in rows]
        return list(self._occurrences(query, rows))

    def in_memory(self, text_ids: Collection[int]) -> Ask:
        """Return an ``Ask`` for queries of FTS5 over an index in memory, of these texts alone."""
        memory = open_memory()
        for row in self._texts(text_ids):
            memory.execute(INDEX_ENTRY, index_entry(row["id"], row["title"], row["body"]))

        def ask(sql: str, /, **values: Any) -> list[Row]:
            cursor = memory.execute(sql, values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

        return ask

    # --- where words are ---------------------------------------------------------------------------------------------

    def _occurrences(self, query: Query, rows: Sequence[Row]) -> dict[int, list[list[tuple[int, str]]]]:
        """Return where each phrase occurs in those of these texts that match, in their order."""
        places = self._places(query, [row["text_id"] for row in rows if row["is_complete"]])
        places |= self._cut([row["text_id"] for row in rows if not row["is_complete"]])
        matches = ((row["text_id"], query.occurrences(places.get(row["text_id"], {}))) for row in rows)
        return {text_id: hits for text_id, hits in matches if hits is not None}

    def _places(self, query: Query, text_ids: Sequence[int]) -> dict[int, Places]:
        """Return the places of the query's words in texts with complete vectors."""
        words = sorted({word for phrase in query.phrases for word in phrase.words})
        beginnings = sorted({phrase.words[-1] for phrase in query.phrases if phrase.is_beginning and phrase.words})
        values = {"texts": json.dumps(list(text_ids)), "words": words, "beginnings": beginnings}
        places: dict[int, dict[str, list[tuple[int, str]]]] = defaultdict(dict)
        for row in self._ask(_PLACES, **values) if text_ids else ():
            columns = (_COLUMN_OF[weight] for weight in row["weights"])
            places[row["text_id"]][row["lexeme"]] = list(zip(row["positions"], columns, strict=True))
        return dict(places)

    def _cut(self, text_ids: Sequence[int]) -> dict[int, Places]:
        """Return the places of all words in texts that are too long for a complete vector."""
        places: dict[int, Places] = {}
        for row in self._texts(text_ids):
            by_word: dict[str, list[tuple[int, str]]] = defaultdict(list)
            for term, column, offset in tokens(row["title"], row["body"]):
                by_word[term].append((COLUMNS.index(column) * _COLUMN_STEP + offset, column))
            places[row["id"]] = by_word
        return places

    def _texts(self, text_ids: Collection[int]) -> list[Row]:
        return self._ask(_TEXTS, ids=json.dumps(sorted(text_ids))) if text_ids else []

    # --- counts ------------------------------------------------------------------------------------------------------

    def _mean_length(self) -> float:
        (totals,) = self._ask(_TOTALS)
        return totals["words"] / totals["texts"] if totals["texts"] else 1.0

    def _rarities(self, query: Query) -> list[float]:
        """Return the weight of each phrase: the fewer texts have it, the more it counts."""
        (totals,) = self._ask(_TOTALS)
        return [_rarity(totals["texts"], self._holders(phrase)) for phrase in query.phrases]

    def _holders(self, phrase: Phrase) -> int:
        """Count the texts with a phrase."""
        if len(phrase.words) == 1 and len(phrase.columns) == len(COLUMNS):
            return int(self._ask(_HOLDERS, strict=phrase.strict(), lax=phrase.lax())[0]["n"])
        count = int(self._ask(_SURE, strict=phrase.strict())[0]["n"])
        unsure = [row["text_id"] for row in self._ask(_INCOMPLETE, lax=phrase.lax())]
        return count + sum(bool(phrase.starts(places)) for places in self._cut(unsure).values())


def _rarity(texts: int, holders: int) -> float:
    rarity = math.log((texts - holders + 0.5) / (holders + 0.5))
    return rarity if rarity > 0 else 1e-6


def _bm25(
    hits: Mapping[int, Sequence[Iterable[tuple[int, str]]]],
    lengths: Mapping[int, int],
    rarities: Sequence[float],
    mean: float,
) -> dict[int, float]:
    """Return FTS5's bm25 of texts: smaller is better."""
    scores = {}
    for text_id, phrases in hits.items():
        score = 0.0
        for rarity, places in zip(rarities, phrases, strict=True):
            frequency = sum(COLUMN_WEIGHTS[column] for _, column in places)
            score += rarity * ((frequency * (_K1 + 1.0)) / (frequency + _K1 * (1 - _B + _B * lengths[text_id] / mean)))
        scores[text_id] = -1.0 * score
    return scores
