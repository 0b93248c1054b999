"""Read lists of addresses that people have: pasted lines, OPML, browser bookmarks, CSV.

Nothing here is fetched. A line without an address is returned too, so that each line gets its answer.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from lxml import etree, html

from archive.seeds.loose_addresses import addresses_in
from db.errors import BadInput
from db.records import SeedKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_BYTES: Final = 20 * 1024 * 1024
"""Largest list that is read. The bookmarks of twenty years are about 5 MB."""

MAX_ENTRIES: Final = 5_000
"""Most entries of one list that are read."""

_OPML: Final = re.compile(r"<opml[\s>]", re.IGNORECASE)
_BOOKMARKS: Final = re.compile(r"<!DOCTYPE\s+NETSCAPE|<(?:html|body|dl|a)[\s>]", re.IGNORECASE)
_ENTITY: Final = re.compile(r"<!ENTITY", re.IGNORECASE)
_HEAD: Final = 4_096
_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_DECLARED: Final = re.compile(rb"<\?xml[^>]{0,200}encoding\s*=\s*[\"']([\w.:-]+)")
_ENCODING: Final = re.compile(r"<\?xml[^>]{0,300}\?>")
_DELIMITERS: Final = ",;\t|"
_URL_NAMES: Final = frozenset({"url", "address", "link", "href", "uri", "xmlurl", "feed", "feed url", "website"})
_TITLE_NAMES: Final = frozenset({"title", "name", "note", "text", "description"})
_SCHEME: Final = re.compile(r"(?:https?|feed|ftp)://|www\.", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ListedAddress:
    """One entry of a list: its address as written (empty: the line has none), its title, and its kind if declared."""

    text: str
    title: str = ""
    kind: SeedKind | None = None
    line: int = 0


def read_address_list(data: bytes, *, name: str) -> tuple[ListedAddress, ...]:
    """Return the entries of the list in ``data``, in order, each address once. ``name`` is for errors.

    Raises BadInput for a list that may do harm (XML entities), that is too large or damaged, or that is no list.
    """
    if len(data) > MAX_BYTES:
        raise BadInput(f"{name}: {len(data):,} bytes are too many for a list of addresses; split it")
    text = _decoded(data, name)
    if not text.strip():
        raise BadInput(f"{name}: the list is empty")
    head = text[:_HEAD]
    if _OPML.search(head):
        entries = _read_opml(text, name)
    elif _BOOKMARKS.search(head) and head.lstrip().startswith("<"):
        entries = _read_bookmarks(text)
    elif text.lstrip()[:1] in {"{", "["} and (document := _json_document(text)) is not None:
        entries = _read_json(document)
    else:
        table = _read_table(text)
        entries = iter(table) if table else _read_lines(text)
    listed = list(islice(entries, MAX_ENTRIES + 1))
    if len(listed) > MAX_ENTRIES:
        raise BadInput(f"{name}: more than {MAX_ENTRIES:,} addresses; split the list")
    if not listed:
        raise BadInput(f"{name}: it names no address")
    first = {entry.text: entry for entry in reversed(listed) if entry.text}
    return tuple(entry for entry in listed if not entry.text or first[entry.text] is entry)


def _decoded(data: bytes, name: str) -> str:
    """Return a list as text: by its byte order mark, its XML declaration, as UTF-8, or else as Windows-1252."""
    declared = _DECLARED.match(data)
    by_mark = next((encoding for mark, encoding in _BOMS if data.startswith(mark)), None)
    encodings = [by_mark] if by_mark else [*([declared[1].decode("ascii")] if declared else []), "utf-8", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
        if "\0" in text:
            break
        return text
    raise BadInput(f"{name}: it is no text; save the list as plain text, CSV, OPML or HTML")


def _read_opml(text: str, name: str) -> Iterator[ListedAddress]:
    """Yield the feeds of an OPML list, and its other links."""
    if _ENTITY.search(text):
        raise BadInput(f"{name}: it declares XML entities, which may do harm, so it was not read; export it again")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    root = etree.fromstring(_ENCODING.sub("", text, count=1).strip().encode("utf-8"), parser=parser)
    if root is None:
        raise BadInput(f"{name}: the OPML list is damaged; export it again")
    for outline in root.iter("{*}outline", "outline"):
        values = {str(key).lower(): str(value).strip() for key, value in outline.attrib.items()}
        title = values.get("title") or values.get("text") or ""
        if values.get("xmlurl"):
            yield ListedAddress(values["xmlurl"], title, SeedKind.FEED)
        elif address := values.get("url") or values.get("htmlurl"):
            yield ListedAddress(address, title)


def _read_bookmarks(text: str) -> Iterator[ListedAddress]:
    try:
        tree = html.document_fromstring(_ENCODING.sub("", text, count=1))
    except (etree.LxmlError, ValueError):
        return
    for anchor in tree.iter("a"):
        feed, address = anchor.get("feedurl"), anchor.get("href")
        title = " ".join("".join(map(str, anchor.itertext())).split())
        if target := feed or address:
            yield ListedAddress(target, title, SeedKind.FEED if feed else None)


def _json_document(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _read_json(document: Any) -> Iterator[ListedAddress]:
    """Yield the addresses of bookmarks in JSON, as browsers write them, or of a list of texts."""
    stack = [document]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(reversed(node))
        elif isinstance(node, dict):
            address = node.get("uri") or node.get("url")
            if isinstance(address, str):
                yield ListedAddress(address, str(node.get("title") or node.get("name") or ""))
            stack.extend(value for value in reversed(list(node.values())) if isinstance(value, dict | list))
        elif isinstance(node, str) and _SCHEME.match(node):
            yield ListedAddress(node)


def _read_table(text: str) -> list[ListedAddress]:
    """Return the addresses of a table with a delimiter, an empty list if the text is none."""
    lines = [line for line in text.splitlines() if line.strip()]
    delimiter = _delimiter(lines)
    if delimiter is None:
        return []
    try:
        numbered = enumerate(csv.reader(io.StringIO(text), delimiter=delimiter), 1)
        rows = [(number, row) for number, row in numbered if row]
    except csv.Error:
        return []
    header = [cell.strip().lower() for cell in rows[0][1]]
    has_header = not any(_SCHEME.match(cell) for cell in header)
    column = next((index for index, cell in enumerate(header) if cell in _URL_NAMES), None) if has_header else None
    if column is None:
        counts = Counter(index for _, row in rows for index, cell in enumerate(row) if _SCHEME.match(cell.strip()))
        if not counts:
            return []
        column = counts.most_common(1)[0][0]
    title = next((index for index, cell in enumerate(header) if cell in _TITLE_NAMES), None) if has_header else None
    kind = header.index("kind") if has_header and "kind" in header else None
    return [
        ListedAddress(_cell(row, column), _cell(row, title), _kind(_cell(row, kind)), number)
        for number, row in rows[has_header:]
    ]


def _delimiter(lines: Sequence[str]) -> str | None:
    """Return the delimiter that each line has equally often, None if there is none."""
    if len(lines) < 2 or any(line.lstrip().startswith("|") for line in lines[:1]):  # noqa: PLR2004  # one line is no table
        return None
    for delimiter in _DELIMITERS:
        counts = {len(row) for row in csv.reader(lines[:100], delimiter=delimiter)}
        if len(counts) == 1 and counts.pop() > 1:
            return delimiter
    return None


def _cell(row: Sequence[str], index: int | None) -> str:
    return row[index].strip() if index is not None and index < len(row) else ""


def _kind(word: str) -> SeedKind | None:
    return next((kind for kind in SeedKind if kind.is_listable and kind == word.lower()), None)


def _read_lines(text: str) -> Iterator[ListedAddress]:
    """Yield the addresses of each line, and the lines without one. Blank lines and comments are passed over."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or (line.lstrip().startswith("#") and "://" not in line):
            continue
        addresses, note = addresses_in(line)
        kind = _kind(note)
        title = "" if kind else note
        yield from (ListedAddress(address, title, kind, number) for address in addresses)
        if not addresses:
            yield ListedAddress("", line.strip()[:80], None, number)
