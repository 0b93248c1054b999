"""Package resources such as ``flows/`` and ``prefect.yaml``, and the environments of child processes."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import archive
from db.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def resource_path(name: str) -> Path:
    """Return the path of the file or folder ``name``: inside the package in a wheel, next to it in a clone.

    Raises `ConfigError` if it is in neither place.
    """
    package = Path(archive.__file__).parent
    paths = (package / "_shipped" / name, package.parent / name)
    for path in paths:
        if path.exists():
            return path
    raise ConfigError(f"{name} is in neither {paths[0]} nor {paths[1]}; install wirecopy again, or work in a clone")


def deployment_files() -> dict[str, str]:
    """Return the files that ``prefect deploy`` needs in a project's folder: relative path to content.

    They are prefect.yaml, prefect.toml, and the modules of flows/. Raises `ConfigError` if the installation lacks them.
    """
    flows = sorted(resource_path("flows").glob("*.py"))
    paths = {name: resource_path(name) for name in ("prefect.yaml", "prefect.toml")}
    paths |= {f"flows/{path.name}": path for path in flows}
    return {name: path.read_text(encoding="utf-8") for name, path in paths.items()}


def code_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return ``environ`` with a PYTHONPATH that makes a child process, in any folder, import this same code.

    The root of a clone comes first. A wheel needs nothing: the interpreter knows its path, which must not come before
    the standard library.
    """
    package = Path(archive.__file__).parent
    if (package / "_shipped").exists():
        return dict(environ)
    path = os.pathsep.join(filter(None, [str(package.parent), environ.get("PYTHONPATH")]))
    return {**environ, "PYTHONPATH": path}


def prefect_environ(file: Path) -> dict[str, str]:
    """Return the settings of a ``prefect.toml`` as variables, such as PREFECT_SERVER_API_PORT.

    That one is ``port`` under ``[server.api]``. Prefect reads the file itself only in its folder, so a child process in
    another folder gets these variables.
    """
    return dict(_flatten("PREFECT", tomllib.loads(file.read_text(encoding="utf-8"))))


def _flatten(prefix: str, table: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        name = f"{prefix}_{key.upper()}"
        if isinstance(value, dict):
            yield from _flatten(name, value)
        elif isinstance(value, list):
            yield name, ",".join(map(str, value))
        else:
            yield name, str(value).lower() if isinstance(value, bool) else str(value)
