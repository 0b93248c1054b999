"""Where ``flows/``, ``prefect.yaml`` and ``prefect.toml`` are, and what a child is told of code and settings."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import archive
from db.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def shipped(name: str) -> Path:
    """The file or folder ``name`` that goes with this code: inside the package in a wheel, beside it in a clone.

    Raises `ConfigError` when it is in neither place.
    """
    package = Path(archive.__file__).parent
    places = (package / "_shipped" / name, package.parent / name)
    for place in places:
        if place.exists():
            return place
    raise ConfigError(f"{name} is in neither {places[0]} nor {places[1]}; install wirecopy again, or work in a clone")


def code_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` so that a child process, wherever it stands, imports this very code: a clone's root comes first.

    A wheel needs nothing: its place is known to the interpreter, and must not come before the standard library.
    """
    package = Path(archive.__file__).parent
    if (package / "_shipped").exists():
        return dict(environ)
    path = os.pathsep.join(filter(None, [str(package.parent), environ.get("PYTHONPATH")]))
    return {**environ, "PYTHONPATH": path}


def prefect_environ(file: Path) -> dict[str, str]:
    """The settings of a ``prefect.toml`` as variables: ``port`` under ``[server.api]`` is PREFECT_SERVER_API_PORT.

    In a folder of ours Prefect would read the file by itself; a child process that stands elsewhere gets these instead.
    """
    return dict(_flat("PREFECT", tomllib.loads(file.read_text(encoding="utf-8"))))


def _flat(prefix: str, table: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        name = f"{prefix}_{key.upper()}"
        if isinstance(value, dict):
            yield from _flat(name, value)
        elif isinstance(value, list):
            yield name, ",".join(map(str, value))
        else:
            yield name, str(value).lower() if isinstance(value, bool) else str(value)
