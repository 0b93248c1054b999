"""Answers of an index and lists of mementos as text: lines, JSON tables, cdxj, link format."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from archive.serve.memento.cdx_query import OTHER_NAMES, write_resume
from archive.serve.memento.datetime14 import http_date, stamp
from archive.serve.memento.rewrite import safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archive.serve.memento.cdx_index import Answer
    from archive.serve.memento.cdx_query import Question
    from archive.serve.memento.rewrite import Links
    from db.queries.cdx import CdxEntry

LINK_FORMAT: Final = "application/link-format"
"""The type of a TimeMap, with nothing behind it: memento-cli compares the whole header."""

CDXJ: Final = "text/x-cdxj"
"""The type of lines of key, stamp and JSON."""

_PYWB: Final = {ours: theirs for theirs, ours in OTHER_NAMES.items() if theirs != "ts"}
_NEXT_LINE: Final = ",\n"


def write_answer(answer: Answer, question: Question) -> tuple[str, str]:
    """The text of an answer in the form it was asked for, and its media type."""
    resume = write_resume(answer.more) if answer.more is not None and question.tells_resume else None
    if question.output == "json" and not answer.past_the_end:
        return _table(answer, question.fields, resume), "application/json"
    if question.output == "text":
        lines = [" ".join(row.get(field, "-") for field in question.fields) for row in answer.rows]
        media_type = "text/plain; charset=utf-8"
    elif question.output == "cdxj":
        lines = [f"{row['urlkey']} {row['timestamp']} {_object(row, question, short=True)}" for row in answer.rows]
        media_type = CDXJ
    else:
        lines = [_object(row, question) for row in answer.rows]
        media_type = "application/x-ndjson"
    if resume is not None:
        lines += ["", resume]
    return "".join(f"{line}\n" for line in lines), media_type


def _table(answer: Answer, fields: Sequence[str], resume: str | None) -> str:
    """An array of arrays, one a line: clients read it line by line (pywaybackup). Without rows it is empty."""
    rows: list[list[str]] = [[row.get(field, "-") for field in fields] for row in answer.rows]
    head = [list(fields)] if rows else []
    tail: list[list[str]] = [] if resume is None else [[], [resume]]
    return f"[{_NEXT_LINE.join(json.dumps(row) for row in (*head, *rows, *tail))}]\n"


def _object(row: dict[str, str], question: Question, *, short: bool = False) -> str:
    """A row as one JSON object, its fields named as pywb names them; ``short`` without key and time."""
    left_out = {"urlkey", "timestamp"} if short else frozenset[str]()
    return json.dumps({_PYWB.get(name, name): row.get(name, "-") for name in question.fields if name not in left_out})


# --- TimeMaps --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeMap:
    """The mementos of one page, or as many of them as one list holds. ``url`` is the page's own address.

    ``begun`` is true for the list that holds the first of all; ``following`` is the one the next list begins with.
    """

    url: str
    listed: Sequence[CdxEntry]
    links: Links
    begun: bool = True
    following: CdxEntry | None = None

    def rels(self) -> Iterator[tuple[CdxEntry, str]]:
        """Each memento with its relation to the page."""
        last = len(self.listed) - 1
        for number, one in enumerate(self.listed):
            names = ["first"] if self.begun and number == 0 else []
            names += ["last"] if self.following is None and number == last else []
            yield one, " ".join((*names, "memento"))

    def next(self, form: str) -> str | None:
        """The address of the list that goes on."""
        return None if self.following is None else self.links.timemap(self.url, form, stamp(self.following.at))


def link_timemap(told: TimeMap) -> str:
    """In link format (RFC 7089, section 5): one link a line, nothing behind the last."""
    url, links, own = told.url, told.links, f'type="{LINK_FORMAT}"'
    span = [f'from="{http_date(told.listed[0].at)}"', f'until="{http_date(told.listed[-1].at)}"'] if told.listed else []
    lines = [link(safe(url), "original"), link(links.timegate(url), "timegate")]
    lines.append(link(links.timemap(url), "self", own, *span))
    if (following := told.next("link")) is not None:
        lines.append(link(following, "timemap", own))
    lines += [memento_link(links, one, rel) for one, rel in told.rels()]
    return _NEXT_LINE.join(lines) + "\n"


def json_timemap(told: TimeMap) -> str:
    """As one JSON document, with the names that MemGator gave them."""
    url, links = told.url, told.links
    listed = [_as_json(links, one) for one in told.listed]
    mementos: dict[str, Any] = {"list": listed}
    document = {
        "original_uri": url,
        "self": links.timemap(url, "json"),
        "timegate_uri": links.timegate(url),
        "timemap_uri": {f"{form}_format": links.timemap(url, form) for form in TIMEMAPS},
        "mementos": mementos,
    }
    if listed:
        mementos |= {"first": listed[0], "last": listed[-1]}
    if (following := told.next("json")) is not None:
        document["next"] = following
    return json.dumps(document, indent=1) + "\n"


def cdxj_timemap(told: TimeMap) -> str:
    """As cdxj: what it is about in lines that begin with ``!``, then a line a memento."""
    url, links = told.url, told.links
    about = {"original_uri": url, "timegate_uri": links.timegate(url), "timemap_uri": links.timemap(url, "cdxj")}
    if (following := told.next("cdxj")) is not None:
        about["next"] = following
    lines = [f"!meta {json.dumps({name: value})}" for name, value in about.items()]
    lines += [f"{stamp(one.at)} {json.dumps(_as_json(links, one) | {'rel': rel})}" for one, rel in told.rels()]
    return "".join(f"{line}\n" for line in lines)


TIMEMAPS: Final = {
    "link": (link_timemap, LINK_FORMAT),
    "json": (json_timemap, "application/json"),
    "cdxj": (cdxj_timemap, CDXJ),
}
"""How a list is written in each form, and its media type."""


def memento_link(links: Links, one: CdxEntry, rel: str, mode: str = "") -> str:
    """The link to one memento."""
    return link(links.memento(one.at, one.url, mode), rel, f'datetime="{http_date(one.at)}"')


def link(url: str, rel: str, *more: str) -> str:
    """One link-value of RFC 8288; ``url`` must be safe already."""
    return "; ".join((f"<{url}>", f'rel="{rel}"', *more))


def _as_json(links: Links, one: CdxEntry) -> dict[str, str]:
    return {"datetime": f"{one.at:%Y-%m-%dT%H:%M:%SZ}", "uri": links.memento(one.at, one.url)}
