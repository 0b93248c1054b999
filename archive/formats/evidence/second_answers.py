"""What a second archive answered about a page (Memento): the record of the answer, and its place in the log.

The log proves that this archive recorded the answer, and that it did not change it since. It does not prove that the
other archive gave it: anybody can ask that one again for the same address of its capture, and compare the digest.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from .canonical_zip import Refused, parse_json
from .claims import FALSE, NOT_PROVEN, Claim
from .tree_proof import is_in_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .claims import Evidence

KIND: Final = "memento"
"""The kind of such an entry of the log."""

MEMENTOS: Final = "evidence/mementos.jsonl"
"""The member with one line for each answer."""

MOST_ANSWERS: Final = 100
"""Most answers of a file."""

_TEXTS: Final = ("address", "archive", "asked_at", "body_sha256", "memento_datetime", "uri_m")


def check_second_answers(evidence: Evidence) -> Iterator[Claim]:
    """Check that each answer of a second archive is an entry of the log, and compare its digest with our captures."""
    lines = evidence.package.read(MEMENTOS).splitlines()
    if len(lines) > MOST_ANSWERS:
        raise Refused(f"{MEMENTOS} has more than {MOST_ANSWERS} answers")
    for line in lines:
        row = parse_json(line, MEMENTOS)
        entry, text = row["entry"], str(row["record"])
        facts = parse_json(str(entry["facts"]).encode("utf-8", "replace"), MEMENTOS)
        is_recorded = facts.get("record_sha256") == hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        if not is_recorded or facts.get("kind") != KIND or not is_in_tree(entry, evidence.size, evidence.root):
            yield Claim(FALSE, f"the answer of a second archive with number {entry['number']} is an entry of this log")
            continue
        yield from _say(evidence, entry["number"], facts.get("capture"), parse_json(text.encode(), MEMENTOS))


def _say(evidence: Evidence, entry: int, number: Any, record: dict[str, Any]) -> Iterator[Claim]:
    if number not in evidence.entries or not all(isinstance(record.get(name), str) for name in _TEXTS):
        yield Claim(FALSE, f"the answer of a second archive with number {entry} is about a page in this file")
        return
    capture, archive, digest = evidence.facts(number), record["archive"], record["body_sha256"]
    if record["address"] not in {capture.get("source"), capture.get("url"), capture.get("final_url")}:
        yield Claim(
            FALSE, f"the answer of a second archive with number {entry} is about the address of number {number}"
        )
        return
    when = f"{record['asked_at']}, {archive} answered with its capture of {record['memento_datetime']}, sha256 {digest}"
    yield evidence.say(f"number {entry} of the log records this about {record['address']}: at {when}")
    if digest == capture.get("payload_sha256"):
        yield evidence.say(f"the two records agree: the page of number {number} has the sha256 of that answer")
    else:
        why = "its bytes are others, as those of a page often are from one visit to the next"
        yield Claim(NOT_PROVEN, f"that the page of number {number} is the one that {archive} has: {why}")
    again = f"only {archive} can confirm it; ask for {record['uri_m']} and compare the sha256"
    yield Claim(NOT_PROVEN, f"that {archive} answered so: {again}")
