"""Queries of FTS5 for an archive on a server: read, said as ``tsquery``, and matched with the places of words.

It reads what ``archive.api.query_parser`` writes: phrases, beginnings, columns, NEAR, AND, OR, NOT and parentheses.
PostgreSQL finds the candidates, and ``Query.occurrences`` decides, so phrases, NEAR and counts are those of FTS5.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from db.dialect.word_vectors import COLUMNS, WEIGHTS, quoted, words_of
from db.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Places = Mapping[str, Sequence[tuple[int, str]]]  # by word: places in order, each with its column

_NOTHING = "'no word'"  # no token has a space
_TOKEN = re.compile(
    r"""\s*(?:(?P<near>NEAR\s*\()|(?P<sign>[():{},*+])|"(?P<phrase>(?:[^"]|"")*)"|(?P<word>[^\s"():{},*+]+))"""
)
_NEAR = 10


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words one behind the other. ``is_beginning``: the last is the beginning of a word. ``number``: in the query."""

    number: int
    words: tuple[str, ...]
    columns: tuple[str, ...]
    is_beginning: bool

    def strict(self) -> str:
        """Return it as a tsquery."""
        weights = "".join(WEIGHTS[column] for column in self.columns)
        label = "" if len(self.columns) == len(COLUMNS) else weights
        return self._terms(" <-> ", label)

    def lax(self) -> str:
        """Return a tsquery that also finds it in vectors without places."""
        return self._terms(" & ", "")

    def _terms(self, joint: str, label: str) -> str:
        if not self.words:
            return _NOTHING
        *before, last = (quoted(word) for word in self.words)
        suffix = ("*" if self.is_beginning else "") + label
        terms = [f"{word}:{label}" if label else word for word in before]
        return f"({joint.join([*terms, f'{last}:{suffix}' if suffix else last])})"

    def starts(self, places: Places) -> list[tuple[int, str]]:
        """Return the places at which it begins, with their columns."""
        if not self.words:
            return []
        *before, last = self.words
        rows = [places.get(word, ()) for word in before]
        rows.append(_beginning_with(places, last) if self.is_beginning else places.get(last, ()))
        starts_by_word = [{place for place, _ in row} for row in rows]
        return [
            (place, column)
            for place, column in rows[0]
            if column in self.columns and all(place + step in row for step, row in enumerate(starts_by_word))
        ]


def _beginning_with(places: Places, beginning: str) -> list[tuple[int, str]]:
    return sorted({entry for word, row in places.items() if word.startswith(beginning) for entry in row})


@dataclass(frozen=True, slots=True)
class Near:
    """Phrases with at most ``distance`` words between the first and the last, in any order."""

    phrases: tuple[Phrase, ...]
    distance: int


@dataclass(frozen=True, slots=True)
class Group:
    """Parts joined by AND, OR or NOT. NOT has two: what must occur, and what must not."""

    operator: str
    parts: tuple[Node, ...]


Node = Phrase | Near | Group


@dataclass(frozen=True, slots=True)
class Query:
    """A query of FTS5. ``strict`` and ``lax`` are for vectors with and without places. They may find too much.

    ``is_exact``: ``strict`` finds nothing else than what the query means.
    """

    root: Node
    phrases: tuple[Phrase, ...]
    strict: str
    lax: str
    is_exact: bool

    def occurrences(self, places: Places) -> list[list[tuple[int, str]]] | None:
        """Return where each phrase occurs in a text, as bm25 counts it; None if the text does not match."""
        hits: list[list[tuple[int, str]]] = [[] for _ in self.phrases]
        return hits if _matches(self.root, places, hits) else None


def _matches(node: Node, places: Places, hits: list[list[tuple[int, str]]]) -> bool:
    if isinstance(node, Phrase):
        hits[node.number] = node.starts(places)
        return bool(hits[node.number])
    if isinstance(node, Near):
        selected = _near(node, [phrase.starts(places) for phrase in node.phrases])
        for phrase, starts in zip(node.phrases, selected, strict=True):
            hits[phrase.number] = starts
        return bool(selected[0])
    if node.operator == "NOT":
        required, excluded = node.parts
        return _matches(required, places, hits) and not _matches(excluded, places, [[] for _ in hits])
    results = [_matches(part, places, hits) for part in node.parts]  # all: each phrase is counted
    return all(results) if node.operator == "AND" else any(results)


def _near(node: Near, rows: Sequence[Sequence[tuple[int, str]]]) -> list[list[tuple[int, str]]]:
    """Return the places of each phrase that are near the others: FTS5's own algorithm (fts5ExprNearIsMatch)."""
    selected: list[list[tuple[int, str]]] = [[] for _ in rows]
    if not all(rows):
        return selected
    steps = [0] * len(rows)
    latest = rows[0][0][0]
    while True:
        is_match = False
        while not is_match:
            is_match = True
            for index, (phrase, row) in enumerate(zip(node.phrases, rows, strict=True)):
                earliest = latest - len(phrase.words) - node.distance
                place = row[steps[index]][0]
                if earliest <= place <= latest:
                    continue
                is_match = False
                steps[index] = bisect_left(row, (earliest, ""), lo=steps[index])
                if steps[index] == len(row):
                    return selected
                latest = max(latest, row[steps[index]][0])
        for index, row in enumerate(rows):
            entry = row[steps[index]]
            if not selected[index] or selected[index][-1] != entry:
                selected[index].append(entry)
        following = [
            row[steps[index] + 1][0] if steps[index] + 1 < len(row) else None for index, row in enumerate(rows)
        ]
        remaining = [(place, index) for index, place in enumerate(following) if place is not None]
        if not remaining:
            return selected
        steps[min(remaining)[1]] += 1


# --- reading ---------------------------------------------------------------------------------------------------------


class _Parser:
    """Reads a query by FTS5's grammar: NOT binds before AND, AND before OR, and words side by side mean AND."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self.phrases: list[Phrase] = []

    def parse(self) -> Node:
        node = self._either(COLUMNS)
        if self._at < len(self._tokens):
            raise _syntax_error()
        return node

    def _either(self, columns: tuple[str, ...]) -> Node:
        return self._joined("OR", self._both, columns)

    def _both(self, columns: tuple[str, ...]) -> Node:
        return self._joined("AND", self._without, columns)

    def _joined(self, operator: str, read: Callable[[tuple[str, ...]], Node], columns: tuple[str, ...]) -> Node:
        parts = [read(columns)]
        while self._accept("word", operator) or (operator == "AND" and self._begins_part()):
            parts.append(read(columns))
        return parts[0] if len(parts) == 1 else Group(operator, tuple(parts))

    def _without(self, columns: tuple[str, ...]) -> Node:
        node = self._part(columns)
        while self._accept("word", "NOT"):
            node = Group("NOT", (node, self._part(columns)))
        return node

    def _begins_part(self) -> bool:
        kind, text = self._peek()
        return (
            kind in {"phrase", "near"}
            or (kind, text) in {("sign", "("), ("sign", "{")}
            or (kind == "word" and text not in {"AND", "OR", "NOT"})
        )

    def _part(self, columns: tuple[str, ...]) -> Node:
        columns = self._columns(columns)
        if self._accept("sign", "("):
            node = self._either(columns)
            self._expect("sign", ")")
            return node
        if self._accept("near"):
            return self._near(columns)
        return self._phrase(columns)

    def _columns(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Read ``title :`` or ``{title body} :``, if one is here."""
        if self._accept("sign", "{"):
            names = []
            while not self._accept("sign", "}"):
                names.append(self._next("word"))
        elif self._peek()[0] == "word" and self._tokens[self._at + 1 : self._at + 2] == [("sign", ":")]:
            names = [self._next("word")]
        else:
            return columns
        self._expect("sign", ":")
        if not set(names) <= set(COLUMNS):
            raise _syntax_error()
        return tuple(column for column in columns if column in names)

    def _near(self, columns: tuple[str, ...]) -> Node:
        phrases, distance = [], _NEAR
        while not self._accept("sign", ")"):
            if self._accept("sign", ","):
                distance = int(self._next("word"))
                continue
            phrases.append(self._phrase(columns))
        return phrases[0] if len(phrases) == 1 else Near(tuple(phrases), distance)

    def _phrase(self, columns: tuple[str, ...]) -> Phrase:
        kind, text = self._peek()
        if kind not in {"phrase", "word"}:
            raise _syntax_error()
        self._at += 1
        words = words_of(text.replace('""', '"'))
        phrase = Phrase(len(self.phrases), words, columns, self._accept("sign", "*"))
        self.phrases.append(phrase)
        return phrase

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _accept(self, kind: str, text: str | None = None) -> bool:
        is_next = self._peek()[0] == kind and text in {None, self._peek()[1]}
        self._at += is_next
        return is_next

    def _expect(self, kind: str, text: str) -> None:
        if not self._accept(kind, text):
            raise _syntax_error()

    def _next(self, kind: str) -> str:
        actual, text = self._peek()
        if actual != kind:
            raise _syntax_error()
        self._at += 1
        return text


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place, text = 0, text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise _syntax_error()
        yield match.lastgroup, match[match.lastgroup]
        place = match.end()


def _syntax_error() -> StoreError:
    return StoreError("the full-text query has another syntax than this archive reads")


@lru_cache(maxsize=256)
def parse_fts5(text: str) -> Query:
    """Read a query. Raises StoreError."""
    parser = _Parser(text)
    root = parser.parse()
    return Query(root, tuple(parser.phrases), _strict(root), _lax(root), not _has_near(root))


def _has_near(node: Node) -> bool:
    return isinstance(node, Near) or (isinstance(node, Group) and any(map(_has_near, node.parts)))


def _strict(node: Node) -> str:
    if isinstance(node, Phrase):
        return node.strict()
    if isinstance(node, Near):
        return f"({' & '.join(phrase.strict() for phrase in node.phrases)})"
    if node.operator == "NOT":
        required, excluded = node.parts
        return _strict(required) if _has_near(excluded) else f"({_strict(required)} & !{_strict(excluded)})"
    return f"({(' & ' if node.operator == 'AND' else ' | ').join(map(_strict, node.parts))})"


def _lax(node: Node) -> str:
    if isinstance(node, Phrase):
        return node.lax()
    if isinstance(node, Near):
        return f"({' & '.join(phrase.lax() for phrase in node.phrases)})"
    if node.operator == "NOT":
        return _lax(node.parts[0])
    return f"({(' & ' if node.operator == 'AND' else ' | ').join(map(_lax, node.parts))})"
