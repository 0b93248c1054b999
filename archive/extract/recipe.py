"""Every number and option of extraction in one place, and the facts that go into a recipe's id.

Sizes are bytes or characters as named, counts are plain numbers. Nothing here imports an extractor: a recipe's id
must be cheap to say, because every run asks for it.
"""

from __future__ import annotations

from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from archive.extract import signals

REVISION = "1"
"""Raised by hand whenever the code of this package gives another text, date or verdict for the same page."""

MAX_BYTES = 20 * 1024 * 1024
"""A payload above this is ``too_big``; it is also the most that the fetcher keeps."""

MAX_MARKUP = 80_000
"""Most ``<`` in a page. The busiest of 261 labelled news pages has 4,719; trafilatura's passes grow faster than the
page: one over paragraphs costs 0.5 s of CPU at 20,000, 1.0 s at 40,000, 3.2 s at 80,000 and 8.9 s at 160,000."""

ONE_PASS_MARKUP = 40_000
"""Above this only the default pass runs, so that the slowest admitted page stays under 5 s (figures above)."""

MAX_ATTRIBUTES = 5_000
"""Most attributes of one tag. libxml2 compares each with all before it: 200,000 take over 40 s inside C."""

LONG_STRETCH = 50_000
"""Characters without a ``<`` that make a tag worth counting its attributes."""

MAX_JSON_LD = 1_000_000
"""Characters of one JSON-LD block. 8 MB cost 3.5 s and 1 GB of memory in trafilatura; ordinary ones are under 50 kB."""

KEEP_PRECISION = 0.6
"""The precision pass is kept unless shorter than this share of the default pass. On 181 and 80 labelled news
pages F1 rises from 0.9598 to 0.9668 and from 0.9407 to 0.9459; flat between 0.5 and 0.7."""

THIN_WORDS = 25
"""A body under this many words is ``thin`` unless the page declares an article: agencies do send two-sentence news."""

BARE_WORDS = 8
"""A body under this many words is ``thin`` even on a page that declares an article: a caption or a video's label."""

WALL_WORDS = 60
"""Only a body under this many words can be a challenge, a login form or an empty shell."""

SHORT_WORDS = 150
"""Only a body under this many words can be a paywall stub or a soft 404."""

PAGE_WORDS = 400
"""A consent wall is looked for in the whole visible page only when that page has fewer words than this."""

PASSES: tuple[tuple[str, Any], ...] = (
    ("include_comments", False),
    ("include_tables", True),
    ("deduplicate", False),
    ("with_metadata", False),
)
"""Options of both trafilatura passes. Its ``deduplicate`` remembers across pages and may never be on."""

_LIBRARIES = ("trafilatura", "justext", "lxml", "w3lib", "charset-normalizer")


def extract_facts() -> tuple[tuple[str, str], ...]:
    """Everything that decides what :func:`archive.extract.extract` returns, as sorted (name, value) pairs."""
    numbers = {name.lower(): str(value) for name, value in globals().items() if name.isupper() and name[0] != "_"}
    numbers["signals"] = sha256(repr(signals.TABLES).encode()).hexdigest()[:16]
    libraries = {f"lib {name}": _version(name) for name in _LIBRARIES}
    return tuple(sorted((f"extract {name}", value) for name, value in (numbers | libraries).items()))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
