"""The stream from which React draws the server components of a page, as Next.js writes it into scripts.

Each script pushes a piece of text. Together they are rows: a number in hexadecimal, a colon, and JSON up to the end of
the line, or ``T``, the length in bytes and a text of that length. A string such as ``$7`` stands for another row, and a
list that begins with ``$`` is an element: its tag, its key and its properties.
"""

from __future__ import annotations

import json
import re
from typing import Any

PUSH = re.compile(
    r"__next_f\s{0,9}(?:\|\|\s{0,9}\[\]\s{0,9}\)|=[^;]{0,40}\))?\.push\(\[1,\s{0,9}(\"(?:[^\"\\]|\\.)*+\")"
)
"""A call that pushes a piece of the stream, with the piece as a string of JSON."""

SOURCE = "self.__next_f"
_ROW = re.compile(r"([0-9a-f]{1,6}):(?:T([0-9a-f]{1,8}),)?")
_REFERENCE = re.compile(r"\$[LQW@F]?([0-9a-f]{1,6})$")
_ELEMENT = 4  # items of an element: "$", the tag, its key, its properties
_STORIES = frozenset({"article", "main"})
_MAX_DEPTH = 60
_MAX_ROWS = 5_000
_MAX_VALUES = 200_000


def read_stream(script: str) -> list[Any]:
    """Return the values of the rows of a stream, with the rows they refer to in place. Empty if there is none."""
    rows = _rows("".join(json.loads(match[1], strict=False) for match in PUSH.finditer(script)))
    resolver = _Resolver(rows)
    used = {match[1] for text in map(str, rows.values()) for match in re.finditer(r"'\$[LQW@F]?([0-9a-f]{1,6})'", text)}
    return [resolver.resolve(value, 0) for name, value in rows.items() if name not in used]


def _rows(stream: str) -> dict[str, Any]:
    """Return the value of each row by its number. Rows of modules, hints and errors have none."""
    rows: dict[str, Any] = {}
    position = 0
    while len(rows) < _MAX_ROWS and (match := _ROW.match(stream, position)):
        position = match.end()
        if match[2]:
            text = stream[position:].encode("utf-8", "surrogatepass")[: int(match[2], 16)].decode("utf-8", "ignore")
            rows[match[1]] = text
            position += len(text)
        else:
            end = stream.find("\n", position)
            end = len(stream) if end < 0 else end
            rows[match[1]] = _parsed(stream[position:end])
            position = end
        position += stream.startswith("\n", position)
    return {name: value for name, value in rows.items() if value is not None}


def _parsed(text: str) -> Any:
    if not text.startswith(("{", "[", '"')):
        return None
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


class _Resolver:
    """Puts rows in the places that refer to them, and turns elements into objects that name their tag."""

    def __init__(self, rows: dict[str, Any]) -> None:
        self._rows = rows
        self._left = _MAX_VALUES

    def resolve(self, value: Any, depth: int) -> Any:
        self._left -= 1
        if self._left < 0 or depth > _MAX_DEPTH:
            return None
        if isinstance(value, str):
            return self._string(value, depth)
        if isinstance(value, dict):
            return {key: self.resolve(part, depth + 1) for key, part in value.items()}
        if isinstance(value, list):
            if len(value) >= _ELEMENT and value[0] == "$" and isinstance(value[3], dict):
                return self._element(value[1], value[3], depth)
            return [self.resolve(part, depth + 1) for part in value]
        return value

    def _string(self, value: str, depth: int) -> Any:
        if not value.startswith("$"):
            return value
        if value.startswith("$$"):
            return value[1:]
        reference = _REFERENCE.match(value)
        return self.resolve(self._rows.get(reference[1]), depth + 1) if reference else None

    def _element(self, tag: Any, properties: dict[str, Any], depth: int) -> Any:
        if not isinstance(tag, str) or tag.startswith("$"):
            return self.resolve(properties, depth + 1)  # a component of the site: its data
        element = {"tag": tag, "children": self.resolve(properties.get("children"), depth + 1)}
        if tag not in _STORIES:
            return element
        heading = _first(element, "h1") or {}
        headline = _words(heading.pop("children", ""))  # it is no part of the text
        return {"article": {"headline": headline, "body": element["children"]}}


def _first(value: Any, tag: str) -> dict[str, Any] | None:
    """Return the first element of a tag."""
    stack = [value]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            if part.get("tag") == tag:
                return part
            stack += reversed(list(part.values()))
        elif isinstance(part, list):
            stack += reversed(part)
    return None


def _words(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(filter(None, map(_words, value)))
    return _words(value.get("children")) if isinstance(value, dict) else value if isinstance(value, str) else ""
