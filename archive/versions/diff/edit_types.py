"""Edit types, read off the words: a number changed, a quotation cut, a claim weakened, a typo mended."""

from __future__ import annotations

import re
from collections import Counter
from math import prod
from typing import TYPE_CHECKING

from rapidfuzz.distance import OSA

from archive.versions.diff.cue_words import ATTRIBUTIONS, HEDGES, NOT_NAMES, RESIDUE
from archive.versions.diff.same_figures import FormsCompared, compare_forms
from archive.versions.diff.tokens import FIGURES, Capitals, Piece, Token, tokenize
from archive.versions.diff.values import write_plainly
from db.correction_notes import CORRECTION
from db.records import Kind
from db.typography import fold_typography

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archive.versions.diff.paragraphs import SegmentedText
    from db.records import Edit

PASSAGE_WORDS = 6
"""From this many words on, or as a whole line, added or cut text is a passage and not a change of wording."""

PASSAGE_CHARACTERS = 80
"""The equivalent for scripts without blanks between words."""

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
"""The weight of each kind alone. They were set by hand, as an order of what a reader of a changed story wants to see
first."""

_HEADLINE_KINDS = frozenset({Kind.NUMBER, Kind.MONEY, Kind.DATE, Kind.QUOTATION, Kind.HEDGE, Kind.NAME})
_FIGURE_KINDS = frozenset({Kind.NUMBER, Kind.MONEY, Kind.DATE})
_BY_PIECE = {Piece.NUMBER: Kind.NUMBER, Piece.MONEY: Kind.MONEY, Piece.DATE: Kind.DATE, Piece.NAME: Kind.NAME}
_PARTS = re.compile(r"[^\W_]+")
_WORD = re.compile(r"[^\W_]")
_DIGITS = re.compile(r"\d+")
_QUOTED = re.compile(r"[\"\u201c\u201d\u201e\u00ab\u00bb][^\n]{3,}?[\"\u201c\u201d\u201e\u00ab\u00bb]")
_NOTE_BEGINS = 400  # characters within which a correction says that it is one
_GERMAN_PLACES = frozenset(["in", "aus", "nach", "von", "bei"])
_GERMAN_NOUN = re.compile(
    r".*(?:ung|heit|keit|schaft|tion|tät|ismus|nis|tum|ment|ungen|heiten|keiten|tionen|schaften)$"
)


def kinds_of_edit(edit: Edit, a: SegmentedText, b: SegmentedText) -> frozenset[Kind]:
    """Return the kinds of one edit. Empty if it changed nothing, ``cosmetic`` if only marks, case or a typo differ."""
    cut, new = a.text[slice(*edit.a)], b.text[slice(*edit.b)]
    if edit.op in {"equal", "move"}:
        return frozenset({Kind.MOVED} if edit.op == "move" and _WORD.search(cut) else ())
    has_words = _WORD.search(cut) or _WORD.search(new)
    return _kinds_of_words(edit, a, b) if has_words else _kinds_of_marks(cut, new)


def _kinds_of_words(edit: Edit, a: SegmentedText, b: SegmentedText) -> frozenset[Kind]:
    cut, new = a.text[slice(*edit.a)], b.text[slice(*edit.b)]
    if RESIDUE.fullmatch(a.line(edit.a)) and RESIDUE.fullmatch(b.line(edit.b)):
        return frozenset({Kind.RESIDUE})  # a counter
    if not cut and _is_passage(new, b, edit.b):
        return _passage_kinds(Kind.ADDED, new)
    if not new and _is_passage(cut, a, edit.a):
        return _passage_kinds(Kind.REMOVED, cut)
    if not new and _PARTS.findall(cut.casefold()) == [a.word_before(edit.a[0])]:
        return frozenset({Kind.COSMETIC})  # a repeated word
    return _kinds_of_change(edit, a, b)


def _kinds_of_change(edit: Edit, a: SegmentedText, b: SegmentedText) -> frozenset[Kind]:
    """Return the kinds of changed words that are no passage of their own."""
    cut, new = a.text[slice(*edit.a)], b.text[slice(*edit.b)]
    forms, differing = compare_forms(a.text, b.text, edit.a, edit.b, a.decimal)
    if forms is FormsCompared.SAME:
        return frozenset({Kind.COSMETIC})
    names = a.names, b.names
    kinds = _change_kinds(_tokens_with_names(a, edit.a, names), _tokens_with_names(b, edit.b, names), cut, new)
    return _with_figures(kinds, forms, differing)


def _with_figures(kinds: frozenset[Kind], forms: FormsCompared, differing: Iterable[Piece]) -> frozenset[Kind]:
    """Return the kinds of changed words as the comparison of the figures in one form corrects them."""
    if forms is FormsCompared.SAME_FIGURES and not kinds <= _FIGURE_KINDS:
        return kinds - _FIGURE_KINDS
    if kinds & (_FIGURE_KINDS | {Kind.QUOTATION, Kind.COSMETIC}):
        return kinds
    return kinds | {_BY_PIECE[piece] for piece in differing}


def coarse_kinds(cut: str, new: str) -> frozenset[Kind]:
    """Return the kinds of an edit of whole paragraphs, when there is too much text to compare words."""
    if not (_WORD.search(cut) or _WORD.search(new)):
        return frozenset({Kind.COSMETIC})
    if not (cut and new):
        return frozenset({Kind.ADDED if new else Kind.REMOVED})
    figures = sorted(_DIGITS.findall(cut)) != sorted(_DIGITS.findall(new))
    return frozenset({Kind.WORDING} | ({Kind.NUMBER} if figures else set()))


def headline_kinds(kinds: frozenset[Kind], capitals: Capitals) -> frozenset[Kind]:
    """Return the kinds of a changed headline by those of its edits: ``headline`` and others, or ``cosmetic`` alone."""
    if not kinds or kinds == {Kind.COSMETIC}:
        return kinds
    known_kinds = _HEADLINE_KINDS - ({Kind.NAME} if capitals is Capitals.EVERY_WORD else set())
    return frozenset({Kind.HEADLINE} | (kinds & known_kinds))


def score_of(kinds: Iterable[Kind], share: float) -> float:
    """Return a weight from 0 to 1.

    Each kind takes its share of what is left to 1, and so does the share of changed words.
    """
    return round(1 - (1 - 0.8 * share) * prod(1 - WEIGHTS[kind] for kind in kinds), 4)


def _kinds_of_marks(cut: str, new: str) -> frozenset[Kind]:
    """Return the kinds of an edit of marks and blanks. Only a question mark weakens a claim."""
    if not (cut.strip() or new.strip()):
        return frozenset()
    if (signs := _signs_of_value(cut)) != _signs_of_value(new):
        return frozenset({Kind.MONEY if _COIN.search("".join(signs) + new + cut) else Kind.NUMBER})
    return frozenset({Kind.HEDGE if _count_questions(cut) != _count_questions(new) else Kind.COSMETIC})


def _signs_of_value(marks: str) -> list[str]:
    """Return the signs that are part of a value, in order of code: "5" and "5 %" are two figures."""
    return sorted(_SIGN.findall(write_plainly(marks)))


_COIN = re.compile("[$\u20ac\u00a3\u00a5\u20b9\u20bd\u20ba\u20a9]")
_SIGN = re.compile("[%\u2030\u00b0<>\u2264\u2265\u00b1=\u00d7+$\u20ac\u00a3\u00a5\u20b9\u20bd\u20ba\u20a9]")


def _count_questions(marks: str) -> int:
    return sum(marks.count(mark) for mark in _QUESTION_MARKS)


_QUESTION_MARKS = "?\uff1f\u061f"


# --- passages --------------------------------------------------------------------------------------------------------


def _is_passage(passage: str, text: SegmentedText, span: tuple[int, int]) -> bool:
    long = len(passage) >= PASSAGE_CHARACTERS or len(passage.split()) >= PASSAGE_WORDS
    return long or text.is_whole_line(span)


def _passage_kinds(kind: Kind, passage: str) -> frozenset[Kind]:
    lines = [line.strip() for line in passage.split("\n") if line.strip()]
    if all(RESIDUE.fullmatch(line) for line in lines):
        return frozenset({Kind.RESIDUE})
    kinds = {kind}
    if _QUOTED.search(passage):
        kinds.add(Kind.QUOTATION)
    if any(CORRECTION.search(_beginning(line)) for line in lines):
        kinds.add(Kind.CORRECTION)
    return frozenset(kinds)


# --- changed words ---------------------------------------------------------------------------------------------------


def _tokens_with_names(text: SegmentedText, span: tuple[int, int], names: tuple[frozenset[str], ...]) -> list[Token]:
    """Return the tokens of a span, including names whose capital alone does not show it."""
    before = text.word_before(span[0])
    tokens = []
    for token in text.within(span):
        is_name = token.piece is Piece.WORD and _is_name(token, before, names, text.capitals)
        tokens.append(token._replace(piece=Piece.NAME) if is_name else token)
        before = token.folded
    return tokens


def _is_name(token: Token, before: str, names: tuple[frozenset[str], ...], capitals: Capitals) -> bool:
    """True if the word is a name.

    A capital that opens a sentence begins a name if the word is a name elsewhere. So does a German noun after "sagte".
    """
    if not token.text[0].isupper() or capitals is Capitals.EVERY_WORD:
        return False
    folded = token.folded
    if folded not in _CUE_WORDS and any(folded in text_names for text_names in names):
        return True
    is_place = before in _GERMAN_PLACES and folded not in NOT_NAMES and not _GERMAN_NOUN.match(folded)
    return capitals is Capitals.NOUNS and (is_place or before in _GERMAN_SPEECH_VERBS) and len(token.text) > 2  # noqa: PLR2004 - "US", "EU"


_GERMAN_SPEECH_VERBS = frozenset(
    ["sagte", "sagt", "erklärte", "betonte", "meinte", "warnte", "kündigte", "räumte", "teilte"]
)


def _change_kinds(cut: Sequence[Token], new: Sequence[Token], cut_text: str, new_text: str) -> frozenset[Kind]:
    quoted = _quoted(cut) != _quoted(new)
    if quoted and _same_words(cut, new):
        return frozenset({Kind.QUOTATION})  # quotation marks were added or removed
    if not quoted and (_same_words(cut, new) or _mends_typos(cut, new)):
        return _kinds_of_marks(_marks(cut), _marks(new)) or frozenset({Kind.COSMETIC})
    kinds = {Kind.QUOTATION} if quoted and not _mends_typos(cut, new) else set()
    both = {len(_quoted(cut)) > 0, len(_quoted(new)) > 0} == {True}
    flat_cut, flat_new = (_open_quotations(cut), _open_quotations(new)) if both else (cut, new)
    kinds |= _kinds_of_values(flat_cut, flat_new)
    kinds |= _word_kinds(_plain(cut), _plain(new))
    if _question_marks(cut) != _question_marks(new):
        kinds.add(Kind.HEDGE)
    if any(CORRECTION.search(_beginning(passage)) for passage in (cut_text, new_text)):
        kinds.add(Kind.CORRECTION)
    longer = _length(new), _length(cut)
    if longer[0] >= PASSAGE_WORDS + 3 * longer[1]:
        kinds.add(Kind.ADDED)
    if longer[1] >= PASSAGE_WORDS + 3 * longer[0]:
        kinds.add(Kind.REMOVED)
    return frozenset(kinds or {Kind.COSMETIC})


def _word_kinds(cut: Counter[str], new: Counter[str]) -> set[Kind]:
    differing = set((cut - new) + (new - cut))
    hedges = {word for word in differing if word in HEDGES or word.endswith(("n't", "n\u2019t"))}
    sayings = differing & ATTRIBUTIONS
    kinds = {Kind.HEDGE} if hedges else set()
    kinds |= {Kind.ATTRIBUTION} if sayings - hedges else set()
    return kinds | ({Kind.WORDING} if differing - hedges - sayings else set())


def _kinds_of_values(cut: Sequence[Token], new: Sequence[Token]) -> set[Kind]:
    """Return the kinds of the figures and names that only one side has."""
    sides = [Counter(token.value for token in side if token.piece in _BY_PIECE) for side in (cut, new)]
    differing = (sides[0] - sides[1]) + (sides[1] - sides[0])
    return {_BY_PIECE[token.piece] for token in (*cut, *new) if token.piece in _BY_PIECE and token.value in differing}


def _beginning(passage: str) -> str:
    return fold_typography(passage.strip()[:_NOTE_BEGINS])


def _marks(tokens: Sequence[Token]) -> str:
    """Return the marks of tokens: all but figures and words."""
    return "".join(token.text for token in tokens if token.piece in {Piece.MARK, Piece.QUOTATION})


def _length(tokens: Sequence[Token]) -> float:
    """Return the number of words. A character of a script without blanks is half a word."""
    words = _words(tokens)
    return len(words) - sum(0.5 for word in words if len(word) == 1 and word > "\u0e00")


def _question_marks(tokens: Sequence[Token]) -> int:
    return sum(token.text in _QUESTION_MARKS for token in tokens)


def _plain(tokens: Sequence[Token]) -> Counter[str]:
    return Counter(token.folded for token in tokens if token.piece is Piece.WORD)


def _quoted(tokens: Sequence[Token]) -> Counter[tuple[str, ...]]:
    return Counter(tuple(_words([token])) for token in tokens if token.piece is Piece.QUOTATION)


def _open_quotations(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens with each quotation replaced by the tokens inside it."""
    flat: list[Token] = []
    for token in tokens:
        flat += _inside(token) if token.piece is Piece.QUOTATION else (token,)
    return flat


def _inside(quotation: Token) -> Sequence[Token]:
    return tokenize(quotation.text[1:-1], decimal=quotation.decimal)


def _words(tokens: Iterable[Token]) -> list[str]:
    """Return the words of tokens without case and marks. Figures stay whole: a comma in them is no punctuation."""
    words: list[str] = []
    for token in tokens:
        if token.piece in FIGURES:
            words.append(token.value)
        elif token.piece is Piece.QUOTATION:
            words += _words(_inside(token))
        else:
            words += _PARTS.findall(token.folded)
    return words


def _same_words(cut: Sequence[Token], new: Sequence[Token]) -> bool:
    """True if the words are the same in other writing: capitals, other marks, one word or a hyphen."""
    figures, others = (
        [token.value for token in _open_quotations(side) if token.piece in FIGURES] for side in (cut, new)
    )
    return figures == others and "".join(_words(cut)) == "".join(_words(new))


# --- typos -----------------------------------------------------------------------------------------------------------


def _mends_typos(cut: Sequence[Token], new: Sequence[Token]) -> bool:
    """True if all that differs are single typos. Names and figures are never typos."""
    flat_cut, flat_new = _flat(cut), _flat(new)
    if len(flat_cut) != len(flat_new) or [t.piece for t in cut] != [t.piece for t in new]:
        return False
    return all(x.value == y.value or _is_typo(x, y) for x, y in zip(flat_cut, flat_new, strict=True))


def _flat(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens with quotations opened and marks left out."""
    return [token for token in _open_quotations(tokens) if token.piece is not Piece.MARK]


def _is_typo(x: Token, y: Token) -> bool:
    """True if one letter is lost, doubled, swapped or wrong inside a long word.

    The end of a word does not count, because it is grammar.
    """
    a, b = x.folded, y.folded
    if x.piece is not Piece.WORD or y.piece is not Piece.WORD or (a in _CUE_WORDS and b in _CUE_WORDS):
        return False
    if not (_ALPHABET.fullmatch(a) and _ALPHABET.fullmatch(b)):
        return False  # elsewhere one character is a word
    shorter, longer = sorted((a, b), key=len)
    if len(shorter) < 4 or longer.startswith(shorter) or _DIGITS.findall(a) != _DIGITS.findall(b):  # noqa: PLR2004
        return False  # "not" and "now" are one letter apart
    substituted = len(a) == len(b) and sorted(a) != sorted(b)
    return OSA.distance(a, b) == 1 and a[0] == b[0] and not (substituted and len(a) < 7)  # noqa: PLR2004 - rose, rise


_ALPHABET = re.compile("[a-z\u00df-\u024f\u0370-\u03ff\u0400-\u04ff'\u2019-]+")
_CUE_WORDS = HEDGES | ATTRIBUTIONS
