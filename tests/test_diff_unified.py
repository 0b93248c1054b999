"""A unified diff applied to the older text gives the newer one."""

from __future__ import annotations

import re
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from archive.versions.diff import compare, render_unified
from db.records import Text


def text(lines: list[str]) -> Text:
    title, *body = lines
    text_body = "\n".join(body)
    return Text(sha256=sha256(f"{title}\n\n{text_body}".encode()).hexdigest(), title=title, body=text_body)


def apply_patch(before: list[str], diff: list[str]) -> list[str]:
    """Apply the hunks to the lines, and check that each has the place and length that it claims."""
    after: list[str] = []
    place = 0
    for line in diff:
        if header := re.fullmatch(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", line):
            start, count, to, new = (1 if number is None else int(number) for number in header.groups())
            after += before[place : start - bool(count)]
            place = start - bool(count)
            assert len(after) == to - bool(new)
        elif line[:1] == "+":
            after.append(line[1:])
        else:
            assert before[place] == line[1:]
            after += [line[1:]] if line[:1] == " " else []
            place += 1
    return after + before[place:]


lines = st.lists(st.sampled_from(["a", "b", "c d", "", "300 e"]), min_size=2, max_size=12)


@given(lines, lines)
def test_a_unified_diff_applied_gives_the_newer_text(a, b):
    diff = render_unified(compare(text(a), text(b)), text(a), text(b)).splitlines()
    assert apply_patch(a, diff[2:]) == b
    assert bool(diff) == (a != b)
