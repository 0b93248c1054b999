"""The same bytes for the same page: whatever the order, the number of workers, the hash seed and the day."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
sys.path.insert(0, "tests")
from hostile import ARTICLE, page as html
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
    ran = subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)
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
