"""Addresses that stand outside of tables: in lists, paragraphs, headings, quotations, code and HTML.

Knows nothing of seeds. ``archive.seeds.parse`` decides which of them are rows and which are mistakes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Final

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from markdown_it.token import Token

_BARE: Final = re.compile(r"(?:https?|feed|ftp)://[^\s<>\"`]+|\bwww\.[^\s<>\"`]+", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"(?:https?|feed|ftp)://\S+|www\.\S+", re.IGNORECASE)
_SCHEMELESS: Final = re.compile(r"(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?::\d{1,5})?(?:[/?#]\S*)?")
_FILE: Final = re.compile(r"\S+\.(?:warc|wacz|warc\.gz|jsonl|html?|txt|pdf)", re.IGNORECASE)
_CHECKBOX: Final = re.compile(r"\[[ xX]\]\s+")
_ESCAPE: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_HREF: Final = re.compile(r"href\s{0,9}=\s{0,9}[\"']?(https?://[^\s\"'<>]+)", re.IGNORECASE)
_SEPARATORS: Final = " \t,;|\u00b7\u2022&+*_"
_JOINTS: Final = ":\u2013\u2014-|=>\u2192,;("
_LONGEST: Final = 4_000  # characters of a line that are searched; no address may be longer


class Place(StrEnum):
    """The part of a page that a line belongs to."""

    ITEM = "item"
    PARAGRAPH = "paragraph"
    QUOTATION = "quotation"
    HEADING = "heading"
    CODE = "code"
    HTML = "html"
    OPEN = "open"  # a comment or code block without an end, which hides all that follows
    REFERENCE = "reference"


class Form(StrEnum):
    """The use that a line makes of its addresses."""

    BARE = "bare"  # nothing but addresses
    LABELLED = "labelled"  # one address with a label before it or a remark behind it
    SENTENCE = "sentence"


@dataclass(frozen=True, slots=True)
class LooseLine:
    """A line outside of tables that holds ``addresses``, as written.

    ``note`` is the line's other text. ``is_linked`` is True if each address is the target of a link with a text.
    """

    number: int
    place: Place
    form: Form
    addresses: tuple[str, ...]
    note: str = ""
    is_linked: bool = False


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a line: a text, or the ``address`` of a link with its text."""

    text: str
    address: str = ""
    is_linked: bool = False


def inline_lines(inline: Token, place: Place) -> Iterator[LooseLine]:
    """Yield the lines of a paragraph, list item, quotation or heading that hold an address."""
    first = (inline.map or [0])[0] + 1
    sources = inline.content.split("\n")
    for offset, children in enumerate(_split(inline.children or [])):
        source = sources[offset] if offset < len(sources) else ""
        line = _line(first + offset, place, list(_pieces(source[:_LONGEST], children)))
        if line is not None:
            yield line


def block_lines(token: Token, lines: Sequence[str]) -> Iterator[LooseLine]:
    """Yield the lines of a code block or of HTML that hold an address where a reader of the page may miss it.

    A closed code block with a fence, and a closed comment, hold examples on purpose.
    """
    start, end = token.map or (0, 0)
    inner = lines[start:end]
    numbered = enumerate(inner, start + 1)
    if token.type == "code_block":
        for number, text in numbered:
            line = _line(number, Place.CODE, _bare_pieces(text.strip()[:_LONGEST].strip("|")))
            if line is not None and (line.form is not Form.SENTENCE or text.lstrip().startswith(("|", "-", "*", "+"))):
                yield line
        return
    if token.type == "fence":
        is_closed = len(inner) > 1 and _is_fence(inner[-1], token.markup)
    else:
        is_closed = not token.content.lstrip().startswith("<!--") or "-->" in token.content
    addresses = tuple(match[0] for text in inner for match in _BARE.finditer(text[:_LONGEST]))
    if not is_closed and addresses:
        yield LooseLine(start + 1, Place.OPEN, Form.SENTENCE, addresses)
    elif token.type == "html_block" and not token.content.lstrip().startswith("<!--") and addresses:
        yield LooseLine(start + 1, Place.HTML, Form.SENTENCE, addresses)


def reference_lines(references: Mapping[str, Mapping[str, object]], text: str) -> Iterator[LooseLine]:
    """Yield the lines that only define the target of a link, ``[a]: https://...``, and that no link uses."""
    for label, reference in references.items():
        span, address = reference.get("map"), str(reference.get("href", ""))
        is_used = text.upper().count(f"[{label}]") > 1
        if isinstance(span, list) and _ADDRESS.match(address) and not is_used:
            yield LooseLine(span[0] + 1, Place.REFERENCE, Form.BARE, (address,), is_linked=True)


def _is_fence(line: str, markup: str) -> bool:
    closing = line.strip(" \t>")
    return len(closing) >= len(markup) and not closing.strip(markup[0])


def _split(children: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield the children of each source line."""
    for is_break, members in groupby(children, key=lambda child: child.type in {"softbreak", "hardbreak"}):
        if not is_break:
            yield list(members)


def _pieces(source: str, children: Sequence[Token]) -> Iterator[_Piece]:
    """Yield the texts and addresses of one line.

    A line without links and code is read from its source, because emphasis would cut an address at ``_`` and ``*``.
    """
    kinds = {child.type for child in children}
    if not kinds & {"link_open", "code_inline", "html_inline", "image"}:
        yield from _bare_pieces(_ESCAPE.sub(r"\1", source))
        return
    visible = [child for child in children if child.type not in {"text", "code_inline"} or child.content.strip()]
    target: Token | None = None
    label: list[str] = []
    for child in visible:
        if child.type == "link_open":
            target, label = child, []
        elif child.type == "link_close" and target is not None:
            yield _link(source, target, "".join(label))
            target = None
        elif target is not None:
            label.append(child.content if child.type in {"text", "code_inline"} else "")
        elif child.type == "html_inline":
            hrefs = () if child.content.startswith("<!--") else _HREF.findall(child.content[:_LONGEST])
            yield from (_Piece("", address) for address in hrefs)
        elif child.type == "text" or (child.type == "code_inline" and len(visible) == 1):
            yield from _bare_pieces(child.content[:_LONGEST])


def _link(source: str, target: Token, label: str) -> _Piece:
    """Return a link as a piece; one to another part of the page or to a file beside it is text."""
    address = str(target.attrs["href"])
    if target.markup == "autolink":
        written = next((match for match in re.findall(r"<([^<>\s]+)>", source) if label in match), address)
        return _Piece("", written) if _ADDRESS.match(written) else _Piece(label)
    is_web = _ADDRESS.match(address) or ("/" in address and _SCHEMELESS.fullmatch(address[:_LONGEST]))
    return _Piece(label.strip(), address, is_linked=True) if is_web else _Piece(label)


def _bare_pieces(text: str) -> list[_Piece]:
    """Return a text cut at the addresses in it. A text that is one word like an address or a file is one."""
    text = _CHECKBOX.sub("", text, count=1) if text.lstrip().startswith("[") else text
    word = text.strip(_SEPARATORS)
    if _SCHEMELESS.fullmatch(word) or (_FILE.fullmatch(word) and not _ADDRESS.match(word)):
        return [_Piece("", word)]
    pieces, end = [], 0
    for match in _BARE.finditer(text):
        address = _without_punctuation(match[0])
        pieces += [_Piece(text[end : match.start()]), _Piece("", address)]
        end = match.start() + len(address)
    return [*pieces, _Piece(text[end:])]


def _without_punctuation(address: str) -> str:
    """Return an address without the marks of the sentence around it, as GitHub reads bare links."""
    unopened = {")": address.count(")") - address.count("("), "]": address.count("]") - address.count("[")}
    end = len(address)
    while end and (address[end - 1] in ".,;:!?'*_|" or unopened.get(address[end - 1], 0) > 0):
        end -= 1
        if address[end] in unopened:
            unopened[address[end]] -= 1
    return address[:end]


def _line(number: int, place: Place, pieces: Sequence[_Piece]) -> LooseLine | None:
    links = [piece for piece in pieces if piece.address]
    if not links:
        return None
    pieces = [_Piece(_CHECKBOX.sub("", pieces[0].text, count=1)), *pieces[1:]] if not pieces[0].address else pieces
    outside = "".join(piece.text for piece in pieces if not piece.address).replace("()", "").replace("[]", "")
    outside = outside.strip(_SEPARATORS + "\u2013\u2014-:")
    titles = [link.text for link in links if link.text != link.address]
    note = " ".join(filter(None, [*titles, outside if outside.strip("()[]. ") else ""]))
    return LooseLine(
        number=number,
        place=place,
        form=_form(pieces, outside, len(links)),
        addresses=tuple(link.address for link in links),
        note=" ".join(note.split()),
        is_linked=all(link.is_linked for link in links),
    )


def _form(pieces: Sequence[_Piece], outside: str, links: int) -> Form:
    if not outside.strip("()[]. "):
        return Form.BARE
    if links > 1:
        return Form.SENTENCE
    index = next(index for index, piece in enumerate(pieces) if piece.address)
    before = "".join(piece.text for piece in pieces[:index]).strip(" \t*_")
    behind = "".join(piece.text for piece in pieces[index + 1 :]).strip(" \t*_.)")
    if not before.strip(_JOINTS):
        return Form.LABELLED
    return Form.LABELLED if not behind and before[-1] in _JOINTS else Form.SENTENCE


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark")  # making one takes longer than reading a line


def addresses_in(line: str) -> tuple[tuple[str, ...], str]:
    """Return the addresses of one pasted line and its other text; a mark of a list in front of it is ignored."""
    tokens = _parser().parse(line.strip()[:_LONGEST])
    for token in tokens:
        if token.type == "inline":
            for loose in inline_lines(token, Place.ITEM):
                return loose.addresses, loose.note
    return (), ""
