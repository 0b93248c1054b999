"""JSON as pages write it: with comments, stray semicolons and braces, single or no quotation marks, several values.

A value that the standard library parses is taken as it is. All others go through a reader that never fails: it keeps
what is certain and closes what is open. Linear in the length of the text, without recursion.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from html import unescape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_WRAPPERS = (("<!--", "-->"), ("//<![CDATA[", "//]]>"), ("/*<![CDATA[*/", "/*]]>*/"), ("<![CDATA[", "]]>"))
_EDGES = " \t\r\n\f\v\ufeff\u200b\u00a0\u2060;"
_TOKEN = re.compile(
    r'"(?P<text>[^"\\]*+(?:\\.[^"\\]*+)*+)(?:"|\\?\Z)|(?P<mark>[{}\[\]:,])|(?P<comment>//[^\n]*+|/\*)|(?P<word>[^\s{}\[\]:,"/]++|/)',
    re.DOTALL,
)
_CLOSES_TEXT = re.compile(r'\s*+(?:[:,}\]]|$|//|/\*)|\s++"[@\w:-]{1,40}"\s*+:')
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "undefined": None, "NaN": None}
_OF_ARTICLES = frozenset({"headline", "datePublished", "dateModified", "articleBody", "mainEntityOfPage"})
_ASIDES = frozenset({"Person", "Organization", "NewsMediaOrganization", "ImageObject", "Brand", "WebSite"})
_QUOTATION_MARKS = re.compile("[\u201c\u201d\u201e\u201f\u00ab\u00bb]")
_TEMPLATE = re.compile(r"(?<=[:\[,])(\s*)`|`(?=\s*[,}\]])")
_NO_KEY = object()

Token = tuple[str, str]  # its kind (text, mark, word) and its characters


def read_values(block: str) -> list[Any]:
    """Return the JSON values of a script, in order. Empty if there is none."""
    text = _unwrap(block)
    try:
        return [_loaded(text)]
    except (ValueError, RecursionError):
        pass
    if '"' not in text and "&" in text:
        text = unescape(text)
    if '"' not in text:
        text = _QUOTATION_MARKS.sub('"', text) if _QUOTATION_MARKS.search(text) else text.replace("'", '"')
    elif "`" in text:
        text = _TEMPLATE.sub('"', text)
    return _Reader(list(_tokens(text))).values()


def _loaded(text: str) -> Any:
    """Return a JSON value. JSON in a JSON string is read too. Raises ValueError, and RecursionError if it is deep."""
    value = json.loads(text, strict=False)
    is_json = isinstance(value, str) and value.lstrip()[:1] in {"{", "["}
    return json.loads(value, strict=False) if is_json else value


def _unwrap(block: str) -> str:
    """Return a script without comment marks around it, byte order marks and the semicolon behind it."""
    text = block.strip(_EDGES)
    for opening, closing in _WRAPPERS * 2:
        if text.startswith(opening):
            text = text[len(opening) :].strip(_EDGES)
        if text.endswith(closing):
            text = text[: -len(closing)].strip(_EDGES)
    return text


def _tokens(text: str) -> Iterator[Token]:
    """Yield tokens. A quotation mark inside a text ends it only where a text can end."""
    position = 0
    while match := _TOKEN.search(text, position):
        position = match.end()
        kind = match.lastgroup or ""
        if kind == "comment":
            if match["comment"] == "/*":
                end = text.find("*/", position)
                position = end + 2 if end >= 0 else len(text)
        elif kind == "text":
            pieces = [match["text"]]
            while not _CLOSES_TEXT.match(text, position) and (more := _TOKEN.match(text, position - 1)):
                # The mark that ended the text is a quotation mark in it, so it also begins the next piece.
                pieces.append(more["text"])
                position = more.end()
            yield "text", _unescape('"'.join(pieces))
        else:
            yield kind, match[0]


def _unescape(text: str) -> str:
    """Return a text with its escapes replaced. A pair of surrogates becomes one character, a lone one is replaced."""
    if "\\" not in text:
        return text
    plain = _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else _ESCAPED.get(match[2], match[2]), text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class _Reader:
    """Builds values from tokens.

    A closing mark without an opening one is passed over, and what follows still belongs to the object before it. If
    closing marks are missing, a key of articles inside a person or an image ends that object.
    """

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        marks = [token for kind, token in tokens if kind == "mark"]
        self._lacks_closing = marks.count("{") > marks.count("}")
        self._values: list[Any] = []
        self._open: list[Any] = []
        self._open_of: Counter[type] = Counter()
        self._keys: list[Any] = []  # the key that waits for its value, for each open container

    def values(self) -> list[Any]:
        for index, (kind, token) in enumerate(self._tokens):
            if kind == "mark":
                self._read_mark(token)
            elif kind in {"text", "word"} and self._is_key(index):
                self._read_key(token)
            else:
                self._add(token if kind == "text" else _read_word(token))
        return self._values

    def _is_key(self, index: int) -> bool:
        following = self._tokens[index + 1] if index + 1 < len(self._tokens) else None
        return following == ("mark", ":")

    def _read_mark(self, mark: str) -> None:
        if mark in "{[":
            value: Any = {} if mark == "{" else []
            self._add(value)
            self._enter(value)
        elif mark in "}]":
            kind = dict if mark == "}" else list
            closed = None
            while self._open_of[kind] and not isinstance(closed, kind):
                closed = self._close()

    def _enter(self, value: Any) -> None:
        self._open.append(value)
        self._open_of[type(value)] += 1
        self._keys.append(_NO_KEY)

    def _close(self) -> Any:
        value = self._open.pop()
        self._open_of[type(value)] -= 1
        self._keys.pop()
        return value

    def _read_key(self, key: str) -> None:
        while self._lacks_closing and len(self._open) > 1 and key in _OF_ARTICLES and _is_aside(self._open[-1]):
            self._close()
        if not self._open and self._values and isinstance(self._values[-1], dict):
            self._enter(self._values[-1])
        while self._open and not isinstance(self._open[-1], dict):
            self._close()
        if self._keys:
            self._keys[-1] = key

    def _add(self, value: Any) -> None:
        if not self._open:
            if isinstance(value, (dict, list)):
                self._values.append(value)
        elif isinstance(self._open[-1], list):
            self._open[-1].append(value)
        elif self._keys[-1] is not _NO_KEY:
            self._open[-1].setdefault(self._keys[-1], value)
            self._keys[-1] = _NO_KEY


def _is_aside(value: Any) -> bool:
    kind = value.get("@type") if isinstance(value, dict) else None
    return isinstance(kind, str) and kind.rpartition("/")[2].rpartition(":")[2] in _ASIDES


def _read_word(word: str) -> Any:
    if word in _WORDS:
        return _WORDS[word]
    try:
        return float(word) if not word.lstrip("-").isdecimal() else int(word[:20])
    except ValueError:
        return word.strip("'")
