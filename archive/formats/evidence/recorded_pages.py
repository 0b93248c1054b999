"""The pages of an evidence file: that the WARC has what the log recorded, and that viewers are led to nothing else."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from .bounded_warc import records
from .canonical_zip import Refused, parse_json
from .claims import ENTRIES, FALSE, NOT_PROVEN, Claim

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .claims import Evidence

WARC: Final = "archive/data.warc.gz"
"""The member with the pages."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Instants of facts are microseconds since then."""

MOST_RECORDS: Final = 400_000
"""Most records of the WARC."""

_REPLIES: Final = frozenset({b"response", b"revisit", b"resource"})
_BESIDE: Final = frozenset({b"warcinfo", b"request", b"metadata", b"conversion"})  # no viewer shows them as a page
_ORIGINAL: Final = b"X-Archive-Orig-"


class _Recorded:
    """What the log recorded of replies: captures by time and address, and redirects by address."""

    def __init__(self, facts: Iterable[dict[str, Any]]) -> None:
        self._captures: dict[tuple[Any, Any], dict[Any, dict[str, Any]]] = {}
        self._hops: dict[str, list[list[Any]]] = {}
        for row in facts:
            place = row["corrected_at"], row.get("final_url", "")
            self._captures.setdefault(place, {}).setdefault(row.get("payload_sha256"), row)
            for hop in _list(row.get("hops")):
                if isinstance(hop, list) and len(hop) > 2:  # noqa: PLR2004  address, status, where to
                    self._hops.setdefault(str(hop[0]), []).append(hop)

    def capture(self, moment: int | None, url: str, digest: str) -> dict[str, Any] | None:
        """Return the facts of the capture of an address at a time: if there are several, the one with this page."""
        rows = self._captures.get((moment, url), {})
        return rows.get(digest) or next(iter(rows.values()), None)

    def has_redirect(self, url: str, head: bytes) -> bool:
        """True if an address sent on with this HTTP head."""
        return any(
            _has_head(head, hop[1], _list_of_pairs(hop[4:5]) or [["Location", hop[2]]])
            for hop in self._hops.get(url, [])[:100]
        )


def check_pages(evidence: Evidence) -> Iterator[Claim]:
    """Check that the records of the WARC are those of the entries, and have the bytes that the log recorded."""
    facts = {number: evidence.facts(number) for number in evidence.entries}
    recorded = _Recorded(facts.values())
    digests: set[str] = set()
    for number, (fields, block) in enumerate(records(evidence.package, WARC), 1):
        if number > MOST_RECORDS:
            raise Refused(f"{WARC} has more than {MOST_RECORDS} records")
        kind = fields.get(b"warc-type", b"")
        if kind in _REPLIES:
            head, _, body = (b"", b"", block) if kind == b"resource" else block.partition(b"\r\n\r\n")
            problem = _problem(recorded, fields, head, body)
            digests |= {hashlib.sha256(body).hexdigest()} if body else set()
        else:
            problem = "" if kind in _BESIDE else f"{WARC} has no records but pages and what belongs to them"
        if problem:
            yield Claim(FALSE, problem)
    wanted = {row["payload_sha256"] for row in facts.values() if row.get("payload_sha256")}
    there = len(wanted & digests)
    yield evidence.say(f"the bytes of {there} different pages in {WARC} are those that the log recorded")
    if len(wanted) > there:
        yield Claim(NOT_PROVEN, f"the bytes of {len(wanted) - there} pages: they are not in this file, only digests")
    addresses = {str(address) for address in evidence.claims["addresses"]}
    foreign = [str(row.get("source")) for row in facts.values() if str(row.get("source")) not in addresses]
    if foreign:
        yield Claim(FALSE, f"the captures are of the addresses that the file names: one is of {foreign[0]}")


def _problem(recorded: _Recorded, fields: dict[bytes, bytes], head: bytes, body: bytes) -> str:
    """Return the sentence that is false of a reply in the WARC, an empty text if there is none."""
    url, digest = _url(fields, b"warc-target-uri"), hashlib.sha256(body).hexdigest()
    row = recorded.capture(micros(fields.get(b"warc-date", b"")), url, digest)
    if row is not None and body and digest != row.get("payload_sha256"):
        return f"the page {url} in {WARC} has the bytes that the log recorded"
    has_head = row is not None and _has_head(head, row.get("status", 200), _list(row.get("headers")))
    if not body and head and not has_head and recorded.has_redirect(url, head):
        return ""
    if row is None:
        return f"the record of {url} in {WARC} is a capture of the log"
    if head and not has_head:
        return f"the headers of {url} in {WARC} are those that the log recorded"
    return _problem_of_revisit(recorded, fields, row, url)


def _problem_of_revisit(recorded: _Recorded, fields: dict[bytes, bytes], row: dict[str, Any], url: str) -> str:
    """Return the sentence that is false if a revisit leads viewers to another page than the log recorded."""
    if fields.get(b"warc-type") != b"revisit":
        return ""
    sentence = f"the record of {url} in {WARC} refers to the page that the log recorded"
    digest = fields.get(b"warc-payload-digest", b"").decode("ascii", "replace").removeprefix("sha256:")
    page = row.get("payload_sha256")
    if page is not None and digest not in {page, ""}:
        return sentence
    target, moment = _url(fields, b"warc-refers-to-target-uri"), micros(fields.get(b"warc-refers-to-date", b""))
    original = recorded.capture(moment, target, page or digest)
    is_other = original is not None and original.get("payload_sha256") != (page or digest)
    return sentence if is_other else ""


def _url(fields: dict[bytes, bytes], name: bytes) -> str:
    return fields.get(name, b"").decode("utf-8", "replace")


def _list(text: Any) -> list[Any]:
    values = parse_json(text.encode("utf-8", "replace"), ENTRIES) if isinstance(text, str) else []
    return values if isinstance(values, list) else []


def _list_of_pairs(values: list[Any]) -> list[Any]:
    return values[0] if values and isinstance(values[0], list) else []


def _has_head(head: bytes, status: Any, headers: list[Any]) -> bool:
    """True if an HTTP head has this status and these headers (name, value), of which some may be renamed."""
    lines = head.split(b"\r\n")
    pairs = [f"{pair[0]}: {pair[1]}".encode("latin-1", "replace") for pair in headers if len(pair) > 1]
    is_status = lines[0].split(b" ")[1:2] == [str(status).encode()]
    return is_status and [line.removeprefix(_ORIGINAL) for line in lines[1:]] == pairs


def micros(date: bytes) -> int | None:
    """Return the microseconds since 1970 of an ISO 8601 date, None if it is none."""
    try:
        return (datetime.fromisoformat(date.decode("ascii")) - EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError, TypeError):
        return None
