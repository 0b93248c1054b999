"""A reader of XML lists that recovers entry by entry: it yields the entries of a document and never fails.

A strict parser stops at the first mistake, and a repairing one may change every entry after it: libxml2 in recovery
mode merges the addresses behind one unescaped ampersand. Lists are flat, so this reader needs no tree. It reads tags
and text one after another. An entry ends at its end tag, at the start of the next entry, or at the end of the list. An
ampersand that begins no known reference is an ampersand. Declared entities are never expanded. Text after the last
complete tag is dropped, because half an address would become a source.

Every pattern stops at the next ``<``, so the time is linear in the length of the document.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.entities import html5
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

MAX_TAGS: Final = 2_000_000
"""Tags read of one document: 50,000 entries with 40 tags. Two million take 5 s."""

_FIRST_TAGS = 8
_DEEPEST = 32  # elements open at once in an entry; all that is wanted is one or two deep
_LONGEST_TAG = 64 * 1024
_ADDRESSES = frozenset({"loc", "link", "guid", "id"})  # elements whose text is an address or a name
_LONGEST_TEXT = 10_000  # characters of the text of an entry itself, which is an address at most
_TAG = re.compile(
    r"""<!--.*?-->|(<!--|<!\[CDATA\[|<\?|<!(?=[A-Za-z]))
    |<(/?)(?:([^\W\d][\w.-]*):)?([^\W\d][\w.-]*)(?=[\s/>"'])
     ((?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+|[^<>]*+)>""",
    re.VERBOSE | re.DOTALL,
)
"""A whole comment, the start of another section, or a tag: slash, prefix, name and the rest."""

_ENDS = {"<!--": "-->", "<![CDATA[": "]]>", "<?": "?>", "<!": ">"}
_ATTRIBUTE = re.compile(r"""(?<![^\s"'/])([^\s=<>"'/]++)\s*+=\s*+(?:"([^"<]*+)"|'([^'<]*+)'|([^\s"'<>]++))""")
_REFERENCE = re.compile(r"&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z][A-Za-z0-9]{1,31}));")


@dataclass(frozen=True, slots=True)
class Field:
    """An element of an entry. ``parent`` is the local name of the element around it, empty for a child of the entry.

    Names are in lower case. ``text`` has its references resolved. ``attributes`` are by their names as written, in
    lower case, with prefixes. ``base`` is the chain of the ``xml:base`` values around the element, outermost first.
    """

    parent: str
    prefix: str
    name: str
    text: str
    attributes: dict[str, str]
    base: tuple[str, ...] = ()


@dataclass(slots=True)
class ListEntry:
    """An entry of a list: its local name, its attributes and the wanted fields in it.

    ``is_cut``: the document ended inside it, so its last field may be missing. ``text`` is what stands in the entry
    itself, outside of its elements.
    """

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    fields: list[Field] = field(default_factory=list)
    text: str = ""
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Grammar:
    """The local names of a list format, in lower case.

    ``wanted`` elements are returned, if they are children of an entry or of one of ``extensions``. ``leaves`` hold text
    alone: a start tag of a wanted element closes one that was left open. ``alone``: a leaf that is an entry of its own
    outside of entries, with the name of the entry by the name of the root.
    """

    roots: frozenset[str]
    entries: frozenset[str]
    wanted: frozenset[str]
    leaves: frozenset[str]
    extensions: frozenset[str] = frozenset()
    alone: str = ""
    entry_of_root: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Shape:
    """Observations about a document, complete once all its entries were read.

    ``root``: the local name of its first known root, empty if there is none. ``before``: characters of text and tags in
    front of it, other than comments and declarations. ``is_late``: white space stands before its XML declaration.
    ``is_closed``: the end tag of the root came. ``is_cut``: it has more than ``MAX_TAGS`` tags.
    ``namespaces``: prefixes with their addresses. ``unclosed``: entries without an end tag. ``names``: the first tags
    outside of entries.
    """

    root: str = ""
    before: int = 0
    is_late: bool = False
    is_closed: bool = False
    is_cut: bool = False
    unclosed: int = 0
    namespaces: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)


# --- characters ------------------------------------------------------------------------------------------------------


def resolve_references(text: str) -> str:
    """Replace the references to characters: numbers and the names of XML and HTML. Others stay as they are."""
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _character(match: re.Match[str]) -> str:
    decimal, hexadecimal, name = match.groups()
    if name:
        return html5.get(f"{name};", match[0])
    code = int(decimal) if decimal else int(hexadecimal, 16)
    is_surrogate = 0xD800 <= code <= 0xDFFF  # noqa: PLR2004 (the range of surrogates)
    return chr(code) if 0 < code <= 0x10FFFF and not is_surrogate else "\ufffd"  # noqa: PLR2004 (the last character)


# --- tags ------------------------------------------------------------------------------------------------------------


class _Tag(NamedTuple):
    """A tag with the text in front of it. ``slash`` is empty for a start tag, ``rest`` is all behind the name."""

    slash: str
    prefix: str
    name: str
    rest: str
    text: str


class _Tags:
    """Splits text into tags, each with the text in front of it, and counts the pieces."""

    def __init__(self) -> None:
        self._buffer = ""
        self._end = ""  # of the comment, CDATA section or declaration that is open
        self._is_in_address = False  # the last tag opened an element that holds an address
        self._text: list[str] = []
        self.count = 0

    def feed(self, chunk: str) -> Iterator[_Tag]:
        """Yield the complete tags up to the end of the chunk."""
        buffer, position = self._buffer + chunk, 0
        while True:
            if self._end:
                position, is_over = self._skip(buffer, position)
                if not is_over:
                    break
                continue  # what follows may still be the rest of a DOCTYPE
            match = _TAG.search(buffer, position)
            if match is None:
                position = self._hold(buffer, position)
                break
            self.count += 1
            start = match.start()
            if start > position:
                self._text.append(resolve_references(buffer[position:start]))
            position = match.end()
            special, slash, prefix, name, rest = match.groups()
            if name:
                self._is_in_address = not slash and name.lower() in _ADDRESSES
                yield _Tag(slash, (prefix or "").lower(), name.lower(), rest, "".join(self._text))
                self._text.clear()
            elif special:
                self._end = _ENDS[special]
        self._buffer = buffer[position:]

    @property
    def is_open(self) -> bool:
        """True inside a comment, a CDATA section or a declaration."""
        return bool(self._end)

    def _skip(self, buffer: str, position: int) -> tuple[int, bool]:
        """Return the position after the open comment or section, and whether it ended. CDATA is text.

        A section with an address ends at an end tag too: without its own end it would take in the next entries.
        """
        stop = buffer.find(self._end, position)
        if self._end == "]]>" and self._is_in_address:
            end_tag = buffer.find("</", position, stop if stop >= 0 else None)
            if end_tag >= 0:
                self._text.append(buffer[position:end_tag])
                self._end = ""
                return end_tag, True
        if self._end == "?>":  # a declaration that ends without its question mark ends before the next tag
            next_tag = buffer.find("<", position, stop if stop >= 0 else None)
            if next_tag >= 0 and buffer.rfind(">", position, next_tag) >= 0:
                self._end = ""
                return next_tag, True
        if self._end == ">":  # a DOCTYPE may have declarations in brackets
            opening = buffer.find("[", position, stop if stop >= 0 else None)
            if opening >= 0:
                self._end, stop = "]", buffer.find("]", opening)
        is_over = stop >= 0
        size = len(self._end)
        end = stop if is_over else max(position, len(buffer) - size + 1)
        if self._end == "]]>":
            self._text.append(buffer[position:end])
        if is_over:
            self._end = ">" if self._end == "]" else ""
            end += size
        return end, is_over

    def _hold(self, buffer: str, position: int) -> int:
        """Take the text up to a tag that may be incomplete, and return the position of that tag."""
        start = buffer.rfind("<", position)
        end = start if start >= 0 and len(buffer) - start < _LONGEST_TAG else len(buffer)
        self._text.append(resolve_references(buffer[position:end]))
        return end


# --- entries ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Open:
    """An open element of an entry, with the text that came in it."""

    prefix: str
    name: str
    attributes: dict[str, str]
    base: tuple[str, ...]
    text: list[str] = field(default_factory=list)


def read_entries(chunks: Iterable[str], grammar: Grammar, shape: Shape) -> Iterator[ListEntry]:
    """Yield the entries of a document in its order. ``shape`` is filled on the way."""
    reader, tags = _Entries(grammar, shape), _Tags()
    for number, chunk in enumerate(chunks):
        if not number:
            start = chunk.lstrip("\ufeff")
            shape.is_late = start[:1].isspace() and start.lstrip().startswith("<?xml")
        for tag in tags.feed(chunk):
            yield from reader.take(tag)
        if tags.count > MAX_TAGS:
            shape.is_cut = True
            return
    if tags.is_open:
        shape.is_closed = False
    for entry in reader.finish(closed=False):
        entry.is_cut = True
        yield entry


class _Entries:
    """Collects tags to entries."""

    def __init__(self, grammar: Grammar, shape: Shape) -> None:
        self._grammar, self._shape = grammar, shape
        self._entry: ListEntry | None = None
        self._is_alone = False
        self._open: list[_Open] = []
        self._bases: tuple[str, ...] = ()  # of the elements around the entries
        self._entry_bases: tuple[str, ...] = ()

    def take(self, tag: _Tag) -> Iterable[ListEntry]:
        """Read one tag and the text in front of it, and return the entry that it ends."""
        grammar, name = self._grammar, tag.name
        if tag.text:
            self._add_text(tag.text)
        if not self._shape.root and name not in grammar.roots:
            self._shape.before += len(name)
        if tag.slash:
            return self._end_tag(name)
        attributes = _attributes(tag.rest) if "=" in tag.rest else {}
        if name in grammar.entries or (name == grammar.alone and self._begins_alone()):
            self._close_all()  # a tag follows the text of an open element, so that text is whole
            ended = self.finish(closed=False)
            self._begin_entry(name, attributes)
            if self._is_alone:
                self._begin_element(tag.prefix, name, attributes, is_empty=tag.rest.endswith("/"))
            elif tag.rest.endswith("/"):
                return (*ended, *self.finish(closed=True))
            return ended
        if self._entry is not None and name not in grammar.roots:
            self._begin_element(tag.prefix, name, attributes, is_empty=tag.rest.endswith("/"))
            return ()
        return self._begin_outside(name, attributes)

    def _begin_outside(self, name: str, attributes: dict[str, str]) -> Iterable[ListEntry]:
        """Read a start tag outside of entries, or that of a root, which ends them."""
        ended: Iterable[ListEntry] = ()
        if name in self._grammar.roots:
            self._close_all()
            ended = self.finish(closed=False)
            self._begin_root(name, attributes)
        if "xml:base" in attributes and (name in self._grammar.roots or name == "channel"):
            self._bases += (attributes["xml:base"],)
        if len(self._shape.names) < _FIRST_TAGS:
            self._shape.names.append(name)
        return ended

    def finish(self, *, closed: bool) -> Iterable[ListEntry]:
        """Return the open entry, if there is one. Elements of it that are still open are dropped."""
        entry = self._entry
        if entry is None:
            return ()
        self._shape.unclosed += not (closed or self._is_alone)
        self._entry, self._is_alone = None, False
        self._open.clear()
        return (entry,)

    def _begin_root(self, name: str, attributes: dict[str, str]) -> None:
        self._bases = ()
        self._shape.root = self._shape.root or name
        self._shape.is_closed = False
        for key, value in attributes.items():
            if key == "xmlns" or key.startswith("xmlns:"):
                self._shape.namespaces[key.partition(":")[2]] = value.strip().lower()

    def _begins_alone(self) -> bool:
        return bool(self._shape.root) and (self._entry is None or self._is_alone)

    def _begin_entry(self, name: str, attributes: dict[str, str]) -> None:
        self._is_alone = name == self._grammar.alone
        entry_of_root = dict(self._grammar.entry_of_root)
        self._entry = ListEntry(entry_of_root.get(self._shape.root, name) if self._is_alone else name, attributes)
        own = attributes.get("xml:base") if not self._is_alone else None
        self._entry_bases = self._bases if own is None else (*self._bases, own)

    def _begin_element(self, prefix: str, name: str, attributes: dict[str, str], *, is_empty: bool) -> None:
        grammar = self._grammar
        starts_sibling = name in grammar.wanted or name in grammar.extensions
        if starts_sibling and self._open and self._open[-1].name in grammar.leaves:
            self._close_last()
        if len(self._open) >= _DEEPEST:
            return
        base = self._open[-1].base if self._open else self._entry_bases
        own = attributes.get("xml:base")
        self._open.append(_Open(prefix, name, attributes, base if own is None else (*base, own)))
        if is_empty:
            self._close_last()

    def _end_tag(self, name: str) -> Iterable[ListEntry]:
        if self._open and self._open[-1].name == name:
            self._close_last()
        elif self._entry is not None and name == self._entry.name and not self._is_alone:
            self._close_all()
            return self.finish(closed=True)
        elif any(element.name == name for element in self._open):
            while self._open[-1].name != name:
                self._close_last()
            self._close_last()
        elif name in self._grammar.roots:
            self._close_all()
            self._shape.is_closed = True
            return self.finish(closed=False)
        return ()

    def _close_all(self) -> None:
        while self._open:
            self._close_last()

    def _close_last(self) -> None:
        """Close the innermost element, and keep it if it is wanted."""
        element = self._open.pop()
        parent = self._open[-1].name if self._open else ""
        depth_is_wanted = not self._open or (len(self._open) == 1 and parent in self._grammar.extensions)
        if self._entry is not None and element.name in self._grammar.wanted and depth_is_wanted:
            text = "".join(element.text)
            values = element.attributes
            self._entry.fields.append(Field(parent, element.prefix, element.name, text, values, element.base))

    def _add_text(self, text: str) -> None:
        if not self._open:
            if self._entry is not None and not text.isspace():
                self._entry.text = f"{self._entry.text} {text}"[:_LONGEST_TEXT]
            if not self._shape.root:
                self._shape.before += len(text.strip("\ufeff \t\r\n"))
            return
        outer = self._open[0]
        if outer.name in self._grammar.wanted:
            outer.text.append(text)
        if len(self._open) == 2 and outer.name in self._grammar.extensions:  # noqa: PLR2004 (a child of an extension)
            self._open[1].text.append(text)


def _attributes(text: str) -> dict[str, str]:
    """Return the attributes of a tag, the first of a name."""
    values: dict[str, str] = {}
    for name, *forms in _ATTRIBUTE.findall(text):
        values.setdefault(name.lower(), resolve_references(next(filter(None, forms), "")))
    return values


def is_html(names: Collection[str]) -> bool:
    """True if the first tags of a document are those of an HTML page."""
    return bool({"html", "head", "body", "meta", "div", "script", "p", "article"} & set(names))
