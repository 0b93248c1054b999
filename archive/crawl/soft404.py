"""The soft-404 probe: an address that cannot exist, and whether a page says what that address says.

Many a site answers a missing page with status 200 and an apology. Only the site itself knows its own apology, so once
a week it is asked for a page that never was (`probe_url`), and every page that says the same (`texts_match`) is none.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

PROBE_INTERVAL = timedelta(days=7)
"""How often one origin is asked: apologies change with a site's design, not with its news."""

PROBE_VALIDITY = timedelta(days=8)
"""How far before or after a page a probe speaks about it: a week and the slack of a weekly rhythm."""

MIN_SHARED = 0.9
"""The share of both texts that must be common: a fresh headline or two may stand beside an apology. Two articles that
share nine tenths in both directions would be one article."""

_PREFIX = "/no-such-page-"
_TELLING = re.compile(r"[\d/]")
_SHINGLE = 12  # letters: two or three words, and as good for scripts that put no spaces between them
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def probe_url(root: str, at: datetime) -> str:
    """The address of an origin that cannot exist, the same all week. ``root`` ends in a slash, as ``https://a.b/``.

    It follows from origin and week alone, so that a run that is repeated asks for nothing new.
    """
    week = (at - _EPOCH) // PROBE_INTERVAL
    token = hashlib.sha256(f"{root} {week}".encode()).hexdigest()[:16]
    return f"{root.removesuffix('/')}{_PREFIX}{token}"


def is_probe(url: str) -> bool:
    """True for an address that ``probe_url`` made."""
    return _PREFIX in url


def is_probe_due(probed_at: datetime | None, now: datetime) -> bool:
    """True when an origin that was last probed then (None: never) should be probed now."""
    return probed_at is None or now - probed_at >= PROBE_INTERVAL


def texts_match(a: str, b: str) -> bool:
    """True when two texts are all but the same: nine tenths of their letters, taken in runs of twelve, in common.

    Words with a digit or a slash are left out, for an apology repeats the address asked for, the date, the number of
    an incident. The share is of the larger set of runs, which makes it symmetric and keeps a short text from agreeing
    with a long one that merely contains it (Broder 1997 calls this resemblance, there of the union).
    """
    one, two = _shingles(a), _shingles(b)
    return bool(one and two) and len(one & two) >= MIN_SHARED * max(len(one), len(two))


@lru_cache(maxsize=8)  # one probe is compared with every page of its site
def _shingles(text: str) -> frozenset[str]:
    words = (word for word in text.casefold().split() if not _TELLING.search(word))
    plain = "".join(letter for word in words for letter in word if letter.isalnum())
    return frozenset(plain[at : at + _SHINGLE] for at in range(max(len(plain) - _SHINGLE + 1, min(len(plain), 1))))
