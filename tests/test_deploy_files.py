"""The files for service managers and containers: each command in them is one that wirecopy has."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest
import yaml

from archive.cli import wirecopy

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "docs" / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))


def check_command(arguments: list[str]) -> None:
    """Parse the arguments as the command line does, which raises at an unknown command or option."""
    name, *options = arguments
    # A command remembers the names of its help option from the first context it meets: give it those of the program.
    above = click.Context(wirecopy, **wirecopy.context_settings)
    verb = wirecopy.get_command(above, name)
    assert verb is not None
    verb.make_context(name, options, parent=above)


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_every_unit_starts_a_command_of_wirecopy(unit: Path) -> None:
    (command,) = re.findall(r"^ExecStart=\S+/bin/wirecopy (.+)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
    check_command(command.split())


def test_every_container_starts_a_command_of_wirecopy() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    assert set(services) == {"up", "pages"}
    for service in services.values():
        check_command(service["command"])
    assert (DEPLOY / services["up"]["build"]["context"]).resolve() == ROOT
    assert (ROOT / services["up"]["build"]["dockerfile"]).is_file()


def test_the_image_copies_files_that_exist() -> None:
    lines = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    named = re.findall(r"/src/(\S+\.lock)", lines)
    assert named
    assert all((ROOT / name).is_file() for name in named)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    for path in DEPLOY.glob("wirecopy*"):
        text = path.read_text(encoding="utf-8").replace("/srv/news/.venv/bin/wirecopy", "/bin/true")
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    command = ["systemd-analyze", "verify", *map(str, tmp_path.iterdir())]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (process.returncode, process.stderr) == (0, "")
