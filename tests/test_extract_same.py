"""The same result for the same page in any order, with any number of workers, any hash seed, and on any day."""

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
from archive.extract import Extractors
from archive.extract.boilerplate import clean
from db.records import Page
import datetime
captured_at = datetime.datetime(2024, 3, 10, tzinfo=datetime.timezone.utc)
def page(payload, name):
    return Page(payload=payload, url=f"https://daily.example/2024/01/{name}", captured_at=captured_at)
pages = [page(path.read_bytes(), path.parent.name) for path in sorted(Path("tests/golden").glob("*/page.html"))]
for n in range(4):
    dated = f"<article><h1>Bridge {n}</h1><p>Posted January {n + 1}, 2024, and mended since.</p>{ARTICLE}</article>"
    pages.append(page(html(dated), f"0{n + 1}/a"))
order = list(range(len(pages)))
random.Random(seed).shuffle(order)
with Extractors(workers) as pool:
    extractions = dict(zip(order, pool.map(pages[number] for number in order)))
cleaned = [dataclasses.asdict(clean(extractions[n])) for n in sorted(extractions)]
print(hashlib.sha256(json.dumps(cleaned, default=str).encode()).hexdigest())
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
from archive.pipeline.import_files import import_files
from archive.settings import load_settings
folder, day = Path(sys.argv[1]), sys.argv[2]
settings = load_settings({"WIRECOPY_CLOCK": day}, start=folder)
for path in sorted(folder.glob("*.jsonl")):
    import_files(settings, [path])
"""


@pytest.mark.slow
def test_settled_archive_depends_on_nothing_but_its_captures(tmp_path: Path) -> None:
    """Both archives learn their sites' templates. One imports three files, with other workers, on another day."""
    lines = list(captured())
    shuffled = random.Random(1).sample(lines, len(lines))
    first = imported(tmp_path / "one", [lines], hash_seed=1, day="2026-02-01")
    second = imported(
        tmp_path / "other", [shuffled[:30], shuffled[30:37], shuffled[37:]], hash_seed=2, day="2028-07-21"
    )
    contents_first, contents_second = contents(first), contents(second)
    assert any("+" in version[-1] for version in contents_first["versions"])  # a recipe with a template
    for table in ("captures", "texts", "versions", "links"):
        assert contents_first[table] == contents_second[table]


def captured() -> Iterator[str]:
    """Three captures of 16 articles of four sites, edited once. Each site has the same line under all articles."""
    for site in range(4):
        for number in range(4):
            deal = random.Random(f"{site} {number}")
            words = ["".join(deal.choices("aeioulmnrst", k=6)) for _ in range(120)]
            sentences = [" ".join(words[start : start + 12]).capitalize() + "." for start in range(0, 120, 12)]
            for day in (1, 2, 3):
                sentences[4] += " Corrected." if day == 2 else ""
                body = "".join(f"<p>{line}</p>" for line in (*sentences, f"Paper {site} belongs to its readers alone."))
                html = f"<html><body><article><h1>Town {site} {number}</h1>{body}</article></body></html>"
                url = f"https://daily{site}.example/2026/01/{number}"
                yield json.dumps({"url": url, "fetched_at": f"2026-01-0{day}T08:00:00Z", "html": html})


def imported(folder: Path, files: list[list[str]], *, hash_seed: int, day: str) -> Path:
    """The archive of these files, each imported separately in this order, all by one process of its own."""
    folder.mkdir()
    (folder / "wirecopy.toml").touch()
    for number, lines in enumerate(files):
        (folder / f"{number}.jsonl").write_text("\n".join(lines))
    environment = os.environ | {"PYTHONHASHSEED": str(hash_seed)}
    arguments = [sys.executable, "-W", "ignore", "-c", IMPORT, str(folder), f"{day}T00:00:00Z"]
    ran = subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=500)
    assert ran.returncode == 0, ran.stderr
    return folder / "data" / "archive.db"
