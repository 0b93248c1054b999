"""The language of a text, where its letters or its commonest words leave no doubt. A wrong ``lang`` yields to it.

Templates declare the language of their maker. A text is believed only if it is long enough and far from the language
that the page declares.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain

_COMMON = """
en the and of to that was with for his they have this from which were said has are not been their would
de der die und das nicht ist mit den von sich auf ein eine dem auch wird sind nach bei wurde
fr les des une est dans qui pour que sur avec par pas sont plus cette été mais leur aux
es los las una del por con para más como pero sus está fue son también entre desde hasta han
it della che non una per sono con dei delle nel alla più anche come gli dal stato ha questo
pt não uma dos das com para mais foi são pelo pela também seu sua ao está mas como os
nl het een van niet dat zijn voor met aan ook maar wordt naar bij werd deze heeft hij uit
pl nie się jest na do oraz przez jak po że które dla ale był od być został przy tego może
sv och att det som inte är på har till med för av den ett från om men var efter kommer
da og det ikke er på har til med af den et fra som at blev efter kan også været
no og det ikke er på har til med av den et fra som ble etter kan også være han
fi ja on ei että oli se hän mutta myös kun sen joka ovat tai kuin mukaan sekä ole vuoden
cs na se že je to jako by pro ale však byl jeho jsou podle není které také při bude až
hu az egy nem hogy és is meg volt csak mint már vagy ezt után azt még szerint lehet között volna
ro și nu care pe cu din este la pentru mai sunt fost prin după său dar fi către între acest
tr ve bir bu için ile olarak da de çok daha olan gibi kadar sonra ancak ise göre oldu değil yeni
id yang dan di itu dengan untuk dari tidak ini pada dalam akan juga oleh telah sudah karena bisa ada mereka
vi và của là có không được cho với trong những này người đã một các khi từ về như cũng
"""
_LANGUAGES: dict[str, list[str]] = {}
"""The languages that have a word among their commonest ones."""
for _language, *_words in map(str.split, _COMMON.strip().split("\n")):
    for _word in _words:
        _LANGUAGES.setdefault(_word, []).append(_language)
_NEAR = (frozenset({"da", "no", "nb", "nn", "sv"}), frozenset({"cs", "sk"}), frozenset({"id", "ms"}))
"""Languages whose common words are too much alike to contradict each other. Bokmål has three codes."""

_SCRIPTS = (
    ("ko", re.compile("[\uac00-\ud7a3]")),
    ("ja", re.compile("[\u3041-\u30fa]")),
    ("th", re.compile("[\u0e01-\u0e4e]")),
    ("el", re.compile("[\u0370-\u03ff\u1f00-\u1fff]")),
    ("he", re.compile("[\u05d0-\u05ea]")),
)
"""Letters that only one language of the press has."""

_OTHER_SCRIPT = re.compile("[\u0370-\u1fff\u3041-\u30fa\uac00-\ud7a3]")
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+")
_LEAST_LETTERS = 80
_LEAST_WORDS = 60
_MOST_CHARACTERS = 2_000  # read of a text
_OF_SCRIPT = 0.5  # share of its letters; Japanese mixes kana with Han, so it needs less
_OF_KANA = 0.15
_OF_WORDS = 0.12  # share of the words that are among the commonest twenty: 0.2 to 0.4 in prose
_TIMES = 4  # as many as of the declared language


def contradicting_language(text: str, declared: str) -> str:
    """Return the language of a text if it is surely another one than ``declared`` (two letters), else an empty text."""
    sample = text[:_MOST_CHARACTERS]
    if _OTHER_SCRIPT.search(sample) and (language := _language_of_script(sample)):
        return language if language != declared else ""
    words = _WORD.findall(sample.casefold())
    if len(words) < _LEAST_WORDS:
        return ""
    counts = Counter(chain.from_iterable(_LANGUAGES.get(word, ()) for word in words))
    language, most = next(iter(counts.most_common(1)), (declared, 0))
    is_near = language == declared or any({language, declared} <= group for group in _NEAR)
    if is_near or most < _OF_WORDS * len(words) or most < _TIMES * counts.get(declared, 0):
        return ""
    return language


def _language_of_script(sample: str) -> str:
    """Return the language that the letters of a text belong to, or an empty text."""
    letters = len(_LETTER.findall(sample))
    if letters < _LEAST_LETTERS:
        return ""
    shares = ((language, len(pattern.findall(sample)) / letters) for language, pattern in _SCRIPTS)
    return next((language for language, share in shares if share >= (_OF_KANA if language == "ja" else _OF_SCRIPT)), "")
