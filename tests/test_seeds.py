"""The seed index: reading it, complaints about it, its documents, and writing it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.seeds import EXAMPLE_INDEX, add_row, load_index, read_index, render_index
from archive.seeds.parse import name_from
from archive.urls import canonical_url
from db.errors import BadInput, SeedError
from db.records import Complaint, Seed, SeedKind

ROOT = Path(__file__).parent.parent
DOC = (ROOT / "docs" / "seeds.md").read_text(encoding="utf-8")


def seeds_of(text: str) -> tuple[Seed, ...]:
    read = read_index(text, file="INDEX.md")
    assert read.complaints == ()
    return read.seeds


def only_complaint(text: str) -> Complaint:
    (complaint,) = read_index(text, file="INDEX.md").complaints
    return complaint


def group(table: str, *, lines: str = "") -> str:
    return f"## g\n\n{lines}\n\n{table}"


# --- reading ---------------------------------------------------------------------------------------------------------


def test_a_row_with_nothing_but_an_address_is_a_seed():
    (seed,) = seeds_of("## Energy Watch!\n\n| url |\n| --- |\n| https://www.daily.example/a/b.html |\n")
    assert seed == Seed(
        key="energy-watch/daily-example-a-b-html",
        group="energy-watch",
        name="daily-example-a-b-html",
        url="https://www.daily.example/a/b.html",
        line=5,
    )


def test_columns_may_stand_in_any_order_and_case():
    text = group(
        "| Note | EVERY | url | kind | Name |\n|-|-|-|-|-|\n| why | 4h | https://a.example/ | Feed | My Feed |\n"
    )
    (seed,) = seeds_of(text)
    assert (seed.name, seed.kind, seed.every, seed.note) == ("my-feed", SeedKind.FEED, timedelta(hours=4), "why")


@pytest.mark.parametrize(
    "lines",
    [
        "every: 2d\nkind: section\nlanguage: pt-BR\nbudget: 90/day\nallow-private: yes",
        "- every: 2d\n- kind: section\n- language: pt-BR\n- budget: 90 / day\n- allow_private: true",
        "**Every**: `2d`\nKind: section\n\nProse.\n\nlanguage: pt-BR\nBudget: 90/Day\n\nProse: a\n\nallow-private: yes",
    ],
)
def test_lines_under_the_heading_hold_for_all_rows(lines: str):
    text = group("| url | every |\n|-|-|\n| https://a.example | |\n| https://b.example | once |\n", lines=lines)
    first, second = seeds_of(text)
    assert (first.every, second.every) == (timedelta(days=2), "once")
    for seed in (first, second):
        assert (seed.kind, seed.language, seed.budget, seed.allow_private) == (SeedKind.SECTION, "pt-BR", 90, True)


def test_a_group_does_not_inherit_from_the_one_before():
    text = (
        group("| url |\n|-|\n| https://a.example |\n", lines="every: 2d")
        + "\n## h\n| url |\n|-|\n| https://b.example |\n"
    )
    assert [seed.every for seed in seeds_of(text)] == [timedelta(days=2), "auto"]


@pytest.mark.parametrize(
    ("cell", "url"),
    [
        ("https://a.example/a_b_c/*d*", "https://a.example/a_b_c/*d*"),
        (r"https://a.example/a\_b", "https://a.example/a_b"),
        ("<https://a.example/?a[]=1>", "https://a.example/?a%5B%5D=1"),
        ("[text](https://a.example/x)", "https://a.example/x"),
        ('[text](https://a.example/x "title")', "https://a.example/x"),
        ("`https://a.example/x`", "https://a.example/x"),
        (r"https://a.example/?q=a\|b", "https://a.example/?q=a%7Cb"),
        ("https://a.example/?a=1&copy=2", "https://a.example/?a=1&copy=2"),
        ("https://a.example/x <!-- for now -->", "https://a.example/x"),
        ("HTTPS://A.Example:443/x?utm_source=feed#top", "https://a.example/x"),
    ],
)
def test_an_address_may_be_written_in_each_way_markdown_knows(cell: str, url: str):
    (seed,) = seeds_of(group(f"| url |\n|-|\n| {cell} |\n"))
    assert seed.url == url


def test_comments_code_and_quoted_prose_are_skipped():
    text = """\
# Title

| word | meaning |
| --- | --- |
| seed | a row |

```
## not-a-group
| url |
|-|
| nonsense |
```

## g

<!--
every: nonsense

| url |
|-|
| nonsense |
-->

> every: nonsense

    | url |
    |-|
    | nonsense |

Note: this is prose. every day: also.

| url |
|-|
| https://a.example/ |

After the table: prose.
so: what
"""
    assert [seed.url for seed in seeds_of(text)] == ["https://a.example/"]


def test_a_heading_of_level_one_ends_a_group_and_one_of_level_three_does_not():
    inside = "## g\n### part\n| url |\n|-|\n| https://a.example/ |\n"
    assert len(seeds_of(inside)) == 1
    assert "outside of any group" in only_complaint(inside.replace("###", "#")).problem


def test_a_file_seed_keeps_its_path_as_written():
    (seed,) = seeds_of(group("| url | kind |\n|-|-|\n| imports/My_old crawl.warc.gz | file |\n"))
    assert (seed.url, seed.kind) == ("imports/My_old crawl.warc.gz", SeedKind.FILE)


def test_line_numbers_survive_other_line_ends():
    text = group("| url |\n|-|\n| https://a.example/ |\n| nonsense |\n")
    for end in ("\r\n", "\r"):
        read = read_index(text.replace("\n", end), file="x")
        assert [seed.line for seed in read.seeds] == [7]
        assert [complaint.line for complaint in read.complaints] == [8]
    assert read_index("prose\x0b\x0c\x85\u2028\n" + text, file="x").seeds[0].line == 8


def test_long_addresses_get_short_names_that_stay_distinct():
    long = "https://a.example/" + "word-" * 40
    names = {name_from(long + "one"), name_from(long + "two")}
    assert len(names) == 2
    assert all(len(name) <= 80 for name in names)


def test_an_empty_page_is_an_index_without_seeds():
    assert seeds_of("") == ()


# --- complaints ------------------------------------------------------------------------------------------------------

ROWS = "| name | url | kind | every |\n|-|-|-|-|\n"
GOOD = "| good | https://good.example/ | feed | 4h |\n"


@pytest.mark.parametrize(
    ("row", "problem", "example"),
    [
        ("| x | a.example/x | | |", "'a.example/x'", "| x | https://a.example/x |"),
        ("| x | ftp://a.example/x | | |", "ftp", "https://news.example/article"),
        ("| x | https://u:p@a.example/x | | |", "user name", "https://news.example/article"),
        ("| x | https://a.example:99999/ | | |", "99999", "https://news.example/article"),
        ("| x | | | |", "url is empty", "https://news.example/article"),
        ("| x | <https://a.example> <https://b.example> | | |", "more than one", "https://news.example/article"),
        ("| x | see [this](https://a.example) | | |", "more than one", "https://news.example/article"),
        ("| x | https://a.example/ | fed | |", "kind 'fed'", "| x | https://a.example/ | article |"),
        ("| x | https://a.example/ | | hourly |", "every 'hourly'", "| 4h |"),
        ("| x | https://a.example/ | | 0h |", "every '0h'", "| 4h |"),
        ("| x | https://a.example/ |", "2 cells, the table 4 columns", "| x | https://a.example/ |  |  |"),
        ("| x | https://a.example/ | | | spare |", "5 cells, the table 4 columns", "| x |"),
        ("a line of prose right below the table", "1 cells, the table 4 columns", ""),
        ("| x | http://www.good.example/?utm_source=x | | |", "line 7 already", "remove one"),
        ("| Good | https://a.example/ | | |", "the name g/good stands in line 7 already", "| good-2 |"),
    ],
)
def test_a_bad_row_is_one_complaint_and_hides_no_good_one(row: str, problem: str, example: str):
    read = read_index(group(ROWS + GOOD + row + "\n| last | https://last.example/ | | |\n"), file="INDEX.md")
    assert [seed.name for seed in read.seeds] == ["good", "last"]
    (complaint,) = read.complaints
    assert (complaint.file, complaint.line) == ("INDEX.md", 8)
    assert problem in complaint.problem
    assert example in complaint.example
    assert complaint.expected


def test_each_wrong_cell_of_a_row_is_a_complaint_of_its_own():
    read = read_index(group(ROWS + "| x | nonsense | fed | hourly |\n"), file="INDEX.md")
    assert [complaint.line for complaint in read.complaints] == [7, 7, 7]


def test_a_row_corrected_as_the_example_says_is_read():
    wrong = group(ROWS + "| a\\|b | https://a.example/ | | hourly |\n")
    complaint = only_complaint(wrong)
    assert len(seeds_of(group(ROWS + complaint.example + "\n"))) == 1


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("| url |\n|-|\n| https://a.example |\n\n## g\n", 1, "1 rows stand outside of any group"),
        ("## g\n\n| name | link |\n|-|-|\n| a | https://a.example |\n", 3, "no column url"),
        ("## g\n\n| url | url |\n|-|-|\n| https://a.example | |\n", 3, "column url comes twice"),
        ("## g\n\n> | url |\n> |-|\n> | https://a.example |\n", 3, "inside a quotation or list"),
        ("## g\n\n| url | note |\n|-|\n| https://a.example | |\n", 3, "does not read these rows as a table"),
        ("## g\n\n| url |\n| https://a.example |\n", 3, "does not read these rows as a table"),
        ("## g\n\n## G\n", 3, "group g has a heading in line 1 already"),
        ("##\n\n| url |\n|-|\n", 1, "the heading has no name"),
    ],
)
def test_rows_that_cannot_be_read_are_never_skipped_silently(text: str, line: int, problem: str):
    complaint = only_complaint(text)
    assert complaint.line == line
    assert problem in complaint.problem
    assert complaint.example


def test_an_unknown_column_is_named_and_its_rows_are_read():
    read = read_index(group("| url | nmae |\n|-|-|\n| https://a.example/ | x |\n"), file="INDEX.md")
    assert len(read.seeds) == 1
    (complaint,) = read.complaints
    assert str(complaint) == (
        "INDEX.md:5: unknown column 'nmae', did you mean name?; "
        "expected only these columns: name, url, kind, every, note, render, for example: | url |"
    )


@pytest.mark.parametrize(
    ("lines", "line", "problem"),
    [
        ("evry: 4h", 3, "unknown key 'evry', did you mean every?"),
        ("every: 4h\nlanguage: english please", 4, "cannot use language: english please"),
        ("every: sometimes", 3, "cannot use every: sometimes"),
        ("kind: blog", 3, "cannot use kind: blog"),
        ("allow-private: perhaps", 3, "cannot use allow-private: perhaps"),
        ("budget: 200", 3, "cannot use budget: 200"),
        ("budget: 0/day", 3, "cannot use budget: 0/day"),
        ("budget: 5/hour", 3, "cannot use budget: 5/hour"),
        ("budget: half/day", 3, "cannot use budget: half/day"),
        ("every: 4h\nevery: 5h", 4, "every is set twice"),
    ],
)
def test_a_wrong_setting_of_a_group_is_one_complaint_and_its_rows_are_read(lines: str, line: int, problem: str):
    read = read_index(group("| url |\n|-|\n| https://a.example/ |\n", lines=lines), file="INDEX.md")
    (complaint,) = read.complaints
    assert complaint.line == line
    assert problem in complaint.problem
    assert len(read.seeds) == 1


def test_a_bad_budget_is_answered_with_a_good_one():
    complaint = only_complaint(group("| url |\n|-|\n| https://a.example/ |\n", lines="budget: plenty"))
    assert (complaint.expected, complaint.example) == ("visits a day, a whole number from 1 on", "budget: 200/day")


@given(st.text(alphabet="|-#:`<>[]() \n\\ahtps/.e*_&!\r", max_size=120))
@settings(max_examples=200)
def test_no_text_breaks_the_reader(text: str):
    read_index("## g\n" + text, file="x")


# --- files -----------------------------------------------------------------------------------------------------------


def test_a_missing_index_says_which_command_writes_one(tmp_path: Path):
    with pytest.raises(SeedError, match="wirecopy init"):
        load_index(tmp_path / "INDEX.md")


def test_an_index_that_is_not_utf8_names_the_line(tmp_path: Path):
    (tmp_path / "INDEX.md").write_bytes("one\ntwo\nde M\xe9xico".encode("latin-1"))
    with pytest.raises(SeedError, match=r"INDEX\.md:3: not UTF-8"):
        load_index(tmp_path / "INDEX.md")


def test_an_index_that_cannot_be_read_is_a_seed_error(tmp_path: Path):
    with pytest.raises(SeedError, match="cannot be read"):
        load_index(tmp_path)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path):
    (tmp_path / "INDEX.md").write_text("## g\n\n| url |\n|-|\n| https://a.example |\n", encoding="utf-8-sig")
    assert len(load_index(tmp_path / "INDEX.md").seeds) == 1


def test_the_shipped_index_holds_the_five_pages_the_project_began_with():
    read = load_index(ROOT / "seeds" / "INDEX.md")
    assert read.complaints == ()
    assert {seed.group for seed in read.seeds} == {"us-mexico-talks"}
    assert [seed.url.split("/")[2] for seed in read.seeds] == [
        "annoticoreport.com",
        "bestindnews.com",
        "thewatch-magazine.com",
        "news.shreestar.com",
        "agroim.com",
    ]
    assert all(seed.every == "auto" and seed.note and seed.url.startswith("https://") for seed in read.seeds)


# --- the documents ---------------------------------------------------------------------------------------------------


def blocks(mark: str) -> list[str]:
    return re.findall(rf"^```{mark}\n(.*?)^```$", DOC, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("block", blocks("markdown"))
def test_each_example_in_the_docs_is_read_without_a_complaint(block: str):
    assert seeds_of(block)


def test_the_docs_show_the_complaints_word_for_word():
    (page,) = blocks("markdown with-complaints")
    (complaints,) = blocks("text")
    read = read_index(page, file="INDEX.md")
    assert [seed.name for seed in read.seeds] == ["feed"]
    assert complaints.splitlines() == [str(complaint) for complaint in read.complaints]


def test_the_docs_name_every_kind_that_may_be_written():
    assert {kind for kind in SeedKind if f"| `{kind}` |" in DOC} == {kind for kind in SeedKind if kind.is_listable}


def test_the_example_index_explains_itself_and_watches_nothing_yet():
    assert seeds_of(EXAMPLE_INDEX) == ()
    inner = re.search(r"```markdown\n(.*?)```", EXAMPLE_INDEX, re.DOTALL)
    assert inner
    assert len(seeds_of(inner[1])) == 2


# --- writing ---------------------------------------------------------------------------------------------------------

SLUGS = st.from_regex(r"[a-zà-þ0-9]{1,6}(-[a-z0-9]{1,6})?", fullmatch=True).filter(
    lambda s: "÷" not in s and s == s.casefold()
)
PATHS = st.text(alphabet="abc123-_~*()[]|!'$,;=@&+.", max_size=12)
NOTES = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=40).map(str.strip)
EVERY = st.one_of(st.sampled_from(["auto", "once"]), st.integers(1, 10**6).map(lambda s: timedelta(seconds=s)))


@st.composite
def lists_of_seeds(draw: st.DrawFn) -> list[Seed]:
    seeds = []
    for n, name in enumerate(draw(st.lists(SLUGS, unique=True, max_size=4))):
        language, private = draw(st.sampled_from([None, "en", "pt-BR"])), draw(st.booleans())
        budget = draw(st.none() | st.integers(1, 10**6))
        for m, inner in enumerate(draw(st.lists(SLUGS, unique=True, min_size=1, max_size=4))):
            kind = draw(st.sampled_from([kind for kind in SeedKind if kind.is_listable]))
            path = draw(PATHS)
            url = f"dir {n}/{m}{path}.warc" if kind is SeedKind.FILE else f"https://h{n}x{m}.example/{path}?q={path}"
            seeds.append(
                Seed(
                    key=f"{name}/{inner}",
                    group=name,
                    name=inner,
                    url=url if kind is SeedKind.FILE else canonical_url(url),
                    kind=kind,
                    every=draw(EVERY),
                    note=draw(NOTES),
                    language=language,
                    allow_private=private,
                    budget=budget,
                )
            )
    return seeds


@pytest.mark.slow
@given(lists_of_seeds())
@settings(max_examples=60)
def test_an_index_written_is_the_index_read(seeds: list[Seed]):
    assert [replace(seed, line=0) for seed in seeds_of(render_index(seeds))] == seeds


def test_groups_that_mix_languages_cannot_be_written():
    seeds = [Seed(key=f"g/{n}", group="g", name=n, url=f"https://{n}.example/", language=n) for n in ("en", "es")]
    with pytest.raises(BadInput, match="mixes languages"):
        render_index(seeds)


PAGE = """\
# Title

## First
kind: feed

| url | note |
| --- | --- |
| https://a.example/ | x \\| y |

Prose after.

## Empty

Some words.


## Last
| every | kind | url | name |
|---|---|---|---|
"""


def seed_and_new_lines(text: str, **row: object) -> tuple[Seed, list[str]]:
    """Return the seed that a row adds, and the new lines. Every other line must be as before."""
    after = add_row(text, **row)  # type: ignore[arg-type]
    before_keys = {seed.key for seed in seeds_of(text)}
    (seed,) = [seed for seed in seeds_of(after) if seed.key not in before_keys]
    old, new = text.splitlines(), after.splitlines()
    rest = iter(new)
    assert all(line in rest for line in old), "a line was lost or moved"
    for line in old:
        new.remove(line)
    return seed, new


def test_a_row_goes_into_the_table_of_its_group():
    seed, new = seed_and_new_lines(
        PAGE, url="https://b.example/?utm_source=x", kind=SeedKind.ARTICLE, group="last", name="B b"
    )
    assert new == ["| | article | https://b.example/ | b-b |"]
    assert (seed.key, seed.kind) == ("last/b-b", SeedKind.ARTICLE)


def test_settings_of_the_group_make_up_for_a_missing_column():
    seed, new = seed_and_new_lines(PAGE, url="https://b.example/feed", kind=SeedKind.FEED, group="first")
    assert new == ["| https://b.example/feed | |"]
    assert seed.kind is SeedKind.FEED


@pytest.mark.parametrize("row", [{"kind": SeedKind.ARTICLE}, {"kind": SeedKind.FEED, "name": "named"}])
def test_a_table_without_the_column_that_is_needed_gets_a_table_beside_it(row: dict[str, object]):
    seed, new = seed_and_new_lines(PAGE, url="https://b.example/x", group="first", **row)
    assert "| name | url | kind | every | note |" in new
    assert (seed.kind, seed.group) == (row["kind"], "first")


def test_a_group_without_a_table_gets_one():
    seed, new = seed_and_new_lines(PAGE, url="https://b.example/x", kind=SeedKind.ARTICLE, group="Empty")
    assert seed.key == "empty/b-example-x"
    assert [line for line in new if line] == [
        "| name | url | kind | every | note |",
        "| --- | --- | --- | --- | --- |",
        "| b-example-x | https://b.example/x | article | | |",
    ]


@pytest.mark.parametrize("text", ["", "# T", "# T\n", PAGE, PAGE.rstrip("\n"), EXAMPLE_INDEX])
def test_a_missing_group_is_made_at_the_end(text: str):
    seed, new = seed_and_new_lines(text, url="https://b.example/x", kind=SeedKind.SECTION, group="New Things")
    assert seed.group == "new-things"
    assert "## new-things" in new


def test_line_ends_stay_as_they_are():
    after = add_row(PAGE.replace("\n", "\r\n"), url="https://b.example/x", kind=SeedKind.ARTICLE, group="last")
    assert after.count("\r\n") == after.count("\n") == PAGE.count("\n") + 1


def test_an_address_that_is_there_already_is_refused_with_its_line():
    with pytest.raises(BadInput, match="first/a-example, line 8"):
        add_row(PAGE, url="http://www.a.example", kind=SeedKind.ARTICLE, group="last")


def test_a_name_that_is_taken_is_refused_but_a_made_one_is_numbered():
    page = add_row(PAGE, url="https://b.example/x-y", kind=SeedKind.ARTICLE, group="last")
    with pytest.raises(BadInput, match="b-example-x-y is taken"):
        add_row(page, url="https://c.example/", kind=SeedKind.ARTICLE, group="last", name="b-example-x-y")
    seed, _ = seed_and_new_lines(page, url="https://b.example/x/y", kind=SeedKind.ARTICLE, group="last")
    assert seed.name == "b-example-x-y-2"


@pytest.mark.parametrize("row", [{"url": "nonsense"}, {"group": "!"}, {"name": "?"}])
def test_an_invalid_row_is_bad_input(row: dict[str, str]):
    with pytest.raises(BadInput):
        add_row(PAGE, **{"url": "https://b.example/", "kind": SeedKind.ARTICLE, "group": "g", **row})  # type: ignore[arg-type]


@pytest.mark.parametrize("tail", ["\n<!-- not closed\n", "\n```\nnot closed\n"])
def test_a_page_with_an_unclosed_block_is_refused(tail: str):
    with pytest.raises(SeedError, match="not closed"):
        add_row(PAGE + tail, url="https://b.example/", kind=SeedKind.ARTICLE, group="new")
