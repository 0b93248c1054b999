"""Answers as JSON values: the published shapes. Keys may be added, never renamed or removed (``docs/json/``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archive.timestamps import iso

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from archive.api import Comparison
    from db.records import (
        Capture,
        Citation,
        Cluster,
        Extraction,
        Fact,
        FoldedCluster,
        History,
        Judgement,
        Label,
        Lag,
        Link,
        Match,
        Passage,
        Plan,
        Problem,
        RemovedSpan,
        Report,
        Source,
        Stretch,
        Text,
        UncorrectedCopy,
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
        "stretches": [_run_of_checks(run) for run in told.stretches],
        "states": [_run_of_checks(run) | {"unchanged": run.unchanged} for run in told.states],
        "gone_at": _iso(told.gone_at),
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
        "claims": [
            {
                "kind": each.kind,
                "url": each.url,
                "first_seen_at": iso(each.first_seen_at),
                "last_seen_at": iso(each.last_seen_at),
            }
            for each in told.claims
        ],
        "found_in": [{"url": url, "at": iso(at)} for url, at in told.found_in],
    }


def _run_of_checks(run: Stretch) -> Json:
    return {
        "state": run.state,
        "first_seen_at": iso(run.first_seen_at),
        "last_seen_at": iso(run.last_seen_at),
        "seen": run.seen,
        "confirmed": run.confirmed,
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
    from archive.versions.diff import edits_json

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
        "passages": [passage(one) for one in each.passages],
        "longest_run": each.longest_run,
        "residue": list(each.residue),
        "because": each.because,
        "method": each.method,
        "translated": each.translated,
        "languages": list(each.languages),
        "broken": [list(pair) for pair in each.broken],
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


def passage(one: Passage) -> Json:
    """A passage that two texts share: offsets into both, likeness, shared anchors."""
    return {"a": list(one.a), "b": list(one.b), "similarity": round(one.similarity, 3), "anchors": list(one.anchors)}


def cluster(each: Cluster) -> Json:
    """One cluster of ``copies --json``."""
    lags = each.lags or (None,) * len(each.members)
    return {
        "original": _ref(each.original),
        "credited": each.credited,
        "reasons": list(each.reasons),
        "members": [_ref(member) | {"lag": _lag(behind)} for member, behind in zip(each.members, lags, strict=True)],
        "links": [link(one) for one in each.links],
        "labels": [label(one) for one in each.labels],
        "whole": each.whole,
    }


def _lag(behind: Lag | None) -> Json | None:
    return None if behind is None else {"seconds": behind.seconds, "by": behind.by}


def label(each: Label) -> Json:
    """What a person said of two texts."""
    return {
        "a": _ref(each.a),
        "b": _ref(each.b),
        "label": "copy" if each.copy else "not-copy",
        "note": each.note,
        "labelled_at": iso(each.labelled_at),
        "machine": None if each.machine is None else str(each.machine),
    }


def labelled_pair(each: Label, a: Text | None, b: Text | None) -> Json:
    """One line of ``label --export``: a label with both texts, as far as they are still held."""
    told = label(each)
    for side, text in (("a", a), ("b", b)):
        told[side] |= {"title": text.title if text else "", "text": None if text is None else text.body}
    return told


def folded(each: FoldedCluster | None) -> Json | None:
    """What one member of a cluster stands for under ``--unique``."""
    if each is None:
        return None
    return {
        "count": each.copies,
        "kinds": dict(each.kinds),
        "original": _ref(each.original),
        "hidden": list(each.hidden),
    }


def stale(each: UncorrectedCopy) -> Json:
    """One passage of ``copies URL --stale --json``."""
    return {
        "version": each.version,
        "passage": each.passage,
        "now": each.now,
        "kinds": [str(kind) for kind in each.kinds],
        "corrected_at": iso(each.corrected_at),
        "copy": _ref(each.copy),
        "copied": each.copied,
        "span": list(each.span),
        "copy_seen_at": iso(each.copy_seen_at),
        "confirmed": each.confirmed,
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
        "passages": [passage(one) for one in judged.passages],
        "residue": list(judged.residue),
        "method": judged.method,
        "translated": judged.translated,
        "languages": list(judged.languages),
        "broken": [list(pair) for pair in judged.broken],
    }


def explanation(each: Version, capture: Capture, removed: Sequence[RemovedSpan], facts: Sequence[Fact] = ()) -> Json:
    """``explain A --json``."""
    return {
        "url": each.url,
        **version(each),
        "capture": capture_of(capture),
        "removed": [{"at": one.at, "text": one.text, "because": one.because} for one in removed],
        "facts": [fact(one) for one in facts],
    }


def fact(each: Fact) -> Json:
    """Something known of an article: the value, the form it was written in, and where."""
    return {"name": each.name, "value": each.value, "raw": each.raw, "source": each.source, "guess": each.guess}


def hit(each: Match) -> Json:
    """One hit of ``search --json``; the snippet is plain, without marks."""
    from db.records import SNIPPET_MARKS

    plain = each.snippet.replace(SNIPPET_MARKS[0], "").replace(SNIPPET_MARKS[1], "")
    stood = {
        "present_from": iso(each.present_from),
        "present_to": iso(each.present_to),
        "absent_since": each.absent_since,
        "gone_between": gaps(each),
    }
    return {"url": each.version.url, **version(each.version), "newest": each.newest, **stood, "snippet": plain}


def gaps(each: Match) -> list[Json]:
    """When the page of a hit itself was gone in between."""
    return [{"from": iso(since), "to": iso(until)} for since, until in each.gone_between]


def article(each: Version, group: str) -> Json:
    """One line of ``list --jsonl``."""
    return {"url": each.url, "group": group, **version(each), "byline": each.byline, "language": each.language}


def plan(found: Plan) -> Json:
    """``plan --json``."""
    return {
        "due": [{"url": one.url, "kind": str(one.kind), "because": one.because} for one in found.visits],
        "waiting": [{"url": one.url, "because": one.because, "due_at": _iso(one.due_at)} for one in found.waiting],
        "budgets": [
            {"group": one.group, "visits": one.visits, "tau": one.tau, "expected": one.expected, "spent": one.spent}
            for one in found.budgets
        ],
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
    plain = {name: found[name] for name in ("bytes", "tables", "growth", "states")}
    drift = [
        {"host": each.name, "since": iso(each.since), "pages": each.pages, "of": each.of} for each in found["drift"]
    ]
    return {"counts": counts, **plain, "drift": drift, "runs": runs, "leases": leases}


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
        "facts": [fact(one) for one in found.facts],
        "headline_from": list(found.headline_from),
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


def citation(found: Citation) -> Json:
    """``cite --json``."""
    return {
        "title": found.title,
        "url": found.url,
        "requested_url": found.capture.url,
        "captured_at": iso(found.capture.captured_at),
        "payload_sha256": found.capture.payload_sha256,
        "payload_length": found.capture.payload_length,
        "text_sha256": found.text_sha256,
        "recipe": found.recipe_id,
        "chain": {
            "position": found.link.position,
            "link": found.link.link,
            "before": found.link.before,
            "facts": found.link.facts,
        },
    }


def problem(found: Problem) -> Json:
    """One line of ``verify --json``, ``doctor --json``, ``check --json``."""
    return {"what": found.what, "where": found.where, "todo": found.todo}
