"""What leaves the house: an sdist, the wheel built from it, and the demo run from that wheel in an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.newsroom import page
from tests.replies import page as reply
from tests.site import Site

ROOT = Path(__file__).resolve().parents[1]
TALKS = "http://daily.example/border-talks"
LARGEST_WHEEL = 3_000_000
"""Bytes. 2,911,000 measured (2,834,000 before packs, ARC and HAR, second archives and shards): 1,270,000
of them the frequencies of words in 18 languages, 105,000 the pages. The rest is code. A good deal more means that
something slipped in."""


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command with nothing of this project in its environment."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("WIRECOPY_", "PYTHON"))}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as a release is: from the sdist, so that a file the sdist forgot is missed here."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``wirecopy`` from the wheel, in an environment that borrows this one's dependencies and nothing else."""
    place = tmp_path_factory.mktemp("installed")
    venv.create(place, with_pip=True, symlinks=True)
    python = place / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=place)
    own = sysconfig.get_path("purelib", "venv", {"base": str(place), "platbase": str(place)})
    (Path(own) / "borrowed.pth").write_text(sysconfig.get_path("purelib"))  # its own .pth files are not followed
    return place / "bin" / "wirecopy"


@pytest.mark.slow
def test_the_wheel_holds_the_packages_and_what_they_need(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"archive", "db", "wirecopy"}
    shipped = {name.removeprefix("archive/_shipped/") for name in names if name.startswith("archive/_shipped/")}
    flows = {f"flows/{path.name}" for path in (ROOT / "flows").glob("*.py")}
    assert shipped == {"prefect.yaml", "prefect.toml", "seeds/INDEX.md", "datasette.yaml", *flows}
    data = [path for part in ("archive", "db") for path in (ROOT / part).rglob("*") if path.is_file()]
    wanted = {str(path.relative_to(ROOT)) for path in data if "__pycache__" not in path.parts}
    assert wanted - set(names) == set()


@pytest.mark.slow
def test_the_demo_runs_from_a_wheel_in_an_empty_folder(command: Path, tmp_path: Path) -> None:
    done = run(command, "demo", "--dir", tmp_path / "world", cwd=tmp_path)
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "world").rglob("*.db")), "the demo left no archive"


@pytest.mark.slow
def test_a_wheel_starts_a_project_of_its_own(command: Path, tmp_path: Path) -> None:
    with Site() as site:
        site.pages["/border-talks"] = reply(page())
        run(command, "init", cwd=tmp_path)
        settings = f'contact = "ana@daily.example"\nmin_gap = 0\nresolve = {{"*.example" = "127.0.0.1:{site.port}"}}\n'
        (tmp_path / "wirecopy.toml").write_text(settings, encoding="utf-8")
        run(command, "add", TALKS, cwd=tmp_path)
        run(command, "check", cwd=tmp_path)
        run(command, "refresh", cwd=tmp_path)
        assert "1 version in 1 check" in run(command, "history", TALKS, cwd=tmp_path).stderr


@pytest.mark.gate
def test_the_wheel_stays_small(wheel: Path) -> None:
    assert wheel.stat().st_size < LARGEST_WHEEL
