"""Topics of walls and messages: the table of their words (``wall_words.toml``) and the search for them.

Words are compared with folded text: case, accents and widths are gone. One topic alone proves nothing, because
articles report on subscriptions and cookies too. ``verdict.py`` and its siblings decide what topics together prove.
"""

from __future__ import annotations

import itertools
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import normalize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_TABLE = Path(__file__).with_name("wall_words.toml")
_SCRIPTS: Mapping[str, re.Pattern[str]] = {
    "latin": re.compile("[a-z]"),
    "greek": re.compile("[\u0370-\u03ff]"),
    "cyrillic": re.compile("[\u0400-\u052f]"),
    "hebrew": re.compile("[\u0590-\u05ff]"),
    "arabic": re.compile("[\u0600-\u06ff]"),
    "devanagari": re.compile("[\u0900-\u097f]"),
    "bengali to sinhala": re.compile("[\u0980-\u0dff]"),
    "thai": re.compile("[\u0e00-\u0e7f]"),
    "hangul": re.compile("[\uac00-\ud7a3]"),
    "han and kana": re.compile("[\u3040-\u30ff\u3400-\u9fff]"),
}
_SPACED = frozenset({"latin", "greek", "cyrillic"})
"""Scripts in which a word has a first letter. In the others it may begin inside a run of letters."""
_ACCENTS = re.compile("[\u0300-\u036f]+")
_STROKES = str.maketrans(
    {"\u2019": "'", "\u0142": "l", "\u00f8": "o", "\u0111": "d", "\u0131": "i", "\u00e6": "ae", "\u0153": "oe"}
)
_SENTENCE_END = re.compile(r"[.!?:\u2026\u3002\uff01\uff1f\u0964\u06d4\u061f]+ *")
_MAX_SENTENCES = 50
_LETTERS_BEFORE = "a-z0-9\u00df-\u052f"  # Latin, Greek, Cyrillic: a word of these scripts has a first letter


def table_bytes() -> bytes:
    """Return the table as it is stored, for the recipe's digest."""
    return _TABLE.read_bytes()


def fold_message(text: str) -> str:
    """Return the text in lower case with single spaces, straight quotes, and without accents of European scripts."""
    decomposed = normalize("NFKD", text.casefold().translate(_STROKES))
    return " ".join(normalize("NFC", _ACCENTS.sub("", decomposed)).split())


def topics_in(group: str, text: str, *, among: Iterable[str] = ()) -> frozenset[str]:
    """Return the names of the group's topics that occur in a folded text. ``among`` limits the search to some topics.

    Raises KeyError for a group that the table does not have.
    """
    return frozenset(name for name in among or _table()[group] if first_words(group, name, text))


def first_words(group: str, topic: str, text: str) -> str:
    """Return words in a folded text that are about the topic, or an empty text. Raises KeyError for no such topic."""
    matches = (pattern.search(text) for pattern in _searches(group, topic, text))
    return next((match[0].strip() or match[0] for match in matches if match), "")


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a folded text, at most 50."""
    return [sentence for sentence in _SENTENCE_END.split(text, _MAX_SENTENCES) if sentence][:_MAX_SENTENCES]


def share_about(group: str, text: str) -> float:
    """Return the share of a folded text's sentences that are about any topic of the group."""
    sentences = sentences_of(text)
    return sum(bool(topics_in(group, sentence)) for sentence in sentences) / max(1, len(sentences))


def is_message(group: str, topic: str, text: str) -> bool:
    """True if a folded text is on the topic from its first sentence, or for more than a third of its sentences.

    A report on such messages begins with something else.
    """
    topical = [bool(first_words(group, topic, sentence)) for sentence in sentences_of(text)]
    return topical[:1] == [True] or sum(topical) * 3 > len(topical)


@cache
def _table() -> Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]]:
    return tomllib.loads(table_bytes().decode())


def _searches(group: str, topic: str, text: str) -> Iterator[re.Pattern[str]]:
    """Yield the topic's patterns for the scripts in which the text is written."""
    languages = _table()[group][topic]
    for script, letters in _SCRIPTS.items():
        if letters.search(text) and (pattern := _pattern(group, topic, script, tuple(languages))):
            yield pattern


@cache
def _pattern(group: str, topic: str, script: str, languages: tuple[str, ...]) -> re.Pattern[str] | None:
    """Return one pattern for all words of the topic in a script, or None if it has none."""
    words = [
        fold_pattern for language in languages for fold_pattern in map(_fold_pattern, _table()[group][topic][language])
    ]
    words = [word for word in words if _script_of(word) == script]
    if not words:
        return None
    alternatives = "|".join(_by_first_letter(words))
    is_spaced = script in _SPACED
    return re.compile(rf"(?<![{_LETTERS_BEFORE}])(?:{alternatives})" if is_spaced else alternatives)


def _script_of(word: str) -> str:
    """Return the first of the scripts that a pattern has letters of. Escapes are no letters."""
    letters = re.sub(r"\\.", "", word)
    return next((script for script, pattern in reversed(list(_SCRIPTS.items())) if pattern.search(letters)), "latin")


def _by_first_letter(words: Sequence[str]) -> Iterator[str]:
    """Yield alternatives grouped by their first letter, so that a search tries few at each place: 6 times as fast."""
    groups: dict[str, list[str]] = {}
    for word in itertools.chain.from_iterable(map(_open_group, words)):
        is_plain = word[:1].isalpha() and word[1:2] not in {"?", "*", "{"}
        groups.setdefault(word[0] if is_plain else "", []).append(word[1:] if is_plain else word)
    for letter, rests in groups.items():
        yield f"{letter}(?:{'|'.join(rests)})" if letter else "|".join(rests)


def _open_group(word: str) -> Iterable[str]:
    """Return the alternatives of a pattern such as ``(a|b)c``, or the pattern itself if it has another form."""
    match = re.match(r"\(([^()\\\[\]?*]+)\)(?![?*{])(.*)", word)
    return [first + match[2] for first in match[1].split("|")] if match else [word]


def _fold_pattern(pattern: str) -> str:
    """Return a pattern with its words folded. Its escapes, such as that of a digit, stay as they are."""
    pieces = re.split(r"(\\.)", pattern)
    return "".join(piece if piece.startswith("\\") else _fold_letters(piece) for piece in pieces)


def _fold_letters(text: str) -> str:
    return re.sub(r"[^ ]+", lambda match: fold_message(match[0]), text)
