"""Identify the language of a text: by its script, then by its commonest words.

A script that one language writes decides at once. Among the languages of a shared script a unigram model over the
commonest words of each decides (``commonest.xz``, built by ``bench/build_background.py``). The page's declaration is
believed unless the text clearly contradicts it, because pages declare the language of their template.
``docs/quality.md`` has the figures.
"""

from __future__ import annotations

import lzma
import re
from collections import Counter
from functools import cache
from math import exp, log10
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

HERE = Path(__file__).parent

SAMPLE = 2_000
"""Characters that are read: some 300 words."""

UNLISTED = -9.2
"""Logarithm of the share of a word that is not among the commonest of a language: one in 10,000."""

LEAST_LISTED = 0.2
"""Least share of the words that must be among the commonest of the language. News has 0.3 to 0.5, in another language
of the family up to 0.15. Headlines, names and lists have less than either and show no language."""

LEAST_WORDS = 8
"""A text of fewer words shows no language, unless its script does."""

LEAST_LEAD = 3.0
"""Least logarithm of the odds of the best language to the second. Less is undecided."""

CONTRADICTED = 0.35
"""Lead of another language over the declared one, a word, from which the declaration is not believed. Danish and
Norwegian are 0.3 apart, Portuguese and Spanish 1.0."""

SURE_LEAD = 1.2
"""Lead of another language over the declared one, a word, from which a text surely contradicts a page. Prose has 1.4
to 2.0 over another language, a page in two languages less."""

MOST_DECLARED = 0.1
"""Most words of such a text that are among the commonest of the declared language."""

SURE_WORDS = 60
"""Fewer words contradict no page."""

SURE_LETTERS = 30
"""A text of another script and of fewer letters contradicts no page."""

SURE_SCRIPT, SURE_KANA = 0.5, 0.15
"""Least share of that script in the letters of the text. Japanese mixes kana with Han."""

_LATIN = "Latin"
_SCRIPTS: dict[str, tuple[str, str]] = {
    "kana": (r"[\u3040-\u30ff]", "ja"),
    "Han": (r"[\u3400-\u9fff]", "zh ja yue"),
    "Hangul": (r"[\uac00-\ud7a3]", "ko"),
    "Arabic": (r"[\u0620-\u06ff]", "ar fa ur ps ku ug sd"),
    "Hebrew": (r"[\u05d0-\u05ea]", "he yi"),
    "Greek": (r"[\u0370-\u03ff]", "el"),
    "Cyrillic": (r"[\u0400-\u04ff]", "ru uk bg mk sr be kk ky tg mn"),
    "Devanagari": (r"[\u0900-\u097f]", "hi mr ne"),
    "Bengali": (r"[\u0980-\u09ff]", "bn as"),
    "Gurmukhi": (r"[\u0a00-\u0a7f]", "pa"),
    "Gujarati": (r"[\u0a80-\u0aff]", "gu"),
    "Tamil": (r"[\u0b80-\u0bff]", "ta"),
    "Telugu": (r"[\u0c00-\u0c7f]", "te"),
    "Kannada": (r"[\u0c80-\u0cff]", "kn"),
    "Malayalam": (r"[\u0d00-\u0d7f]", "ml"),
    "Sinhala": (r"[\u0d80-\u0dff]", "si"),
    "Thai": (r"[\u0e00-\u0e7f]", "th"),
    "Lao": (r"[\u0e80-\u0eff]", "lo"),
    "Burmese": (r"[\u1000-\u109f]", "my"),
    "Georgian": (r"[\u10a0-\u10ff]", "ka"),
    "Armenian": (r"[\u0530-\u058f]", "hy"),
    "Amharic": (r"[\u1200-\u137f]", "am ti"),
    "Khmer": (r"[\u1780-\u17ff]", "km"),
}
_COUNTED = {script: re.compile(letters) for script, (letters, _) in _SCRIPTS.items()}
LANGUAGES_OF_SCRIPT: dict[str, tuple[str, ...]] = {
    script: tuple(languages.split()) for script, (_, languages) in _SCRIPTS.items()
}
"""Languages by script, the likeliest first."""

_LATIN_SHARE = 0.75  # of ASCII: other scripts have it in spaces and digits alone, a fifth
_LEAST_KANA = 0.05  # of the Han characters and kana: Chinese quotes a Japanese title, Japanese cannot do without
_LETTERS_OF = (
    ("Cyrillic", re.compile("[ђћљњ]|ј"), "sr"),
    ("Cyrillic", re.compile("[ѓќѕ]"), "mk"),
    ("Cyrillic", re.compile("ў"), "be"),
    ("Cyrillic", re.compile("[әғқңүұһө]"), "kk"),
    ("Cyrillic", re.compile("[їєґі]"), "uk"),
    ("Cyrillic", re.compile("[ыэё]"), "ru"),
    ("Arabic", re.compile("[ٹڈڑںے]"), "ur"),
    ("Arabic", re.compile("[پچژگ]"), "fa"),
    ("Arabic", re.compile("[ةأإىآؤئ]"), "ar"),
)
_LEAST_OWN_LETTERS = 0.005
_LATIN_LANGUAGES = frozenset(
    {"ca", "cs", "da", "de", "en", "es", "fi", "fil", "fr", "hu", "id", "is", "it", "lt", "lv", "ms", "nb", "nl", "pl"}
    | {"pt", "ro", "sh", "sk", "sl", "sv", "tr", "vi"}
)
_CALLED = {"no": "nb", "nn": "nb", "hr": "sh", "bs": "sh", "iw": "he", "in": "id", "tl": "fil"}
_GROUPS = frozenset({"sh"})  # the words of several languages in one list
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+(?:[\u0300-\u036f\u0900-\u097f\u064b-\u065f]+[^\W\d_]*)*")


def identify(text: str | Iterable[str], declared: str | None = None) -> str | None:
    """Return the language of a text, given whole or as its words. None if neither text nor declaration shows it.

    ``declared`` is a language tag, of which the first part counts (``pt-BR`` is ``pt``).
    """
    sample = (text if isinstance(text, str) else " ".join(text))[:SAMPLE]
    language = _primary(declared)
    script = script_of(sample)
    if script is None:
        return language
    if script == _LATIN:
        return _by_words(sample, _LATIN_LANGUAGES, language, elsewhere=_is_of_another_script(language))
    languages = LANGUAGES_OF_SCRIPT[script]
    by_letters = _by_letters(sample, script)
    if language in languages and by_letters in {None, language}:
        return _by_words(sample, languages, language, elsewhere=False)
    return by_letters or _by_words(sample, languages, None, elsewhere=True) or _sole(languages)


def contradicting_language(text: str, declared: str) -> str | None:
    """Return the language of a text if it is surely another one than ``declared``, else None.

    ``identify`` decides what a text is compared as. This rule corrects what a page says of itself, so it asks for more:
    a longer text, in another script or far from the declared language.
    """
    sample, language = text[:SAMPLE], identify(text, declared)
    page_language = _current(_primary(declared))
    if language is None or language == page_language or language in _GROUPS:
        return None
    script = script_of(sample)
    if script != _LATIN and page_language not in LANGUAGES_OF_SCRIPT[script or ""]:
        letters = len(_LETTER.findall(sample))
        share = len(_COUNTED[script or ""].findall(sample)) / max(1, letters)
        least = SURE_KANA if script == "kana" else SURE_SCRIPT
        return language if letters >= SURE_LETTERS and share >= least else None
    counts = Counter(_WORD.findall(sample.casefold()))
    total = sum(counts.values())
    scores, listed = _scores(counts, {language, page_language})
    lead = scores.get(language, 0.0) - scores.get(page_language, 0.0)
    is_sure = total >= SURE_WORDS and lead >= SURE_LEAD * total and listed[page_language] <= MOST_DECLARED * total
    return language if is_sure else None


def _primary(tag: str | None) -> str | None:
    """Return the first part of a language tag."""
    return re.split("[-_]", (tag or "").casefold(), maxsplit=1)[0][:3] or None


def _current(language: str | None) -> str:
    """Return the code under which the words of a language are listed."""
    return _CALLED.get(language or "", language or "")


def script_of(text: str) -> str | None:
    """Return the script of most letters of a text. None if it has no letters."""
    if len(text.encode("ascii", "ignore")) >= _LATIN_SHARE * len(text):
        return _LATIN if re.search(r"[^\W\d_]", text) else None
    counts = {script: len(letters.findall(text)) for script, letters in _COUNTED.items()}
    counts[_LATIN] = len(re.findall(r"[a-zA-Z\u00c0-\u024f\u1e00-\u1eff]", text))
    if counts["kana"] >= _LEAST_KANA * (counts["kana"] + counts["Han"]):
        counts["kana"] += counts["Han"]
    # A Han character says as much as three letters. Latin names abound in Chinese and Japanese texts.
    weights = {script: count * (3 if script in {"kana", "Han"} else 1) for script, count in counts.items()}
    script = max(weights, key=lambda name: weights[name])
    return script if weights[script] else None


def _is_of_another_script(language: str | None) -> bool:
    return any(language in languages for languages in LANGUAGES_OF_SCRIPT.values()) and language != "sr"


def _sole(languages: tuple[str, ...]) -> str | None:
    """Return the language of a script that hardly another is written in."""
    return None if languages[0] in {"ar", "ru"} else languages[0]


def _by_letters(sample: str, script: str) -> str | None:
    """Return the language that has letters of its own in the text."""
    for of_script, letters, language in _LETTERS_OF:
        if of_script == script and len(letters.findall(sample)) >= _LEAST_OWN_LETTERS * len(sample):
            return language
    return None


def _by_words(sample: str, languages: Collection[str], declared: str | None, *, elsewhere: bool) -> str | None:
    """Return the language with the likeliest words. ``elsewhere``: the declared language is not of this script."""
    counts = Counter(_WORD.findall(sample.casefold()))
    total = sum(counts.values())
    believed = None if elsewhere else declared
    scores, listed = _scores(counts, languages)
    if total < LEAST_WORDS or not scores:
        return believed
    best = max(scores, key=lambda language: (scores[language], language))
    if listed[best] < LEAST_LISTED * total:
        return believed
    if believed and scores[best] - scores.get(_current(believed), 0.0) < CONTRADICTED * total:
        return believed
    second = max((score for language, score in scores.items() if language != best), default=0.0)
    return best if scores[best] - second >= LEAST_LEAD else believed


def _scores(counts: Counter[str], languages: Collection[str]) -> tuple[dict[str, float], Counter[str]]:
    """Return the logarithm of the likelihood by language, over that of unlisted words alone, and the listed words."""
    scores: dict[str, float] = {}
    listed: Counter[str] = Counter()
    gains = _gains()
    for word, count in counts.items():
        for language, gain in gains.get(word, ()):
            if language in languages:
                scores[language] = scores.get(language, 0.0) + count * gain
                listed[language] += count
    return scores, listed


@cache
def _gains() -> dict[str, list[tuple[str, float]]]:
    """Return the languages of each of the commonest words, with the logarithm of its share over an unlisted one's."""
    gains: dict[str, list[tuple[str, float]]] = {}
    for language, shares in commonest_words().items():
        for word, share in shares.items():
            gains.setdefault(word, []).append((language, share - UNLISTED))
    return gains


def commonest_words() -> dict[str, dict[str, float]]:
    """Return the natural logarithm of the shares of the commonest words, by language and word."""
    languages: dict[str, dict[str, float]] = {}
    for line in lzma.decompress((HERE / "commonest.xz").read_bytes()).decode().splitlines():
        language, *entries = line.split(" ")
        pairs = (entry.rsplit(":", 1) for entry in entries)
        languages[language] = {word: (int(zipf) / 10 - 9) / log10(exp(1)) for word, zipf in pairs}
    return languages
