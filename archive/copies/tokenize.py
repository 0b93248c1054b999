"""Tokenize a text for comparison: sentences with their offsets and words, and the anchors in them.

Anchors are what survives rewording: numbers (with normalized decimal marks, small ones spelled or not) and names.
Quotations are marked. They survive, too, but in independent reports as well.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from archive.copies.background import LANGUAGES, background
from archive.copies.characters import clean
from archive.copies.dateline import credit, dateline_words
from archive.copies.names import find_names, name_forms
from archive.copies.numbers import is_year
from archive.copies.segment import MAX_WORDS, READ_WORDS, UNSPACED, Words, read_words, sentence_spans
from archive.copies.stopwords import CALENDAR, COMMON, LOOKING_BACK, STOPWORDS
from archive.copies.text_shape import shape_of
from archive.copies.word_columns import CHARACTERS_A_WORD, stem
from db.languages import identify
from db.typography import fold_typography

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archive.copies.text_shape import TextShape
    from db.records import Text

__all__ = [
    "MAX_WORDS",
    "SHINGLE",
    "ReadSentence",
    "Sentence",
    "TokenizedText",
    "Words",
    "is_year",
    "stem",
    "stream",
    "tokenize",
    "tokenize_text",
]

READ_CHARACTERS = 200_000
"""Characters of a body that are read: some 30,000 words, a short book."""

MAX_SENTENCES = 400
"""The alignment is quadratic in sentences. 400 are a live blog of a whole day, and limit the worst case to a second."""

SHINGLE = 5
"""Words in a row that must agree for a verbatim run. Shorter runs are phrases of the language."""

LEAD_SENTENCES = 2
"""A follow-up says so at once. Further down, "a year ago" is background."""

OCCURRENCES = 8
"""Places stored of one shingle, so that a text that repeats itself a thousand times stays linear."""

LEAST = 0.05
"""Weight of a word that every article has."""

NAME, LEAST_NAME = 1.5, 0.4
"""A name weighs so many times its weight as a word, and never less than the second figure."""

SPREAD = 0.5
"""The weight of a term in n sentences of a text is divided by n to this power. A name on every line says little about
which line corresponds to which."""

FUNCTION_WORD = 0.1
"""In languages without a list of function words, words of less weight are such (a Zipf value of 6.2)."""

_SPACELESS = re.compile(r"[\u3040-\u309f\u3400-\u9fff\u0e00-\u0e7f]")


class ReadSentence(NamedTuple):
    """One sentence as it was read: its place in the body and among the words, and its words.

    ``terms`` maps each stem or anchor to its weight in the language. It is all that look-up keys need, and most texts
    are never compared.
    """

    start: int
    end: int
    first: int
    words: tuple[str, ...]
    terms: dict[str, float]
    numbers: frozenset[str]
    names: frozenset[str]


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


@dataclass(frozen=True)
class TokenizedText:
    """A whole body: words in order, sentences as they were ``read`` in order, and its language if it is known.

    ``names`` and all ``anchors`` (names and numbers) stand for the forms by which ``name_forms`` knows them.
    ``in_text`` are the words after the dateline and the names among them. ``characters_a_word`` is 1.7 in
    languages that write no spaces, where each of the ``words`` is a character: a figure in words there is so many times
    as many. ``credit`` is the agency that the dateline names, ``lead`` the first sentences with plain punctuation.
    Properties are computed when a text is first compared, because most texts never are.
    """

    words: Words
    read: tuple[ReadSentence, ...]
    language: str | None
    names: frozenset[str]
    anchors: frozenset[str]
    name_forms: dict[str, str]
    in_text: frozenset[str]
    whole: bool
    lead: str
    characters_a_word: float = 1.0
    credit: str | None = None

    @property
    def plain_terms(self) -> frozenset[str]:
        """The terms that are neither names nor numbers."""
        return frozenset().union(*(sentence.terms for sentence in self.read)) - self.anchors

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The sentences as they are compared: a term in many of them weighs less."""
        spread = Counter(chain.from_iterable(sentence.terms for sentence in self.read))
        return tuple(_sentence(sentence, self.words.quoted, spread, self.name_forms) for sentence in self.read)

    @cached_property
    def terms(self) -> dict[str, tuple[tuple[int, float], ...]]:
        """The places of each term: sentence and weight."""
        return _places_of_terms(self.sentences)

    @cached_property
    def topic(self) -> dict[str, float]:
        """The words that are neither names nor numbers, with their weights."""
        return {term: places[0][1] for term, places in self.terms.items() if term not in self.anchors}

    @cached_property
    def distinctive(self) -> dict[str, float]:
        """The information in the anchors that tell of the event, in a fixed order: sums must not depend on a set's."""
        return {
            anchor: _information(anchor, self.language)
            for anchor in sorted(self.anchors & self.in_text)
            if len(anchor) > 1 and not is_year(anchor)
        }

    @cached_property
    def vocabulary(self) -> int:
        """The number of different words."""
        return len({word for word in self.words.folded if not word[0].isdigit()})

    @cached_property
    def shape(self) -> TextShape:
        """The values that ``pair_evidence`` compares."""
        return shape_of(self.words, self.sentences, self.names, self.topic)

    @cached_property
    def shingles(self) -> dict[int, tuple[int, ...]]:
        """The starts of each run of ``SHINGLE`` words, by hash."""
        return _shingles(self.words.folded)

    @cached_property
    def looks_back(self) -> bool:
        """True if the text begins by looking back on an event of a year ago."""
        return LOOKING_BACK.search(self.lead) is not None


def tokenize(body: str, language: str | None = None) -> TokenizedText:
    """Tokenize a body. Its words show the language (``language.identify``). ``language`` is what the page declares."""
    text, places = clean(body[:READ_CHARACTERS])
    body_language = identify(text, language)
    words = read_words(text, body_language)
    found, runs = find_names(words, text, body_language)
    forms = name_forms(found, body_language)
    spans = list(sentence_spans(text, words, body_language))
    pairs = _character_pairs(text, words)
    more = [[*pairs[first:last], *_names_between(runs, first, last)] for _, first, last in spans]
    sentences = tuple(_read_sentences(spans[:MAX_SENTENCES], words, more, forms, body_language))
    names = frozenset().union(*(sentence.names for sentence in sentences))
    dateline = dateline_words(text, words)
    in_text = {*words.folded[dateline:], *_names_between(runs, dateline, len(words))}
    in_text.update(forms[word] for word in in_text & forms.keys())
    if places is not None:
        words, sentences = _in_places(words, sentences, places)
    return TokenizedText(
        words=words,
        read=sentences,
        language=body_language,
        names=names,
        anchors=names.union(*(sentence.numbers for sentence in sentences)),
        name_forms=forms,
        in_text=frozenset(in_text),
        whole=len(body) <= READ_CHARACTERS and len(words) < READ_WORDS and len(spans) <= MAX_SENTENCES,
        characters_a_word=CHARACTERS_A_WORD if body_language in UNSPACED else 1.0,
        credit=credit(text),
        lead=fold_typography(body[sentences[0].start : sentences[:LEAD_SENTENCES][-1].end]) if sentences else "",
    )


def _read_sentences(
    spans: Sequence[tuple[tuple[int, int], int, int]],
    words: Words,
    more: Sequence[Sequence[str]],
    forms: dict[str, str],
    language: str | None,
) -> Iterator[ReadSentence]:
    """Yield the sentences of these spans. ``more`` are what counts as words of each beside those that are there."""
    weighed = _weighed_terms(chain(words.folded, *more), forms, language)
    numeric, named = frozenset(word for word in weighed if word[:1].isdigit()), frozenset(forms)
    for ((start, end), first, last), extra in zip(spans, more, strict=False):
        folded = words.folded[first:last]
        terms = dict(filter(None, map(weighed.__getitem__, chain(folded, extra))))
        numbers = numeric.intersection(folded)
        yield ReadSentence(start, end, first, folded, terms, numbers, named.intersection(terms) - numbers)


def _character_pairs(text: str, words: Words) -> list[str]:
    """Return each two adjacent characters of a script without spaces, by the place of the first. Else ``""``."""
    if text.isascii() or not _SPACELESS.search(text):
        return []
    pairs = [""] * len(words)
    folded, starts = words.folded, words.starts
    for index in range(len(folded) - 1):
        adjacent = starts[index] + 1 == starts[index + 1]
        if adjacent and _SPACELESS.match(folded[index]) and _SPACELESS.match(folded[index + 1]):
            pairs[index] = folded[index] + folded[index + 1]
    return pairs


def _names_between(runs: dict[int, str], first: int, last: int) -> list[str]:
    return [name for start, name in runs.items() if first <= start < last] if runs else []


def _in_places(
    words: Words, sentences: tuple[ReadSentence, ...], places: Sequence[int]
) -> tuple[Words, tuple[ReadSentence, ...]]:
    """Return words and sentences with their places in the body as it was before characters were dropped."""
    words = replace(
        words, starts=tuple(places[start] for start in words.starts), ends=tuple(places[end] for end in words.ends)
    )
    return words, tuple(
        sentence._replace(start=places[sentence.start], end=places[sentence.end]) for sentence in sentences
    )


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
    return re.findall(r"\w+", clean(body)[0].casefold())


def _weighed_terms(
    words: Iterable[str], forms: dict[str, str], language: str | None
) -> dict[str, tuple[str, float] | None]:
    """Return the term and the weight of each word. A name is the term of its form and weighs more."""
    listed = language in STOPWORDS or language not in LANGUAGES
    weighed = {word: _plain_term(word, language, listed=listed) for word in set(words)}
    for word in forms.keys() & weighed.keys():
        term = weighed[word]
        if term is not None and not word[0].isdigit():
            weighed[word] = forms[word], max(LEAST_NAME, NAME * term[1])
    return weighed


@lru_cache(maxsize=50_000)
def _plain_term(word: str, language: str | None, *, listed: bool) -> tuple[str, float] | None:
    """Return the term and the weight of a word that is no name. None for a function word.

    ``listed``: the function words of the language are known. Kept, because most words of a text were in others before.
    """
    if not word or word in CALENDAR or (len(word) == 1 and _SPACELESS.match(word)):
        return None
    if word[0].isdigit():
        return word, _number_weight(word)
    if listed and word in COMMON:
        return None
    weight = background().weight(stem(word), language)
    return (stem(word), max(LEAST, weight)) if listed or weight >= FUNCTION_WORD else None


def _number_weight(number: str) -> float:
    """Return the weight of a figure by its digits: 8,700 is rarer than 14. A 2 or a year is in every story."""
    digits = sum(character.isdigit() for character in number)
    return 0.6 if is_year(number) else min(1.6, 0.3 + 0.4 * digits)


def _sentence(sentence: ReadSentence, quoted: bytes, spread: Counter[str], forms: dict[str, str]) -> Sentence:
    words = sentence.words
    terms = {term: weight / spread[term] ** SPREAD for term, weight in sentence.terms.items()}
    mass = sum(terms.values())
    plain = sum(weight for term, weight in terms.items() if term not in forms and not term[0].isdigit())
    is_quoted = sum(quoted[sentence.first : sentence.first + len(words)]) > 0.6 * len(words)
    stock = background().stock_share(words)
    return Sentence(
        start=sentence.start,
        end=sentence.end,
        words=words,
        terms=terms,
        numbers=sentence.numbers,
        names=sentence.names,
        frame=tuple(word for word in words if word not in sentence.numbers and word not in forms),
        mass=mass,
        plain=plain,
        weight=mass * (0.5 if is_quoted else 1.0) * (1 - 0.75 * stock),
    )
