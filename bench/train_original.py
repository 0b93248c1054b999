"""Fit the weights of the signs of an original on the labelled corpus, and write the table that is shipped.

::

    python -m bench.train_original                  # fits on development, calibrates on both parts, prints both
    python -m bench.train_original --write          # writes archive/copies/original_weights.json too
    python -m bench.train_original --test           # prints the test part as well; once, when all is decided

The corpus knows which text was made from which. What it does not know is how badly pages are dated and how late an
archive sees them, so each event is played many times under the assumptions of ``tests/dated_worlds.py``: dates that are
missing, of a day only, hours off or of another story, and first sights by watching, in one run, or long afterwards.
The weights are those of a conditional logit with a ridge, each held to its one direction.
"""

from __future__ import annotations

import argparse
import json
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from archive.copies.original_model import DIRECTIONS, probabilities  # noqa: E402 - the path comes first
from dated_worlds import Question, questions  # noqa: E402
from labelled import PARTS  # noqa: E402

TABLE = ROOT / "archive" / "copies" / "original_weights.json"
PLAYS = 12
"""Times each event is played."""

RIDGE = 0.5
STEPS, RATE = 4_000, 0.05
SURE_RIGHT = 0.993
"""Share of the sure ones that must be right: .99 and a margin for other parts."""

PROBABLE = 0.7


def matrix(question: Question, names: list[str]) -> np.ndarray:
    """One row a member, one column a sign."""
    return np.array([[signs.get(name, 0.0) for name in names] for signs in question.signs])


def fit(asked: list[Question], names: list[str]) -> np.ndarray:
    """Return the weights that make the true originals likeliest, by projected gradient ascent."""
    directions = np.array([DIRECTIONS[name] for name in names], dtype=float)
    tables = [matrix(question, names) for question in asked]
    weights = np.zeros(len(names))
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    members = np.concatenate(tables)
    owner = np.repeat(np.arange(len(tables)), [len(table) for table in tables])
    starts = np.concatenate([[0], np.cumsum([len(table) for table in tables])[:-1]])
    truth = members[starts + np.array([question.truth for question in asked])]
    for step in range(1, STEPS + 1):
        odds = np.exp(members @ weights - np.maximum.reduceat(members @ weights, starts)[owner])
        chances = odds / np.add.reduceat(odds, starts)[owner]
        gradient = truth.sum(0) - (chances[:, None] * members).sum(0) - RIDGE * weights
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        weights = weights + RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        weights = np.where(weights * directions < 0, 0.0, weights)
    return weights


def chances_of(asked: list[Question], names: list[str], weights: np.ndarray) -> list[np.ndarray]:
    """Return the probabilities of the members of each cluster, as the product computes them."""
    by_name = dict(zip(names, weights.tolist(), strict=True))
    return [np.array(probabilities(question.signs, by_name)) for question in asked]


def temperature(asked: list[Question], names: list[str], weights: np.ndarray) -> float:
    """Return the factor on all weights at which the probabilities hold best (Guo et al. 2017)."""

    def loss(scale: float) -> float:
        chances = chances_of(asked, names, weights * scale)
        return -sum(float(np.log(chance[q.truth] + 1e-12)) for chance, q in zip(chances, asked, strict=True))

    return min(np.arange(0.4, 1.61, 0.02), key=loss)


def answers(asked: list[Question], names: list[str], weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the highest probability of each cluster, and whether that member is the original."""
    chances = chances_of(asked, names, weights)
    highest = np.array([chance.max() for chance in chances])
    right = np.array([int(chance.argmax()) == q.truth for chance, q in zip(chances, asked, strict=True)])
    return highest, right


def sure_from(highest: np.ndarray, right: np.ndarray) -> float:
    """Return the lowest probability from which on ``SURE_RIGHT`` of the answers are right."""
    for threshold in np.arange(0.8, 1.0, 0.005):
        chosen = highest >= threshold
        if chosen.any() and right[chosen].mean() >= SURE_RIGHT:
            return round(float(threshold), 3)
    return 0.999


def report(name: str, highest: np.ndarray, right: np.ndarray, sure: float) -> None:
    """Print the share of right answers, that of the sure ones, and the calibration error in ten bins."""
    chosen = highest >= sure
    bins = np.minimum((highest * 10).astype(int), 9)
    error = sum(abs(highest[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in set(bins))
    print(
        f"{name}: {len(right)} clusters, right {right.mean():.4f}; sure {chosen.mean():.3f} of them, "
        f"right {right[chosen].mean():.4f}; calibration error {error:.4f}"
    )


def report_regimes(asked: list[Question], right: np.ndarray) -> None:
    """Print the share of right answers by how the archive saw the event."""
    for regime in sorted({question.regime for question in asked}):
        chosen = np.array([question.regime == regime for question in asked])
        print(f"    {regime}: {chosen.sum()} clusters, right {right[chosen].mean():.4f}")


def main() -> None:
    """Fit, calibrate, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--test", action="store_true")
    options = parser.parse_args()
    names = sorted(DIRECTIONS)
    fitted = [question for play in range(PLAYS) for question in questions("development", play)]
    held = [question for play in range(PLAYS) for question in questions("calibration", play)]
    weights = fit(fitted, names)
    scale = temperature([*fitted, *held], names, weights)
    weights = np.round(weights * scale, 3)
    sure = sure_from(*answers([*fitted, *held], names, weights))
    print(f"temperature {scale:.2f}, sure from {sure}")
    for name, weight in sorted(zip(names, weights, strict=True), key=lambda pair: -abs(pair[1])):
        share = np.mean([any(name in signs for signs in question.signs) for question in fitted])
        print(f"  {weight:+.3f}  {name} (in {share:.0%} of the clusters)")
    for part in PARTS[: 3 if options.test else 2]:
        asked = {"development": fitted, "calibration": held}.get(part) or [
            question for play in range(PLAYS) for question in questions(part, play)
        ]
        highest, right = answers(asked, names, weights)
        report(part, highest, right, sure)
        report_regimes(asked, right)
    if options.write:
        digest = sha256(repr([(q.event, q.truth) for q in fitted + held]).encode()).hexdigest()[:16]
        by_name = dict(zip(names, weights.tolist(), strict=True))
        values = {"data": digest, "sure": sure, "probable": PROBABLE, "weights": by_name}
        TABLE.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
