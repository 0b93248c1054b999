"""Documents cannot lie: their examples run, their outputs are real, their help is current."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from archive.cli import GROUPS
from examples import CLI_PAGE, NOT_RUN, PAGES, ROOT, cli_page, command, examples, outputs, play, tidy

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
QUALITY = ROOT / "docs" / "quality.md"
SCHEMAS = ROOT / "docs" / "json"


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the demo was played: where a reader of the README stands after ``make demo``."""
    folder = tmp_path_factory.mktemp("desk")
    play(folder / "wirecopy-demo")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_example_runs_and_prints_what_the_page_shows(page: Path, desk: Path) -> None:
    said = outputs(page, desk)
    differing = {one: text for one, text in said.items() if one.shown is not None and tidy(text) != tidy(one.shown)}
    assert not differing, "run python tests/examples.py if this is meant:\n" + "\n".join(
        f"{one} prints now:\n{tidy(text)}" for one, text in differing.items()
    )


def test_only_what_cannot_run_is_left_out() -> None:
    lines = {command(line) for page in PAGES for one in examples(page) for line in one.code.splitlines()}
    assert set(NOT_RUN) <= lines, "a line that no page shows any more needs no excuse"
    assert all(NOT_RUN.values())


def test_each_question_is_asked_in_every_language_that_has_a_word_for_it_and_answered() -> None:
    sections = re.split(r"^## (?=\d)", (ROOT / "docs" / "query.md").read_text("utf-8"), flags=re.MULTILINE)[1:]
    questions = [section.partition("\n## ")[0] for section in sections]
    asked = [re.findall(r"^```(\w+)$", question, flags=re.MULTILINE) for question in questions]
    local, served = ["sh", "text", "python", "text", "sql", "text"], ["sh", "text"]
    assert asked == [local + served + served] * 3 + [local + served] * 2  # Memento knows neither copies nor words


def test_the_help_in_the_documents_is_current() -> None:
    assert CLI_PAGE.read_text("utf-8") == cli_page(), "run python tests/examples.py"


def test_every_verb_can_be_read_about() -> None:
    headings = re.findall(r"^### ([\w-]+)$", CLI_PAGE.read_text("utf-8"), flags=re.MULTILINE)
    assert headings == [verb for verbs in GROUPS.values() for verb in verbs]


def test_the_first_page_names_every_verb_in_the_order_of_the_help() -> None:
    shown = {
        line.split("|")[1].strip().capitalize(): re.findall(r"`([a-z-]+)`", line)
        for line in (ROOT / "README.md").read_text("utf-8").splitlines()
        if line.startswith(tuple(f"| {heading.lower()} |" for heading in GROUPS))
    }
    assert shown == {heading: list(verbs) for heading, verbs in GROUPS.items()}


@pytest.mark.parametrize("page", [*PAGES, *sorted((ROOT / "docs").glob("*.md"))], ids=lambda page: page.name)
def test_no_document_names_a_verb_that_does_not_exist(page: Path) -> None:
    verbs = {verb for verbs in GROUPS.values() for verb in verbs}
    typed = "".join(f"`{line}\n" for one in examples(page) for line in one.code.splitlines())
    named = re.findall(r"`wirecopy ([a-z][\w-]*)", page.read_text("utf-8") + typed)
    assert set(named) <= verbs


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_anchor_of_a_page_leads_to_a_heading(page: Path) -> None:
    wrong = []
    for target in re.findall(r"\]\(([^)\s]*#[^)\s]+)\)", page.read_text("utf-8")):
        where, _, anchor = target.partition("#")
        if "://" not in where and anchor not in anchors(page.parent / where if where else page):
            wrong.append(target)
    assert not wrong


def anchors(page: Path) -> set[str]:
    """The names under which a site that shows Markdown offers a page's headings."""
    tokens = MarkdownIt().parse(page.read_text("utf-8"))
    titles = [tokens[place + 1].content for place, token in enumerate(tokens) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_floors_in_the_documents_are_those_of_the_gate() -> None:
    gate = (ROOT / "tests" / "quality" / "test_extraction_gate.py").read_text("utf-8")
    floors = re.findall(r'"(aeb|fundus)": \(([\d.]+), ([\d.]+)\)', gate)
    told = re.findall(
        r"`(aeb|fundus)`.*\| ([\d.]+) \| [\d.]+ \| ([\d.]+) \|$", QUALITY.read_text("utf-8"), re.MULTILINE
    )
    assert told == floors


def test_every_published_shape_is_listed_and_says_what_prints_it() -> None:
    listed = set(re.findall(r"\(([\w-]+\.schema\.json)\)", (SCHEMAS / "README.md").read_text("utf-8")))
    assert listed == {path.name for path in SCHEMAS.glob("*.schema.json")}
    for name in listed:
        assert json.loads((SCHEMAS / name).read_text("utf-8"))["description"], name
