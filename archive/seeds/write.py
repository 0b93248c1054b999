"""Write the index: add one row to a page that people edit, or write a whole page from seeds."""

from __future__ import annotations

import re
from itertools import chain, count, groupby
from typing import TYPE_CHECKING, Final

from archive.seeds.markdown import sections
from archive.seeds.parse import COLUMNS, identity, name_from, read_index, slug
from archive.timestamps import format_duration
from archive.urls import canonical_url
from db.errors import BadInput, SeedError
from db.records import Every, Seed, SeedKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

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

_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+\Z")
_MARKS: Final = re.compile(r"([\\`*_\[\]<>&|])")
_PLAIN_URL: Final = re.compile(r"[\w:/?=.,~+#@!$;%&-]+", re.ASCII)


def add_row(text: str, *, url: str, kind: SeedKind, group: str, name: str | None = None) -> str:
    """Return the index ``text`` with one more seed in ``group``. Every other line stays as it was.

    The row goes to the end of the group's first table that has the columns for it. If there is none, a table is added,
    and if there is no such group, the group. Raises `BadInput` for an address or name that is unusable or in use, and
    `SeedError` if the page cannot take the row (an unclosed comment or code block at its end).
    """
    group = _checked_slug("group", group)
    url = url if kind is SeedKind.FILE else canonical_url(url)
    before = read_index(text, file="the index").seeds
    name = _free_name(before, url=url, kind=kind, group=group, name=_checked_slug("name", name) if name else None)
    seed = Seed(key=f"{group}/{name}", group=group, name=name, url=url, kind=kind)
    for candidate in _candidates(text, seed):
        if _is_complete(candidate, before, seed):
            return candidate
    raise SeedError(f"cannot add {url} to group {group}: a comment or code block above is not closed; close it first")


def render_index(seeds: Iterable[Seed]) -> str:
    """Return a page that `read_index` reads as these ``seeds``, but for their line numbers. Groups keep their order.

    Language, budget and allow-private belong to a group and must be the same in all of it. Raises `BadInput` if they
    differ.
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
    return [*lines, "\n", *_table_lines(map(_all_cells, seeds))]


def _table_lines(rows: Iterable[Mapping[str, str]]) -> list[str]:
    header = [_row_line(COLUMNS), _row_line("---" for _ in COLUMNS)]
    return header + [_row_line(row.get(column, "") for column in COLUMNS) for row in rows]


def _row_line(cells: Iterable[str]) -> str:
    return "|" + "".join(f" {cell} |" if cell else " |" for cell in cells) + "\n"


def _cells(seed: Seed) -> dict[str, str]:
    """Return the cells that identify a seed. Interval and note may be left to its group."""
    return {"name": seed.name, "url": _address(seed), "kind": str(seed.kind)}


def _all_cells(seed: Seed) -> dict[str, str]:
    return {**_cells(seed), "every": _every(seed.every), "note": _escaped(seed.note)}


def _escaped(text: str) -> str:
    return _MARKS.sub(r"\\\1", text)


def _address(seed: Seed) -> str:
    """Return the address bare if no character of it is Markdown, else in angle brackets (a path: escaped)."""
    if _PLAIN_URL.fullmatch(seed.url):
        return seed.url
    return _escaped(seed.url) if seed.kind is SeedKind.FILE else f"<{seed.url}>".replace("|", "\\|")


def _every(every: Every) -> str:
    return every if isinstance(every, str) else format_duration(every)


# --- one more row ----------------------------------------------------------------------------------------------------


def _checked_slug(what: str, text: str) -> str:
    if not slug(text):
        raise BadInput(f"{text!r} cannot be a {what}; write letters, digits and dashes, for example us-mexico-talks")
    return slug(text)


def _free_name(seeds: Sequence[Seed], *, url: str, kind: SeedKind, group: str, name: str | None) -> str:
    """Return ``name`` if it is free. Without one, make one from the address, numbered if that is in use."""
    for seed in seeds:
        if identity(seed.url, seed.kind) == identity(url, kind):
            raise BadInput(f"{url} is in the index already: {seed.key}, line {seed.line}")
    taken = {seed.name for seed in seeds if seed.group == group}
    if name in taken:
        raise BadInput(f"the name {group}/{name} is taken; give another, for example {name}-2")
    base = name_from(url)
    numbered = (f"{base}-{n}" for n in count(2))
    return name or next(candidate for candidate in chain([base], numbered) if candidate not in taken)


def _candidates(text: str, seed: Seed) -> Iterator[str]:
    """Yield pages with the row of ``seed`` in each place where it may belong, the likeliest first.

    Only reading a page shows whether it is right: a table may lack a column that the group's settings make up for.
    """
    row, lines = _cells(seed), _LINE.findall(text)
    section = next((section for section in sections(text) if slug(section.title or "") == seed.group), None)
    if section is None:
        yield _inserted(lines, len(lines), ["\n", f"## {seed.group}\n", "\n", *_table_lines([row])])
        return
    for table in section.tables:
        yield _inserted(lines, table.end - 1, [_row_line(row.get(column, "") for column in table.columns)])
    end = section.end - 1
    while not "".join(lines[end - 1 : end]).strip():
        end -= 1
    yield _inserted(lines, end, ["\n", *_table_lines([row])])


def _inserted(lines: Sequence[str], index: int, new: Sequence[str]) -> str:
    """Return the page with ``new`` lines before line ``index``, with the line ends of its first line."""
    newline = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    before = "".join(lines[:index])
    if before and not before.endswith(("\n", "\r")):
        before += newline
    return before + "".join(new).replace("\n", newline) + "".join(lines[index:])


def _is_complete(text: str, before: Sequence[Seed], seed: Seed) -> bool:
    """True if the page has all the seeds from before, and ``seed``."""
    after = {parsed.key: parsed for parsed in read_index(text, file="the index").seeds}
    added = after.get(seed.key)
    return (
        added is not None and (added.url, added.kind) == (seed.url, seed.kind) and all(b.key in after for b in before)
    )
