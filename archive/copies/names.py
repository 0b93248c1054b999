"""Find the names in a text: capitalised words, or rare words in scripts without capitals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archive.copies.background import CHARACTER_LANGUAGES, LANGUAGES, table
from archive.copies.stopwords import CALENDAR, COMMON, TITLES
from archive.copies.word_columns import is_katakana, stem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.copies.segment import Words

_GAP = re.compile(r"[\s,-]*")
_NO_NAMES = COMMON | CALENDAR | TITLES

MOST_CAPITAL = 0.6
"""Share of capitalised words from which capitals show nothing. German has 0.4, an article in capitals 1."""

COVERED_LEVEL = 18
"""Level of a pair of Han characters from which both belong to a usual word (a Zipf value of 3.6)."""

GRAMMAR_LEVEL = 29
"""Level of a Han character from which it is a word of its own that joins others (5.8), as "de" and "zai" in Chinese."""

SHORTEST_RUN, LONGEST_RUN = 2, 8
"""Han characters of a name."""

SOUNDS = frozenset(
    "阿埃艾安昂奥巴拜班邦鲍贝本比彼宾波博伯勃布茨达大戴丹德登邓狄迪蒂丁东杜多顿厄恩尔耳法凡菲费芬佛弗福甫富盖甘冈戈哥格根古圭哈海汉豪赫亨"
    "怀霍基吉加贾简杰金喀卡坎康考科克肯孔库夸昆拉莱兰朗劳勒雷里利莉列林琳隆卢鲁伦罗洛玛马迈曼芒梅蒙米密缅敏莫默姆穆拿内纳娜南尼涅宁纽努诺欧"
    "帕潘庞佩彭皮珀普奇齐恰乔切琴丘萨塞赛桑瑟森沙莎尚舍圣施什史士舒丝斯苏索塔泰坦汤唐陶特滕廷图托瓦旺威韦维魏温沃乌武西锡希夏肖谢辛欣休逊雅亚"
    "扬耶叶伊英尤约赞泽詹珍兹佐夫捷墨黎瑙奈"
)
"""Characters with which Chinese writes the sounds of foreign names. Usual words hardly have three of them in a row."""

SHORTEST_SOUNDED = 3
"""Characters of such a run that is a name."""

INFLECTED = frozenset({"bg", "cs", "el", "fi", "hu", "lt", "lv", "mk", "pl", "ru", "sk", "sr", "tr", "uk"})
"""Languages in which a name has endings. Its forms in a text are one name: the shortest of them."""

LONGEST_ENDING = 3
"""Letters that a form may have more than the shortest form of the name."""

_VERBAL = ("다", "지", "어", "며", "께", "고", "면", "서")
"""Endings of Korean verbs, which the table has without them."""

SHORTEST_RARE = 3
"""Letters of a rare word that acts as a name, of Hangul two syllables."""


def find_names(words: Words, text: str, language: str | None) -> tuple[frozenset[str], dict[int, str]]:
    """Return the folded words that are names, and names of several Han characters by the place of their first."""
    runs = _han_names(words, language) if language in CHARACTER_LANGUAGES else {}
    rare: frozenset[str] = frozenset()
    if language in LANGUAGES and (language in _WITHOUT_CAPITALS or _is_in_capitals(words)):
        rare = _rare_words(words, language)
    capitalised = frozenset() if rare and language not in _WITHOUT_CAPITALS else _capitalised(words, text, language)
    return capitalised | rare | frozenset(runs.values()), runs


_WITHOUT_CAPITALS = frozenset({"ar", "hi", "ko", "ja", "zh"})


def _is_in_capitals(words: Words) -> bool:
    return sum(words.capital) > MOST_CAPITAL * len(words)


def _rare_words(words: Words, language: str | None) -> frozenset[str]:
    """Return the words that the table of the language lacks. In Japanese only those in katakana."""
    levels = table(language)
    return frozenset(
        word
        for word in set(words.folded) - _NO_NAMES
        if (len(word) >= SHORTEST_RARE or ("\uac00" <= word[0] <= "\ud7a3" and len(word) > 1))
        and not word[0].isdigit()
        and (language not in CHARACTER_LANGUAGES or is_katakana(word))
        and stem(word) not in levels
        and not word.endswith(_VERBAL)
    )


def name_forms(names: frozenset[str], language: str | None) -> dict[str, str]:
    """Return each name with the form that stands for it: in an inflected language the shortest of its forms."""
    if language not in INFLECTED:
        return {name: name for name in names}
    forms: dict[str, str] = {}
    shortest: dict[str, list[str]] = {}
    for name in sorted(names, key=lambda name: (len(name), name)):
        form = next((form for form in shortest.get(name[:3], []) if _is_form(name, form)), name)
        forms[name] = form
        if form == name:
            shortest.setdefault(name[:3], []).append(name)
    return forms


def _is_form(name: str, form: str) -> bool:
    return len(name) - len(form) <= LONGEST_ENDING and name.startswith(form[: max(3, len(form) - 1)])


def _han_names(words: Words, language: str | None) -> dict[int, str]:
    """Return runs of Han characters in which no two neighbours make a usual word: names, nearly always."""
    levels = table(language)
    folded = words.folded
    outside = bytearray(len(folded) + 1)
    for index, character in enumerate(folded):
        outside[index] = len(character) == 1 and character >= "\u3400" and levels.get(character, 0) < GRAMMAR_LEVEL
    for index in range(len(folded) - 1):
        if levels.get(folded[index] + folded[index + 1], 0) >= COVERED_LEVEL:
            outside[index] = outside[index + 1] = 0
    runs = dict(_adjacent(words, outside, SHORTEST_RUN))
    if language == "zh":
        sounded = bytearray(character in SOUNDS for character in folded)
        for first, name in _adjacent(words, sounded, SHORTEST_SOUNDED):
            runs = {start: run for start, run in runs.items() if not first - len(run) < start < first + len(name)}
            runs[first] = name
    return runs


def is_sounded(name: str) -> bool:
    """True if a name in Han characters is written by sound."""
    return SOUNDS.issuperset(name)


def _adjacent(words: Words, marked: bytearray, least: int) -> Iterator[tuple[int, str]]:
    """Yield the place and the characters of each run of marked ones that stand next to each other."""
    first, last = 0, len(words)
    for index in range(1, last + 1):
        if index < last and marked[index] and marked[index - 1] and words.starts[index - 1] + 1 == words.starts[index]:
            continue
        if marked[first] and least <= index - first <= LONGEST_RUN:
            yield first, "".join(words.folded[first:index])
        first = index


def _capitalised(words: Words, text: str, language: str | None) -> frozenset[str]:
    """Return the folded words that are capitalised inside a sentence, and never in lower case.

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
    return frozenset(name for name in names - lowercase - _NO_NAMES if len(name) > 1)
