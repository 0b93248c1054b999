"""The software bill of materials: complete, closed, and with a licence for all that is installed with wirecopy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from packaging.utils import canonicalize_name

from bench.build_sbom import UNKNOWN, bill_of_materials, licence_list, locked_names, required_names

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def lock(root: Path) -> str:
    return (root / "requirements-dev.lock").read_text("utf-8")


@pytest.fixture(scope="module")
def bill(lock: str) -> dict[str, Any]:
    return bill_of_materials(lock)


def test_the_bill_names_every_package_that_wirecopy_needs(bill: dict[str, Any]) -> None:
    rows = {row["name"]: row for row in bill["components"]}
    assert {"lxml", "httpx", "trafilatura", "sqlalchemy", "prefect"} <= {
        name for name, row in rows.items() if row["scope"] == "required"
    }
    assert rows["warcio"]["scope"] == "optional"
    assert rows["ruff"]["scope"] == "excluded"
    assert rows["lxml"]["purl"] == f"pkg:pypi/lxml@{rows['lxml']['version']}"
    assert required_names("wirecopy") & rows.keys() == {
        name for name, row in rows.items() if row["scope"] == "required"
    }


def test_everything_installed_with_wirecopy_has_a_licence(bill: dict[str, Any]) -> None:
    text = licence_list(bill)
    assert text.startswith("wirecopy: Apache-2.0")
    assert not [line for line in text.splitlines() if UNKNOWN in line and not line.startswith("excluded")]


def test_dependencies_of_the_bill_are_in_the_bill(bill: dict[str, Any]) -> None:
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    references = {row["bom-ref"] for row in bill["components"]}
    assert len(references) == len(bill["components"])
    for row in bill["dependencies"]:
        assert {*row["dependsOn"]} <= references
    assert any(row["dependsOn"] for row in bill["dependencies"])


def test_names_of_a_lock_file_are_read_without_versions_markers_and_comments() -> None:
    lock = "# made by\nada-url==4.0.0\nbackports.zstd==1.8.0 ; python_full_version < '3.14'\n\nLXML==6.0 # via x\n"
    assert locked_names(lock) == [canonicalize_name(name) for name in ("ada-url", "backports-zstd", "lxml")]
