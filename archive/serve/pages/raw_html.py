"""Views of a change below the text: raw HTML of two captures, their links, and changed figures and names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from rapidfuzz.distance import Indel

from archive.versions.diff.layout import strip_controls
from db.errors import NotArchived
from db.records import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.api import Archive, Comparison
    from db.records import Capture, Edit, Version

    Json = dict[str, Any]

LARGEST = 1_000_000
"""Most characters of a page that are compared: 40 ms for both sides."""

MOST_LINES = 12_000
"""Most lines of a page that are compared: 12,000 with 12,000 take 0.3 s."""

MOST_SHOWN = 400
"""Most lines of a comparison that are shown."""

_CONTEXT = 2
_WIDE = 400  # most characters of a line: minified pages have lines of a megabyte
_TAG_ENDS = re.compile(r"(?<=>)(?=<)")
_QUOTED = r"""(?:"([^"]{0,2000})"|'([^']{0,2000})'|([^\s>"']{1,2000}))"""
_LINK = re.compile(rf"<a\s[^<>]{{0,2000}}?\bhref\s*=\s*{_QUOTED}", re.IGNORECASE)
_FACT_KINDS = (Kind.NUMBER, Kind.DATE, Kind.MONEY, Kind.NAME, Kind.QUOTATION, Kind.ATTRIBUTION, Kind.HEDGE)


def raw_view(archive: Archive, a: Version, b: Version) -> Json:
    """Return the HTML of the first captures of two versions, line by line. ``remark``: if they are too large."""
    first, second = (archive.capture(version.first_capture_id) for version in (a, b))
    html_a, html_b = (_decoded(archive, capture) for capture in (first, second))
    known = {"a": _capture(first), "b": _capture(second)}
    if html_a == html_b:
        return known | {"remark": "the bytes are the same", "hunks": []}
    lines_a, lines_b = _lines(html_a), _lines(html_b)
    if max(len(html_a), len(html_b)) > LARGEST or max(len(lines_a), len(lines_b)) > MOST_LINES:
        return known | {"remark": "too large to compare line by line", "hunks": []}
    rows = list(_rows(lines_a, lines_b))
    more = f"only the first {MOST_SHOWN} lines are shown" if len(rows) > MOST_SHOWN else ""
    return known | {"remark": more, "hunks": rows[:MOST_SHOWN]}


def _capture(capture: Capture) -> Json:
    return {
        "captured_as": f"{capture.captured_at:%Y%m%d%H%M%S}",
        "url": capture.final_url,
        "sha256": capture.payload_sha256,
        "length": capture.payload_length,
    }


def _decoded(archive: Archive, capture: Capture) -> str:
    try:
        payload = archive.payload(capture)
    except NotArchived:
        return ""
    try:
        return payload.decode(capture.charset or "utf-8", "replace")
    except LookupError:
        return payload.decode("utf-8", "replace")


def _lines(page: str) -> list[str]:
    """Return the lines of a page, with long lines of minified pages split between tags."""
    return [line for whole in page.splitlines() for line in (_TAG_ENDS.split(whole) if len(whole) > _WIDE else [whole])]


def _rows(a: Sequence[str], b: Sequence[str]) -> Any:
    """Yield lines with their sign: changes, two lines of context, and the number of lines left out."""
    opcodes = Indel.opcodes(a, b)
    last = len(opcodes) - 1
    for place, op in enumerate(opcodes):
        if op.tag == "equal":
            yield from _around(b[op.dest_start : op.dest_end], first=place == 0, last=place == last)
        else:
            yield from ({"sign": "-", "text": _printable(line)} for line in a[op.src_start : op.src_end])
            yield from ({"sign": "+", "text": _printable(line)} for line in b[op.dest_start : op.dest_end])


def _around(same: Sequence[str], *, first: bool, last: bool) -> Any:
    head = 0 if first else _CONTEXT
    tail = 0 if last else _CONTEXT
    if len(same) <= head + tail + 1:
        yield from ({"sign": " ", "text": _printable(line)} for line in same)
        return
    yield from ({"sign": " ", "text": _printable(line)} for line in same[:head])
    yield {"sign": "@", "text": f"{len(same) - head - tail} unchanged lines"}
    yield from ({"sign": " ", "text": _printable(line)} for line in same[len(same) - tail :])


def _printable(line: str) -> str:
    plain = strip_controls(line).rstrip()
    return plain if len(plain) <= _WIDE else plain[:_WIDE] + " \u2026"


def machine_view(archive: Archive, comparison: Comparison) -> Json:
    """Return added and removed links of the page, and changed figures, dates, names and quotations."""
    first, second = (archive.capture(version.first_capture_id) for version in (comparison.a, comparison.b))
    before, now = (_links(_decoded(archive, capture)[:LARGEST], capture.final_url) for capture in (first, second))
    return {
        "links_added": [url for url in now if url not in before],
        "links_removed": [url for url in before if url not in now],
        "touched": _touched(comparison),
        "a": _capture(first),
        "b": _capture(second),
    }


def _links(page: str, base: str) -> dict[str, None]:
    return dict.fromkeys(
        filter(None, (_absolute(base, next(filter(None, quotes), "")) for quotes in _LINK.findall(page)))
    )


def _absolute(base: str, href: str) -> str:
    try:
        return strip_controls(urljoin(base, href.strip()))
    except ValueError:
        return ""


def _touched(comparison: Comparison) -> list[Json]:
    sides = (
        (comparison.change.headline, comparison.a_text.title, comparison.b_text.title, "headline"),
        (comparison.change.edits, comparison.a_text.body, comparison.b_text.body, "text"),
    )
    return [
        _edit(edit, a, b, where) for edits, a, b, where in sides for edit in edits if set(_FACT_KINDS) & set(edit.kinds)
    ]


def _edit(edit: Edit, a: str, b: str, where: str) -> Json:
    return {
        "kinds": [str(kind) for kind in edit.kinds if kind in _FACT_KINDS],
        "where": where,
        "removed": strip_controls(a[slice(*edit.a)]).strip(),
        "added": strip_controls(b[slice(*edit.b)]).strip(),
    }
