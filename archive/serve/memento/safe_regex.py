"""Regular expressions from strangers, matched in one pass over the text whatever the pattern.

Python's ``re`` backtracks: a pattern such as ``(a+)+b`` makes it take years, and it cannot be interrupted. The filters
of CDX queries therefore accept a strict subset, the regular expressions of formal language theory (literals, ``.``,
classes, groups, ``|``, ``* + ? {m,n}``), and follow all alternatives at once: Thompson's construction (Communications
of the ACM 11, 1968) gives a nondeterministic automaton, which becomes deterministic lazily, while texts are matched. A
character of the text then costs one look-up, and no pattern changes that. Back-references and look-around, which no
automaton can do, are refused with a message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from db.errors import BadInput

MAX_LENGTH: Final = 200
"""Characters of a pattern at most. The longest seen from a client had 60."""

_MAX_STATES: Final = 1000  # of the nondeterministic automaton: {1,500} of a short word
_MAX_SETS: Final = 500  # states of the deterministic automaton kept at a time
_MAX_WORK: Final = 500_000  # states visited while it is built: 0.35 s; usual patterns need some hundred
_MAX_DEPTH: Final = 20  # groups within groups
_ANY: Final = ((0, 0x10FFFF),)
_CLASSES: Final = {
    "d": ((48, 57),),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
    "s": ((9, 13), (32, 32)),
}
_CONTROLS: Final = {"n": "\n", "r": "\r", "t": "\t"}
_BOUNDS: Final = re.compile(r"\{(\d{1,4})(,(\d{1,4})?)?\}")

_Ranges = tuple[tuple[int, int], ...]
_States = frozenset[int]


@dataclass(frozen=True, slots=True)
class _Chars:
    ranges: _Ranges

    def has(self, code: int) -> bool:
        return any(low <= code <= high for low, high in self.ranges)


@dataclass(frozen=True, slots=True)
class _Sequence:
    nodes: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Alternatives:
    nodes: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Repeat:
    node: _Node
    low: int
    high: int | None


_Node = _Chars | _Sequence | _Alternatives | _Repeat


class Pattern:
    """A pattern that matches whole texts, or with ``open_end`` the beginning of texts. Raises BadInput.

    Keeps the part of the deterministic automaton that the texts so far have needed.
    """

    def __init__(self, source: str, *, open_end: bool = False) -> None:
        if len(source) > MAX_LENGTH:
            raise BadInput(f"the pattern has {len(source)} characters, more than {MAX_LENGTH}")
        self._ignores_case = source.startswith("(?i)")
        node = _Parser(source.removeprefix("(?i)"), ignore_case=self._ignores_case).parse()
        self._nfa = _Nfa(_Sequence((node, _Repeat(_Chars(_ANY), 0, None))) if open_end else node)
        self._transitions: dict[_States, dict[str, _States]] = {}
        self._work = 0

    def matches(self, text: str) -> bool:
        """Return True if the pattern matches the whole of ``text``. Costs one look-up a character.

        Raises BadInput for a pattern made to need ever new sets of states. The work is counted, not timed, so the same
        pattern is refused however busy the machine is.
        """
        states = self._nfa.start
        for char in text.lower() if self._ignores_case else text:
            states = self._next(states, char)
            if not states:
                return False
        return self._nfa.end in states

    def _next(self, states: _States, char: str) -> _States:
        transitions = self._transitions.get(states)
        if transitions is None:
            if len(self._transitions) >= _MAX_SETS:
                self._transitions.clear()
            transitions = self._transitions.setdefault(states, {})
        target = transitions.get(char)
        if target is None:
            self._work += len(states)
            if self._work > _MAX_WORK:
                raise BadInput("the pattern leaves too much open for these texts; make it plainer")
            target = transitions[char] = self._nfa.step(states, ord(char))
        return target


class _Nfa:
    """The nondeterministic automaton. A state has one move by a character, or any number of empty moves."""

    def __init__(self, node: _Node) -> None:
        self._moves: dict[int, tuple[_Chars, int]] = {}
        self._empty_moves: list[list[int]] = []
        first = self._add_state()
        self.end = self._build(node, first)
        self.start = self._closure([first])

    def step(self, states: _States, code: int) -> _States:
        """Return every state that a character leads to from these."""
        moves = (self._moves[state] for state in states if state in self._moves)
        return self._closure([target for chars, target in moves if chars.has(code)])

    def _closure(self, states: list[int]) -> _States:
        closure = set(states)
        while states:
            for target in self._empty_moves[states.pop()]:
                if target not in closure:
                    closure.add(target)
                    states.append(target)
        return frozenset(closure)

    def _add_state(self) -> int:
        if len(self._empty_moves) >= _MAX_STATES:
            raise BadInput("the pattern repeats too much; use smaller numbers in {}")
        self._empty_moves.append([])
        return len(self._empty_moves) - 1

    def _build(self, node: _Node, start: int) -> int:
        """Add the states of a node from ``start`` on, and return the state it ends in."""
        if isinstance(node, _Chars):
            end = self._add_state()
            middle = self._add_state()  # a state has one move or empty moves, never both
            self._empty_moves[start].append(middle)
            self._moves[middle] = node, end
            return end
        if isinstance(node, _Sequence):
            for child in node.nodes:
                start = self._build(child, start)
            return start
        if isinstance(node, _Alternatives):
            ends = [self._build(child, self._branch(start)) for child in node.nodes]
            return self._join(ends)
        return self._build_repeat(node, start)

    def _build_repeat(self, node: _Repeat, start: int) -> int:
        for _ in range(node.low):
            start = self._build(node.node, start)
        if node.high is None:
            loop = self._branch(start)
            self._empty_moves[self._build(node.node, self._branch(loop))].append(loop)
            return self._branch(loop)
        ends = [start]
        for _ in range(node.high - node.low):
            ends.append(self._build(node.node, self._branch(ends[-1])))
        return self._join(ends)

    def _branch(self, start: int) -> int:
        target = self._add_state()
        self._empty_moves[start].append(target)
        return target

    def _join(self, ends: list[int]) -> int:
        target = self._add_state()
        for end in ends:
            self._empty_moves[end].append(target)
        return target


class _Parser:
    """A recursive-descent parser of patterns."""

    def __init__(self, source: str, *, ignore_case: bool) -> None:
        self._source, self._position, self._depth, self._ignore_case = source, 0, 0, ignore_case

    def parse(self) -> _Node:
        """Parse the whole pattern. It has to match a whole text, so ``^`` and ``$`` around it change nothing."""
        self._accept("^")
        node = self._alternatives()
        self._accept("$")
        if self._position < len(self._source):
            raise self._error(f"{self._source[self._position]!r} is not understood here")
        return node

    def _alternatives(self) -> _Node:
        nodes = [self._sequence()]
        while self._accept("|"):
            nodes.append(self._sequence())
        return nodes[0] if len(nodes) == 1 else _Alternatives(tuple(nodes))

    def _sequence(self) -> _Node:
        nodes = []
        while self._position < len(self._source) and self._peek() not in "|)" and not self._is_at_end():
            nodes.append(self._repetition(self._atom()))
        return _Sequence(tuple(nodes))

    def _is_at_end(self) -> bool:
        return self._peek() == "$" and self._position == len(self._source) - 1

    def _repetition(self, node: _Node) -> _Node:
        bounds = _BOUNDS.match(self._source, self._position)
        if bounds:
            self._position = bounds.end()
            low, high = int(bounds[1]), int(bounds[3]) if bounds[3] else (None if bounds[2] else int(bounds[1]))
            if high is not None and high < low:
                raise self._error(f"{bounds[0]} goes backwards")
        elif self._position < len(self._source) and self._peek() in "*+?":
            low, high = {"*": (0, None), "+": (1, None), "?": (0, 1)}[self._next()]
        else:
            return node
        self._accept("?")  # greedy or lazy makes no difference to a match of the whole text
        if self._position < len(self._source) and self._peek() in "*+?{":
            raise self._error("a repetition is repeated; put what it repeats in ( )")
        return _Repeat(node, low, high)

    def _atom(self) -> _Node:
        char = self._next()
        if char == "(":
            return self._group()
        if char == "[":
            return self._class()
        if char == ".":
            return _Chars(_ANY)
        if char == "\\":
            return _Chars(self._escape())
        if char in "*+?{$^":
            raise self._error(f"{char!r} has nothing before it to act on; write \\{char} for the character itself")
        return _Chars(_single(char.lower() if self._ignore_case else char))

    def _group(self) -> _Node:
        if self._accept("?") and not self._accept(":"):
            raise self._error("only plain groups are understood, ( ) and (?: )")
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._error(f"more than {_MAX_DEPTH} groups within each other")
        node = self._alternatives()
        if not self._accept(")"):
            raise self._error("a group is not closed")
        self._depth -= 1
        return node

    def _class(self) -> _Node:
        negated = self._accept("^")
        ranges: list[tuple[int, int]] = []
        while not (ranges and self._accept("]")):
            low = self._class_member()
            if self._source.startswith("-", self._position) and not self._source.startswith("-]", self._position):
                self._position += 1
                high = self._class_member()
                if len(low) > 1 or len(high) > 1 or high[0][0] < low[0][0]:
                    raise self._error("a range in [ ] goes backwards")
                low = ((low[0][0], high[0][0]),)
            ranges += [self._fold_case(span) for span in low]
        return _Chars(_complement(ranges) if negated else tuple(ranges))

    def _class_member(self) -> _Ranges:
        char = self._next()
        return self._escape() if char == "\\" else _single(char)

    def _fold_case(self, span: tuple[int, int]) -> tuple[int, int]:
        low, high = span
        return (low + 32, high + 32) if self._ignore_case and low >= ord("A") and high <= ord("Z") else span

    def _escape(self) -> _Ranges:
        char = self._next()
        if char.lower() in _CLASSES:
            ranges = _CLASSES[char.lower()]
            return ranges if char.islower() else _complement(list(ranges))
        if char in _CONTROLS:
            return _single(_CONTROLS[char])
        if char.isalnum():
            raise self._error(f"\\{char} is not understood")
        return _single(char)

    def _peek(self) -> str:
        return self._source[self._position]

    def _next(self) -> str:
        if self._position >= len(self._source):
            raise self._error("it ends too early")
        self._position += 1
        return self._source[self._position - 1]

    def _accept(self, char: str) -> bool:
        accepted = self._source.startswith(char, self._position)
        self._position += len(char) if accepted else 0
        return accepted

    def _error(self, reason: str) -> BadInput:
        return BadInput(f"the pattern {self._source!r} cannot be used: {reason}")


def _single(char: str) -> _Ranges:
    return ((ord(char), ord(char)),)


def _complement(ranges: list[tuple[int, int]]) -> _Ranges:
    """Return the ranges of every character that is in none of these."""
    gaps, start = [], 0
    for low, high in sorted(ranges):
        if low > start:
            gaps.append((start, low - 1))
        start = max(start, high + 1)
    return (*gaps, (start, 0x10FFFF)) if start <= _ANY[0][1] else tuple(gaps)
