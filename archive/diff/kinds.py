"""What edits did, read off their words: a number changed, a quotation cut, a claim softened, or only a typo mended."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from rapidfuzz.distance import OSA

from archive.diff.lexicon import ATTRIBUTIONS, CORRECTION, HEDGES, RESIDUE
from archive.diff.tokens import Piece, Token, tokenize
from db.records import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from db.records import Edit

PASSAGE_WORDS = 6
"""From this many words on, or as a whole line, added or cut text is a passage and not a change of wording."""

WEIGHTS = {
    Kind.HEADLINE: 0.50,
    Kind.CORRECTION: 0.50,
    Kind.NUMBER: 0.45,
    Kind.MONEY: 0.45,
    Kind.QUOTATION: 0.40,
    Kind.HEDGE: 0.40,
    Kind.NAME: 0.35,
    Kind.DATE: 0.35,
    Kind.ATTRIBUTION: 0.30,
    Kind.REMOVED: 0.25,
    Kind.ADDED: 0.20,
    Kind.WORDING: 0.10,
    Kind.MOVED: 0.05,
    Kind.COSMETIC: 0.01,
    Kind.RESIDUE: 0.005,
}
"""How much each kind says alone. An order, not a measurement: what a reader of a changed story wants to see first."""

_OF_HEADLINES = frozenset({Kind.NUMBER, Kind.MONEY, Kind.DATE, Kind.QUOTATION, Kind.HEDGE})
_BY_PIECE = {Piece.NUMBER: Kind.NUMBER, Piece.MONEY: Kind.MONEY, Piece.DATE: Kind.DATE, Piece.NAME: Kind.NAME}
_PARTS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Found:
    """The kinds of some edits, and the share of all words that were changed in earnest (0 to 1)."""

    kinds: frozenset[Kind]
    share: float


def kinds_of(edits: Iterable[Edit], a: str, b: str, *, german: bool = False) -> Found:
    """Read the kinds off a body's edits. ``german`` texts capitalise nouns: there only full names count as names."""
    in_a, in_b = _Tokens(a, german=german), _Tokens(b, german=german)
    kinds: set[Kind] = set()
    changed = 0
    for edit in edits:
        here = _kinds_of_edit(edit, in_a, in_b)
        kinds |= here
        if here - {Kind.COSMETIC, Kind.MOVED, Kind.RESIDUE}:
            changed += len(_words(in_a.within(edit.a))) + len(_words(in_b.within(edit.b)))
    return Found(frozenset(kinds), changed / max(in_a.words + in_b.words, 1))


def headline_kinds(edits: Sequence[Edit], a: str, b: str) -> frozenset[Kind]:
    """Kinds of a changed headline: ``headline`` and what its edits did, or ``cosmetic`` alone."""
    in_a, in_b = _Tokens(a), _Tokens(b)
    kinds = {kind for edit in edits for kind in _kinds_of_edit(edit, in_a, in_b)}
    if not kinds or kinds == {Kind.COSMETIC}:
        return frozenset(kinds)
    return frozenset({Kind.HEADLINE} | (kinds & _OF_HEADLINES))


def score_of(kinds: Iterable[Kind], share: float) -> float:
    """A weight from 0 to 1: every kind takes its part of what is left to 1, and so does the share of changed words."""
    return round(1 - (1 - 0.8 * share) * prod(1 - WEIGHTS[kind] for kind in kinds), 4)


class _Tokens:
    """The tokens of one text, asked by span."""

    def __init__(self, text: str, *, german: bool = False) -> None:
        self.text = text
        self.tokens = tuple(_as_german(token) for token in tokenize(text)) if german else tokenize(text)
        self.starts = [token.start for token in self.tokens]
        self.words = len(_words(self.tokens))

    def within(self, span: tuple[int, int]) -> tuple[Token, ...]:
        return self.tokens[bisect_left(self.starts, span[0]) : bisect_left(self.starts, span[1])]

    def before(self, place: int) -> str:
        at = bisect_left(self.starts, place) - 1
        return self.tokens[at].folded if at >= 0 else ""

    def is_whole_line(self, span: tuple[int, int]) -> bool:
        text = self.text[slice(*span)]
        opens = span[0] == 0 or self.text[span[0] - 1] == "\n" or text.startswith("\n")
        closes = span[1] == len(self.text) or self.text[span[1]] == "\n" or text.endswith("\n")
        return opens and closes


def _as_german(token: Token) -> Token:
    alone = token.piece is Piece.NAME and " " not in token.text
    return token._replace(piece=Piece.WORD) if alone else token


def _kinds_of_edit(edit: Edit, in_a: _Tokens, in_b: _Tokens) -> frozenset[Kind]:
    cut, new = in_a.within(edit.a), in_b.within(edit.b)
    if edit.op == "equal" or not (cut or new):
        return frozenset()
    if edit.op == "move":
        return frozenset({Kind.MOVED})
    if not cut and _is_passage(new, in_b, edit.b):
        return _passage_kinds(Kind.ADDED, new, in_b.text[slice(*edit.b)])
    if not new and _is_passage(cut, in_a, edit.a):
        return _passage_kinds(Kind.REMOVED, cut, in_a.text[slice(*edit.a)])
    if not new and [token.folded for token in cut] == [in_a.before(edit.a[0])]:
        return frozenset({Kind.COSMETIC})  # a word that stood there twice
    return _change_kinds(cut, new, in_b.text[slice(*edit.b)])


def _is_passage(tokens: Sequence[Token], where: _Tokens, span: tuple[int, int]) -> bool:
    words = _words(tokens)
    return len(words) >= PASSAGE_WORDS or (bool(words) and where.is_whole_line(span))


def _passage_kinds(kind: Kind, tokens: Sequence[Token], said: str) -> frozenset[Kind]:
    if RESIDUE.fullmatch(said.strip()):
        return frozenset({Kind.RESIDUE})
    kinds = {kind}
    if any(token.piece is Piece.QUOTATION for token in tokens):
        kinds.add(Kind.QUOTATION)
    if kind is Kind.ADDED and CORRECTION.search(said.strip()):
        kinds.add(Kind.CORRECTION)
    return frozenset(kinds)


def _change_kinds(cut: Sequence[Token], new: Sequence[Token], said: str) -> frozenset[Kind]:
    if _words(cut) == _words(new) or _mends_typos(cut, new):
        return frozenset({Kind.COSMETIC})
    kinds = {kind for piece, kind in _BY_PIECE.items() if _of(piece, cut) != _of(piece, new)}
    if _quoted(cut) != _quoted(new):
        kinds.add(Kind.QUOTATION)
    kinds |= _word_kinds(_plain(cut), _plain(new))
    if CORRECTION.search(said.strip()):
        kinds.add(Kind.CORRECTION)
    if len(_words(new)) >= PASSAGE_WORDS + 3 * len(_words(cut)):
        kinds.add(Kind.ADDED)
    if len(_words(cut)) >= PASSAGE_WORDS + 3 * len(_words(new)):
        kinds.add(Kind.REMOVED)
    return frozenset(kinds or {Kind.WORDING})


def _word_kinds(cut: Counter[str], new: Counter[str]) -> set[Kind]:
    differing = set((cut - new) + (new - cut))
    hedges = {word for word in differing if word in HEDGES or word.endswith(("n't", "n\u2019t"))}
    sayings = differing & ATTRIBUTIONS
    kinds = {Kind.HEDGE} if hedges else set()
    kinds |= {Kind.ATTRIBUTION} if sayings - hedges else set()
    return kinds | ({Kind.WORDING} if differing - hedges - sayings else set())


def _of(piece: Piece, tokens: Sequence[Token]) -> Counter[str]:
    return Counter(" ".join(token.folded.split()) for token in tokens if token.piece is piece)


def _plain(tokens: Sequence[Token]) -> Counter[str]:
    return Counter(token.folded for token in tokens if token.piece is Piece.WORD)


def _quoted(tokens: Sequence[Token]) -> Counter[tuple[str, ...]]:
    return Counter(tuple(_words([token])) for token in tokens if token.piece is Piece.QUOTATION)


def _words(tokens: Iterable[Token]) -> list[str]:
    """The words of tokens without case and marks; figures stay whole, a comma in them is not punctuation."""
    words: list[str] = []
    for token in tokens:
        if token.piece in {Piece.NUMBER, Piece.MONEY, Piece.DATE}:
            words.append(" ".join(token.folded.split()))
        elif token.piece is Piece.QUOTATION:
            words += _words(tokenize(token.text[1:-1]))
        else:
            words += _PARTS.findall(token.folded)
    return words


def _mends_typos(cut: Sequence[Token], new: Sequence[Token]) -> bool:
    """True when all that differs are single slips of the keyboard; names and figures never are."""
    flat_cut, flat_new = _flat(cut), _flat(new)
    if len(flat_cut) != len(flat_new):
        return False
    return all(x.folded == y.folded or _is_typo(x, y) for x, y in zip(flat_cut, flat_new, strict=True))


def _flat(tokens: Sequence[Token]) -> list[Token]:
    """Tokens with the quotations opened and the marks left out."""
    flat: list[Token] = []
    for token in tokens:
        inner = tokenize(token.text[1:-1]) if token.piece is Piece.QUOTATION else (token,)
        flat += [part for part in inner if part.piece is not Piece.MARK]
    return flat


def _is_typo(x: Token, y: Token) -> bool:
    """One letter lost, doubled, swapped or mistaken inside a long word; its ending is grammar and stays out."""
    a, b = x.folded, y.folded
    if x.piece is not Piece.WORD or y.piece is not Piece.WORD or {a, b} <= HEDGES | ATTRIBUTIONS:
        return False
    shorter, longer = sorted((a, b), key=len)
    if len(shorter) < 4 or longer.startswith(shorter):  # noqa: PLR2004 - "not" and "now" are one letter apart
        return False
    substituted = len(a) == len(b) and sorted(a) != sorted(b)
    return OSA.distance(a, b) == 1 and a[0] == b[0] and not (substituted and len(a) < 7)  # noqa: PLR2004 - rose, rise
