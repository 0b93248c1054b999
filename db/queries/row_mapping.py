"""Map rows to records, and values to columns: the one place that knows how a value is stored."""

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
"""The columns ``source`` reads, of a source s."""


def source(row: Row) -> Source:
    """Return the source in a row. ``seed_key`` is read if the query selected it."""
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
    """Return the capture in a row."""
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
"""The join of a text of which only the digest is read. The index has a hundredth of the table's size, but SQLite does
not choose it by itself."""


def version(row: Row) -> Version:
    """Return the version in a row."""
    return Version(  # column by column: a mapping of names took a third longer, and lists have many thousands
        id=row["id"],
        url=row["url"],
        number=row["number"],
        title=row["title"],
        score=row["score"],
        captures=row["captures"],
        first_capture_id=row["first_capture_id"],
        last_capture_id=row["last_capture_id"],
        recipe_id=row["recipe_id"],
        byline=row["byline"],
        language=row["language"],
        text_sha256=row["sha256"].hex(),
        cause=_cause(row["cause"]),
        kinds=_kinds(row["kinds"]),
        first_seen_at=instant(row["first_seen_at"]),
        last_seen_at=instant(row["last_seen_at"]),
        dated_at=instant(row["dated_at"]),
        published_at=instant_or_none(row["published_at"]),
        recorded_at=instant_or_none(row["recorded_at"]),
        superseded_at=instant_or_none(row["superseded_at"]),
    )


def extraction(row: Row) -> Extraction:
    """Return an extraction from title, body (both may be None), removed, and verdict and canonical_url if selected."""
    return Extraction(
        verdict=Verdict(row.get("verdict", Verdict.OK)),
        title=row["title"] or "",
        text=row["body"] or "",
        canonical_url=row.get("canonical_url"),
        removed=tuple(RemovedSpan(at=start, text=text, because=why) for start, text, why in json.loads(row["removed"])),
    )


@lru_cache
def _cause(column: str) -> Cause:
    return Cause(column)


@lru_cache(maxsize=512)  # a list of a large archive has thousands of versions and a few dozen different columns
def _kinds(column: str) -> tuple[Kind, ...]:
    return tuple(Kind(kind) for kind in json.loads(column))


def hops(column: str) -> tuple[Hop, ...]:
    """Return the redirect chain in a column. Archives older than 2026-11 have only three values a hop."""
    return tuple(_hop(*row) for row in json.loads(column))


def _hop(
    url: str,
    status: int,
    location: str,
    reason_phrase: str = "",
    headers: Sequence[Sequence[str]] = (),
    received_at: int | None = None,
    ip: str | None = None,
) -> Hop:
    return Hop(
        url=url,
        status=status,
        location=location,
        reason_phrase=reason_phrase,
        headers=_pairs(headers),
        at=instant_or_none(received_at),
        ip=ip,
    )


def hops_column(chain: tuple[Hop, ...]) -> str:
    """Return the column that ``hops`` reads."""
    rows = [
        [hop.url, hop.status, hop.location, hop.reason_phrase, hop.headers, micros_or_none(hop.at), hop.ip]
        for hop in chain
    ]
    return json.dumps(rows, ensure_ascii=False)


def exchange(column: str) -> Exchange | None:
    """Return the exchange in a column, or None where it is unknown (imports, older captures)."""
    values = json.loads(column)
    if not values:
        return None
    return Exchange(
        http_version=values["http"],
        request=_pairs(values["request"]),
        port=values["port"],
        tls=_pairs(values["tls"]),
        seconds=tuple((name, float(value)) for name, value in values["seconds"]),
    )


def exchange_column(value: Exchange | None) -> str:
    """Return the column that ``exchange`` reads."""
    if value is None:
        return "{}"
    row = {"http": value.http_version, "request": value.request, "port": value.port, "tls": value.tls}
    seconds = [[name, round(duration, 6)] for name, duration in value.seconds]
    return json.dumps(row | {"seconds": seconds}, ensure_ascii=False)


def _pairs(rows: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in rows)


def passages(column: str, *, mirrored: bool = False) -> tuple[Passage, ...]:
    """Return the aligned passages in a column, with a and b swapped if ``mirrored``."""
    aligned = (_passage(*row) for row in json.loads(column))
    if not mirrored:
        return tuple(aligned)
    return tuple(Passage(a=p.b, b=p.a, similarity=p.similarity, anchors=p.anchors) for p in aligned)


def passages_column(aligned: tuple[Passage, ...]) -> str:
    """Return the column that ``passages`` reads."""
    return json.dumps([[*p.a, *p.b, round(p.similarity, 3), list(p.anchors)] for p in aligned], ensure_ascii=False)


def _passage(a0: int, a1: int, b0: int, b1: int, similarity: float, anchors: list[Any]) -> Passage:
    return Passage(a=(a0, a1), b=(b0, b1), similarity=similarity, anchors=tuple(anchors))


def residue(column: str, *, mirrored: bool = False) -> tuple[str, ...]:
    """Return the boilerplate lines in a column. Each begins with the side it is of, ``a:`` or ``b:``."""
    return tuple(_other_side(line) if mirrored else line for line in json.loads(column))


def residue_column(lines: tuple[str, ...], *, mirrored: bool = False) -> str:
    """Return the column that ``residue`` reads, with a and b swapped if ``mirrored``."""
    return json.dumps([_other_side(line) if mirrored else line for line in lines], ensure_ascii=False)


def _other_side(line: str) -> str:
    return {"a": "b", "b": "a"}[line[0]] + line[1:]


def hex_or_none(digest: bytes | None) -> str | None:
    """Return the lower-case hex of a digest, or None for None."""
    return None if digest is None else digest.hex()


def languages(column: str, *, mirrored: bool = False) -> tuple[str | None, str | None]:
    """Return the languages of both sides in a column, with a and b swapped if ``mirrored``."""
    first, _, second = column.partition(",")
    pair = first or None, second or None
    return pair[::-1] if mirrored else pair


def languages_column(pair: tuple[str | None, str | None]) -> str:
    """Return the column that ``languages`` reads: ``en,de``, empty where neither is known."""
    return ",".join(language or "" for language in pair) if any(pair) else ""


def broken(column: str, *, mirrored: bool = False) -> tuple[tuple[str, str], ...]:
    """Return the names of side a and their spellings on side b in a column, with the sides swapped if ``mirrored``."""
    pairs = ((name, spelling) for name, spelling in json.loads(column))
    return tuple(sorted((spelling, name) for name, spelling in pairs)) if mirrored else tuple(pairs)


def broken_column(pairs: tuple[tuple[str, str], ...], *, mirrored: bool = False) -> str:
    """Return the column that ``broken`` reads, with the sides swapped if ``mirrored``."""
    stored = sorted((spelling, name) for name, spelling in pairs) if mirrored else pairs
    return json.dumps(stored, ensure_ascii=False)


def version_ref(row: Row, side: str) -> VersionRef:
    """Return the version on one side of a pair, from the columns that begin with "a_" or "b_"."""
    return VersionRef(
        url=row[f"{side}_url"],
        version=row[f"{side}_number"],
        text_sha256=row[f"{side}_sha256"].hex(),
        title=row[f"{side}_title"],
        first_seen_at=instant(row[f"{side}_seen"]),
        published_at=instant_or_none(row[f"{side}_published"]),
        byline=row[f"{side}_byline"],
    )
