"""Compares the judge with other tools on real pairs in one run: ``python bench/compare_copies.py``, by hand.

Needs what ``train_copies`` needs. The pairs are those of ../shared/data/copies-real in one language whose stories were
not fitted: rewrites of news articles by a language model, and outlets' own reports of one event. Each tool gives a pair
a score. Prints the recall of the rewrites at a threshold that at most 1 % of the reports reach, at one that 5 % reach,
and the CPU time of a document and of a pair.
"""

from __future__ import annotations

import json
import lzma
import sys
from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from rensa import RMinHash

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "bench")]

from train_copies import DATA, half  # noqa: E402

from archive.copies import TokenCache, judge  # noqa: E402
from archive.copies.embeddings import load_model  # noqa: E402
from db.records import Text  # noqa: E402

PERMUTATIONS, BITS, SHINGLE = 128, 64, 3
SETS = ("politifact", "basil")

Score = Callable[[Any, Any], float]


def lines(name: str) -> list[dict[str, Any]]:
    raw = lzma.decompress((DATA / "copies-real" / name).read_bytes()).decode()
    return [json.loads(line) for line in raw.splitlines()]


@cache
def shingles(body: str) -> list[str]:
    words = body.casefold().split()
    return sorted({" ".join(run) for run in zip(*(words[skip:] for skip in range(SHINGLE)), strict=False)})


def minhash(text: Text) -> Any:
    sketch = RMinHash(num_perm=PERMUTATIONS, seed=42)
    sketch.update(shingles(text.body))
    return sketch


def simhash(text: Text) -> np.ndarray:
    """Return the signs of the sum of the hashes of all runs of words (Charikar 2002)."""
    hashes = [blake2b(run.encode(), digest_size=BITS // 8).digest() for run in shingles(text.body)]
    bits = np.unpackbits(np.frombuffer(b"".join(hashes), dtype=np.uint8).reshape(len(hashes), -1), axis=1)
    return bits.mean(axis=0) >= 0.5


def tools() -> dict[str, tuple[Callable[[Text], Any], Score]]:
    """Return what each tool makes of a document, and its score of two of them."""
    tokens, encoder = TokenCache(10_000_000), load_model()
    known: dict[str, tuple[Callable[[Text], Any], Score]] = {
        "wirecopy": (lambda text: (tokens(text), text)[1], lambda a, b: judged(a, b, tokens)),
        "MinHash, 128 permutations, 3 words": (minhash, lambda a, b: a.jaccard(b)),
        "simhash, 64 bits, 3 words": (simhash, lambda a, b: float((a == b).mean())),
    }
    if encoder is not None:
        known["sentence encoder, mean of the best cosines"] = (lambda t: encoder.vectors(t, tokens(t)), best_cosines)
    return known


def judged(a: Text, b: Text, tokens: TokenCache) -> float:
    judgement = judge(a, b, tokens)
    copied = judgement.relation is not None and judgement.relation.is_copy
    return judgement.probability if judgement.probability is not None else float(copied)


def best_cosines(a: np.ndarray, b: np.ndarray) -> float:
    cosines = a @ b.T
    return float(min(cosines.max(axis=0).mean(), cosines.max(axis=1).mean()))


def recall(copies: list[float], others: list[float], alarms: float) -> float:
    """Return the share of copies above the score that at most this share of the others reaches."""
    allowed = int(alarms * len(others))
    threshold = sorted(others, reverse=True)[allowed]
    return sum(score > threshold for score in copies) / len(copies)


def main() -> None:
    texts = {
        row["id"]: Text(sha256=row["id"], title="", body=row["text"], language=row["language"])
        for row in lines("docs.jsonl.xz")
    }
    pairs = [p for p in lines("pairs.jsonl.xz") if p["set"] in SETS and half(str(p["story"])) == "left out"]
    used = {name for pair in pairs for name in (pair["a"], pair["b"])}
    print(f"{sum(p['set'] == SETS[0] for p in pairs)} rewrites, {sum(p['set'] == SETS[1] for p in pairs)} own reports")
    for tool, (read, score) in tools().items():
        began = process_time()
        documents = {name: read(texts[name]) for name in sorted(used)}
        reading, began = process_time() - began, process_time()
        scores = [(pair["set"] == SETS[0], score(documents[pair["a"]], documents[pair["b"]])) for pair in pairs]
        judging = process_time() - began
        rewrites, reports = ([value for is_copy, value in scores if is_copy is kind] for kind in (True, False))
        found = " ".join(f"{100 * recall(rewrites, reports, share):.1f}" for share in (0.01, 0.05))
        print(f"{tool}: recall {found} %; {1000 * reading / len(used):.2f} ms a document", end="")
        print(f", {1000 * judging / len(pairs):.2f} ms a pair", flush=True)


if __name__ == "__main__":
    main()
