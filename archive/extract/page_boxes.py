"""The layout of a short page: its own text, the text beside it, and boxes such as an offer or a consent dialogue.

A box is the largest block of few words without the page's headline. Text in navigation, headers, sidebars, comments and
newsletter forms is beside the page's own text. One walk over the tree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from lxml import etree

from archive.extract.wall_words import fold_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml.html import HtmlElement

BOX_WORDS = 70
"""A block with more words is no box."""

_MAX_CHARACTERS = 20_000  # of text that is kept; a wall says what it has to say in fewer
_MAX_HEADLINES = 3
_INLINE = frozenset(
    {*("a", "abbr", "b", "bdi", "bdo", "br", "button", "cite", "code", "em", "font", "i", "img", "input", "label")}
) | {*("mark", "q", "s", "small", "span", "strong", "sub", "sup", "time", "u", "wbr")}
_UNSEEN = frozenset({"script", "style", "noscript", "template", "svg", "head", "iframe", "select", "option"})
_LANDMARKS = frozenset({"html", "body", "main", "article"})
_HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
_SIDE_TAGS = frozenset({"nav", "footer", "aside"})
_SIDE_NAME = re.compile(
    r"(?:^|[-_ ])(?:nav|navbar|navigation|menu|sidebar|side|widget|widgets|newsletter|related|recommended|comments?|"
    r"respond|share|sharing|social|breadcrumbs?|footer|bottom|masthead|topbar|secondary|tags|most-?read|popular|trending)"
    r"(?:$|[-_ ])|^(?!.*(?:article|story|entry|post|content)).*(?:^|[-_ ])header"
)
_WALL_NAME = re.compile(
    r"pay-?_?wall|reg-?_?wall|abo-?wall|paygate|pay-?box|regi-?wall|subscri[a-z]*[-_]*(?:wall|gate|barrier|overlay|prompt|"
    r"required|only)|premium[-_]*(?:wall|gate|lock|overlay|box)|(?:content|article)[-_]*(?:gate|lock|barrier)|"
    r"(?:^|[-_ ])(?:barrier|locked|tp-container|tp-modal|piano|poool|plus-?wall|member-?wall|teaser-?wall|"
    r"[\w-]*upgrade-cta|(?:members?|supporters?|patrons?|paid)-?only)"
)
_FADE_NAME = re.compile(
    r"(?:^|[-_ ])(?:fade|faded|fade-?out|fading|truncated|cut-?off|excerpt-?end|gradient|blurred|blur)"
)
_ACTION_TYPES = frozenset({"submit", "button"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A block of at most ``BOX_WORDS`` words. ``text`` and ``labels`` (of buttons and links) are folded.

    ``names`` are the class names and ids in it and around it. ``own_words`` is the number of words outside links and
    labels.
    """

    text: str
    words: int
    own_words: int
    labels: tuple[str, ...]
    links: str
    names: str
    is_side: bool
    has_heading: bool

    @property
    def is_named_wall(self) -> bool:
        """True if a class name or id says that the box stands before the rest of an article."""
        return _WALL_NAME.search(self.names) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLayout:
    """A short page's text outside navigation and sidebars, all of it folded.

    ``own`` is the text outside links and labels, ``content`` all of it. ``names`` has the class names and ids of the
    page's frame, ``markup`` those of all elements and the addresses of its frames, images and forms.
    """

    own: str = ""
    content: str = ""
    own_words: int = 0
    heading: str = ""
    boxes: tuple[Box, ...] = ()
    labels: tuple[str, ...] = ()
    names: str = ""
    markup: str = ""
    fades: bool = False
    has_password: bool = False
    has_field: bool = False
    has_player: bool = False
    has_button: bool = False


@dataclass(slots=True)
class _Frame:
    """An open element and the position in the lists at its start."""

    tag: str
    names: str
    is_side: bool
    is_label: bool
    piece: int
    label: int
    link: int
    words: int
    own: int
    has_headline: bool = False
    has_heading: bool = False
    pieces_of_label: list[str] = field(default_factory=list)


class _Walk:
    """The lists that one walk fills."""

    def __init__(self, count_words: Callable[[str], int], around_headline: frozenset[HtmlElement]) -> None:
        self.count_words = count_words
        self.around_headline = around_headline
        self.frames: list[_Frame] = []
        self.pieces: list[str] = []
        self.content: list[str] = []
        self.own: list[str] = []
        self.labels: list[str] = []
        self.content_labels: list[str] = []
        self.links: list[str] = []
        self.markup: list[str] = []
        self.headings: list[str] = []
        self.boxes: list[tuple[int, Box]] = []
        self.words = self.own_words = self.content_words = self.characters = 0
        self.fades = self.has_password = self.has_field = self.has_player = self.has_button = False
        self.page_names = ""

    def open(self, element: HtmlElement) -> None:
        """Start an element."""
        tag, outer = element.tag, self.frames[-1] if self.frames else None
        names = f"{element.get('class') or ''} {element.get('id') or ''}".lower()[:300]
        self._record(element, tag, names)
        side = self._is_side(tag, names, outer) and element not in self.around_headline
        label = tag in {"a", "button", "label"} or (outer is not None and outer.is_label)
        self.frames.append(
            _Frame(
                tag, names, side, label, len(self.pieces), len(self.labels), len(self.links), self.words, self.own_words
            )
        )
        if tag == "a" and (href := element.get("href")):
            self.links.append(href.lower()[:200])
        if tag == "form":
            self.links.append((element.get("action") or "").lower()[:200])
        self.text(element.text)
        if tag == "input" and (element.get("type") or "").lower() in _ACTION_TYPES:
            self.frames[-1].is_label = True
            self.text(element.get("value"))

    def _record(self, element: HtmlElement, tag: str, names: str) -> None:
        if len(self.markup) < _MAX_CHARACTERS // 10:
            places = (element.get(name) for name in ("src", "action", "data-sitekey", "name", "role"))
            self.markup.append(
                " ".join([tag if "-" in tag else "", names, *(text[:200].lower() for text in places if text)])
            )
        if tag in {"html", "body", "main"}:
            self.page_names += f" {names}"
        if tag == "input":
            kind = (element.get("type") or "text").lower()
            self.has_password |= kind == "password"
            self.has_field |= kind in {"text", "email", "tel"}
        self.has_player |= tag in {"video", "audio"}
        self.fades |= _FADE_NAME.search(names) is not None

    @staticmethod
    def _is_side(tag: str, names: str, outer: _Frame | None) -> bool:
        if outer is not None and outer.is_side and not _WALL_NAME.search(names):
            return True
        if tag in _LANDMARKS or _WALL_NAME.search(names):
            return False
        is_page_header = tag == "header" and outer is not None and outer.tag not in {"article", "main", "section"}
        return tag in _SIDE_TAGS or is_page_header or _SIDE_NAME.search(names) is not None

    def text(self, text: str | None) -> None:
        """Add a text of the innermost open element."""
        if not text or not text.strip() or self.characters > _MAX_CHARACTERS:
            return
        frame, words = self.frames[-1], self.count_words(text)
        self.characters += len(text)
        self.pieces.append(text)
        self.words += words
        if frame.is_label:
            frame.pieces_of_label.append(text)
        else:
            self.own_words += words
        if frame.is_side:
            return
        self.content.append(text)
        if not frame.is_label:
            self.own.append(text)
            self.content_words += words
        if any(open_frame.tag == "h1" for open_frame in self.frames[-3:]):
            self.headings.append(text)

    def close(self) -> None:
        """End the innermost open element."""
        frame = self.frames.pop()
        outer = self.frames[-1] if self.frames else None
        if frame.pieces_of_label:
            if frame.tag in {"a", "button", "input"} or outer is None:
                self._add_label(frame)
            else:
                outer.pieces_of_label += frame.pieces_of_label
        elif frame.tag == "button":  # an icon
            self._add_label(frame)
        if outer is not None:
            outer.has_headline |= frame.has_headline or frame.tag == "h1"
            outer.has_heading |= frame.has_heading or frame.tag in _HEADINGS
        is_block = frame.tag not in _INLINE and frame.tag not in _LANDMARKS and frame.tag != "h1"
        is_lone_action = frame.tag in {"a", "button"} and outer is not None and outer.tag in _LANDMARKS
        if (is_block and not frame.has_headline) or is_lone_action:
            self._add_box(frame)

    def _add_label(self, frame: _Frame) -> None:
        label = fold_message(" ".join(frame.pieces_of_label))
        self.labels.append(label)
        if not frame.is_side:
            self.content_labels.append(label)
            self.has_button |= frame.tag != "a"

    def _add_box(self, frame: _Frame) -> None:
        words = self.words - frame.words
        if not 0 < words <= BOX_WORDS:
            return
        inner: list[str] = []
        while self.boxes and self.boxes[-1][0] >= frame.piece:
            inner.append(self.boxes.pop()[1].names)
        box = Box(
            text=fold_message(" ".join(self.pieces[frame.piece :])),
            words=words,
            own_words=self.own_words - frame.own,
            labels=tuple(self.labels[frame.label :]),
            links=" ".join(self.links[frame.link :]),
            names=" ".join([frame.names, *inner])[:1000],
            is_side=frame.is_side,
            has_heading=frame.has_heading,
        )
        self.boxes.append((frame.piece, box))


def read_layout(root: HtmlElement, count_words: Callable[[str], int]) -> PageLayout:
    """Return the layout of a page. ``count_words`` counts the words of a text. Linear in the size of the page."""
    headlines = islice(root.iter("h1"), _MAX_HEADLINES)
    walk = _Walk(count_words, frozenset(outer for headline in headlines for outer in headline.iterancestors()))
    steps = etree.iterwalk(root, events=("start", "end"))
    for event, element in steps:
        if event == "start":
            if element.tag in _UNSEEN:
                walk.markup.append(f"{element.get('src') or ''} {element.get('id') or ''}".lower()[:200])
                steps.skip_subtree()
            else:
                walk.open(element)
            continue
        if element.tag not in _UNSEEN:
            walk.close()
        if walk.frames:
            walk.text(element.tail)
    return PageLayout(
        own=fold_message(" ".join(walk.own)),
        content=fold_message(" ".join(walk.content)),
        own_words=walk.content_words,
        heading=fold_message(" ".join(walk.headings)),
        boxes=tuple(box for _, box in walk.boxes),
        labels=tuple(walk.content_labels),
        names=walk.page_names.strip(),
        markup="\n".join(filter(str.strip, walk.markup)),
        fades=walk.fades,
        has_password=walk.has_password,
        has_field=walk.has_field,
        has_player=walk.has_player,
        has_button=walk.has_button,
    )
