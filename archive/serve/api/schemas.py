"""JSON Schemas of the responses, for OpenAPI 3.1. Keys may be added, never removed.

A schema is written as a line of member names. ``MEANINGS`` gives the type of a name, by default text; a line can
override it: ``a=span``. A star makes the member a list, a question mark makes it nullable.
"""

from __future__ import annotations

import re
from typing import Any

Json = dict[str, Any]

_WORD = re.compile(r"(?P<name>\w+)(?:=(?P<kind>\w+))?(?P<many>\*?)(?P<maybe>\??)")

_SPAN: Json = {"type": "array", "minItems": 2, "maxItems": 2}
TYPES: dict[str, Json] = {
    "text": {"type": "string"},
    "when": {"type": "string", "format": "date-time", "description": "RFC 3339, UTC"},
    "count": {"type": "integer", "minimum": 0},
    "number": {"type": "integer"},
    "rate": {"type": "number", "minimum": 0},
    "share": {"type": "number", "minimum": 0, "maximum": 1},
    "yes": {"type": "boolean"},
    "digest": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "span": _SPAN | {"items": {"type": "integer", "minimum": 0}, "description": "offsets in characters"},
    "shares": _SPAN | {"items": {"type": "number", "minimum": 0, "maximum": 1}},
    "counts": {"type": "object"},
    "next": {"type": "string", "description": "path of the next page; null on the last"},
}
"""Types of members."""

MEANINGS: dict[str, str] = {
    name: kind
    for kind, names in {
        "count": "absent_since articles captures checks count id length longest_run n outlets payload_length related "
        "same_as seen status streak unchanged usual_length version versions edits edited declared silent headlines "
        "headline_tests gone back copied originals stale first_edit_seconds",
        "digest": "payload_sha256 text_sha256",
        "next": "next",
        "number": "fastest_seconds lag_seconds seconds",
        "rate": "changes_a_week",
        "share": "certainty score shared similarity weight edited_share edited_low edited_high silent_share silent_low "
        "silent_high gone_share gone_low gone_high copied_share copied_low copied_high",
        "shares": "coverage",
        "when": "absent_from at captured_at changed_at due_at finished_at first_seen_at from gone_at labelled_at "
        "last_checked_at last_fine_at last_seen_at newest_at present_from present_to published_at recorded_at "
        "retired_at since started_at to waits_until",
        "yes": "chosen coarse confirmed due guess moved newest original revisit translated whole",
    }.items()
    for name in names.split()
}
"""Types by member name. Other names are texts."""

_VERSION = "version first_seen_at last_seen_at captures cause kinds* score title text_sha256 recorded_at? recipe"
_OUTLET = "id path url outlet"

PARTS: dict[str, str] = {
    "bit": "mark text",
    "check": "at state health length",
    "edit": "op a=span b=span a_text b_text kinds*",
    "fact": "name value raw source guess",
    "gap": "from to",
    "label": "a=ref b=ref label note labelled_at",
    "lag": "seconds by said",
    "life": "summary checks=tick*",
    "original_label": "url version title first_seen_at? published_at? text_sha256=text label note labelled_at",
    "original_of": "url outlet title source=count?",
    "pair": "a=side b=side relation score coverage because lengths=count* passages=passage* swaps=swap* rows=row*",
    "passage": "n a=span b=span similarity anchors*",
    "ref": "url version title first_seen_at? published_at? text_sha256=text",
    "relative": "url relation score because",
    "row": "n? moved a=bit*? b=bit*? similarity?",
    "run": "state first_seen_at last_seen_at seen confirmed unchanged said",
    "side": "id? path url outlet title version first_seen_at? text_sha256=text",
    "step": "path outlet title said chosen",
    "strip": "path count related members=Member*",
    "swap": "a b count",
    "tick": "at state health",
}
"""Schemas used within others, without a name in the description."""

SHAPES: dict[str, str] = {
    "Problem": "type title status detail hint instance",
    "Version": _VERSION,
    "Change": f"{_VERSION} {_OUTLET} diff?",
    "ArticleAsOf": f"{_OUTLET} group title version first_seen_at last_seen_at confirmed absent? "
    "absent_from? absent_said? text_sha256",
    "Source": f"{_OUTLET} kind group seed? state said health last_checked_at? last_fine_at? checks streak "
    "usual_length? versions changes_a_week changed_at? every? due_at? due waits_until? list_note? same_as? "
    "retired_at? last_checks=check*",
    "Article": f"{_OUTLET} title byline? language? published_at? version? standing gone_at? paragraphs* text_sha256? "
    "versions=Version* states=run* copies=strip facts=fact* checks timeline=life",
    "Snapshot": "id captured_at url final_url status? reason? payload_sha256? payload_length? content_type charset? "
    "revisit provenance memento?",
    "Text": "text_sha256 title text language? byline?",
    "Edit": PARTS["edit"],
    "Diff": "a=digest b=digest kinds* score coarse headline=edit* edits=edit*",
    "Passages": "a=digest b=digest relation? score coverage because longest_run passages=passage* residue* method",
    "Member": "id? path? url outlet title version at? at_by original relation? shared? lag=lag? residue* translated "
    "date_doubted?",
    "Cluster": "id path url title members=Member* original=Member? credited? reasons* labels=label* pair=pair? "
    "pair_label=label? pairs=step* related=relative* whole standing? standing_said certainty? "
    "original_labels=original_label*",
    "Group": f"{_OUTLET} title at? newest_at count outlets members=Member* standing standing_said certainty",
    "Hit": "id? path url outlet title version kinds* snippet=bit* present_from present_to absent_since? "
    "gone_between=gap* newest diff?",
    "Event": "id=text kind label at since url outlet source=count? group title summary before after kinds* weight "
    "version? context of=original_of? lag_seconds? path",
    "Flow": "copier original=text articles lag_seconds? fastest_seconds?",
    "Outlet": "outlet month? articles edits edited edited_share? edited_low? edited_high? first_edit_seconds? declared "
    "silent silent_share? silent_low? silent_high? headlines headline_tests gone? gone_share? gone_low? gone_high? "
    "back? copied? copied_share? copied_low? copied_high? originals? stale?",
    "Run": "id kind owner started_at finished_at? counts=counts prefect?",
}
"""Schemas with a name in the description."""

_NOTES = {"edit": "op is equal, insert, delete, replace or move; in order, the edits tile both texts"}


def schemas() -> Json:
    """Return all named schemas."""
    return {name: shape(line) | _note(name.lower()) for name, line in SHAPES.items()}


def shape(line: str) -> Json:
    """Return the schema of an object with at least the members of a line."""
    members = {match["name"]: _member(match) for match in _WORD.finditer(line)}
    return {"type": "object", "properties": members, "required": sorted(members)}


def one_of(kind: str) -> Json:
    """Return the schema for a word: a type, an inner schema, or a reference to a named one."""
    if kind in SHAPES:
        return {"$ref": f"#/components/schemas/{kind}"}
    return TYPES[kind] if kind in TYPES else shape(PARTS[kind]) | _note(kind)


def _member(match: re.Match[str]) -> Json:
    schema = one_of(match["kind"] or MEANINGS.get(match["name"], "text"))
    member: Json = {"type": "array", "items": schema} if match["many"] else schema
    if not match["maybe"]:
        return member
    return {"anyOf": [member, {"type": "null"}]} if "$ref" in member else member | {"type": [member["type"], "null"]}


def _note(kind: str) -> Json:
    return {"description": _NOTES[kind]} if kind in _NOTES else {}
