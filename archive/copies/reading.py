"""A text as the judge reads it: sentences with their offsets and words, and the anchors that hold them in place.

Anchors are what survives rewording: numbers (decimal marks normalised, small ones spelled or not) and names. Quotations
are marked: they survive, too, but in honest reports as well.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from typing import TYPE_CHECKING

from archive.copies.lexicon import ABBREVIATIONS, CALENDAR, COMMON, NUMBER_WORDS, STOPWORDS, TITLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

READ_CHARACTERS = 200_000
"""Only this much of a body is read: some 30,000 words, a short book."""

READ_WORDS = 40_000
"""And no more words than this, for scripts that write one in a character."""

MAX_SENTENCES = 400
"""The alignment is quadratic in sentences; 400 are a live blog of a whole day, and keep the worst case to a second."""

MAX_WORDS = 60
"""Text without full stops is cut into sentences of this many words."""

_CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u0e00-\u0e7f"
_WORD = re.compile(
    rf"\d+(?:[.,:]\d+)*|[{_CJK}]|[^\W\d_{_CJK}]+-?\d+|[^\W\d_{_CJK}]+(?:[.][^\W\d_](?![^\W\d_]))*|[^\W_]"
)
_LINE = re.compile(r"[^\n]+")
_STOP = re.compile(r"[.!?\u2026]+[\"'\u201d\u2019\u00bb)\]]*\s+|[\u3002\uff01\uff1f]+[\u300d\u300f\u201d]*\s*")
_THOUSANDS = re.compile(r"(?<=\d)[.,](?=\d{3}(?!\d))")
_QUOTATION = re.compile(r"\"[^\"\n]{2,600}\"|\u201c[^\u201c\u201d\n]{2,600}\u201d|\u00ab[^\u00ab\u00bb\n]{2,600}\u00bb|\u201e[^\u201e\u201c\n]{2,600}\u201c")  # fmt: skip  # noqa: E501


@dataclass(frozen=True, slots=True)
class Word:
    """One word: its place in the body, its folded form, and whether it begins with a capital."""

    start: int
    end: int
    folded: str
    capital: bool
    quoted: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: its place in the body and what can be compared of it.

    ``terms`` maps each stem or anchor to its weight, ``frame`` is its words with the anchors taken out, ``weight`` what
    it counts for in a coverage. A sentence that is mostly quotation counts half: everybody who was at the press
    conference has it, word for word and in order.
    """

    start: int
    end: int
    words: tuple[str, ...]
    terms: dict[str, float]
    numbers: frozenset[str]
    names: frozenset[str]
    frame: tuple[str, ...]
    mass: float
    weight: float


@dataclass(frozen=True, slots=True)
class Reading:
    """A whole body as read: words in order, sentences in order, and its language as far as function words tell."""

    words: tuple[Word, ...]
    sentences: tuple[Sentence, ...]
    language: str | None
    whole: bool

    @property
    def anchors(self) -> frozenset[str]:
        """Every number and name of the text."""
        return reduce(frozenset.union, (s.numbers | s.names for s in self.sentences), frozenset())


def read(body: str, language: str | None = None) -> Reading:
    """Read a body; ``language`` (two letters) is believed when given, else told by function words."""
    text = body[:READ_CHARACTERS]
    words = tuple(islice(_words(text), READ_WORDS))
    told = (language or "")[:2].lower() or guess_language(word.folded for word in words)
    named = _named(words, text, told)
    spans = list(_sentence_spans(text, words))
    sentences = tuple(_sentence(span, words[first:last], named) for span, first, last in spans[:MAX_SENTENCES])
    whole = len(body) <= READ_CHARACTERS and len(words) < READ_WORDS and len(spans) <= MAX_SENTENCES
    return Reading(words, sentences, told, whole)


def stream(body: str) -> list[str]:
    """All words of a body, folded: equal streams are one text, whatever its case, marks and line breaks."""
    return re.findall(r"\w+", body.casefold())


def guess_language(words: Iterable[str]) -> str | None:
    """``en``, ``es`` or ``de`` when function words of one clearly lead, else None."""
    counts = Counter(words)
    hits = {code: sum(counts[word] for word in listed) for code, listed in STOPWORDS.items()}
    (best, most), (_, second), *_ = sorted(hits.items(), key=lambda item: -item[1])
    total = sum(counts.values())
    # A news text has 0.3 to 0.5 of its words in the list of its own language, at most half of that in another.
    return best if most and most >= 0.15 * total and most >= 1.5 * second else None


def number(written: str) -> str:
    """A number's value as written: ``1,300`` is 1300, ``4,2`` is 4.2, ``4:10`` is 4.10, ``five`` is 5."""
    plain = _THOUSANDS.sub("", written).replace(",", ".").replace(":", ".")
    return NUMBER_WORDS.get(plain, plain)


def is_year(written: str) -> bool:
    """True for 1900 to 2099: half of all stories name this year or the last."""
    return len(written) == 4 and written.isdigit() and written[:2] in {"19", "20"}  # noqa: PLR2004


def stem(word: str) -> str:
    """The first six letters: inflection mostly falls away, and no language needs rules of its own."""
    return word[:6]


def _words(text: str) -> Iterator[Word]:
    quotes = [match.span() for match in _QUOTATION.finditer(text)]
    starts = [start for start, _ in quotes]
    for match in _WORD.finditer(text):
        shown = match.group()
        inside = bisect_right(starts, match.start()) - 1
        quoted = inside >= 0 and match.end() <= quotes[inside][1]
        folded = shown.casefold()
        yield Word(match.start(), match.end(), number(folded) if folded else folded, shown[0].isupper(), quoted)


def _sentence_spans(text: str, words: tuple[Word, ...]) -> Iterator[tuple[tuple[int, int], int, int]]:
    """Each sentence's span in the body, its first and its last-plus-one word."""
    starts = [word.start for word in words]
    for begin, end in _breaks(text):
        first, last = bisect_left(starts, begin), bisect_left(starts, end)
        if last - first <= MAX_WORDS:
            lead = len(text[begin:end]) - len(text[begin:end].lstrip())
            yield from [((begin + lead, begin + len(text[begin:end].rstrip())), first, last)] * (last > first)
            continue
        for cut in range(first, last, MAX_WORDS):
            stop = min(cut + MAX_WORDS, last)
            yield (words[cut].start, words[stop - 1].end), cut, stop


def _breaks(text: str) -> Iterator[tuple[int, int]]:
    for line in _LINE.finditer(text):
        begin = line.start()
        for stop in _STOP.finditer(text, line.start(), line.end()):
            if _ends_sentence(text, stop, line.end()):
                yield begin, stop.end()
                begin = stop.end()
        if begin < line.end():
            yield begin, line.end()


def _ends_sentence(text: str, stop: re.Match[str], line_end: int) -> bool:
    following = text[stop.end() : min(stop.end() + 2, line_end)].lstrip("\"'\u201c\u201e\u00ab\u00bf\u00a1(")
    if following and following[0].islower():
        return False
    before = re.search(r"[\w.]*$", text[max(0, stop.start() - 12) : stop.start()])
    last = before.group().casefold() if before else ""
    initial = len(last) == 1 and last.isalpha()
    return not (stop.group().startswith(".") and (last in ABBREVIATIONS or initial))


def _named(words: tuple[Word, ...], text: str, language: str | None) -> frozenset[str]:
    """Folded words that are names here: capitalised inside a sentence, more often than not.

    German capitalises every noun; there only a word that stands beside another capitalised one counts.
    """
    seen: Counter[str] = Counter()
    low = {word.folded for word in words if not word.capital}
    previous: Word | None = None
    for word in words:
        opening = previous is None or not re.fullmatch(r"[\s,-]*", text[previous.end : word.start])
        joined = previous is not None and previous.capital and not opening
        if word.capital and not opening and (joined or language != "de"):
            seen[word.folded] += 1
            if joined and previous is not None and previous.folded not in low:
                seen[previous.folded] += 1
        previous = word
    return frozenset(name for name in seen if name not in low | COMMON | CALENDAR | TITLES and len(name) > 1)


def _sentence(span: tuple[int, int], words: tuple[Word, ...], named: frozenset[str]) -> Sentence:
    numbers = frozenset(word.folded for word in words if word.folded[0].isdigit())
    names = frozenset(word.folded for word in words if word.folded in named)
    terms: dict[str, float] = {}
    for word in words:
        terms.update(_term(word.folded, numbers, names))
    mass = sum(terms.values())
    quoted = sum(word.quoted for word in words) > 0.6 * len(words)
    return Sentence(
        start=span[0],
        end=span[1],
        words=tuple(word.folded for word in words),
        terms=terms,
        numbers=numbers,
        names=names,
        frame=tuple(word.folded for word in words if word.folded not in numbers and word.folded not in names),
        mass=mass,
        weight=mass / 2 if quoted else mass,
    )


def _term(word: str, numbers: frozenset[str], names: frozenset[str]) -> dict[str, float]:
    """A word as a weighted term. Anchors weigh most, function words next to nothing (they still break ties)."""
    if word in numbers or word in names:
        return {word: 2.0}
    if word in COMMON or word in CALENDAR:
        return {word: 0.15}
    return {stem(word): 1.0 if len(word) > 3 else 0.6}  # noqa: PLR2004
