"""The HTML page of a change loads and runs nothing, and shows moves at both ends."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from archive.cli import wirecopy
from archive.versions.diff import compare, render_html, render_terminal
from builders import T0
from db.records import Text
from newsroom import TALKS, fill

if TYPE_CHECKING:
    from pathlib import Path

STORY = (
    "The minister said 300 people were killed on Monday in Port Selwyn.",
    "The ferry had left Marrowick with 38 trucks on board and a crew of nine.",
    "Opposition leaders demanded a debate in the chamber.",
    "The government will publish a report within 30 days.",
    "The sea was calm and the night was clear over the reef.",
    "Pilots have long asked for a lit beacon to replace the unlit marker.",
)


def text(*paragraphs: str, title: str = "Ferry runs aground", residue: tuple[str, ...] = ()) -> Text:
    body = "\n\n".join(paragraphs)
    digest = sha256(f"{title}\n\n{body}".encode()).hexdigest()
    return Text(sha256=digest, title=title, body=body, language="en", residue=residue)


def page(a: Text, b: Text, **options: object) -> str:
    return render_html(compare(a, b), a, b, **options)


class ParsedPage(HTMLParser):
    """The tags of a page with their attributes, and the text inside each del and ins."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[str] = []
        self.marked: dict[str, list[str]] = {"del": [], "ins": []}
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside.append(tag)
        if tag in self.marked:
            self.marked[tag].append("")

    def handle_endtag(self, tag):
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data):
        for tag in self.marked:
            if tag in self.inside and self.inside[-1] != "span":
                self.marked[tag][-1] += data


def test_what_was_cut_and_added_is_marked():
    parts = ParsedPage(page(text(*STORY), text(STORY[0].replace("300", "30"), *STORY[1:], title="Ferry hits reef")))
    assert parts.marked == {"del": ["runs aground", "300"], "ins": ["hits reef", "30"]}


def test_the_page_loads_and_runs_nothing():
    html = page(text(*STORY), text(*STORY[2:]), url="https://daily.example/ferry")
    tags = ParsedPage(html).tags
    assert {tag for tag, _ in tags} & {"script", "link", "img", "iframe", "object", "embed", "form", "base"} == set()
    names = {name for _, attrs in tags for name in attrs}
    assert not {name for name in names if name in {"src", "srcset", "style"} or name.startswith("on")}
    assert all(attrs["href"].startswith("#") for _, attrs in tags if "href" in attrs)
    assert "url(" not in html
    assert "@import" not in html


def test_the_policy_of_the_page_allows_its_own_style_and_nothing_else():
    html = page(text(*STORY), text(*STORY[2:]))
    style = re.search(r"<style>(.*)</style>", html, flags=re.DOTALL)[1]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-{digest}'" in html


def test_content_is_shown_as_text():
    bad = '</title><script>alert(1)</script><img src=x onerror="x">'
    html = page(text("Quiet.", title="Old"), text(f"Quiet. {bad} And loud.", title=bad), url=f"javascript:{bad}")
    assert "<script" not in html
    assert "<img" not in html


def test_a_move_is_shown_at_both_ends_and_each_leads_to_the_other():
    html = page(text(*STORY), text(STORY[3], *STORY[:3], *STORY[4:]))
    ids = {attrs["id"] for _, attrs in ParsedPage(html).tags if "id" in attrs}
    links = {attrs["href"] for _, attrs in ParsedPage(html).tags if "href" in attrs}
    assert links == {f"#{anchor}" for anchor in ids} == {"#from-1", "#to-1"}
    assert "moved here from ¶4" in html
    assert "moved to ¶1" in html
    assert html.count(STORY[3]) == 2


def test_unchanged_paragraphs_are_folded_without_a_script():
    html = page(text(*STORY), text(STORY[0].replace("300", "30"), *STORY[1:]))
    assert "<summary>4 unchanged paragraphs</summary>" in html
    assert STORY[5] in html


def test_an_invisible_change_is_named():
    a, b = text("Plain words here."), text("Plain wo\u200brds here.")
    assert "[U+200B]" in page(a, b)
    assert "[U+200B]" in render_terminal(compare(a, b), a, b, colour=False)


@pytest.mark.parametrize(
    ("a", "b", "remark"),
    [
        (text("Two  blanks."), text("Two blanks."), "only blanks differ"),
        (text("Same."), text("Same.", residue=("[ad_1]",)), "only what was taken out as residue differs"),
    ],
)
def test_a_page_that_shows_no_change_says_why(a, b, remark):
    assert remark in page(a, b)
    assert remark in render_terminal(compare(a, b), a, b, colour=False)


def test_the_verb_writes_the_page_to_a_file(tmp_path: Path) -> None:
    fill(tmp_path / "archive.db", T0)
    arguments = ["--db", str(tmp_path / "archive.db"), "diff", TALKS, "--html", str(tmp_path / "talks.html")]
    result = CliRunner().invoke(wirecopy, arguments, catch_exceptions=False)
    assert (result.stdout, result.stderr) == ("", f"Wrote {tmp_path / 'talks.html'}.\n")
    assert TALKS in (tmp_path / "talks.html").read_text(encoding="utf-8")
