"""Detection of copies: lookup keys, a judgement on two texts, clusters of links, and explanations of both.

Pure functions over values. A judgement depends on the two texts and on nothing else that is stored.
"""

from __future__ import annotations

from archive.copies.classify import METHOD, TokenCache, judge, method_id
from archive.copies.clusters import LinkGraph, clusters
from archive.copies.deduplicate import fold, links_as_close_as
from archive.copies.explain import aligned_words, explain_judgement
from archive.copies.fingerprint import Tier, fingerprint, tier_of

__all__ = [
    "METHOD",
    "LinkGraph",
    "Tier",
    "TokenCache",
    "aligned_words",
    "clusters",
    "explain_judgement",
    "fingerprint",
    "fold",
    "judge",
    "links_as_close_as",
    "method_id",
    "tier_of",
]
