"""CDX results and TimeMaps as text: lines, JSON tables, CDXJ, link format."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from archive.serve.memento.cdx_query import OTHER_NAMES, encode_resume_key
from archive.serve.memento.datetime14 import format_datetime14, format_http_date
from archive.serve.memento.rewrite import escape_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archive.api.mementos import CdxEntry
    from archive.serve.memento.cdx_index import CdxResult
    from archive.serve.memento.cdx_query import CdxQuery
    from archive.serve.memento.rewrite import Links

LINK_FORMAT: Final = "application/link-format"
"""The media type of a TimeMap, without parameters: memento-cli compares the whole header."""

CDXJ: Final = "text/x-cdxj"
"""The media type of CDXJ: lines of key, timestamp and JSON."""

_PYWB_NAMES: Final = {field: name for name, field in OTHER_NAMES.items() if name != "ts"}
_NEXT_LINE: Final = ",\n"


def serialize_result(result: CdxResult, query: CdxQuery) -> tuple[str, str]:
    """Return the text of a result in the output format of the query, and its media type."""
    after = result.resume_after if query.show_resume_key else None
    resume_key = None if after is None else encode_resume_key(after)
    if query.output == "json" and not result.past_the_end:
        return _json_table(result, query.fields, resume_key), "application/json"
    if query.output == "text":
        lines = [" ".join(row.get(field, "-") for field in query.fields) for row in result.rows]
        media_type = "text/plain; charset=utf-8"
    elif query.output == "cdxj":
        lines = [f"{row['urlkey']} {row['timestamp']} {_json_object(row, query, short=True)}" for row in result.rows]
        media_type = CDXJ
    else:
        lines = [_json_object(row, query) for row in result.rows]
        media_type = "application/x-ndjson"
    if resume_key is not None:
        lines += ["", resume_key]
    return "".join(f"{line}\n" for line in lines), media_type


def _json_table(result: CdxResult, fields: Sequence[str], resume_key: str | None) -> str:
    """Return an array of arrays, one a line, because pywaybackup reads it by lines. It is empty without rows."""
    rows: list[list[str]] = [[row.get(field, "-") for field in fields] for row in result.rows]
    head = [list(fields)] if rows else []
    tail: list[list[str]] = [] if resume_key is None else [[], [resume_key]]
    return f"[{_NEXT_LINE.join(json.dumps(row) for row in (*head, *rows, *tail))}]\n"


def _json_object(row: dict[str, str], query: CdxQuery, *, short: bool = False) -> str:
    """Return a row as one JSON object with pywb's field names; ``short`` leaves out key and timestamp."""
    omitted = {"urlkey", "timestamp"} if short else frozenset[str]()
    return json.dumps({_PYWB_NAMES.get(name, name): row.get(name, "-") for name in query.fields if name not in omitted})


# --- TimeMaps --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeMap:
    """The mementos of one page, or as many of them as one list holds. ``url`` is the page's own URL.

    ``is_first`` is True if the list begins with the first memento of all. ``next_capture`` is the first one of the next
    list, None if there is no next list.
    """

    url: str
    captures: Sequence[CdxEntry]
    links: Links
    is_first: bool = True
    next_capture: CdxEntry | None = None

    def relations(self) -> Iterator[tuple[CdxEntry, str]]:
        """Yield each memento with its relation to the page."""
        last = len(self.captures) - 1
        for number, capture in enumerate(self.captures):
            names = ["first"] if self.is_first and number == 0 else []
            names += ["last"] if self.next_capture is None and number == last else []
            yield capture, " ".join((*names, "memento"))

    def next_url(self, form: str) -> str | None:
        """Return the URL of the next list, None if this one is the last."""
        if self.next_capture is None:
            return None
        return self.links.timemap(self.url, form, format_datetime14(self.next_capture.at))


def link_timemap(timemap: TimeMap) -> str:
    """Return a TimeMap in link format (RFC 7089, section 5): one link a line, no comma after the last."""
    url, links, captures, media_type = timemap.url, timemap.links, timemap.captures, f'type="{LINK_FORMAT}"'
    span = []
    if captures:
        span = [f'from="{format_http_date(captures[0].at)}"', f'until="{format_http_date(captures[-1].at)}"']
    lines = [link(escape_url(url), "original"), link(links.timegate(url), "timegate")]
    lines.append(link(links.timemap(url), "self", media_type, *span))
    if (next_url := timemap.next_url("link")) is not None:
        lines.append(link(next_url, "timemap", media_type))
    lines += [memento_link(links, capture, relation) for capture, relation in timemap.relations()]
    return _NEXT_LINE.join(lines) + "\n"


def json_timemap(timemap: TimeMap) -> str:
    """Return a TimeMap as one JSON document with MemGator's names."""
    url, links = timemap.url, timemap.links
    entries = [_as_json(links, capture) for capture in timemap.captures]
    mementos: dict[str, Any] = {"list": entries}
    document = {
        "original_uri": url,
        "self": links.timemap(url, "json"),
        "timegate_uri": links.timegate(url),
        "timemap_uri": {f"{form}_format": links.timemap(url, form) for form in TIMEMAPS},
        "mementos": mementos,
    }
    if entries:
        mementos |= {"first": entries[0], "last": entries[-1]}
    if (next_url := timemap.next_url("json")) is not None:
        document["next"] = next_url
    return json.dumps(document, indent=1) + "\n"


def cdxj_timemap(timemap: TimeMap) -> str:
    """Return a TimeMap as CDXJ: its metadata in lines that begin with ``!``, then one line a memento."""
    url, links = timemap.url, timemap.links
    metadata = {"original_uri": url, "timegate_uri": links.timegate(url), "timemap_uri": links.timemap(url, "cdxj")}
    if (next_url := timemap.next_url("cdxj")) is not None:
        metadata["next"] = next_url
    lines = [f"!meta {json.dumps({name: value})}" for name, value in metadata.items()]
    for capture, relation in timemap.relations():
        lines.append(f"{format_datetime14(capture.at)} {json.dumps(_as_json(links, capture) | {'rel': relation})}")
    return "".join(f"{line}\n" for line in lines)


TIMEMAPS: Final = {
    "link": (link_timemap, LINK_FORMAT),
    "json": (json_timemap, "application/json"),
    "cdxj": (cdxj_timemap, CDXJ),
}
"""The writer of each TimeMap format, and its media type."""


def memento_link(links: Links, capture: CdxEntry, relation: str, mode: str = "") -> str:
    """Return the link to one memento."""
    url = links.memento(capture.at, capture.url, mode)
    return link(url, relation, f'datetime="{format_http_date(capture.at)}"')


def link(url: str, relation: str, *parameters: str) -> str:
    """Return one link-value of RFC 8288. ``url`` must be escaped already."""
    return "; ".join((f"<{url}>", f'rel="{relation}"', *parameters))


def _as_json(links: Links, capture: CdxEntry) -> dict[str, str]:
    return {"datetime": f"{capture.at:%Y-%m-%dT%H:%M:%SZ}", "uri": links.memento(capture.at, capture.url)}
