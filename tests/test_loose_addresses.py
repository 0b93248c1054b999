"""Addresses outside of tables in the seed index: each is a row or a complaint, none is passed over in silence."""

from __future__ import annotations

import pytest

from archive.seeds import EXAMPLE_INDEX, add_row, read_index
from db.records import SeedKind

A, B = "https://news.example/a", "https://news.example/b_c*d?x=1&y=2"


def group(body: str) -> str:
    return f"## g\n\n{body}\n"


@pytest.mark.parametrize(
    "body",
    [
        f"- {A}\n- {B}",
        f"* {A}\n\n* {B}",
        f"+ <{A}>\n+ <{B}>",
        f"1. {A}\n2. {B}",
        f"3) {A}\n4) {B}.",
        f"- [ ] {A}\n- [x] {B}",
        f"- **{A}**\n- `{B}`",
        f"- outlets\n  - {A}\n    1. {B}",
        f"{A}\n{B}",
        f"{A}\n\n<{B}>",
        f"{A}, {B}",
        f"- {A}; {B}",
        f"Prose that no one minds.\n\n- {A}\n- Title\n  {B}",
        f"| url |\n| --- |\n| {A} |\n\n- {B}",
        f"every: auto\n\n- {A}\n- {B}",
    ],
)
def test_an_address_of_its_own_in_a_list_or_line_is_a_row(body: str):
    index = read_index(group(body), file="INDEX.md")
    assert index.complaints == ()
    assert [(seed.url, seed.note) for seed in index.seeds] == [(A, ""), (B, "")]
    lines = group(body).split("\n")
    assert all(seed.url in lines[seed.line - 1] for seed in index.seeds)


@pytest.mark.parametrize(
    ("item", "note"),
    [
        (f"[First report]({A})", "First report"),
        (f"[{A}]({A})", ""),
        (f"Guardian: {A}", "Guardian"),
        (f"The Guardian ({A})", "The Guardian"),
        (f"{A} - first report (again)", "first report (again)"),
        (f"[ ] [Report]({A}) \u2014 softened?", "Report softened?"),
    ],
)
def test_a_label_or_a_remark_of_an_item_is_its_note(item: str, note: str):
    (seed,) = read_index(group(f"- {item}"), file="INDEX.md").seeds
    assert (seed.url, seed.note, seed.kind) == (A, note, SeedKind.ARTICLE)


def test_items_have_the_settings_of_their_group_and_a_label_may_be_a_kind():
    text = "## g\n\n- every: 4h\n- language: es\n\nfeed: none\n\n- feed: https://a.example/rss\n- https://a.example/b\n"
    feed, article = read_index(text, file="INDEX.md").seeds
    assert (feed.kind, feed.note, article.kind) == (SeedKind.FEED, "", SeedKind.ARTICLE)
    assert {(seed.language, str(seed.every)) for seed in (feed, article)} == {("es", "4:00:00")}


@pytest.mark.parametrize(
    ("body", "line", "problem"),
    [
        (f"See {A} for more.", 3, f"{A} stands in a sentence"),
        (f"- see the [style guide]({A}) before adding", 3, f"{A} stands in a sentence"),
        (f"Background: {A}", 3, f"{A} stands in a sentence"),
        (f"- both {A} and {B} please", 3, f"{A} and 1 more stands in a sentence"),
        (f"> {A}", 3, f"{A} stands in a quotation"),
        (f"    {A}", 3, f"{A} is indented by four blanks"),
        (f"Prose.\n\n    | {A} |", 5, f"{A} is indented by four blanks"),
        (f"### {A}", 3, f"{A} stands in a heading"),
        (f"{A}\n---", 3, f"{A} stands in a heading"),
        (f"[ref]: {A}", 3, f"{A} stands in a link reference"),
        (f'<ul><li><a href="{A}">a</a></ul>', 3, f"{A} stands in HTML"),
        (f"<!--\n- {A}\n", 3, f"a comment or code block begins here and never ends, so {A} is not watched"),
        (f"```\n- {A}\n", 3, f"a comment or code block begins here and never ends, so {A} is not watched"),
        (f"| link |\n|-|\n| {A} |", 3, "the table has no column url"),
        (f"x | {A}", 3, f"{A} stands in a sentence"),
        ("- news.example/a", 3, "'news.example/a' is not a whole address"),
        ("- www.news.example", 3, "'www.news.example' is not a whole address"),
        ("news.example", 3, "'news.example' is not a whole address"),
        ("- captures/a.warc.gz", 3, "'captures/a.warc.gz' is not a whole address"),
        ("- ftp://news.example/a", 3, "ftp"),
        (f"- {A}\n- {A}#top", 4, f"{A} stands in line 3 already"),
    ],
)
def test_any_other_address_is_complained_of_with_its_line_and_what_to_type(body: str, line: int, problem: str):
    complaint = read_index(group(body), file="INDEX.md").complaints[-1]
    assert complaint.line == line
    assert problem in complaint.problem
    assert complaint.example


def test_the_example_for_an_address_without_its_scheme_is_that_address():
    complaints = read_index(group("- news.example/a"), file="INDEX.md").complaints
    assert [complaint.example for complaint in complaints] == ["- https://news.example/a"]


@pytest.mark.parametrize(
    "body",
    [
        f"The [minister]({A}) announced the cap, see [table of contents](#g) and [a file](../docs/a.md).",
        f"- every group has [its file](../docs/a.md)\n- e.g. this one\n\n![picture]({A})",
        f"> as [reported]({A}) first",
        f"<!-- - {A} -->",
        f"```text\n- {A}\n```",
        f"`wirecopy add {A}` adds a row, mail to desk@news.example.",
        f"The [minister][m] said so.\n\n[m]: {A}",
    ],
)
def test_prose_comments_and_code_are_left_alone(body: str):
    index = read_index(group(body), file="INDEX.md")
    assert (index.seeds, index.complaints) == ((), ())


@pytest.mark.parametrize(
    "text", [f"- {A}\n- {B}\n", f"# press\n\n{A}\n\n{B}\n", f"- [a]({A})\n- [b]({B})\n\n## g\n", f"    {A}\n\n{B}\n"]
)
def test_a_list_outside_of_any_group_is_one_complaint(text: str):
    (complaint,) = read_index(text, file="INDEX.md").complaints
    assert complaint.problem == "2 addresses stand outside of any group and are not watched"
    assert A in text.split("\n")[complaint.line - 1]


@pytest.mark.parametrize(
    "text",
    [
        f"name,url\na,{A}\nb,{B}\n",
        f"a) {A}\nb) {B}\n",
        f"### {A}\n### {B}\n",
        f"a\t{A}\nb\t{B}\n",
        f"url: {A}\nurl: {B}\n",
        f"<table><tr><td>{A}</td></tr>\n<tr><td>{B}</td></tr></table>\n",
    ],
)
def test_a_page_without_a_group_watches_nothing_and_says_so(text: str):
    (complaint,) = read_index(text, file="INDEX.md").complaints
    assert complaint.problem == "2 addresses stand outside of any group and are not watched"


def test_prose_on_a_page_without_a_group_is_left_alone():
    text = f"# Notes\n\nThe minutes are kept at {A} by the clerk of the board. See [the file]({B}).\n"
    assert read_index(text, file="INDEX.md").complaints == ()


def test_the_example_page_and_prose_about_it_have_no_complaint():
    assert read_index(EXAMPLE_INDEX, file="INDEX.md").complaints == ()


def test_a_row_is_added_to_a_group_that_is_a_list():
    text = group(f"- {A}")
    added = add_row(text, url=B, kind=SeedKind.ARTICLE, group="g")
    assert added.startswith(text)
    assert [seed.url for seed in read_index(added, file="INDEX.md").seeds] == [A, B]


@pytest.mark.parametrize("part", [")", "(", "[", "`", "- ", "a.", "https://", "<", "**", "[x](", "\\"])
def test_a_long_line_costs_no_more_than_its_length(part: str):
    text = group("- https://news.example/" + part * 3_000)
    assert len(read_index(text, file="INDEX.md").seeds) <= 1
