"""Every number and option of extraction, and the facts that go into a recipe's id.

Sizes are bytes or characters as named, counts are plain numbers. The upper-case names are part of the recipe id, so
renaming one changes the id. Nothing here imports an extractor, because every run needs the recipe id.
"""

from __future__ import annotations

from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from archive.extract import signals
from archive.extract.wall_words import table_bytes
from archive.formats import html_limits

REVISION = "13"
"""Raise by hand whenever the code of this package reads something different from the same page."""

MAX_BYTES = 20 * 1024 * 1024
"""A larger payload is ``too_big``. The fetcher also keeps no more than this."""

MAX_MARKUP = 300_000
"""Maximum number of ``<`` in a page. Parsing and one walk over so many take 0.5 s of CPU and 200 MB. No article has
more."""

GUESS_CHARACTERS = 1_000_000
"""Longest page on which an undeclared date is guessed. A guess is not worth a second of CPU."""

PASS_MARKUP = 25_000
"""Maximum number of ``<`` in a page that trafilatura reads. A larger one is read in one walk and marked as
``degraded``. The busiest of 261 labelled news pages has 4,719. A pass over paragraphs costs 0.7 s of CPU at 25,000 and
8.9 s at 160,000."""

PASS_CHARACTERS = 5_000_000
"""Maximum characters of text in a page that trafilatura reads, because of memory: 32 bytes each. The longest page has
188,000."""

PASS_TEXTS = 4_000
"""Maximum number of text nodes in a page that trafilatura reads. The busiest page has 856. jusText, trafilatura's last
resort, compares each with all before it, which takes 1.2 s at 3,000, 4 s at 6,000 and 18 s at 12,000."""

TWO_PASS_TEXTS = 2_000
"""Above this number of text nodes the precision pass is not checked by a second one, so that no page takes over 5 s."""

PASS_DEPTH = 128
"""Maximum levels of nesting in a page that trafilatura reads. Pages have 10 to 51. With 25,000 tags in all, tables
nested 120 levels deep take 1.0 s a pass, 250 levels 2.0 s, 900 levels 9.3 s. The single walk goes as deep as the parser
does."""

MAX_JSON_LD = 1_000_000
"""Maximum characters of one JSON-LD block. 8 MB cost 3.5 s and 1 GB of memory in trafilatura. Ordinary ones are under
50 kB."""

KEEP_PRECISION = 0.6
"""The result of the precision pass is kept unless it is shorter than this share of the default pass. On 181 and 80
labelled news pages F1 rises from 0.9598 to 0.9668 and from 0.9407 to 0.9459. The result is flat between 0.5 and 0.7."""

SURE_PROSE = 0.75
"""If the precision pass found at least this share of the page's prose, the default pass is skipped: it could not find
so much more that it would be taken. On 261 labelled pages the choice is the same as with both passes each time, with 33
default passes instead of 261. At 0.6 one page of 261 differs."""

REVEALED = 2
"""A text with hidden parts that is this many times longer than the shown one is the article: a script reveals it."""

GAP_CHARACTERS = 60
"""A shorter paragraph is never put back, and it is no evidence that its neighbours belong to an article."""

GAP_HEADING = 200
"""A longer heading is never put back."""

GAP_TEXT = 500_000
"""A longer text is not searched for gaps: each block it lacks costs a search through all of it."""

GAP_LINKED = 0.3
"""A block with a larger share of link text is not put back, because teasers of other stories appear between paragraphs
too. A heading that is one link is put back (as in a list of products). One that starts as a label and ends in a link is
not."""

LIST_LINKED = 0.8
"""A list of which more than this share is link text leads to other pages, unless a sentence introduces it."""

LIST_LEADING = 0.5
"""So does a list of which more than this share of the items begins with a link: teasers."""

LIST_STEPS = 3
"""A list belongs to a block of the text if their common ancestor is at most so many levels above each."""

THIN_WORDS = 25
"""A shorter body is ``thin`` unless the page declares an article: agencies do send two-sentence news."""

BARE_WORDS = 8
"""A shorter body is ``thin`` even on a page that declares an article: a caption or a video's label."""

WALL_WORDS = 60
"""Only a shorter body can be a challenge, a login form or an empty shell."""

SHORT_WORDS = 150
"""Only a shorter body can be a paywall stub or a soft 404."""

MESSAGE_WORDS = 45
"""Only a page with fewer words of its own is a message, such as an error, unless its headline is one too."""

TITLED_MESSAGE_WORDS = 80
"""Only a page with fewer words of its own is a message if its headline is one."""

TRUNCATED = 2
"""A body that is this many times shorter than the page declares is not a whole article."""

PAGE_WORDS = 400
"""A consent wall is searched for in all of the visible page only if the page has fewer words than this."""

MAX_STATE = 4_000_000
"""Maximum characters of scripts with a page's data that are parsed, about 0.2 s and 100 MB. Ordinary pages have under
500 kB."""

STATE_NODES = 300_000
"""Maximum number of values of that data in which an article is looked for. They take about a second."""

STATE_WORDS = 40
"""A shorter text in the data of a page is no article."""

PDF_PAGES = 400
"""Maximum number of pages of a PDF that are read. The first ones of a longer file are read and marked as
``degraded``."""

PDF_CHARACTERS = 600_000
"""Maximum characters of a PDF that are read, about 200 full pages. They take 3 s of CPU."""

PASSES: tuple[tuple[str, Any], ...] = (
    ("include_comments", False),
    ("include_tables", True),
    ("deduplicate", False),
    ("with_metadata", False),
)
"""Options of every trafilatura pass. Its ``deduplicate`` remembers text across pages and must never be enabled."""

_LIBRARIES = ("trafilatura", "justext", "lxml", "w3lib", "chardetng-py", "htmldate", "pypdfium2")


def extract_facts(*, fast: bool = False) -> tuple[tuple[str, str], ...]:
    """Return everything that decides the result of :func:`archive.extract.extract`, as sorted (name, value) pairs."""
    numbers = {name.lower(): str(value) for name, value in globals().items() if name.isupper() and name[0] != "_"}
    numbers |= {"long_stretch": str(html_limits.LONG_STRETCH), "max_attributes": str(html_limits.MAX_ATTRIBUTES)}
    numbers["signals"] = sha256(repr(signals.TABLES).encode() + table_bytes()).hexdigest()[:16]
    numbers["mode"] = "fast" if fast else "whole"
    libraries = {f"lib {name}": _version(name) for name in _LIBRARIES}
    return tuple(sorted((f"extract {name}", value) for name, value in (numbers | libraries).items()))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
