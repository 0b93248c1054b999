"""The learned judge: a sum of step functions of the shares in ``pair_evidence``, and the probability of a copy.

A generalized additive model (Hastie and Tibshirani 1986) with monotone steps, as in an explainable boosting machine
(Lou, Caruana and Gehrke 2012): every share adds a weight of its own, so a reader sees what spoke for a copy and what
spoke against one. ``bench/train_copies.py`` fits the steps, calibrates them (Platt 1999) and writes
``background/copy_model.json``, which names the data by its hash.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from math import exp
from typing import TYPE_CHECKING

from archive.copies.background import HERE

if TYPE_CHECKING:
    from collections.abc import Mapping

MODEL_FILE = HERE / "copy_model.json"

MODEL_ID = "gam-c0fcefe0"
"""Id of the shipped model, part of the method's id. A test checks it against the file."""


@dataclass(frozen=True, slots=True)
class Steps:
    """A step function: ``values[n]`` holds from ``edges[n - 1]`` on. ``mean`` is the mean over the fitted pairs."""

    edges: tuple[float, ...]
    values: tuple[float, ...]
    mean: float

    def value(self, share: float) -> float:
        """Return the weight of a share, in units of log odds."""
        return self.values[bisect_right(self.edges, share)]


@dataclass(frozen=True, slots=True)
class CopyModel:
    """An additive model. A pair is a copy from ``threshold`` on, a possible one from ``possible`` on."""

    intercept: float
    steps: dict[str, Steps]
    threshold: float
    possible: float

    def probability(self, evidence: Mapping[str, float]) -> float:
        """Return the probability of a copy, from 0 to 1."""
        total = self.intercept + sum(steps.value(evidence.get(name, 0.0)) for name, steps in self.steps.items())
        return 1 / (1 + exp(-max(-60.0, min(60.0, total))))

    def contributions(self, evidence: Mapping[str, float]) -> list[tuple[str, float]]:
        """Return what each share adds in comparison with an average pair, in log odds, the largest first."""
        weights = [(name, steps.value(evidence.get(name, 0.0)) - steps.mean) for name, steps in self.steps.items()]
        return sorted(weights, key=lambda item: (-abs(item[1]), item[0]))


@cache
def copy_model(*, translated: bool, meaning: bool) -> CopyModel:
    """Return the model for texts in two languages or in one, with the shares of meaning or without."""
    name = f"copy{'-crossing' if translated else ''}{'+meaning' if meaning else ''}"
    row = json.loads(MODEL_FILE.read_bytes())["models"][name]
    steps = {
        share: Steps(tuple(step["edges"]), tuple(step["values"]), step["mean"]) for share, step in row["steps"].items()
    }
    return CopyModel(row["intercept"], steps, row["threshold"], row["possible"])


def model_id() -> str:
    """Return the id of the file: the beginning of its hash."""
    return f"gam-{sha256(MODEL_FILE.read_bytes()).hexdigest()[:8]}"
