"""From rows to nouns: the one place that knows how a value is spelled in a column."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from db.microseconds import instant, instant_or_none, micros_or_none
from db.records import (
    Capture,
    Cause,
    Exchange,
    Extraction,
    Hop,
    Kind,
    Passage,
    Reason,
    RemovedSpan,
    SeedKind,
    Source,
    Verdict,
    Version,
    VersionRef,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from db.reader import Row

SOURCE = "s.id, s.url, s.url_key, s.kind, s.found_at, s.found_in, s.retired_at, s.same_as, s.hinted_at"
"""The columns ``source`` reads, of a table called s."""


def source(row: Row) -> Source:
    """A source; add ``seed_key`` to the row where the question joined it."""
    return Source(
        id=row["id"],
        url=row["url"],
        url_key=row["url_key"],
        kind=SeedKind(row["kind"]),
        seed_key=row.get("seed_key"),
        found_at=instant(row["found_at"]),
        found_in=row["found_in"],
        retired_at=instant_or_none(row["retired_at"]),
        same_as=row["same_as"],
        hinted_at=instant_or_none(row["hinted_at"]),
    )


CAPTURE = """c.id, c.source_id, c.url, c.final_url, c.captured_at, c.finished_at, c.reason, c.detail, c.status,
    c.reason_phrase, c.headers, c.hops, p.sha256 AS payload_sha256, p.length AS payload_length, c.wire_sha256,
    c.wire_length, c.content_type, c.charset, c.etag, c.last_modified, c.retry_at, c.ip, c.flags, c.revisit,
    c.provenance, c.exchange, c.part, c.part_of"""
"""The columns ``capture`` reads, of a capture c left-joined with its payload p."""


def capture(row: Row) -> Capture:
    """A capture."""
    plain = (
        "id",
        "source_id",
        "url",
        "final_url",
        "detail",
        "status",
        "reason_phrase",
        "payload_length",
        "wire_length",
    )
    more = ("content_type", "charset", "etag", "last_modified", "ip", "provenance", "part", "part_of")
    return Capture(
        **{name: row[name] for name in plain + more},
        captured_at=instant(row["captured_at"]),
        finished_at=instant_or_none(row["finished_at"]),
        reason=None if row["reason"] is None else Reason(row["reason"]),
        headers=tuple((name, value) for name, value in json.loads(row["headers"])),
        hops=hops(row["hops"]),
        exchange=exchange(row["exchange"]),
        payload_sha256=hex_or_none(row["payload_sha256"]),
        wire_sha256=hex_or_none(row["wire_sha256"]),
        retry_at=instant_or_none(row["retry_at"]),
        flags=tuple(json.loads(row["flags"])),
        revisit=bool(row["revisit"]),
    )


VERSION = """s.url, v.id, v.number, v.text_id, v.title, v.cause, v.kinds, v.score, v.first_seen_at, v.last_seen_at,
    v.captures, v.first_capture_id, v.last_capture_id, v.recorded_at, v.superseded_at, v.recipe_id, v.byline,
    v.published_at, v.language, v.dated_at, t.sha256"""
"""The columns ``version`` reads, of a version v joined with its source s and text t."""

TEXT = "text t INDEXED BY ix_text_id_sha256 ON t.id = v.text_id"
"""How to join the text where only its digest is told: that stands in an index of a hundredth of the table's size, which
SQLite would pass over."""


def version(row: Row) -> Version:
    """A version."""
    plain = ("id", "url", "number", "title", "score", "captures", "first_capture_id", "last_capture_id", "recipe_id")
    return Version(
        **{name: row[name] for name in (*plain, "byline", "language")},
        text_sha256=row["sha256"].hex(),
        cause=Cause(row["cause"]),
        kinds=_kinds(row["kinds"]),
        first_seen_at=instant(row["first_seen_at"]),
        last_seen_at=instant(row["last_seen_at"]),
        dated_at=instant(row["dated_at"]),
        published_at=instant_or_none(row["published_at"]),
        recorded_at=instant_or_none(row["recorded_at"]),
        superseded_at=instant_or_none(row["superseded_at"]),
    )


def extraction(row: Row) -> Extraction:
    """Text and removed spans of an extraction, from title, body (None: there is none) and removed; verdict if given."""
    return Extraction(
        verdict=Verdict(row.get("verdict", Verdict.OK)),
        title=row["title"] or "",
        text=row["body"] or "",
        removed=tuple(RemovedSpan(at=at, text=text, because=why) for at, text, why in json.loads(row["removed"])),
    )


@lru_cache(maxsize=512)  # a list of a large archive has thousands of versions and a few dozen different columns
def _kinds(column: str) -> tuple[Kind, ...]:
    return tuple(Kind(kind) for kind in json.loads(column))


def hops(column: str) -> tuple[Hop, ...]:
    """The redirect chain kept in a column; archives of before 2026-11 kept the first three facts of a hop."""
    return tuple(_hop(*row) for row in json.loads(column))


def _hop(
    url: str,
    status: int,
    location: str,
    reason_phrase: str = "",
    headers: Sequence[Sequence[str]] = (),
    at: int | None = None,
    ip: str | None = None,
) -> Hop:
    return Hop(
        url=url,
        status=status,
        location=location,
        reason_phrase=reason_phrase,
        headers=_pairs(headers),
        at=instant_or_none(at),
        ip=ip,
    )


def hops_column(chain: tuple[Hop, ...]) -> str:
    """What ``hops`` reads back."""
    rows = [
        [hop.url, hop.status, hop.location, hop.reason_phrase, hop.headers, micros_or_none(hop.at), hop.ip]
        for hop in chain
    ]
    return json.dumps(rows, ensure_ascii=False)


def exchange(column: str) -> Exchange | None:
    """How the request went, as kept in a column; None where nobody knows (imports, older captures)."""
    told = json.loads(column)
    if not told:
        return None
    return Exchange(
        http_version=told["http"],
        request=_pairs(told["request"]),
        port=told["port"],
        tls=_pairs(told["tls"]),
        seconds=tuple((name, float(value)) for name, value in told["seconds"]),
    )


def exchange_column(told: Exchange | None) -> str:
    """What ``exchange`` reads back."""
    if told is None:
        return "{}"
    row = {"http": told.http_version, "request": told.request, "port": told.port, "tls": told.tls}
    return json.dumps(row | {"seconds": [[name, round(value, 6)] for name, value in told.seconds]}, ensure_ascii=False)


def _pairs(found: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in found)


def passages(column: str, *, mirrored: bool = False) -> tuple[Passage, ...]:
    """The aligned passages kept in a column, with a and b swapped if ``mirrored``."""
    found = (_passage(*row) for row in json.loads(column))
    if not mirrored:
        return tuple(found)
    return tuple(Passage(a=p.b, b=p.a, similarity=p.similarity, anchors=p.anchors) for p in found)


def passages_column(found: tuple[Passage, ...]) -> str:
    """What ``passages`` reads back."""
    return json.dumps([[*p.a, *p.b, round(p.similarity, 3), list(p.anchors)] for p in found], ensure_ascii=False)


def _passage(a0: int, a1: int, b0: int, b1: int, similarity: float, anchors: list[Any]) -> Passage:
    return Passage(a=(a0, a1), b=(b0, b1), similarity=similarity, anchors=tuple(anchors))


def residue(column: str, *, mirrored: bool = False) -> tuple[str, ...]:
    """The residue lines kept in a column; each begins with the side it stood on, ``a:`` or ``b:``."""
    return tuple(_other_side(line) if mirrored else line for line in json.loads(column))


def residue_column(found: tuple[str, ...], *, mirrored: bool = False) -> str:
    """What ``residue`` reads back, with a and b swapped if ``mirrored``."""
    return json.dumps([_other_side(line) if mirrored else line for line in found], ensure_ascii=False)


def _other_side(line: str) -> str:
    return {"a": "b", "b": "a"}[line[0]] + line[1:]


def hex_or_none(digest: bytes | None) -> str | None:
    """Lower-case hex of a digest, passing None through."""
    return None if digest is None else digest.hex()


def languages(column: str, *, mirrored: bool = False) -> tuple[str | None, str | None]:
    """The languages of both sides kept in a column."""
    first, _, second = column.partition(",")
    told = first or None, second or None
    return told[::-1] if mirrored else told


def languages_column(told: tuple[str | None, str | None]) -> str:
    """How two languages are kept: ``en,de``; empty where neither could be told."""
    return ",".join(each or "" for each in told) if any(told) else ""


def broken(column: str, *, mirrored: bool = False) -> tuple[tuple[str, str], ...]:
    """The names of one side and their spelling on the other, kept in a column."""
    found = ((one, other) for one, other in json.loads(column))
    return tuple(sorted((other, one) for one, other in found)) if mirrored else tuple(found)


def broken_column(found: tuple[tuple[str, str], ...], *, mirrored: bool = False) -> str:
    """How broken names are kept."""
    return json.dumps(sorted((other, one) for one, other in found) if mirrored else found, ensure_ascii=False)


def version_ref(row: Row, which: str) -> VersionRef:
    """The version on one side of a pair, from the columns that begin with ``which``: "a" or "b"."""
    return VersionRef(
        url=row[f"{which}_url"],
        version=row[f"{which}_number"],
        text_sha256=row[f"{which}_sha256"].hex(),
        title=row[f"{which}_title"],
        first_seen_at=instant(row[f"{which}_seen"]),
        published_at=instant_or_none(row[f"{which}_published"]),
        byline=row[f"{which}_byline"],
    )
