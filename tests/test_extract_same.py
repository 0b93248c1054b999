"""The same bytes for the same page: whatever the order, the number of workers, the hash seed and the day."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.contents import contents

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]

SCRIPT = """
import dataclasses, hashlib, json, random, sys
workers, seed, later = map(int, sys.argv[1:])
if later:
    import datetime, time
    moved, now = datetime.timedelta(days=later), time.time
    class Later(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return super().now(tz) + moved
        @classmethod
        def today(cls):
            return super().today() + moved
    class Day(datetime.date):
        @classmethod
        def today(cls):
            return super().today() + moved
    datetime.datetime, datetime.date, time.time = Later, Day, lambda: now() + moved.total_seconds()
from pathlib import Path
from tests.hostile import ARTICLE, page as html
from archive.clean import clean
from archive.extract import Extractors
from db.records import Page
import datetime
at = datetime.datetime(2024, 3, 10, tzinfo=datetime.timezone.utc)
def given(payload, name):
    return Page(payload=payload, url=f"https://daily.example/2024/01/{name}", captured_at=at)
pages = [given(path.read_bytes(), path.parent.name) for path in sorted(Path("tests/golden").glob("*/page.html"))]
for n in range(4):
    dated = f"<article><h1>Bridge {n}</h1><p>Posted January {n + 1}, 2024, and mended since.</p>{ARTICLE}</article>"
    pages.append(given(html(dated), f"0{n + 1}/a"))
order = list(range(len(pages)))
random.Random(seed).shuffle(order)
with Extractors(workers) as pool:
    answers = dict(zip(order, pool.map(pages[number] for number in order)))
found = [dataclasses.asdict(clean(answers[n])) for n in sorted(answers)]
print(hashlib.sha256(json.dumps(found, default=str).encode()).hexdigest())
"""


def digest(hash_seed: int, workers: int, order: int, days_later: int = 0) -> str:
    """The digest of all extractions of a set of pages, by a process of its own."""
    arguments = [sys.executable, "-W", "ignore", "-c", SCRIPT, *map(str, (workers, order, days_later))]
    environment = os.environ | {"PYTHONHASHSEED": str(hash_seed)}
    ran = subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=500)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


@pytest.mark.slow
def test_extraction_depends_on_nothing_but_the_page() -> None:
    digests = {
        digest(hash_seed=1, workers=1, order=1),
        digest(hash_seed=2, workers=3, order=2),
        digest(hash_seed=3, workers=0, order=3),
        digest(hash_seed=3, workers=0, order=4, days_later=900),
    }
    assert len(digests) == 1


IMPORT = """
import sys
from pathlib import Path
from archive.files import import_files
from archive.settings import load_settings
folder, day = Path(sys.argv[1]), sys.argv[2]
settings = load_settings({"WIRECOPY_CLOCK": day}, start=folder)
for path in sorted(folder.glob("*.jsonl")):
    import_files(settings, [path])
"""


@pytest.mark.slow
def test_settled_archive_depends_on_nothing_but_its_captures(tmp_path: Path) -> None:
    """Both archives learn what belongs to their sites; one in three goes, with and without workers, on another day."""
    lines = list(captured())
    shuffled = random.Random(1).sample(lines, len(lines))
    one = brought(tmp_path / "one", [lines], hash_seed=1, day="2026-02-01")
    other = brought(tmp_path / "other", [shuffled[:30], shuffled[30:37], shuffled[37:]], hash_seed=2, day="2028-07-21")
    found, again = contents(one), contents(other)
    assert any("+" in version[-1] for version in found["versions"])  # a recipe with furniture
    for told in ("captures", "texts", "versions", "links"):
        assert found[told] == again[told]


def captured() -> Iterator[str]:
    """Three captures of each of 16 articles of four sites, edited once; a site says the same under all its articles."""
    for site in range(4):
        for number in range(4):
            deal = random.Random(f"{site} {number}")
            words = ["".join(deal.choices("aeioulmnrst", k=6)) for _ in range(120)]
            told = [" ".join(words[at : at + 12]).capitalize() + "." for at in range(0, 120, 12)]
            for day in (1, 2, 3):
                told[4] += " Corrected." if day == 2 else ""
                body = "".join(f"<p>{line}</p>" for line in (*told, f"Paper {site} belongs to its readers alone."))
                html = f"<html><body><article><h1>Town {site} {number}</h1>{body}</article></body></html>"
                url = f"https://daily{site}.example/2026/01/{number}"
                yield json.dumps({"url": url, "fetched_at": f"2026-01-0{day}T08:00:00Z", "html": html})


def brought(folder: Path, files: list[list[str]], *, hash_seed: int, day: str) -> Path:
    """The archive of these files, each imported by itself in turn, all by one process of its own."""
    folder.mkdir()
    (folder / "wirecopy.toml").touch()
    for number, lines in enumerate(files):
        (folder / f"{number}.jsonl").write_text("\n".join(lines))
    environment = os.environ | {"PYTHONHASHSEED": str(hash_seed)}
    arguments = [sys.executable, "-W", "ignore", "-c", IMPORT, str(folder), f"{day}T00:00:00Z"]
    ran = subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=500)
    assert ran.returncode == 0, ran.stderr
    return folder / "data" / "archive.db"
