"""Elements that the page's own ``style`` elements hide. Style sheets in files of their own are not read.

Selectors of tags, classes and ids are read, with descendants and children. A rule with anything else (``:hover``, an
attribute, a sibling) is passed over, and so is one that hides in print, on narrow screens or without scripts alone.
The precedence of two rules is that of CSS: importance, specificity, order.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.html import HtmlElement

HIDING = re.compile(rb"display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}hidden", re.IGNORECASE)
"""What a style element contains if a rule of it hides something."""

_HIDES = re.compile(HIDING.pattern.decode(), re.IGNORECASE)
_COMMENT = re.compile(r"/\*.*?\*/|<!--|-->", re.DOTALL)
_BRACE = re.compile(r"([^{}]*+)([{}])")
_DECLARED = re.compile(r"(?:^|;)\s*(display|visibility)\s*:\s*([a-z-]+)\s*(!\s*important)?", re.IGNORECASE)
_COMPOUND = re.compile(r"([a-z][a-z0-9]*|\*)?((?:[.#][\w-]+)*)", re.IGNORECASE)
_NAME = re.compile(r"([.#])([\w-]+)")
_STATEMENT = re.compile(r"[^{}]*;")
_ANY_SCREEN = re.compile(r"@media\s+(?:only\s+)?(?:screen|all)\s*$", re.IGNORECASE)
_WITHOUT_SCRIPTS = re.compile(r"^(?:no-?js|no-?script)", re.IGNORECASE)
_WHOLE_PAGE = frozenset({"html", "head", "body", "main"})
_MAX_SHEET = 500_000  # characters of the page's style elements that are read
_MAX_RULES = 200  # rules that hide, and rules that show
_MAX_READ = 4_000  # rules of either kind that are read
_MOST_HIDDEN = 1_000  # characters of text; a front page with a carousel hid some 5,000 by rules
_MAX_MATCHES = 5_000  # elements that are compared with a rule


@dataclass(frozen=True, slots=True)
class _Compound:
    """A part of a selector without blanks: ``p.note#first``. ``is_child`` is true behind a ``>``."""

    tag: str
    classes: frozenset[str]
    ids: frozenset[str]
    is_child: bool

    def matches(self, element: HtmlElement) -> bool:
        """True if the element has this tag, these classes and this id."""
        if self.tag not in {"", "*", element.tag}:
            return False
        if self.ids and not self.ids <= {element.get("id")}:
            return False
        return not self.classes or self.classes <= {*(element.get("class") or "").split()}


@dataclass(frozen=True, slots=True)
class _Rule:
    """A selector with the value of ``display`` or ``visibility`` that it sets, and its rank among others."""

    parts: tuple[_Compound, ...]
    name: str
    value: str
    rank: tuple[bool, int, int, int, int]

    @property
    def hides(self) -> bool:
        """True if the value hides an element."""
        return self.value == {"display": "none", "visibility": "hidden"}[self.name]

    def matches(self, element: HtmlElement) -> bool:
        """True if the element is one that the selector selects."""
        return self.parts[-1].matches(element) and self._matches_around(element)

    def _matches_around(self, element: HtmlElement) -> bool:
        inner = self.parts[-1]
        for part in reversed(self.parts[:-1]):
            outer = element.getparent()
            while outer is not None and not inner.is_child and not part.matches(outer):
                outer = outer.getparent()
            if outer is None or not part.matches(outer):
                return False
            element, inner = outer, part
        return True


def hide_by_style_rules(root: HtmlElement) -> None:
    """Write into the ``style`` of each element that a rule of the page hides what the rule says.

    The elements are then hidden as by an inline style. If they have much text, none is hidden: scripts show the slides,
    tabs and folded parts that style sheets hide at first, so a reader sees them. Must be called before the style
    elements are removed.
    """
    sheets = [style.text for style in root.iter("style") if style.text and "print" not in (style.get("media") or "")]
    if not any(_HIDES.search(sheet) for sheet in sheets):
        return
    rules = list(islice(_rules("\n".join(sheets)[:_MAX_SHEET]), _MAX_READ))
    hidden = list(_hidden(root, rules))
    if _text_length(element for element, _ in hidden) > _MOST_HIDDEN:
        return
    for element, name in hidden:
        style = element.get("style") or ""
        if not re.search(rf"\b{name}\s{{0,9}}:", style, re.IGNORECASE):
            element.set("style", f"{style};{name}:{'none' if name == 'display' else 'hidden'}".lstrip(";"))


def _text_length(elements: Iterable[HtmlElement]) -> int:
    """Return the number of characters in these elements, those inside of others counted once."""
    chosen = set(elements)
    outermost = (element for element in chosen if chosen.isdisjoint(element.iterancestors()))
    return sum(len(" ".join("".join(element.itertext()).split())) for element in outermost)


def _hidden(root: HtmlElement, rules: list[_Rule]) -> Iterator[tuple[HtmlElement, str]]:
    """Yield the elements that a rule hides and none of a higher rank shows, with the property that hides them."""
    hiding = [rule for rule in rules if rule.hides][:_MAX_RULES]
    showing = [rule for rule in rules if not rule.hides][:_MAX_RULES]
    wanted = {key for rule in hiding for key in _keys(rule.parts[-1])}
    elements: dict[str, list[HtmlElement]] = defaultdict(list)
    for element in root.iter() if wanted else ():
        names = [f".{name}" for name in (element.get("class") or "").split()]
        for key in wanted.intersection((*names, f"#{element.get('id')}")):
            elements[key].append(element)
    matches = 0
    for rule in hiding:
        for element in elements.get(next(iter(_keys(rule.parts[-1])), ""), ()):
            matches += 1
            if matches > _MAX_MATCHES:
                return
            if element.tag not in _WHOLE_PAGE and rule.matches(element) and not _is_shown(element, rule, showing):
                yield element, rule.name


def _keys(part: _Compound) -> list[str]:
    """Return the names by which an element is looked up: those of its ids, else of its classes."""
    return [f"#{name}" for name in sorted(part.ids)] or [f".{name}" for name in sorted(part.classes)]


def _is_shown(element: HtmlElement, hiding: _Rule, showing: list[_Rule]) -> bool:
    rivals = (rule for rule in showing if rule.name == hiding.name and rule.rank > hiding.rank)
    return any(rule.matches(element) for rule in rivals)


def _rules(sheet: str) -> Iterator[_Rule]:
    """Yield the rules that set ``display`` or ``visibility``. Those that hide count only on every screen."""
    preludes: list[str] = []
    for order, brace in enumerate(_BRACE.finditer(_COMMENT.sub(" ", sheet))):
        text, sign = brace.groups()
        if sign == "{":
            preludes.append(_STATEMENT.sub("", text).strip())
        elif preludes:
            selectors, around = preludes.pop(), " ".join(preludes).lower()
            if selectors.startswith("@") or "print" in around or "keyframes" in around:
                continue
            is_everywhere = all(_is_everywhere(prelude) for prelude in preludes)
            for rule in _rules_of_block(selectors, text, order):
                if is_everywhere or not rule.hides:
                    yield rule


def _is_everywhere(prelude: str) -> bool:
    return prelude.lower().startswith(("@layer", "@supports")) or _ANY_SCREEN.match(prelude) is not None


def _rules_of_block(selectors: str, block: str, order: int) -> Iterator[_Rule]:
    declared = [(name.lower(), value.lower(), bool(mark)) for name, value, mark in _DECLARED.findall(block)]
    if not declared or len(selectors) > _MAX_SHEET // 100:
        return
    for selector in selectors.split(","):
        parts = _parts(selector)
        if parts is None:
            continue
        specificity = (
            sum(len(part.ids) for part in parts),
            sum(len(part.classes) for part in parts),
            sum(part.tag not in {"", "*"} for part in parts),
        )
        for name, value, is_important in declared:
            yield _Rule(parts, name, value, (is_important, *specificity, order))


def _parts(selector: str) -> tuple[_Compound, ...] | None:
    """Return the compounds of a selector, None for one with anything but tags, classes, ids, descendants, children."""
    parts: list[_Compound] = []
    is_child = False
    for word in selector.replace(">", " > ").split():
        if word == ">":
            is_child = True
            continue
        match = _COMPOUND.fullmatch(word)
        if match is None:
            return None
        names = _NAME.findall(match[2])
        classes = frozenset(name for sign, name in names if sign == ".")
        if any(_WITHOUT_SCRIPTS.match(name) for name in classes):
            return None
        ids = frozenset(name for sign, name in names if sign == "#")
        parts.append(_Compound((match[1] or "").lower(), classes, ids, is_child))
        is_child = False
    return tuple(parts) or None
