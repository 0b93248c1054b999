"""Write the software bill of materials, in CycloneDX 1.6, and the list of licences: ``make sbom``.

Lists every package of requirements-dev.lock that is installed: its version, its licence and its dependencies as its own
metadata states them, and whether wirecopy needs it, an extra needs it, or only its developers do. The result is the
same for the same environment: it has no time and no serial number.
"""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parents[1]
PRODUCT: Final = "wirecopy"
DEVELOPERS: Final = ("dev", "bench")
"""Extras that nobody installs who uses wirecopy."""

UNKNOWN: Final = "unknown"
_LONGEST_LICENCE: Final = 60  # characters; a longer field holds the licence's whole text
_GENERIC: Final = frozenset({"OSI Approved", "DFSG approved"})


def locked_names(lock: str) -> list[str]:
    """Return the canonical names of the packages in the text of a lock file, in its order, each once."""
    lines = (line.partition("#")[0].strip() for line in lock.splitlines())
    return list(dict.fromkeys(canonicalize_name(Requirement(line).name) for line in lines if line))


def licence_of(package: Distribution) -> str:
    """Return the licence that a package declares: as an expression, in a classifier, in a field, or by a file."""
    metadata = package.metadata
    expression = metadata.get("License-Expression")
    if expression:
        return str(expression)
    classifiers = [row.rpartition(" :: ")[2] for row in metadata.get_all("Classifier", []) if row.startswith("License")]
    named = [name for name in classifiers if name not in _GENERIC]
    if named:
        return " OR ".join(named)
    texts = chain([str(metadata.get("License") or "")], _licence_files(package))
    titles = (lines[0].strip(" #") for text in texts if (lines := text.strip().splitlines()))
    return next((title for title in titles if 0 < len(title) <= _LONGEST_LICENCE), UNKNOWN)


def required_names(package: str, extras: frozenset[str] = frozenset()) -> set[str]:
    """Return the canonical names of all packages that one needs, with some of its extras, and of those they need."""
    names: set[str] = set()
    waiting = [(package, extras)]
    while waiting:
        name, wanted = waiting.pop()
        for requirement in _requirements(name, wanted):
            needed = canonicalize_name(requirement.name)
            if needed not in names:
                names.add(needed)
                waiting.append((needed, frozenset(requirement.extras)))
    return names


def bill_of_materials(lock: str) -> dict[str, Any]:
    """Return the bill for the text of a lock file, as CycloneDX JSON. Packages that are not installed are left out."""
    own = distribution(PRODUCT)
    extras = frozenset(own.metadata.get_all("Provides-Extra", [])) - {*DEVELOPERS}
    required, optional = required_names(PRODUCT), required_names(PRODUCT, extras)
    components = []
    for name in locked_names(lock):
        package = _installed(name)
        if package is None:
            continue
        scope = "required" if name in required else "optional" if name in optional else "excluded"
        components.append(_component(package, name, scope))
    listed = {component["name"]: component["bom-ref"] for component in components}
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": _component(own, PRODUCT, "required") | {"type": "application"}},
        "components": components,
        "dependencies": [
            {"ref": ref, "dependsOn": sorted({listed[needed] for needed in _direct(name) if needed in listed})}
            for name, ref in [*listed.items(), (PRODUCT, _reference(own, PRODUCT))]
        ],
    }


def licence_list(bill: dict[str, Any]) -> str:
    """Return the licences of a bill as text: a line a package, those that run with wirecopy first."""
    order = ("required", "optional", "excluded")
    rows = sorted((order.index(row["scope"]), row["name"], row) for row in bill["components"])
    lines = [f"{row['scope']:9} {name} {row['version']}: {_stated(row)}" for _, name, row in rows]
    return "\n".join([f"{PRODUCT}: {_stated(bill['metadata']['component'])}, see LICENSE", *lines, ""])


def _stated(component: dict[str, Any]) -> str:
    (licence,) = component["licenses"]
    return str(licence["license"]["name"] if "license" in licence else licence["expression"])


def _component(package: Distribution, name: str, scope: str) -> dict[str, Any]:
    licence = licence_of(package)
    is_expression = package.metadata.get("License-Expression") is not None
    return {
        "type": "library",
        "bom-ref": _reference(package, name),
        "name": name,
        "version": package.version,
        "scope": scope,
        "purl": _reference(package, name),
        "licenses": [{"expression": licence} if is_expression else {"license": {"name": licence}}],
    }


def _reference(package: Distribution, name: str) -> str:
    return f"pkg:pypi/{name}@{package.version}"


def _licence_files(package: Distribution) -> Iterator[str]:
    paths = [path for path in package.files or [] if "licenses" in path.parts]
    return (path.read_binary().decode("utf-8", "replace") for path in sorted(paths))


@cache
def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:  # for another system or Python
        return None


def _requirements(name: str, extras: frozenset[str]) -> list[Requirement]:
    package = _installed(name)
    if package is None:
        return []
    rows = [Requirement(re.sub(r"\s+", " ", row)) for row in package.requires or []]
    environments = [{"extra": extra} for extra in ("", *sorted(extras))]
    return [row for row in rows if row.marker is None or any(row.marker.evaluate(values) for values in environments)]


def _direct(name: str) -> set[str]:
    return {canonicalize_name(requirement.name) for requirement in _requirements(name, frozenset())}


def main(folder: Path) -> None:
    """Write ``sbom.json`` and ``licences.txt`` into a folder."""
    bill = bill_of_materials((ROOT / "requirements-dev.lock").read_text(encoding="utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sbom.json").write_text(json.dumps(bill, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "licences.txt").write_text(licence_list(bill), encoding="utf-8")
    print(f"{len(bill['components'])} packages in {folder}/sbom.json and {folder}/licences.txt")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build")
