"""Soft-404 detection: probe a site for a page that cannot exist, and compare other pages with the answer.

Many sites answer a missing page with status 200 and an apology. Only the site itself knows the text of its apology.
So each site is asked once a week for an address that never existed (`probe_url`). A page with the same text as the
answer (`texts_match`) is a soft 404.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

PROBE_INTERVAL = timedelta(days=7)
"""The time between two probes of one origin. Apologies change with the design of a site, not with its news."""

PROBE_VALIDITY = timedelta(days=8)
"""A probe applies to pages captured up to this long before or after it: a week, and a day for a late probe."""

MIN_SHARED = 0.9
"""The share of both texts that must be common. An apology page may also show a fresh headline or two. Two articles
with nine tenths in common in both directions would be one article."""

_PREFIX = "/no-such-page-"
_VARIABLE = re.compile(r"[\d/]")
_SHINGLE = 12  # letters: two or three words, and as good for scripts that put no spaces between them
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def probe_url(root: str, moment: datetime) -> str:
    """Return the probe URL of an origin for the week of ``moment``. ``root`` ends in a slash, as ``https://a.b/``.

    The URL depends on origin and week only, so a repeated run makes no new request.
    """
    week = (moment - _EPOCH) // PROBE_INTERVAL
    token = hashlib.sha256(f"{root} {week}".encode()).hexdigest()[:16]
    return f"{root.removesuffix('/')}{_PREFIX}{token}"


def is_probe(url: str) -> bool:
    """True for an address that ``probe_url`` made."""
    return _PREFIX in url


def is_probe_due(probed_at: datetime | None, now: datetime) -> bool:
    """True if an origin last probed at ``probed_at`` (None: never) is to be probed now."""
    return probed_at is None or now - probed_at >= PROBE_INTERVAL


def texts_match(text: str, other: str) -> bool:
    """True if two texts share nine tenths of their shingles, which are runs of twelve letters.

    Words with a digit or a slash are left out, because an apology repeats the requested address, the date or an
    incident number. The share is of the larger set of shingles. That makes it symmetric, and a short text does not
    match a long one that contains it. (Broder 1997 calls this resemblance, and takes the share of the union.)
    """
    shingles, others = _shingles(text), _shingles(other)
    return bool(shingles and others) and len(shingles & others) >= MIN_SHARED * max(len(shingles), len(others))


@lru_cache(maxsize=8)  # one probe is compared with every page of its site
def _shingles(text: str) -> frozenset[str]:
    words = (word for word in text.casefold().split() if not _VARIABLE.search(word))
    letters = "".join(letter for word in words for letter in word if letter.isalnum())
    starts = range(max(len(letters) - _SHINGLE + 1, min(len(letters), 1)))
    return frozenset(letters[start : start + _SHINGLE] for start in starts)
