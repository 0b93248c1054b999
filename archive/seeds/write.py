"""Write the index: add one row to a page that people edit, or write a whole page from seeds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, count, groupby
from typing import TYPE_CHECKING, Final

from archive.seeds.markdown import sections
from archive.seeds.parse import ALL_COLUMNS, COLUMNS, identity, name_from, read_index, slug
from archive.timestamps import format_duration
from archive.urls import canonical_url, url_key
from db.errors import BadInput, SeedError
from db.records import Every, Seed, SeedKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

EXAMPLE_INDEX: Final = """\
# Seeds

What this archive watches. Everything on this page is prose for people, except the groups: a heading of the second
level is a group, `key: value` lines under it hold for the whole group, and a table holds its seeds, one a row.
Add a row by hand, or with `wirecopy add https://...`; `wirecopy check` says what is wrong and how to mend it. A row
taken out is retired: no longer visited, and never deleted from the archive.

A group may look like this:

```markdown
## energy
every: auto
language: en

| name | url | kind | every | note |
| --- | --- | --- | --- | --- |
| grid-story | https://daily.example/news/grid-story | article | | first report |
| daily-feed | https://daily.example/feed.xml | feed | 30m | its articles are found by themselves |
```

- **url** is all a row needs. Without a **name** one is made from it.
- **kind**: `article`, `feed`, `sitemap`, `section` (a page that lists articles), `timemap` (a web archive's list of
  captures), `file` (something to import).
- **every**: a duration such as `30m`, `4h`, `2d`, `1w`; `auto`, often at first and ever more rarely; or `once`.

## watched

| name | url | kind | every | note |
| --- | --- | --- | --- | --- |
"""
"""The page that `wirecopy init` creates. It explains itself and watches nothing yet."""

_INHERITED: Final = timedelta(0)  # the interval of a new row that its group gives
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+\Z")
_MARKS: Final = re.compile(r"([\\`*_\[\]<>&|])")
_PLAIN_URL: Final = re.compile(r"[\w:/?=.,~+#@!$;%&-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row to add. ``every`` None: the setting of its group. Without a ``name`` one is made from the address.

    ``render`` is its cell in the column of that name.
    """

    url: str
    kind: SeedKind
    group: str
    name: str | None = None
    every: Every | None = None
    note: str = ""
    render: str = ""


def add_row(text: str, *, url: str, kind: SeedKind, group: str, name: str | None = None) -> str:
    """Return the index ``text`` with one more seed in ``group``, as ``add_rows`` adds it."""
    return add_rows(text, [NewRow(url, kind, group, name)])


def add_rows(text: str, rows: Sequence[NewRow]) -> str:
    """Return the index ``text`` with more seeds. Every other line stays as it was.

    The rows of a group go to the end of its first table that has the columns for them. If there is none, a table is
    added, and if there is no such group, the group. Raises `BadInput` for an address or name that is unusable or in
    use, and `SeedError` if the page cannot take the rows (an unclosed comment or code block at its end).
    """
    by_address = {identity(seed.url, seed.kind): seed for seed in read_index(text, file="the index").seeds}
    names: dict[str, set[str]] = {}
    for seed in by_address.values():
        names.setdefault(seed.group, set()).add(seed.name)
    groups: dict[str, list[tuple[Seed, str]]] = {}
    for row in rows:
        group = _checked_slug("group", row.group)
        url = row.url if row.kind is SeedKind.FILE else canonical_url(row.url)
        if known := by_address.get(identity(url, row.kind)):
            raise BadInput(f"{url} is in the index already: {known.key}, line {known.line}")
        own_name = _checked_slug("name", row.name) if row.name else None
        name = _free_name(names.setdefault(group, set()), url, group, own_name)
        every = _INHERITED if row.every is None else row.every
        seed = Seed(key=f"{group}/{name}", group=group, name=name, url=url, kind=row.kind, every=every, note=row.note)
        by_address[identity(url, row.kind)] = seed
        names[group].add(name)
        groups.setdefault(group, []).append((seed, row.render))
    for group, new in groups.items():
        text = _with_group_rows(text, group, new)
    return text


def add_unwatched_rows(text: str, rows: Sequence[NewRow]) -> str:
    """Return the index with those of the rows whose address it does not watch yet, as ``add_rows`` adds them."""
    watched = {url_key(seed.url) for seed in read_index(text, file="").seeds if seed.kind is not SeedKind.FILE}
    new = [row for row in rows if url_key(canonical_url(row.url)) not in watched]
    return add_rows(text, new) if new else text


def _with_group_rows(text: str, group: str, new: Sequence[tuple[Seed, str]]) -> str:
    before = read_index(text, file="the index").seeds
    for candidate in _candidates(text, group, [_new_cells(seed) | {"render": render} for seed, render in new]):
        if _is_complete(candidate, before, new):
            return candidate
    address = new[0][0].url
    raise SeedError(
        f"cannot add {address} to group {group}: a comment or code block above is not closed; close it first"
    )


def render_index(seeds: Iterable[Seed]) -> str:
    """Return a page that `read_index` reads as these ``seeds``, but for their line numbers. Groups keep their order.

    Language, budget and allow-private belong to a group and must be the same in all of it. Raises `BadInput` if they
    differ. Rows that a browser renders say so in a column.
    """
    parts = ["# Seeds\n"]
    ordered = list(seeds)
    first = {seed.group: index for index, seed in reversed(list(enumerate(ordered)))}
    ordered.sort(key=lambda seed: first[seed.group])
    for group, members in groupby(ordered, key=lambda seed: seed.group):
        parts += ["\n", *_group_lines(group, list(members))]
    return "".join(parts)


def _group_lines(group: str, seeds: list[Seed]) -> list[str]:
    settings = {(seed.language, seed.budget, seed.allow_private) for seed in seeds}
    if len(settings) > 1:
        raise BadInput(f"group {group} mixes languages, budgets or allow-private; put each into a group of its own")
    language, budget, allow_private = settings.pop()
    lines = [f"## {group}\n"]
    lines += [f"language: {language}\n"] if language else []
    lines += [f"budget: {budget}/day\n"] if budget else []
    lines += ["allow-private: yes\n"] if allow_private else []
    return [*lines, "\n", *_table_lines([_all_cells(seed) for seed in seeds])]


def _table_lines(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Return a table of rows. It has the columns that are not usual if a row has a cell in one of them."""
    columns = [column for column in ALL_COLUMNS if column in COLUMNS or any(row.get(column) for row in rows)]
    header = [_row_line(columns), _row_line("---" for _ in columns)]
    return header + [_row_line(row.get(column, "") for column in columns) for row in rows]


def _row_line(cells: Iterable[str]) -> str:
    return "|" + "".join(f" {cell} |" if cell else " |" for cell in cells) + "\n"


def _cells(seed: Seed) -> dict[str, str]:
    """Return the cells that identify a seed. Interval and note may be left to its group."""
    return {"name": seed.name, "url": _address(seed), "kind": str(seed.kind)}


def _all_cells(seed: Seed) -> dict[str, str]:
    render = "yes" if seed.render else ""
    return {**_cells(seed), "every": _every(seed.every), "note": escape_cell(seed.note), "render": render}


def _new_cells(seed: Seed) -> dict[str, str]:
    """Return the cells of a new row, with an empty one for an interval that the group gives."""
    return {**_all_cells(seed), "every": "" if seed.every is _INHERITED else _every(seed.every)}


def escape_cell(text: str) -> str:
    """Return a text as a cell that a reader sees as this text."""
    return _MARKS.sub(r"\\\1", text)


def _address(seed: Seed) -> str:
    """Return the address bare if no character of it is Markdown, else in angle brackets (a path: escaped)."""
    if _PLAIN_URL.fullmatch(seed.url):
        return seed.url
    return escape_cell(seed.url) if seed.kind is SeedKind.FILE else f"<{seed.url}>".replace("|", "\\|")


def _every(every: Every) -> str:
    return every if isinstance(every, str) else format_duration(every)


# --- one more row ----------------------------------------------------------------------------------------------------


def _checked_slug(what: str, text: str) -> str:
    if not slug(text):
        raise BadInput(f"{text!r} cannot be a {what}; write letters, digits and dashes, for example us-mexico-talks")
    return slug(text)


def _free_name(names: Collection[str], url: str, group: str, name: str | None) -> str:
    """Return ``name`` if it is free. Without one, make one from the address, numbered if that is in use."""
    if name in names:
        raise BadInput(f"the name {group}/{name} is taken; give another, for example {name}-2")
    base = name_from(url)
    numbered = (f"{base}-{n}" for n in count(2))
    return name or next(candidate for candidate in chain([base], numbered) if candidate not in names)


def _candidates(text: str, group: str, rows: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Yield pages with the rows, given by their cells, in each place where they may belong, the likeliest first.

    Only reading a page shows whether it is right: a table may lack a column that the group's settings make up for.
    """
    lines = _LINE.findall(text)
    section = next((section for section in sections(text) if slug(section.title or "") == group), None)
    if section is None:
        yield _inserted(lines, len(lines), ["\n", f"## {group}\n", "\n", *_table_lines(rows)])
        return
    for table in section.tables:
        new = [_row_line(row.get(column, "") for column in table.columns) for row in rows]
        yield _inserted(lines, table.end - 1, new)
    end = section.end - 1
    while not "".join(lines[end - 1 : end]).strip():
        end -= 1
    yield _inserted(lines, end, ["\n", *_table_lines(rows)])


def _inserted(lines: Sequence[str], index: int, new: Sequence[str]) -> str:
    """Return the page with ``new`` lines before line ``index``, with the line ends of its first line."""
    newline = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    before = "".join(lines[:index])
    if before and not before.endswith(("\n", "\r")):
        before += newline
    return before + "".join(new).replace("\n", newline) + "".join(lines[index:])


def _is_complete(text: str, before: Sequence[Seed], new: Sequence[tuple[Seed, str]]) -> bool:
    """True if the page has all the seeds from before, and the ``new`` ones as they should be."""
    after = {parsed.key: parsed for parsed in read_index(text, file="the index").seeds}
    return all(seed.key in after for seed in before) and all(
        _is_same(after.get(seed.key), seed, render) for seed, render in new
    )


def _is_same(parsed: Seed | None, seed: Seed, render: str) -> bool:
    if parsed is None or (parsed.url, parsed.kind) != (seed.url, seed.kind):
        return False
    if render and parsed.render != (render.lower() in {"yes", "true"}):
        return False
    return seed.every is _INHERITED or parsed.every == seed.every
