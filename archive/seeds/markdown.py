"""The structure of a seed index as Markdown: groups with their paragraphs and tables.

Knows nothing of seeds. Line numbers count from 1, as in editors.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from markdown_it import MarkdownIt

from archive.seeds.loose_addresses import LooseLine, Place, block_lines, inline_lines, reference_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

_GROUP_LEVEL: Final = "h2"
_NEWLINE: Final = re.compile(r"\r\n?|\n")
_PIPE: Final = re.compile(r"(?<!\\)\|")  # GFM: a backslash before a pipe always escapes it
_ESCAPE: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_AUTOLINK: Final = re.compile(r"<([^<>\s]+)>")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: ``text`` as a reader sees it, and ``address``, None unless it holds exactly one address."""

    text: str
    address: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: one cell for each column, and the ``count`` of cells as written."""

    line: int
    cells: tuple[Cell, ...]
    count: int

    @property
    def has_address(self) -> bool:
        """True if one of the cells holds a web address."""
        return any("://" in (cell.address or "") for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its header line, its columns in lower case, its rows, and the line after it (``end``).

    ``quoted``: it stands inside a quotation or list. ``listed``: it was made from an item of a list.
    """

    line: int
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    end: int
    quoted: bool = False
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a paragraph or list item. ``ahead`` is True before the group's first table."""

    number: int
    text: str
    ahead: bool


@dataclass(slots=True)
class Section:
    """A group as written: its ``##`` heading (None outside of any group), its paragraphs and its tables.

    ``end`` is the line after it. ``paragraphs`` holds the lines of each paragraph, ``loose`` the lines outside
    of tables that hold addresses.
    """

    title: str | None
    line: int
    end: int = 0
    paragraphs: list[tuple[Line, ...]] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    loose: list[LooseLine] = field(default_factory=list)


def split_lines(text: str) -> list[str]:
    """Return the lines of ``text`` as a Markdown parser counts them.

    ``str.splitlines`` knows more line ends than Markdown.
    """
    return _NEWLINE.split(text)


def sections(text: str) -> list[Section]:
    """Return the page cut at its headings: the part before any ``##``, then each group in order.

    A heading of level 1 ends a group, deeper ones stay inside. Code, comments and other HTML are skipped.
    """
    lines = split_lines(text)
    environment: dict[str, Any] = {}
    tokens = MarkdownIt("commonmark").enable("table").parse(text, environment)
    parts = [Section(None, 1)]
    depth = Counter[str]()
    for index, token in enumerate(tokens):
        depth[token.type.removesuffix("_open").removesuffix("_close")] += token.nesting
        if token.map is None:
            continue
        first = token.map[0] + 1
        if token.type == "heading_open" and token.tag in {"h1", _GROUP_LEVEL} and token.level == 0:
            parts[-1].end = first
            title = _text(tokens[index + 1].children or []) if token.tag == _GROUP_LEVEL else None
            parts.append(Section(title, first))
        elif token.type == "paragraph_open" and not depth["blockquote"]:
            parts[-1].paragraphs.append(_paragraph(tokens[index + 1], ahead=not parts[-1].tables))
        elif token.type == "table_open":
            parts[-1].tables.append(_table(_inside(tokens, index), lines, quoted=token.level > 0))
        elif not depth["table"]:
            parts[-1].loose.extend(_loose_lines(token, lines, depth))
    parts[-1].end = len(lines) + 1
    for line in reference_lines(environment.get("references", {}), text):
        next(part for part in parts if line.number < part.end).loose.append(line)
    return parts


def _loose_lines(token: Token, lines: Sequence[str], depth: Counter[str]) -> Iterator[LooseLine]:
    """Return the lines of a token outside of tables that hold addresses. ``depth``: the open blocks around it."""
    if token.type in {"code_block", "fence", "html_block"}:
        return block_lines(token, lines)
    if token.type != "inline":
        return iter(())
    places = {"heading": Place.HEADING, "blockquote": Place.QUOTATION, "list_item": Place.ITEM}
    place = next((place for block, place in places.items() if depth[block]), Place.PARAGRAPH)
    return inline_lines(token, place)


def _inside(tokens: Sequence[Token], start: int) -> list[Token]:
    """Return the tokens from the opening one at index ``start`` to its closing one."""
    closing = tokens[start].type.replace("_open", "_close")
    end = next(
        i for i in range(start, len(tokens)) if tokens[i].type == closing and tokens[i].level == tokens[start].level
    )
    return list(tokens[start : end + 1])


def _paragraph(inline: Token, *, ahead: bool) -> tuple[Line, ...]:
    first = (inline.map or [0])[0] + 1
    return tuple(Line(first + n, text.strip(), ahead) for n, text in enumerate(inline.content.split("\n")))


def _table(tokens: list[Token], lines: list[str], *, quoted: bool) -> Table:
    start, end = tokens[0].map or (0, 0)
    header, *rows = _rows(tokens, lines)
    columns = tuple(cell.text.lower() for cell in header.cells)
    return Table(start + 1, columns, tuple(rows), end + 1, quoted)


def _rows(tokens: list[Token], lines: list[str]) -> Iterator[Row]:
    for index, token in enumerate(tokens):
        if token.type == "tr_open" and token.map is not None:
            cells = tuple(_cell(inline) for inline in _inside(tokens, index) if inline.type == "inline")
            yield Row(token.map[0] + 1, cells, _count_cells(lines[token.map[0]]))


def _count_cells(line: str) -> int:
    """Return the number of cells in a line of a table. The parser itself adds and drops cells silently."""
    inner = line.strip().removeprefix("|")
    parts = _PIPE.split(inner)
    return len(parts) - (len(parts) > 1 and not parts[-1].strip())


def _cell(inline: Token) -> Cell:
    children = inline.children or []
    return Cell(_text(children), _address(inline.content, children))


def _text(children: Sequence[Token]) -> str:
    return "".join(child.content if child.type in {"text", "code_inline"} else "" for child in children).strip()


def _address(source: str, children: Sequence[Token]) -> str | None:
    """Return the one address in a cell, written ``<https://...>``, ``[text](https://...)``, in code, or bare.

    It is read from the source where possible, because the parser's own form of a link escapes characters that a server
    may need unescaped.
    """
    links = [child for child in children if child.type == "link_open"]
    outside = _text_outside_links(children)
    if len(links) > 1 or (links and outside):
        return None
    if links:
        bare = _AUTOLINK.search(source) if links[0].markup == "autolink" else None
        return bare[1] if bare else str(links[0].attrs["href"])
    if any(child.type in {"code_inline", "html_inline"} for child in children):
        return outside or None
    return _ESCAPE.sub(r"\1", source).strip() or None


def _text_outside_links(children: Sequence[Token]) -> str:
    """Return the text of a cell that is not inside a link."""
    depth, outside = 0, []
    for child in children:
        depth += {"link_open": 1, "link_close": -1}.get(child.type, 0)
        if not depth:
            outside.append(child)
    return _text(outside)
