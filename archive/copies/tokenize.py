"""Tokenize a text for comparison: sentences with their offsets and words, and the anchors in them.

Anchors are what survives rewording: numbers (with normalized decimal marks, small ones spelled or not) and names.
Quotations are marked. They survive, too, but in independent reports as well.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from archive.copies.background import background
from archive.copies.stopwords import ABBREVIATIONS, CALENDAR, COMMON, NUMBER_WORDS, STOPWORDS, TITLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from db.records import Text

READ_CHARACTERS = 200_000
"""Characters of a body that are read: some 30,000 words, a short book."""

READ_WORDS = 40_000
"""The most words that are read, for scripts that write a word in one character."""

MAX_SENTENCES = 400
"""The alignment is quadratic in sentences. 400 are a live blog of a whole day, and limit the worst case to a second."""

MAX_WORDS = 60
"""Text without full stops is cut into sentences of this many words."""

SHINGLE = 5
"""Words in a row that must agree for a verbatim run. Shorter runs are phrases of the language."""

OCCURRENCES = 8
"""Places stored of one shingle, so that a text that repeats itself a thousand times stays linear."""

LEAST = 0.05
"""Weight of a word that every article has."""

NAME, LEAST_NAME = 1.5, 0.4
"""A name weighs so many times its weight as a word, and never less than the second figure."""

SPREAD = 0.5
"""The weight of a term in n sentences of a text is divided by n to this power. A name on every line says little about
which line corresponds to which."""

_CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u0e00-\u0e7f"
_WORD = re.compile(rf"\d+(?:[.,:]\d+)*|[{_CJK}]|[^\W\d_{_CJK}]+(?:-?\d+|(?:[.][^\W\d_](?![^\W\d_]))*)|[^\W_]")
_DATELINE = re.compile(
    r"(?:[^\n]{0,60}?\([^()\n]{2,40}\)|[A-Z][A-Z .,']{2,40}(?:, [A-Za-z. 0-9]{2,20})?)\s*[-\u2013\u2014]+\s+"
)
_GAP = re.compile(r"[\s,-]*")
_LINE = re.compile(r"[^\n]+")
_STOP = re.compile(r"[.!?\u2026]+[\"'\u201d\u2019\u00bb)\]]*\s+|[\u3002\uff01\uff1f]+[\u300d\u300f\u201d]*\s*")
_THOUSANDS = re.compile(r"(?<=\d)[.,](?=\d{3}(?!\d))")
_QUOTATION = re.compile(r"\"[^\"\n]{2,600}\"|\u201c[^\u201c\u201d\n]{2,600}\u201d|\u00ab[^\u00ab\u00bb\n]{2,600}\u00bb|\u201e[^\u201e\u201c\n]{2,600}\u201c")  # fmt: skip  # noqa: E501


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text in columns: start, end, folded form, and capital and quotation as 0 or 1.

    Columns, because one object for each word made reading three times as slow.
    """

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    folded: tuple[str, ...]
    capital: bytes
    quoted: bytes

    def __len__(self) -> int:
        return len(self.folded)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: its place in the body, and what is compared of it.

    ``terms`` maps each stem or anchor to its weight, ``frame`` is its words without the anchors, ``mass`` the sum of
    the weights, ``plain`` that of the words without anchors, and ``weight`` what it counts for in a coverage. A
    sentence that is mostly quotation counts half, since everybody who was at the press conference has it, and a stock
    sentence a quarter.
    """

    start: int
    end: int
    words: tuple[str, ...]
    terms: dict[str, float]
    numbers: frozenset[str]
    names: frozenset[str]
    frame: tuple[str, ...]
    mass: float
    plain: float
    weight: float


@dataclass(frozen=True, slots=True)
class TokenizedText:
    """A whole body: words in order, sentences in order, and its language if function words show it.

    The rest is for comparison: ``names`` and all ``anchors`` (names and numbers), the information in the
    ``distinctive`` anchors, the words of the ``topic`` (neither names nor numbers) with their weights, the places of
    each of the ``terms`` (sentence and weight), the starts of each run of words (``shingles``, by hash), and the number
    of different words.
    """

    words: Words
    sentences: tuple[Sentence, ...]
    language: str | None
    names: frozenset[str]
    anchors: frozenset[str]
    distinctive: dict[str, float]
    topic: dict[str, float]
    terms: dict[str, tuple[tuple[int, float], ...]]
    shingles: dict[int, tuple[int, ...]]
    vocabulary: int
    whole: bool


def tokenize(body: str, language: str | None = None) -> TokenizedText:
    """Tokenize a body. Function words show the language. If they do not, ``language`` (two letters) is believed.

    Often enough, pages declare the language of their template and not of their text.
    """
    text = body[:READ_CHARACTERS]
    words = _words(text)
    body_language = guess_language(words.folded) or (language or "")[:2].lower() or None
    names_found = _find_names(words, text, body_language)
    spans = list(_sentence_spans(text, words))
    weights = _TermWeights(names_found, body_language)
    drafts = [(span, *weights.terms(words.folded[first:last])) for span, first, last in spans[:MAX_SENTENCES]]
    spread = Counter(term for _, terms, *_ in drafts for term in terms)
    sentences = tuple(
        _sentence(draft, words, place, spread, names_found)
        for draft, (_, *place) in zip(drafts, spans[:MAX_SENTENCES], strict=True)
    )
    names = frozenset().union(*(sentence.names for sentence in sentences))
    anchors = names.union(*(sentence.numbers for sentence in sentences))
    in_text = set(words.folded[_dateline_length(text, words) :])
    terms = _places_of_terms(sentences)
    return TokenizedText(
        words=words,
        sentences=sentences,
        language=body_language,
        names=names,
        anchors=anchors,
        distinctive={
            anchor: _information(anchor, body_language)
            for anchor in anchors & in_text
            if len(anchor) > 1 and not is_year(anchor)
        },
        topic={term: places[0][1] for term, places in terms.items() if term not in anchors},
        terms=terms,
        shingles=_shingles(words.folded),
        vocabulary=len({word for word in words.folded if not word[0].isdigit()}),
        whole=len(body) <= READ_CHARACTERS and len(words) < READ_WORDS and len(spans) <= MAX_SENTENCES,
    )


def _dateline_length(text: str, words: Words) -> int:
    """Return the number of words in the dateline.

    Place and agency are the same at the top of all texts of a house, whatever it reports.
    """
    match = _DATELINE.match(text)
    return bisect_left(words.starts, match.end()) if match else 0


def tokenize_text(text: Text) -> TokenizedText:
    """Tokenize the body of a text."""
    return tokenize(text.body, text.language)


def _information(anchor: str, language: str | None) -> float:
    """Return the information that an anchor has about the event.

    "Brandvold" has 1, "London" 0.2, 8,700 0.6, and 14 next to none.
    """
    if anchor[0].isdigit():
        return 0.6 if sum(map(str.isdigit, anchor)) > 2 else 0.1  # noqa: PLR2004 - 4.2 and 14 are everywhere
    return background().weight(stem(anchor), language) ** 2


def _places_of_terms(sentences: Iterable[Sentence]) -> dict[str, tuple[tuple[int, float], ...]]:
    places: dict[str, list[tuple[int, float]]] = {}
    for row, sentence in enumerate(sentences):
        for term, weight in sentence.terms.items():
            places.setdefault(term, []).append((row, weight))
    return {term: tuple(term_places) for term, term_places in places.items()}


def _shingles(words: tuple[str, ...]) -> dict[int, tuple[int, ...]]:
    """Return the starts of each run of ``SHINGLE`` words, by hash. Of a repeated run a few starts are stored."""
    places: dict[int, tuple[int, ...]] = {}
    runs = zip(*(words[skip:] for skip in range(SHINGLE)), strict=False)
    for start, run in enumerate(runs):
        key = hash(run)
        starts = places.get(key, ())
        if len(starts) < OCCURRENCES:
            places[key] = (*starts, start)
    return places


def stream(body: str) -> list[str]:
    """Return all words of a body, folded. Texts with equal streams are equal but for case, marks and line breaks."""
    return re.findall(r"\w+", body.casefold())


def guess_language(words: Iterable[str]) -> str | None:
    """Return ``en``, ``es`` or ``de`` if function words of one clearly lead, else None."""
    counts = Counter(words)
    hits = {code: sum(counts[word] for word in stopwords) for code, stopwords in STOPWORDS.items()}
    (best, most), (_, second), *_ = sorted(hits.items(), key=lambda entry: -entry[1])
    total = sum(counts.values())
    # A news text has 0.3 to 0.5 of its words in the list of its own language, at most half of that in another.
    return best if most and most >= 0.15 * total and most >= 1.5 * second else None


def normalize_number(written: str) -> str:
    """Return the value of a number as written: ``1,300`` is 1300, ``4,2`` is 4.2, ``4:10`` is 4.10, ``five`` is 5."""
    plain = _THOUSANDS.sub("", written).replace(",", ".").replace(":", ".")
    return NUMBER_WORDS.get(plain, plain)


def is_year(written: str) -> bool:
    """True for 1900 to 2099. Half of all stories name this year or the last."""
    return len(written) == 4 and written.isdigit() and written[:2] in {"19", "20"}  # noqa: PLR2004


def stem(word: str) -> str:
    """Return the first six letters: they drop most inflections, and no language needs rules of its own."""
    return word[:6]


def _words(text: str) -> Words:
    quotes = [match.span() for match in _QUOTATION.finditer(text)]
    starts, ends, folded, capital = [], [], [], bytearray()
    for match in islice(_WORD.finditer(text), READ_WORDS):
        start, end = match.span()
        word = match.group()
        low = word.casefold()
        starts.append(start)
        ends.append(end)
        folded.append(normalize_number(low) if low[0].isdigit() else NUMBER_WORDS.get(low, low))
        capital.append(word[0].isupper())
    quoted = bytearray(len(starts))
    for begin, stop in quotes:
        first, last = bisect_left(starts, begin), bisect_left(starts, stop)
        quoted[first:last] = b"\1" * (last - first)
    return Words(tuple(starts), tuple(ends), tuple(folded), bytes(capital), bytes(quoted))


def _sentence_spans(text: str, words: Words) -> Iterator[tuple[tuple[int, int], int, int]]:
    """Yield the span of each sentence in the body, its first word, and the word after its last."""
    starts = words.starts
    for begin, end in _split_sentences(text):
        first, last = bisect_left(starts, begin), bisect_left(starts, end)
        if last - first <= MAX_WORDS:
            lead = len(text[begin:end]) - len(text[begin:end].lstrip())
            yield from [((begin + lead, begin + len(text[begin:end].rstrip())), first, last)] * (last > first)
            continue
        for cut in range(first, last, MAX_WORDS):
            stop = min(cut + MAX_WORDS, last)
            yield (words.starts[cut], words.ends[stop - 1]), cut, stop


def _split_sentences(text: str) -> Iterator[tuple[int, int]]:
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


def _find_names(words: Words, text: str, language: str | None) -> frozenset[str]:
    """Return the folded words that are names here: capitalised inside a sentence, and never in lower case.

    German capitalises every noun. There a word counts only if it is beside another capitalised one.
    """
    names: set[str] = set()
    lowercase = {word for word, capital in zip(words.folded, words.capital, strict=True) if not capital}
    last_capital = -2
    for index, capital in enumerate(words.capital):
        if not capital:
            continue
        opens_sentence = index == 0 or not _GAP.fullmatch(text, words.ends[index - 1], words.starts[index])
        adjacent = not opens_sentence and last_capital == index - 1
        if not opens_sentence and (adjacent or language != "de"):
            names.add(words.folded[index])
            if adjacent:
                names.add(words.folded[index - 1])
        last_capital = index
    return frozenset(name for name in names - lowercase - COMMON - CALENDAR - TITLES if len(name) > 1)


class _TermWeights:
    """Turns words into weighted terms, with a cache of the words of this text."""

    def __init__(self, names: frozenset[str], language: str | None) -> None:
        self._names = names
        self._language = language
        self._background = background()
        self._cache: dict[str, tuple[str, float] | None] = {}

    def terms(self, words: tuple[str, ...]) -> tuple[dict[str, float], float]:
        """Return the terms of a sentence with their weights, and its share of stock sentences."""
        cache = self._cache
        weighed = (cache[word] if word in cache else self._weigh(word) for word in words)
        return dict(term for term in weighed if term is not None), self._background.stock_share(words)

    def _weigh(self, word: str) -> tuple[str, float] | None:
        term = self._cache[word] = self._term(word)
        return term

    def _term(self, word: str) -> tuple[str, float] | None:
        if word[0].isdigit():
            return word, _number_weight(word)
        if word in COMMON or word in CALENDAR:
            return None
        short = stem(word)
        weight = self._background.weight(short, self._language)
        return (word, max(LEAST_NAME, NAME * weight)) if word in self._names else (short, max(LEAST, weight))


def _number_weight(number: str) -> float:
    """Return the weight of a figure by its digits: 8,700 is rarer than 14. A 2 or a year is in every story."""
    digits = sum(character.isdigit() for character in number)
    return 0.6 if is_year(number) else min(1.6, 0.3 + 0.4 * digits)


def _sentence(
    draft: tuple[tuple[int, int], dict[str, float], float],
    words: Words,
    place: Sequence[int],
    spread: Counter[str],
    names_found: frozenset[str],
) -> Sentence:
    span, terms, stock = draft
    first, last = place
    folded = words.folded[first:last]
    terms = {term: weight / spread[term] ** SPREAD for term, weight in terms.items()}
    numbers = frozenset(word for word in folded if word[0].isdigit())
    names = frozenset(term for term in terms if term in names_found and term not in numbers)
    mass = sum(terms.values())
    plain = sum(weight for term, weight in terms.items() if term not in names_found and not term[0].isdigit())
    quoted = sum(words.quoted[first:last]) > 0.6 * len(folded)
    return Sentence(
        start=span[0],
        end=span[1],
        words=folded,
        terms=terms,
        numbers=numbers,
        names=names,
        frame=tuple(word for word in folded if word not in numbers and word not in names),
        mass=mass,
        plain=plain,
        weight=mass * (0.5 if quoted else 1.0) * (1 - 0.75 * stock),
    )
