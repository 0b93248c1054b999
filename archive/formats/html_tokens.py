"""Positions of comments, scripts and tags in the bytes of an HTML page, without building a tree.

It follows the tokenizer of the HTML Living Standard, section 13.2.5, in the way of libxml2 2.14, the parser that
extraction uses. So a ``<script>`` in an attribute, in a title or in a text field is no script, and a comment ends at
``--!>`` too. All bytes that mean something here are ASCII, so any charset that extends ASCII will do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SPACE = rb"[ \t\n\f\r]"
_ATTRIBUTES = (
    rb"(?:[ \t\n\f\r]++|/(?!>)|[^ \t\n\f\r/>][^ \t\n\f\r/>=]*+"
    rb"(?:[ \t\n\f\r]*+=[ \t\n\f\r]*+(?:\"[^\"]*+\"|'[^']*+'|(?![\"'])[^ \t\n\f\r>]*+)|(?![ \t\n\f\r]*+=)))*+"
)
_OPAQUE = rb"script|style|title|textarea|xmp|iframe|noembed|noframes|plaintext"
"""Elements whose content is no markup. ``noscript`` is not among them: the parser runs no scripts."""
_COMMENT = re.compile(rb"<!--(?:-?>)?")
_COMMENT_END = re.compile(rb"--!?>")
_SCRIPT_MARK = re.compile(rb"<!--(?=(-?>)?)|-->|<(/?)script(?=[ \t\n\f\r/>])", re.IGNORECASE)
_MENTION = 600  # bytes before and after a tag that are searched for the block around it
_MAX_MENTIONS = 20  # each costs a scan
_BLOCK_BEFORE = re.compile(rb"<(h[1-6]|p|li|td|dt|dd)(?:[ \t\n\f\r][^<>]{0,300})?>[^<>]*\Z", re.IGNORECASE)
_BLOCK_AFTER = re.compile(rb"[^<>\"'=(){};]{0,300}</(h[1-6]|p|li|td|dt|dd)[ \t\n\f\r]*>", re.IGNORECASE)
_LIKE_MENTION = re.compile(
    rb"<(?:" + _OPAQUE + rb")>[^<>\"'=(){};]{0,300}</(?:h[1-6]|p|li|td|dt|dd)[ \t\n\f\r]*>", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Token:
    """A comment (``name`` is ``!--``), an element without markup inside, or a tag.

    ``name`` is in lower case. Its own markup lies from ``start`` to ``inner``, its content from there to ``end``. Both
    are equal for a comment or a tag.
    """

    name: bytes
    start: int
    inner: int
    end: int


def scan(payload: bytes, names: bytes = b"") -> Iterator[Token]:
    """Yield comments, elements whose content is no markup, and tags with one of ``names``, in order.

    ``names`` is a pattern such as ``a|link|/template``. It stops at an element, comment or tag that is never closed:
    what follows is no markup. Linear in the payload's length.
    """
    plain, opening = _patterns(names)
    position = 0
    while (position := _end_of(plain, payload, position)) < len(payload):
        comment = _COMMENT.match(payload, position)
        tag = None if comment else opening.match(payload, position)
        if comment:
            closing = None if comment[0].endswith(b">") else _COMMENT_END.search(payload, comment.end())
            if closing is None and not comment[0].endswith(b">"):
                return
            end = (closing or comment).end()
            token = Token(b"!--", position, end, end)
        elif tag:
            is_empty = bool(tag[3]) or tag[1] is None  # libxml2 takes ``<script/>`` for an empty element
            end_of_content = tag.end() if is_empty else _end_of_content(payload, tag[1].lower(), tag.end())
            if end_of_content is None:
                return
            token = Token((tag[1] or tag[2]).lower(), position, tag.end(), end_of_content)
        else:
            return
        yield token
        position = token.end


def cut_unread(payload: bytes, is_read: Callable[[Token], bool]) -> bytes:
    """Return ``payload`` without comments and without the content of scripts and styles. Their bare tags stay.

    A script for which ``is_read`` is true stays. A parser reads the same texts from both.
    """
    pieces: list[bytes] = []
    copied = 0
    for token in scan(payload):
        if token.name == b"!--":
            pieces += [payload[copied : token.start], b"<!-->"]  # nothing at all would join ``<`` and ``b>`` around it
            copied = token.end
        elif token.name in {b"script", b"style"} and not _is_empty(payload, token) and not is_read(token):
            pieces += [payload[copied : token.start], b"<%s>" % token.name]
            copied = token.end
    return b"".join([*pieces, payload[copied:]])


def _is_empty(payload: bytes, token: Token) -> bool:
    return token.end == token.inner and payload.endswith(b"/>", token.start, token.inner)


def is_mention(payload: bytes, token: Token) -> bool:
    """Tell whether a tag's name in a sentence opens this element: ``<h1>On the <script> tag</h1>``.

    No browser shows such a text, but its author wrote it to be read.
    """
    before = payload[max(token.start - _MENTION, 0) : token.start]
    opened = _BLOCK_BEFORE.search(before)
    after = _BLOCK_AFTER.match(payload, token.inner)
    is_bare = token.inner - token.start == len(token.name) + 2
    return bool(is_bare and opened and after and opened[1].lower() == after[1].lower())


def escape_mentions(payload: bytes) -> bytes:
    """Return ``payload`` with the tags that are only mentioned in a sentence as text."""
    for _ in range(_MAX_MENTIONS if _LIKE_MENTION.search(payload) else 0):
        mentioned = next((token for token in scan(payload) if is_mention(payload, token)), None)
        if mentioned is None:
            break
        text = b"&lt;" + mentioned.name + b"&gt;"
        payload = payload[: mentioned.start] + text + payload[mentioned.inner :]
    return payload


@cache
def _patterns(names: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Return a run of all that is not yielded, and the start of what is. Both are possessive, hence linear."""
    unyielded = b"(?!(?:" + _OPAQUE + (b"|" + names if names else b"") + b")" + _SPACE[:-1] + b"/>])"
    plain = (
        rb"(?:[^<]++|<(?![!?/a-z])|<(?:!(?!--)|\?|/(?![a-z]))[^>]*+>"
        rb"|<" + unyielded + rb"/?+[a-z][^ \t\n\f\r/>]*+" + _ATTRIBUTES + rb"/?+>)*+"
    )
    end = rb")(?=[ \t\n\f\r/>])"
    opening = rb"<(?:(" + _OPAQUE + end + rb"|(" + (names or rb"(?!)") + end + rb")" + _ATTRIBUTES + rb"(/?+)>"
    return re.compile(plain, re.IGNORECASE), re.compile(opening, re.IGNORECASE)


def _end_of(plain: re.Pattern[bytes], payload: bytes, position: int) -> int:
    match = plain.match(payload, position)
    return match.end() if match else position


def _end_of_content(payload: bytes, name: bytes, position: int) -> int | None:
    """Return the position of the end tag of an element whose content is no markup. None if it is never closed."""
    if name == b"plaintext":
        return None
    if name == b"script":
        return _end_of_script(payload, position)
    match = re.compile(rb"</" + name + rb"(?=[ \t\n\f\r/>])", re.IGNORECASE).search(payload, position)
    return match.start() if match else None


def _end_of_script(payload: bytes, position: int) -> int | None:
    """Return the position of a script's end tag. Within ``<!-- <script>`` an end tag only ends the inner script."""
    is_escaped = is_doubly_escaped = False
    for mark in _SCRIPT_MARK.finditer(payload, position):
        if mark[0] == b"-->":
            is_escaped = is_doubly_escaped = False
        elif mark[2] is None:
            is_escaped = is_escaped or mark[1] is None
        elif not mark[2]:
            is_doubly_escaped = is_escaped
        elif is_doubly_escaped:
            is_doubly_escaped = False
        else:
            return mark.start()
    return None
