"""The network: one visit in, one outcome out. The only place that knows httpx.

Read ``fetcher`` first; it tells the story. The rest are its parts: ``policy`` (what may be asked), ``guard`` (which
addresses may be connected to), ``connection`` (one socket), ``lane`` and ``manners`` (how often one origin is asked),
``robots``, ``exchange`` (one request, raw bytes), ``charset`` and, above this package,
``archive.formats.content_coding`` (from wire
to entity), ``outcome`` (how a trip ends), ``weather`` (all that can go wrong, as a closed list of reasons). ``post``
hands a notice over, by the same guard.
"""

from __future__ import annotations

from archive.crawl.fetch.fetcher import Fetcher, SideCaptures
from archive.crawl.fetch.policy import FetchPolicy, policy_from, require_contact
from archive.crawl.fetch.politeness import RememberedHost
from archive.crawl.fetch.webhook_post import post

__all__ = ["FetchPolicy", "Fetcher", "RememberedHost", "SideCaptures", "policy_from", "post", "require_contact"]
