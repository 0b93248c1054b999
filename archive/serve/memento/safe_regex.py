"""Regular expressions that strangers may send: matched in one pass over the text, whatever the pattern.

Python's ``re`` tries again from every place where it had a choice, and a pattern such as ``(a+)+b`` makes that take
years; it cannot be stopped either. So the filters of an index understand a strict subset, the regular expressions
proper (literals, ``.``, classes, groups, ``|``, ``* + ? {m,n}``), and follow all choices at once: Thompson's
construction (Communications of the ACM 11, 1968), turned into a deterministic automaton while it is used. A character
of the text then costs one look-up, and nothing a pattern says changes that. Back-references and looking around, which
no automaton can do, are refused with words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from db.errors import BadInput

LONGEST: Final = 200
"""Characters of a pattern at most; the longest seen from a client had 60."""

_MOST_STATES: Final = 1000  # of the automaton with choices: {1,500} of a short word
_MOST_SETS: Final = 500  # of the one without, kept at a time
_MOST_WORK: Final = 500_000  # states looked at while it is built: 0.35 s; usual patterns need some hundred
_DEEPEST: Final = 20  # groups within groups
_ANY: Final = ((0, 0x10FFFF),)
_CLASSES: Final = {
    "d": ((48, 57),),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
    "s": ((9, 13), (32, 32)),
}
_CONTROLS: Final = {"n": "\n", "r": "\r", "t": "\t"}
_BOUNDS: Final = re.compile(r"\{(\d{1,4})(,(\d{1,4})?)?\}")

_Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Chars:
    ranges: _Ranges

    def has(self, code: int) -> bool:
        return any(low <= code <= high for low, high in self.ranges)


@dataclass(frozen=True, slots=True)
class _Row:
    nodes: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Either:
    nodes: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Repeat:
    node: _Node
    low: int
    high: int | None


_Node = _Chars | _Row | _Either | _Repeat


class Pattern:
    """A pattern ready to match whole texts, or with ``open_end`` what they begin with. Raises BadInput.

    Holds the automaton as far as the texts so far have needed it.
    """

    def __init__(self, source: str, *, open_end: bool = False) -> None:
        if len(source) > LONGEST:
            raise BadInput(f"the pattern has {len(source)} characters, more than {LONGEST}")
        self._folded = source.startswith("(?i)")
        node = _Reader(source.removeprefix("(?i)"), folded=self._folded).read()
        self._machine = _Machine(_Row((node, _Repeat(_Chars(_ANY), 0, None))) if open_end else node)
        self._sets: dict[frozenset[int], dict[str, frozenset[int]]] = {}
        self._work = 0

    def matches(self, text: str) -> bool:
        """True if the whole of ``text`` is what the pattern describes. One look-up a character.

        Raises BadInput for a pattern made to need ever new sets of states: they are counted, so that what is refused
        does not depend on how busy the machine is.
        """
        here = self._machine.start
        for char in text.lower() if self._folded else text:
            here = self._next(here, char)
            if not here:
                return False
        return self._machine.end in here

    def _next(self, here: frozenset[int], char: str) -> frozenset[int]:
        known = self._sets.get(here)
        if known is None:
            if len(self._sets) >= _MOST_SETS:
                self._sets.clear()
            known = self._sets.setdefault(here, {})
        found = known.get(char)
        if found is None:
            self._work += len(here)
            if self._work > _MOST_WORK:
                raise BadInput("the pattern leaves too much open for these texts; make it plainer")
            found = known[char] = self._machine.step(here, ord(char))
        return found


class _Machine:
    """The automaton with choices: from a state by a character to the next one, or by choice to several."""

    def __init__(self, node: _Node) -> None:
        self._moves: dict[int, tuple[_Chars, int]] = {}
        self._choices: list[list[int]] = []
        first = self._state()
        self.end = self._build(node, first)
        self.start = self._closure([first])

    def step(self, here: frozenset[int], code: int) -> frozenset[int]:
        """Every state that a character leads to from these."""
        moves = (self._moves[state] for state in here if state in self._moves)
        return self._closure([target for chars, target in moves if chars.has(code)])

    def _closure(self, states: list[int]) -> frozenset[int]:
        seen = set(states)
        while states:
            for target in self._choices[states.pop()]:
                if target not in seen:
                    seen.add(target)
                    states.append(target)
        return frozenset(seen)

    def _state(self) -> int:
        if len(self._choices) >= _MOST_STATES:
            raise BadInput("the pattern repeats too much; use smaller numbers in {}")
        self._choices.append([])
        return len(self._choices) - 1

    def _build(self, node: _Node, start: int) -> int:
        """Lay a node out from ``start``; the state it ends in."""
        if isinstance(node, _Chars):
            end = self._state()
            middle = self._state()  # a state has one move or choices, never both
            self._choices[start].append(middle)
            self._moves[middle] = node, end
            return end
        if isinstance(node, _Row):
            for each in node.nodes:
                start = self._build(each, start)
            return start
        if isinstance(node, _Either):
            ends = [self._build(each, self._jump(start)) for each in node.nodes]
            return self._join(ends)
        return self._build_repeat(node, start)

    def _build_repeat(self, node: _Repeat, start: int) -> int:
        for _ in range(node.low):
            start = self._build(node.node, start)
        if node.high is None:
            loop = self._jump(start)
            self._choices[self._build(node.node, self._jump(loop))].append(loop)
            return self._jump(loop)
        ends = [start]
        for _ in range(node.high - node.low):
            ends.append(self._build(node.node, self._jump(ends[-1])))
        return self._join(ends)

    def _jump(self, start: int) -> int:
        target = self._state()
        self._choices[start].append(target)
        return target

    def _join(self, ends: list[int]) -> int:
        target = self._state()
        for end in ends:
            self._choices[end].append(target)
        return target


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, source: str, *, folded: bool) -> None:
        self._source, self._at, self._depth, self._folded = source, 0, 0, folded

    def read(self) -> _Node:
        """The whole pattern. What it describes is a whole text, so that ``^`` and ``$`` around it say nothing new."""
        self._take("^")
        node = self._either()
        self._take("$")
        if self._at < len(self._source):
            raise self._wrong(f"{self._source[self._at]!r} is not understood here")
        return node

    def _either(self) -> _Node:
        nodes = [self._row()]
        while self._take("|"):
            nodes.append(self._row())
        return nodes[0] if len(nodes) == 1 else _Either(tuple(nodes))

    def _row(self) -> _Node:
        nodes = []
        while self._at < len(self._source) and self._peek() not in "|)" and not self._at_end():
            nodes.append(self._repeated(self._one()))
        return _Row(tuple(nodes))

    def _at_end(self) -> bool:
        return self._peek() == "$" and self._at == len(self._source) - 1

    def _repeated(self, node: _Node) -> _Node:
        bounds = _BOUNDS.match(self._source, self._at)
        if bounds:
            self._at = bounds.end()
            low, high = int(bounds[1]), int(bounds[3]) if bounds[3] else (None if bounds[2] else int(bounds[1]))
            if high is not None and high < low:
                raise self._wrong(f"{bounds[0]} goes backwards")
        elif self._at < len(self._source) and self._peek() in "*+?":
            low, high = {"*": (0, None), "+": (1, None), "?": (0, 1)}[self._next()]
        else:
            return node
        self._take("?")  # whether it takes much or little makes no difference to whether the whole text matches
        if self._at < len(self._source) and self._peek() in "*+?{":
            raise self._wrong("a repetition is repeated; put what it repeats in ( )")
        return _Repeat(node, low, high)

    def _one(self) -> _Node:
        char = self._next()
        if char == "(":
            return self._group()
        if char == "[":
            return self._class()
        if char == ".":
            return _Chars(_ANY)
        if char == "\\":
            return _Chars(self._escaped())
        if char in "*+?{$^":
            raise self._wrong(f"{char!r} has nothing before it to act on; write \\{char} for the character itself")
        return _Chars(_only(char.lower() if self._folded else char))

    def _group(self) -> _Node:
        if self._take("?") and not self._take(":"):
            raise self._wrong("only plain groups are understood, ( ) and (?: )")
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._wrong(f"more than {_DEEPEST} groups within each other")
        node = self._either()
        if not self._take(")"):
            raise self._wrong("a group is not closed")
        self._depth -= 1
        return node

    def _class(self) -> _Node:
        negated = self._take("^")
        found: list[tuple[int, int]] = []
        while not (found and self._take("]")):
            low = self._class_item()
            if self._source.startswith("-", self._at) and not self._source.startswith("-]", self._at):
                self._at += 1
                high = self._class_item()
                if len(low) > 1 or len(high) > 1 or high[0][0] < low[0][0]:
                    raise self._wrong("a range in [ ] goes backwards")
                low = ((low[0][0], high[0][0]),)
            found += [self._fold(each) for each in low]
        return _Chars(_others(found) if negated else tuple(found))

    def _class_item(self) -> _Ranges:
        char = self._next()
        return self._escaped() if char == "\\" else _only(char)

    def _fold(self, span: tuple[int, int]) -> tuple[int, int]:
        low, high = span
        return (low + 32, high + 32) if self._folded and low >= ord("A") and high <= ord("Z") else span

    def _escaped(self) -> _Ranges:
        char = self._next()
        if char.lower() in _CLASSES:
            ranges = _CLASSES[char.lower()]
            return ranges if char.islower() else _others(list(ranges))
        if char in _CONTROLS:
            return _only(_CONTROLS[char])
        if char.isalnum():
            raise self._wrong(f"\\{char} is not understood")
        return _only(char)

    def _peek(self) -> str:
        return self._source[self._at]

    def _next(self) -> str:
        if self._at >= len(self._source):
            raise self._wrong("it ends too early")
        self._at += 1
        return self._source[self._at - 1]

    def _take(self, char: str) -> bool:
        taken = self._source.startswith(char, self._at)
        self._at += len(char) if taken else 0
        return taken

    def _wrong(self, why: str) -> BadInput:
        return BadInput(f"the pattern {self._source!r} cannot be used: {why}")


def _only(char: str) -> _Ranges:
    return ((ord(char), ord(char)),)


def _others(ranges: list[tuple[int, int]]) -> _Ranges:
    """Every character that is in none of ``ranges``."""
    found, start = [], 0
    for low, high in sorted(ranges):
        if low > start:
            found.append((start, low - 1))
        start = max(start, high + 1)
    return (*found, (start, 0x10FFFF)) if start <= _ANY[0][1] else tuple(found)
