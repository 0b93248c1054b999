"""Copies among real articles: hardly a stranger is linked, and what a word-swapper made of each is found again."""

from __future__ import annotations

import json
import lzma
import random
import re
from collections import Counter
from hashlib import sha256
from itertools import combinations, islice
from pathlib import Path

import pytest

from archive.copies import TokenCache, fingerprint, judge
from archive.copies.background import background, table
from db.records import Relation, Text

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "extraction"
RESIDUE = "Read more: sign up for our newsletter.\n\nSource link [ad_2]"

pytestmark = [pytest.mark.gate, pytest.mark.skipif(not DATA.is_dir(), reason="skipped: no data")]


def text(body: str) -> Text:
    return Text(sha256=sha256(body.encode()).hexdigest(), title="", body=body)


@pytest.fixture(scope="module")
def articles() -> list[Text]:
    """The gold texts of the extraction set: 261 articles of some 200 sites, 5,000 characters on the average."""
    found = []
    for name in ("gold-aeb.json.xz", "gold-fundus.json.xz"):
        for row in json.loads(lzma.decompress((DATA / name).read_bytes())).values():
            body = row.get("articleBody") or row.get("text") or "\n\n".join(row.get("paragraphs") or ())
            found += [text(body)] if len(body) > 200 else []
    return found


@pytest.fixture(scope="module")
def readings() -> TokenCache:
    return TokenCache(size=1_000_000)


def swapped(body: str, share: float, dice: random.Random) -> str:
    """Without its first paragraph, this share of the small words of four letters and more swapped, residue added."""
    words = sorted(word for word in table("en") if 0.2 < background().weight(word, "en") < 0.7)

    def swap(word: re.Match[str]) -> str:
        said = word.group()
        return dice.choice(words) if len(said) > 3 and said[0].islower() and dice.random() < share else said

    _, _, rest = body.partition("\n\n")
    return re.sub(r"[^\W\d_]+", swap, rest) + f"\n\n{RESIDUE}"


def test_articles_are_hardly_ever_taken_for_copies_of_each_other(articles, readings):
    """Two are: two pages of a theatre with 87 words in common, and two agencies' reports of one press release."""
    pairs = list(islice(combinations(articles, 2), 0, None, 5))
    kinds = Counter(judge(a, b, readings).relation for a, b in pairs)
    assert len(pairs) > 5000
    assert sum(kinds[kind] for kind in Relation if kind.is_copy) <= 0.0005 * len(pairs)
    assert kinds[Relation.POSSIBLE] <= 0.001 * len(pairs)
    assert kinds[Relation.SAME_EVENT] <= 0.005 * len(pairs)  # some are: two magazines on one launch


@pytest.mark.parametrize(("share", "floor"), [(0.4, 0.99), (0.55, 0.97), (0.7, 0.9)])
def test_articles_with_their_words_swapped_are_found(articles, readings, share, floor):
    dice = random.Random(3)
    english = [one for one in articles if len(one.body) > 800 and readings(one).language == "en" and "\n\n" in one.body]
    copies = [(one, text(swapped(one.body, share, dice))) for one in english]
    keys = [(set(fingerprint(one, readings)), set(fingerprint(copy))) for one, copy in copies]
    assert all(len(mine & theirs) >= 2 for mine, theirs in keys)
    found = [judge(one, copy, readings).relation for one, copy in copies]
    assert sum(kind is not None and kind.is_copy for kind in found) >= floor * len(copies)
