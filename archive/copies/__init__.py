"""Who copied whom: lookup keys, a judgement on two texts, clusters of judged links, and a readable account of both.

Pure functions over values. A judgement depends on the two texts and on nothing else that is stored.
"""

from __future__ import annotations

from archive.copies.classify import METHOD, TokenCache, judge, method_with
from archive.copies.clusters import LinkGraph, clusters
from archive.copies.deduplicate import as_alike, fold
from archive.copies.explain import explain_judgement, swapped
from archive.copies.fingerprint import Tier, fingerprint, tier_of

__all__ = [
    "METHOD",
    "LinkGraph",
    "Tier",
    "TokenCache",
    "as_alike",
    "clusters",
    "explain_judgement",
    "fingerprint",
    "fold",
    "judge",
    "method_with",
    "swapped",
    "tier_of",
]
