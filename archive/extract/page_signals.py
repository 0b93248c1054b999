"""The facts about a page from which its verdict follows, and their comparable forms."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from archive.extract.page_boxes import PageLayout


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """Input of the rules. Texts are as extracted. ``visible`` is all text of the page, empty if the body is long.

    ``words`` is the body's number of words. ``declared_words`` is the length the page declares for its article, or 0.
    ``live`` is the reason to take the page for a live blog. ``layout`` is empty if no rule reads it.
    ``is_record``: a short page has its own log of updates, or the place of one. ``scripts`` has text and addresses of
    scripts in lower case, of a short page only.
    """

    body: str
    words: int
    titles: tuple[str, ...] = ()
    visible: str = ""
    noscript: str = ""
    scripts: str = ""
    url: str = ""
    requested_url: str = ""
    status: int | None = 200
    is_article: bool = False
    is_record: bool = False
    free: bool | None = None
    has_paid_part: bool = False
    live: str = ""
    video: bool = False
    declared_words: int = 0
    shell: bool = False
    layout: PageLayout = field(default_factory=PageLayout)

    @property
    def host(self) -> str:
        """The host of the page's URL."""
        return split_url(self.url).hostname or ""

    @property
    def requested_host(self) -> str:
        """The host of the URL that was asked for."""
        return split_url(self.requested_url).hostname or ""

    @property
    def segments(self) -> set[str]:
        """The path segments of the page's URL."""
        return _segments(self.url)

    @property
    def requested_segments(self) -> set[str]:
        """The path segments of the URL that was asked for."""
        return _segments(self.requested_url or self.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparableText:
    """Word counts and normalized texts, computed once. ``article`` is title and body, ``visible`` all text of the page.

    Both texts are empty if the body is too long for any rule to read them.
    """

    words: int
    article: str
    visible: str
    visible_words: int


def split_url(url: str) -> SplitResult:
    """Return the parts of a URL. They are empty if it is none."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _segments(url: str) -> set[str]:
    return {part.lower() for part in split_url(url).path.split("/") if part}
