"""A text as the judge reads it: sentences with their offsets and words, and the anchors that hold them in place.

Anchors are what survives rewording: numbers (decimal marks normalised, small ones spelled or not) and names. Quotations
are marked: they survive, too, but in honest reports as well.
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
"""Only this much of a body is read: some 30,000 words, a short book."""

READ_WORDS = 40_000
"""And no more words than this, for scripts that write one in a character."""

MAX_SENTENCES = 400
"""The alignment is quadratic in sentences; 400 are a live blog of a whole day, and keep the worst case to a second."""

MAX_WORDS = 60
"""Text without full stops is cut into sentences of this many words."""

SHINGLE = 5
"""Words that must agree in a row before a verbatim run counts; shorter ones are phrases of the language."""

OCCURRENCES = 8
"""Places kept of one shingle: keeps a text that repeats itself a thousand times linear."""

LEAST = 0.05
"""Weight of a word that every article has."""

NAME, LEAST_NAME = 1.5, 0.4
"""A name weighs so many times what its letters would as a word, and never less than the second figure."""

SPREAD = 0.5
"""A term in n sentences of a text weighs its weight over n to this power: a name on every line says little about which
line corresponds to which."""

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
    """A text's words in columns: where each begins and ends, its folded form, capitals and quotation marks as 0 or 1.

    Columns, because an object for each word made reading take three times as long.
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
    """One sentence: its place in the body and what can be compared of it.

    ``terms`` maps each stem or anchor to its weight, ``frame`` is its words with the anchors taken out, ``mass`` the
    sum of the weights, ``plain`` that of the words besides anchors, and ``weight`` what it counts for in a coverage: a
    sentence that is mostly quotation counts half, since everybody who was at the press conference has it, and one that
    everybody prints a quarter.
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
    """A whole body as read: words in order, sentences in order, and its language as far as function words tell.

    The rest is kept for comparing: ``names`` and all ``anchors`` (names and numbers), the information in those that are
    ``telling``, the words of the ``topic`` (neither names nor numbers) with their weights, where each of the ``terms``
    stands (sentence and weight), where each run of words begins (``shingles``, by hash), and the number of different
    words.
    """

    words: Words
    sentences: tuple[Sentence, ...]
    language: str | None
    names: frozenset[str]
    anchors: frozenset[str]
    telling: dict[str, float]
    topic: dict[str, float]
    terms: dict[str, tuple[tuple[int, float], ...]]
    shingles: dict[int, tuple[int, ...]]
    vocabulary: int
    whole: bool


def tokenize(body: str, language: str | None = None) -> TokenizedText:
    """Read a body; the language is told by function words, and ``language`` (two letters) believed where they do not.

    Pages declare the language of their template, not of their text, often enough.
    """
    text = body[:READ_CHARACTERS]
    words = _words(text)
    told = guess_language(words.folded) or (language or "")[:2].lower() or None
    named = _named(words, text, told)
    spans = list(_sentence_spans(text, words))
    weigh = _Weigh(named, told)
    drafts = [(span, *weigh.terms(words.folded[first:last])) for span, first, last in spans[:MAX_SENTENCES]]
    spread = Counter(term for _, terms, *_ in drafts for term in terms)
    sentences = tuple(
        _sentence(draft, words, place, spread, named)
        for draft, (_, *place) in zip(drafts, spans[:MAX_SENTENCES], strict=True)
    )
    names = frozenset().union(*(sentence.names for sentence in sentences))
    anchors = names.union(*(sentence.numbers for sentence in sentences))
    told_in_text = set(words.folded[_words_of_dateline(text, words) :])
    terms = _by_term(sentences)
    return TokenizedText(
        words=words,
        sentences=sentences,
        language=told,
        names=names,
        anchors=anchors,
        telling={
            said: _information(said, told) for said in anchors & told_in_text if len(said) > 1 and not is_year(said)
        },
        topic={term: places[0][1] for term, places in terms.items() if term not in anchors},
        terms=terms,
        shingles=_shingles(words.folded),
        vocabulary=len({word for word in words.folded if not word[0].isdigit()}),
        whole=len(body) <= READ_CHARACTERS and len(words) < READ_WORDS and len(spans) <= MAX_SENTENCES,
    )


def _words_of_dateline(text: str, words: Words) -> int:
    """How many words the place and the agency at the top are: whatever it reports, a house begins with the same."""
    found = _DATELINE.match(text)
    return bisect_left(words.starts, found.end()) if found else 0


def tokenize_text(text: Text) -> TokenizedText:
    """A text's body, read."""
    return tokenize(text.body, text.language)


def _information(anchor: str, language: str | None) -> float:
    """What an anchor says about the event: "Brandvold" 1, "London" 0.2, 8,700 0.6, and 14 next to nothing."""
    if anchor[0].isdigit():
        return 0.6 if sum(map(str.isdigit, anchor)) > 2 else 0.1  # noqa: PLR2004 - 4.2 and 14 are everywhere
    return background().weight(stem(anchor), language) ** 2


def _by_term(sentences: Iterable[Sentence]) -> dict[str, tuple[tuple[int, float], ...]]:
    places: dict[str, list[tuple[int, float]]] = {}
    for row, sentence in enumerate(sentences):
        for term, weight in sentence.terms.items():
            places.setdefault(term, []).append((row, weight))
    return {term: tuple(where) for term, where in places.items()}


def _shingles(words: tuple[str, ...]) -> dict[int, tuple[int, ...]]:
    """Where each run of ``SHINGLE`` words begins, by its hash; of one that is said again and again a few places."""
    places: dict[int, tuple[int, ...]] = {}
    runs = zip(*(words[skip:] for skip in range(SHINGLE)), strict=False)
    for start, run in enumerate(runs):
        key = hash(run)
        held = places.get(key, ())
        if len(held) < OCCURRENCES:
            places[key] = (*held, start)
    return places


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


def normalize_number(written: str) -> str:
    """A number's value as written: ``1,300`` is 1300, ``4,2`` is 4.2, ``4:10`` is 4.10, ``five`` is 5."""
    plain = _THOUSANDS.sub("", written).replace(",", ".").replace(":", ".")
    return NUMBER_WORDS.get(plain, plain)


def is_year(written: str) -> bool:
    """True for 1900 to 2099: half of all stories name this year or the last."""
    return len(written) == 4 and written.isdigit() and written[:2] in {"19", "20"}  # noqa: PLR2004


def stem(word: str) -> str:
    """The first six letters: inflection mostly falls away, and no language needs rules of its own."""
    return word[:6]


def _words(text: str) -> Words:
    quotes = [match.span() for match in _QUOTATION.finditer(text)]
    starts, ends, folded, capital = [], [], [], bytearray()
    for match in islice(_WORD.finditer(text), READ_WORDS):
        start, end = match.span()
        shown = match.group()
        low = shown.casefold()
        starts.append(start)
        ends.append(end)
        folded.append(normalize_number(low) if low[0].isdigit() else NUMBER_WORDS.get(low, low))
        capital.append(shown[0].isupper())
    quoted = bytearray(len(starts))
    for begin, stop in quotes:
        first, last = bisect_left(starts, begin), bisect_left(starts, stop)
        quoted[first:last] = b"\1" * (last - first)
    return Words(tuple(starts), tuple(ends), tuple(folded), bytes(capital), bytes(quoted))


def _sentence_spans(text: str, words: Words) -> Iterator[tuple[tuple[int, int], int, int]]:
    """Each sentence's span in the body, its first and its last-plus-one word."""
    starts = words.starts
    for begin, end in _breaks(text):
        first, last = bisect_left(starts, begin), bisect_left(starts, end)
        if last - first <= MAX_WORDS:
            lead = len(text[begin:end]) - len(text[begin:end].lstrip())
            yield from [((begin + lead, begin + len(text[begin:end].rstrip())), first, last)] * (last > first)
            continue
        for cut in range(first, last, MAX_WORDS):
            stop = min(cut + MAX_WORDS, last)
            yield (words.starts[cut], words.ends[stop - 1]), cut, stop


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


def _named(words: Words, text: str, language: str | None) -> frozenset[str]:
    """Folded words that are names here: capitalised inside a sentence, and nowhere written small.

    German capitalises every noun; there only a word that stands beside another capitalised one counts.
    """
    seen: set[str] = set()
    low = {said for said, capital in zip(words.folded, words.capital, strict=True) if not capital}
    after = -2
    for place, capital in enumerate(words.capital):
        if not capital:
            continue
        opening = place == 0 or not _GAP.fullmatch(text, words.ends[place - 1], words.starts[place])
        joined = not opening and after == place - 1
        if not opening and (joined or language != "de"):
            seen.add(words.folded[place])
            if joined:
                seen.add(words.folded[place - 1])
        after = place
    return frozenset(name for name in seen - low - COMMON - CALENDAR - TITLES if len(name) > 1)


class _Weigh:
    """Turns words into weighted terms, remembering each word of this text."""

    def __init__(self, named: frozenset[str], language: str | None) -> None:
        self._named = named
        self._language = language
        self._background = background()
        self._known: dict[str, tuple[str, float] | None] = {}

    def terms(self, words: tuple[str, ...]) -> tuple[dict[str, float], float]:
        """The terms of a sentence with their weights, and how much of it everybody prints."""
        known = self._known
        weighed = (known[word] if word in known else self._weigh(word) for word in words)
        return dict(term for term in weighed if term is not None), self._background.stock_share(words)

    def _weigh(self, word: str) -> tuple[str, float] | None:
        found = self._known[word] = self._term(word)
        return found

    def _term(self, word: str) -> tuple[str, float] | None:
        if word[0].isdigit():
            return word, _number_weight(word)
        if word in COMMON or word in CALENDAR:
            return None
        short = stem(word)
        weight = self._background.weight(short, self._language)
        return (word, max(LEAST_NAME, NAME * weight)) if word in self._named else (short, max(LEAST, weight))


def _number_weight(said: str) -> float:
    """Figures weigh by their digits: 8,700 is rarer than 14, and a 2 or a year is in every story."""
    digits = sum(character.isdigit() for character in said)
    return 0.6 if is_year(said) else min(1.6, 0.3 + 0.4 * digits)


def _sentence(
    draft: tuple[tuple[int, int], dict[str, float], float],
    words: Words,
    place: Sequence[int],
    spread: Counter[str],
    named: frozenset[str],
) -> Sentence:
    span, terms, stock = draft
    first, last = place
    said = words.folded[first:last]
    terms = {term: weight / spread[term] ** SPREAD for term, weight in terms.items()}
    numbers = frozenset(word for word in said if word[0].isdigit())
    names = frozenset(term for term in terms if term in named and term not in numbers)
    mass = sum(terms.values())
    plain = sum(weight for term, weight in terms.items() if term not in named and not term[0].isdigit())
    quoted = sum(words.quoted[first:last]) > 0.6 * len(said)
    return Sentence(
        start=span[0],
        end=span[1],
        words=said,
        terms=terms,
        numbers=numbers,
        names=names,
        frame=tuple(word for word in said if word not in numbers and word not in names),
        mass=mass,
        plain=plain,
        weight=mass * (0.5 if quoted else 1.0) * (1 - 0.75 * stock),
    )
