"""Parts of a page that a browser does not show, and words that only a screen reader repeats.

Only the markup decides: ``hidden``, ``template``, a closed ``dialog`` and inline styles. Style sheets are not read.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lxml.html import HtmlElement

    from archive.extract.parse import XPathQuery

_CANDIDATES: XPathQuery = etree.XPath("//body//*[@hidden or @style or @popover or self::template or self::dialog]")
_SHADOW_ROOTS: XPathQuery = etree.XPath(
    "//template[@shadowrootmode='open' or @shadowrootmode='closed' or @shadowroot='open' or @shadowroot='closed']"
)
_ARIA_HIDDEN: XPathQuery = etree.XPath("//*[@aria-hidden='true' or @aria-hidden='TRUE' or @aria-hidden='True']")
_REPEATS: XPathQuery = etree.XPath(
    "//body//*[contains(@class, 'sr-only') or contains(@class, 'visually') or contains(@class, 'screen-reader')"
    " or contains(@class, 'assistive') or contains(@class, 'element-invisible') or contains(@class, 'a11y-hidden')]"
)
_TAG_OF_ROLE = {"list": "ul", "listitem": "li", "paragraph": "p", "row": "tr", "cell": "td", "columnheader": "th"} | {
    "table": "table",
    "blockquote": "blockquote",
}
_WITH_ROLE: XPathQuery = etree.XPath(
    f"//body//*[self::div or self::span][{' or '.join(f'@role={role!r}' for role in _TAG_OF_ROLE)}]"
)
_HIDING = {
    "display": frozenset({"none"}),
    "visibility": frozenset({"hidden", "collapse"}),
    "content-visibility": frozenset({"hidden"}),
    "font-size": frozenset({"0", "0px", "0%", "0em", "0rem", "0pt"}),
}
_UNDONE_INSIDE = {"visibility": "visible", "font-size": ""}
"""Properties that an element inside may set again, and the value that shows it (any if empty)."""
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_FAR = re.compile(r"-\d{3,}(?:\.\d+)?(?:px|em|rem|%|vw)")
_ZERO = re.compile(r"0(?:\.0+)?(?:px|em|rem|%|vh)?")
_SCALED_TO_NOTHING = re.compile(r"scale(?:3d)?\(\s*0[\s,)]")
_OVERLAY = re.compile(r"modal|popup|pop-up|dialog|overlay|menu|nav|drawer|banner|cookie|consent|newsletter|pull-?quote")
_INLINE = frozenset({"span", "b", "i", "em", "strong", "a", "abbr", "mark", "small", "sub", "sup", "u", "font", "data"})
_TEXT_BLOCKS = frozenset({"p", "h2", "h3", "h4", "h5", "h6", "li", "td", "th", "dt", "dd"})
_CONTAINERS = frozenset({"div", "section", "article", "main", "ul", "ol", "table", "dl"})
_MAX_STYLE = 2_000  # characters of a style that are read
_MAX_REPEAT = 300  # characters; a longer text is no label
_MIN_PROSE = 60  # characters in paragraphs, from which a container is no icon or label


def hidden_parts(root: HtmlElement) -> list[HtmlElement]:
    """Return the outermost elements that a browser does not show until a script acts, in document order.

    The root of a declarative shadow tree is shown and becomes a ``div``. A style is removed if it names
    "hidden" or "none" and hides nothing.
    """
    for template in _SHADOW_ROOTS(root):
        template.tag = "div"
    hidden: list[HtmlElement] = []
    outer: set[HtmlElement] = set()
    for element in _CANDIDATES(root):
        if not _is_hidden(element):
            style = element.get("style") or ""
            if "hidden" in style or "none" in style:
                del element.attrib["style"]  # the extractor would take "overflow: hidden" for a hidden part
        elif outer.isdisjoint(element.iterancestors()):
            outer.add(element)
            hidden.append(element)
    return hidden


def _is_hidden(element: HtmlElement) -> bool:
    if element.tag == "template" or (element.tag == "dialog" and element.get("open") is None):
        return True
    if element.get("popover") is not None:
        return True
    style = element.get("style") or ""
    styles = _declarations(style) if ":" in style else {}
    hiding = [name for name, values in _HIDING.items() if styles.get(name) in values]
    if hiding:
        return not (hiding[0] in _UNDONE_INSIDE and _has_visible_part(element, hiding[0]))
    return (
        _is_off_screen(styles)
        or _is_without_size(styles)
        or (element.get("hidden") is not None and "display" not in styles)
    )


def _is_off_screen(styles: dict[str, str]) -> bool:
    """True for the common ways to leave words to screen readers: clipped to nothing, or placed far outside."""
    if _FAR.match(styles.get("text-indent", "")):
        return True
    if styles.get("position") not in {"absolute", "fixed"}:
        return False
    is_clipped = styles.get("overflow") == "hidden" and ("clip" in styles or "clip-path" in styles)
    return is_clipped or any(_FAR.match(styles.get(side, "")) for side in ("left", "top", "right"))


def _is_without_size(styles: dict[str, str]) -> bool:
    """True for a box that is closed to nothing. Opacity is no sign of it: templates begin an animation with 0."""
    is_cut = styles.get("overflow", styles.get("overflow-y")) in {"hidden", "clip"}
    is_flat = any(_ZERO.fullmatch(styles.get(name, "")) for name in ("height", "max-height", "width", "max-width"))
    return (is_cut and is_flat) or _SCALED_TO_NOTHING.search(styles.get("transform", "")) is not None


def _has_visible_part(element: HtmlElement, name: str) -> bool:
    """True if an element inside sets the property again, so that it is visible."""
    inner = (part.get("style") for part in element.iterdescendants())
    values = (_declarations(style).get(name) for style in inner if style and name in style.lower())
    visible = _UNDONE_INSIDE[name]
    return any(
        value is not None and (value == visible or (not visible and value not in _HIDING[name])) for value in values
    )


def _declarations(style: str) -> dict[str, str]:
    """Return the properties of an inline style in lower case. The last one wins, an important one before others."""
    values: dict[str, str] = {}
    important: set[str] = set()
    for declaration in _COMMENT.sub(" ", style[:_MAX_STYLE].lower()).split(";"):
        name, _, value = declaration.partition(":")
        name, (value, _, priority) = name.strip(), value.partition("!")
        if priority.strip() == "important":
            important.add(name)
        elif name in important:
            continue
        values[name] = value.strip()
    return values


@contextmanager
def detached(parts: Sequence[HtmlElement]) -> Iterator[None]:
    """Take ``parts`` out of their tree, and put them back at the end."""
    places = []
    for part in parts:
        place = part.makeelement("template")
        place.tail = part.tail
        part.getparent().replace(part, place)
        places.append(place)
    try:
        yield
    finally:
        for part, place in zip(parts, places, strict=True):
            place.getparent().replace(place, part)


def show_aria_hidden(root: HtmlElement) -> None:
    """Remove ``aria-hidden`` from texts: it hides them from screen readers alone. Icons and overlays keep it."""
    for element in _ARIA_HIDDEN(root):
        if _is_text(element) and not _OVERLAY.search(f"{element.get('class')} {element.get('id')}".lower()):
            del element.attrib["aria-hidden"]


def show_roles(root: HtmlElement) -> None:
    """Give blocks without a meaning of their own the tag of their ARIA role: a list, an item, a paragraph, a row."""
    for element in _WITH_ROLE(root):
        element.tag = _TAG_OF_ROLE[element.get("role")]


def _is_text(element: HtmlElement) -> bool:
    if element.tag in _INLINE:
        return any(character.isalnum() for character in element.text or "") and _has_words(element.getparent())
    if element.tag in _TEXT_BLOCKS:
        return True
    if element.tag not in _CONTAINERS:
        return False
    return sum(len(part.text or "") for part in element.iter("p", "li", "td", "dd")) >= _MIN_PROSE


def _has_words(parent: HtmlElement | None) -> bool:
    """True for a block whose own words surround an inline element."""
    return parent is not None and parent.tag in {*_TEXT_BLOCKS, *_INLINE, "div"} and bool((parent.text or "").strip())


def repeats_for_screen_readers(root: HtmlElement) -> Iterable[HtmlElement]:
    """Yield visually hidden elements whose words their own block shows too."""
    for element in _REPEATS(root):
        parent = element.getparent()
        if parent is None or not (words := _words(element)) or len(words) > _MAX_REPEAT:
            continue
        surrounding = _words(parent, without=element)
        if f" {words} " in f" {surrounding} ":
            yield element


def _words(element: HtmlElement, without: HtmlElement | None = None) -> str:
    texts: list[str] = []
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, part in walk:
        if event == "end":
            texts.append(part.tail or "" if part is not element else "")
        elif part is without:
            walk.skip_subtree()
        else:
            texts.append(part.text or "")
        if len(texts) > _MAX_REPEAT:
            break
    return " ".join("".join(texts).split())
