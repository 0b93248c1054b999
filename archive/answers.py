"""Answers as JSON values: the published shapes. Keys may be added, never renamed or removed (``docs/json/``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archive.when import iso

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from archive.api import Comparison
    from db.questions.versions import Match
    from db.records import (
        Capture,
        Cluster,
        Extraction,
        History,
        Judgement,
        Link,
        Passage,
        Plan,
        Problem,
        Removed,
        Report,
        Source,
        Text,
        Version,
        VersionRef,
    )

    Json = dict[str, Any]


def _iso(at: datetime | None) -> str | None:
    return None if at is None else iso(at)


def history(source: Source, told: History) -> Json:
    """``history --json``."""
    return {
        "url": source.url,
        "captures": told.captures,
        "versions": [version(each) for each in told.versions],
        "stretches": [
            {
                "state": run.state,
                "first_seen_at": iso(run.first_seen_at),
                "last_seen_at": iso(run.last_seen_at),
                "seen": run.seen,
                "confirmed": run.confirmed,
            }
            for run in told.stretches
        ],
        "suspects": [
            {
                "seen_at": iso(each.seen_at),
                "text_sha256": each.text_sha256,
                "title": each.title,
                "because": each.because,
                "waiting": each.waiting,
            }
            for each in told.suspects
        ],
        "moves": [{"at": iso(at), "from": before, "to": after} for at, before, after in told.moves],
    }


def version(each: Version) -> Json:
    """A version in a list."""
    return {
        "version": each.number,
        "first_seen_at": iso(each.first_seen_at),
        "last_seen_at": iso(each.last_seen_at),
        "captures": each.captures,
        "cause": str(each.cause),
        "kinds": [str(kind) for kind in each.kinds],
        "score": round(each.score, 4),
        "title": each.title,
        "text_sha256": each.text_sha256,
        "recorded_at": _iso(each.recorded_at),
        "recipe": each.recipe_id,
    }


def shown(each: Version, text: Text, capture: Capture, *, unconfirmed: bool = False) -> Json:
    """``show --json``. ``unconfirmed``: the instant asked for lies between two sightings of different texts."""
    return {
        "url": each.url,
        **version(each),
        "unconfirmed": unconfirmed,
        "text": text.body,
        "byline": each.byline,
        "published_at": _iso(each.published_at),
        "language": each.language,
        "capture": capture_of(capture),
    }


def capture_of(each: Capture, state: str | None = None) -> Json:
    """A capture, without its bytes."""
    known = {} if state is None else {"state": state}
    return known | {
        "captured_at": iso(each.captured_at),
        "url": each.url,
        "final_url": each.final_url,
        "status": each.status,
        "reason": None if each.reason is None else str(each.reason),
        "payload_sha256": each.payload_sha256,
        "payload_length": each.payload_length,
        "content_type": each.content_type,
        "charset": each.charset,
        "revisit": each.revisit,
        "provenance": each.provenance,
    }


def comparison(found: Comparison) -> Json:
    """``diff --json``."""
    from archive.diff import edits_json

    return {
        "url": found.b.url,
        "a": version(found.a),
        "b": version(found.b),
        "kinds": [str(kind) for kind in found.change.kinds],
        "score": round(found.change.score, 4),
        **edits_json(found.change, found.a_text, found.b_text),
    }


def link(each: Link) -> Json:
    """One line of ``copies --jsonl``."""
    return {
        "a": _ref(each.a),
        "b": _ref(each.b),
        "relation": str(each.relation),
        "score": round(each.score, 4),
        "coverage": [round(share, 4) for share in each.coverage],
        "passages": [_passage(one) for one in each.passages],
        "longest_run": each.longest_run,
        "residue": list(each.residue),
        "because": each.because,
        "method": each.method,
    }


def _ref(ref: VersionRef) -> Json:
    return {
        "url": ref.url,
        "version": ref.version,
        "title": ref.title,
        "first_seen_at": _iso(ref.first_seen_at),
        "published_at": _iso(ref.published_at),
        "text_sha256": ref.text_sha256,
    }


def _passage(one: Passage) -> Json:
    return {"a": list(one.a), "b": list(one.b), "similarity": round(one.similarity, 3), "anchors": list(one.anchors)}


def cluster(each: Cluster) -> Json:
    """One cluster of ``copies --json``."""
    return {
        "original": _ref(each.original),
        "reasons": list(each.reasons),
        "members": [_ref(member) for member in each.members],
        "links": [link(one) for one in each.links],
    }


def judgement(a: Version, b: Version, judged: Judgement) -> Json:
    """``explain A B --json``."""
    return {
        "a": {"url": a.url, **version(a)},
        "b": {"url": b.url, **version(b)},
        "relation": None if judged.relation is None else str(judged.relation),
        "score": round(judged.score, 4),
        "coverage": [round(share, 4) for share in judged.coverage],
        "because": judged.because,
        "longest_run": judged.longest_run,
        "passages": [_passage(one) for one in judged.passages],
        "residue": list(judged.residue),
        "method": judged.method,
    }


def explanation(each: Version, capture: Capture, removed: Sequence[Removed]) -> Json:
    """``explain A --json``."""
    return {
        "url": each.url,
        **version(each),
        "capture": capture_of(capture),
        "removed": [{"at": one.at, "text": one.text, "because": one.because} for one in removed],
    }


def hit(each: Match) -> Json:
    """One hit of ``search --json``; the snippet is plain, without marks."""
    from db.questions.versions import SNIPPET_MARKS

    plain = each.snippet.replace(SNIPPET_MARKS[0], "").replace(SNIPPET_MARKS[1], "")
    stood = {
        "present_from": iso(each.present_from),
        "present_to": iso(each.present_to),
        "absent_since": each.absent_since,
    }
    return {"url": each.version.url, **version(each.version), "newest": each.newest, **stood, "snippet": plain}


def article(each: Version, group: str) -> Json:
    """One line of ``list --jsonl``."""
    return {"url": each.url, "group": group, **version(each), "byline": each.byline, "language": each.language}


def plan(found: Plan) -> Json:
    """``plan --json``."""
    return {
        "due": [{"url": one.url, "kind": str(one.kind), "because": one.because} for one in found.visits],
        "waiting": [{"url": one.url, "because": one.because, "due_at": _iso(one.due_at)} for one in found.waiting],
    }


def status(found: Json) -> Json:
    """``status --json``."""
    counts = {
        name: found["counts"][name] for name in ("sources", "captures", "payloads", "versions", "links", "underived")
    }
    runs = [
        {**run, "started_at": _iso(run["started_at"]), "finished_at": _iso(run["finished_at"])} for run in found["runs"]
    ]
    leases = [{**lease, "until_at": _iso(lease["until_at"])} for lease in found["leases"]]
    return {"counts": counts, "bytes": found["bytes"], "states": found["states"], "runs": runs, "leases": leases}


def extraction(identity: object, found: Extraction) -> Json:
    """One line of ``extract``: the best text there is, whatever the verdict."""
    return {
        "id": identity,
        "text": found.text,
        "title": found.title,
        "author": found.byline,
        "date": _iso(found.published_at),
        "modified": _iso(found.modified_at),
        "language": found.language,
        "site": found.site,
        "verdict": str(found.verdict),
        "detail": found.detail,
        "origin": list(found.origin),
        "removed": [{"at": one.at, "text": one.text, "because": one.because} for one in found.removed],
    }


def report(found: Report) -> Json:
    """What a run did: ``refresh --json``, ``backfill --json``."""
    return {
        "run": found.run_id,
        "kind": found.kind,
        "started_at": iso(found.started_at),
        "finished_at": iso(found.finished_at),
        "counts": found.counts,
        "rows": [
            {"url": row.url, "outcome": row.outcome, "versions": row.versions, "reason": row.reason}
            for row in found.rows
        ],
        "changes": [{"url": each.url, **version(each)} for each in found.changes],
    }


def problem(found: Problem) -> Json:
    """One line of ``verify --json``, ``doctor --json``, ``check --json``."""
    return {"what": found.what, "where": found.where, "todo": found.todo}
