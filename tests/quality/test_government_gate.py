"""The gate on versions of government pages: 345 changes of bytes of 89 pages, each labelled by eye.

``govuk.tsv`` names each pair by the digests of its two payloads and holds no text. Its labels come from a comparison of
the words of the pages, without the extraction: ``edit``, ``furniture`` (a list of updates, a date of publication, links
to other pages, or marks alone differ), ``broke`` (one of the two is an error page), ``either`` (only the size of a file
to download or the case of one letter differs, so that both answers are right). ``kinds`` are the kinds of an edit,
``allowed`` those that another alignment of the words gives as well; pairs with very many changes have none. Pages are
in one of two halves by a digest of their address. Rules are made for the first half only.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.pagehistories import GOVERNMENT, Seen, government_histories, settle_histories

if TYPE_CHECKING:
    from collections.abc import Iterator

LABELS = Path(__file__).with_name("govuk.tsv")
HALVES = ("development", "unseen")

LEAST_SHOWN = {"development": 0.96, "unseen": 0.93}
"""Shares of the edits that are versions; measured 0.96 and 0.939, of both 0.949."""

MOST_FALSE = 0
"""Versions at pairs that are no edit; measured none of 119."""

pytestmark = [pytest.mark.gate, pytest.mark.skipif(not GOVERNMENT.is_dir(), reason="skipped: no data")]


@dataclass(frozen=True, slots=True)
class Pair:
    """A labelled change of bytes, and whether a version opened at it."""

    half: str
    label: str
    name: str
    opened: bool


@cache
def labels() -> dict[tuple[str, str], dict[str, str]]:
    with LABELS.open(encoding="utf-8", newline="") as lines:
        return {(row["before"], row["after"]): row for row in csv.DictReader(lines, delimiter="\t")}


def consecutive(seen: list[Seen]) -> Iterator[tuple[Seen, Seen]]:
    captures: dict[str, list[Seen]] = {}
    for one in seen:
        captures.setdefault(one.url, []).append(one)
    for page in captures.values():
        yield from ((before, after) for before, after in pairwise(page) if before.data != after.data)


def digest(one: Seen) -> str:
    return sha256(one.data).hexdigest()[:16]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> list[Pair]:
    seen = government_histories()
    histories = settle_histories(tmp_path_factory.mktemp("government") / "archive.db", seen)
    opened = {
        (url, version.first_seen_at)
        for url, history in histories.items()
        for version in history.versions
        if version.number > 1
    }
    result = []
    for before, after in consecutive(seen):
        row = labels()[digest(before), digest(after)]
        name = f"{after.url.rpartition('/')[2]} {after.at:%Y-%m-%d}"
        result.append(Pair(row["half"], row["label"], name, (after.url, after.at) in opened))
    return result


def test_every_change_of_bytes_is_labelled(pairs: list[Pair]) -> None:
    assert len(pairs) == len(labels()) == 345


@pytest.mark.parametrize("half", HALVES)
def test_edits_of_government_pages_are_versions(
    half: str, pairs: list[Pair], capsys: pytest.CaptureFixture[str]
) -> None:
    edits = [pair for pair in pairs if pair.half == half and pair.label == "edit"]
    missed = [pair.name for pair in edits if not pair.opened]
    with capsys.disabled():
        print(f"\n{half}: of {len(edits)} edits {len(missed)} are no version: {missed}")  # noqa: T201
    assert len(missed) <= len(edits) - LEAST_SHOWN[half] * len(edits)


def test_hardly_any_version_of_a_government_page_is_false(
    pairs: list[Pair], capsys: pytest.CaptureFixture[str]
) -> None:
    others = [pair for pair in pairs if pair.label in {"furniture", "broke"}]
    false = [(pair.half, pair.name) for pair in others if pair.opened]
    with capsys.disabled():
        print(f"\nfalse versions: {len(false)} of {len(others)} pairs without an edit: {false}")  # noqa: T201
    assert len(false) <= MOST_FALSE
