"""What the page of each version declares is read from its own capture, whoever else shows the same text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from builders import T0
from db.queries.provenance import of_versions
from db.reader import Reader
from publisher_cases import page_of
from publisher_pages import Case, choose, stories

if TYPE_CHECKING:
    from db.records import DeclaredProvenance


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, DeclaredProvenance]:
    """What three pages with one text declare, by their hosts."""
    story, folder = stories()["tram"], tmp_path_factory.mktemp("pages")
    first = page_of("first", story, T0, 1)
    local = page_of("local", story, T0, 2, published="2026-01-05T09:30:00", path="b")
    spun = page_of("spun", story.between(["[ad_1]"], ["Source link"]), T0, 3, published="", path="c")
    (chosen,) = choose([Case(kind="one text", pages=(first, local, spun))], folder)
    assert chosen.cluster is not None
    with Reader(folder / "0" / "archive.db") as reader:
        pages = of_versions(reader.ask, chosen.cluster.members)
    return {version.url.split(".")[0].rpartition("/")[2]: page for version, page in pages.items()}


def test_a_scraper_s_marks_are_those_of_its_own_page(declared: dict[str, DeclaredProvenance]) -> None:
    """The three have one text, and so no mark on any link between them."""
    marks = {host: [mark.strip() for mark in page.residue] for host, page in declared.items() if page.residue}
    assert marks == {"spun": ["[ad_1]", "Source link"]}


def test_a_date_without_a_zone_is_known_as_such(declared: dict[str, DeclaredProvenance]) -> None:
    assert {host for host, page in declared.items() if page.local_time} == {"local"}
