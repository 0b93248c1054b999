"""Records as JSON values, in the published shapes. Keys may be added, never renamed or removed (``docs/json/``)."""

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


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else iso(instant)


def history(source: Source, record: History) -> Json:
    """``history --json``."""
    return {
        "url": source.url,
        "captures": record.captures,
        "versions": [version(row) for row in record.versions],
        "stretches": [_run_of_checks(run) for run in record.stretches],
        "states": [_run_of_checks(run) | {"unchanged": run.unchanged} for run in record.states],
        "gone_at": _iso(record.gone_at),
        "suspects": [
            {
                "seen_at": iso(suspect.seen_at),
                "text_sha256": suspect.text_sha256,
                "title": suspect.title,
                "because": suspect.because,
                "waiting": suspect.waiting,
            }
            for suspect in record.suspects
        ],
        "moves": [{"at": iso(moment), "from": before, "to": after} for moment, before, after in record.moves],
        "claims": [
            {
                "kind": alias.kind,
                "url": alias.url,
                "first_seen_at": iso(alias.first_seen_at),
                "last_seen_at": iso(alias.last_seen_at),
            }
            for alias in record.claims
        ],
        "found_in": [{"url": url, "at": iso(moment)} for url, moment in record.found_in],
    }


def _run_of_checks(run: Stretch) -> Json:
    return {
        "state": run.state,
        "first_seen_at": iso(run.first_seen_at),
        "last_seen_at": iso(run.last_seen_at),
        "seen": run.seen,
        "confirmed": run.confirmed,
    }


def version(row: Version) -> Json:
    """A version in a list."""
    return {
        "version": row.number,
        "first_seen_at": iso(row.first_seen_at),
        "last_seen_at": iso(row.last_seen_at),
        "captures": row.captures,
        "cause": str(row.cause),
        "kinds": [str(kind) for kind in row.kinds],
        "score": round(row.score, 4),
        "title": row.title,
        "text_sha256": row.text_sha256,
        "recorded_at": _iso(row.recorded_at),
        "recipe": row.recipe_id,
    }


def shown(row: Version, text: Text, capture: Capture, *, unconfirmed: bool = False) -> Json:
    """``show --json``. ``unconfirmed``: the instant lies between two sightings of different texts."""
    return {
        "url": row.url,
        **version(row),
        "unconfirmed": unconfirmed,
        "text": text.body,
        "byline": row.byline,
        "published_at": _iso(row.published_at),
        "language": row.language,
        "capture": capture_of(capture),
    }


def capture_of(capture: Capture, state: str | None = None) -> Json:
    """A capture, without its bytes."""
    known = {} if state is None else {"state": state}
    return known | {
        "captured_at": iso(capture.captured_at),
        "url": capture.url,
        "final_url": capture.final_url,
        "status": capture.status,
        "reason": None if capture.reason is None else str(capture.reason),
        "payload_sha256": capture.payload_sha256,
        "payload_length": capture.payload_length,
        "content_type": capture.content_type,
        "charset": capture.charset,
        "revisit": capture.revisit,
        "provenance": capture.provenance,
    }


def comparison(pair: Comparison) -> Json:
    """``diff --json``."""
    from archive.versions.diff import edits_json

    return {
        "url": pair.b.url,
        "a": version(pair.a),
        "b": version(pair.b),
        "kinds": [str(kind) for kind in pair.change.kinds],
        "score": round(pair.change.score, 4),
        **edits_json(pair.change, pair.a_text, pair.b_text),
    }


def link(row: Link) -> Json:
    """One line of ``copies --jsonl``."""
    return {
        "a": _ref(row.a),
        "b": _ref(row.b),
        "relation": str(row.relation),
        "score": round(row.score, 4),
        "coverage": [round(share, 4) for share in row.coverage],
        "passages": [passage(shared) for shared in row.passages],
        "longest_run": row.longest_run,
        "residue": list(row.residue),
        "because": row.because,
        "method": row.method,
        "translated": row.translated,
        "languages": list(row.languages),
        "broken": [list(pair) for pair in row.broken],
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


def passage(pair: Passage) -> Json:
    """A passage that two texts share: offsets into both, likeness, shared anchors."""
    spans = {"a": list(pair.a), "b": list(pair.b)}
    return {**spans, "similarity": round(pair.similarity, 3), "anchors": list(pair.anchors)}


def cluster(group: Cluster) -> Json:
    """One cluster of ``copies --json``."""
    lags = group.lags or (None,) * len(group.members)
    return {
        "original": _ref(group.original),
        "credited": group.credited,
        "reasons": list(group.reasons),
        "members": [_ref(member) | {"lag": _lag(delay)} for member, delay in zip(group.members, lags, strict=True)],
        "links": [link(pair) for pair in group.links],
        "labels": [label(pair) for pair in group.labels],
        "whole": group.whole,
    }


def _lag(member_lag: Lag | None) -> Json | None:
    return None if member_lag is None else {"seconds": member_lag.seconds, "by": member_lag.by}


def label(row: Label) -> Json:
    """A person's label of two texts."""
    return {
        "a": _ref(row.a),
        "b": _ref(row.b),
        "label": "copy" if row.copy else "not-copy",
        "note": row.note,
        "labelled_at": iso(row.labelled_at),
        "machine": None if row.machine is None else str(row.machine),
    }


def labelled_pair(pair: Label, a: Text | None, b: Text | None) -> Json:
    """One line of ``label --export``: a label with both texts; a text that is no longer stored is null."""
    labelled = label(pair)
    for side, text in (("a", a), ("b", b)):
        labelled[side] |= {"title": text.title if text else "", "text": None if text is None else text.body}
    return labelled


def folded(fold: FoldedCluster | None) -> Json | None:
    """The cluster that one member represents under ``--unique``."""
    if fold is None:
        return None
    return {
        "count": fold.copies,
        "kinds": dict(fold.kinds),
        "original": _ref(fold.original),
        "hidden": list(fold.hidden),
    }


def stale(row: UncorrectedCopy) -> Json:
    """One passage of ``copies URL --stale --json``."""
    return {
        "version": row.version,
        "passage": row.passage,
        "now": row.now,
        "kinds": [str(kind) for kind in row.kinds],
        "corrected_at": iso(row.corrected_at),
        "copy": _ref(row.copy),
        "copied": row.copied,
        "span": list(row.span),
        "copy_seen_at": iso(row.copy_seen_at),
        "confirmed": row.confirmed,
    }


def judgement(a: Version, b: Version, verdict: Judgement) -> Json:
    """``explain A B --json``."""
    return {
        "a": {"url": a.url, **version(a)},
        "b": {"url": b.url, **version(b)},
        "relation": None if verdict.relation is None else str(verdict.relation),
        "score": round(verdict.score, 4),
        "coverage": [round(share, 4) for share in verdict.coverage],
        "because": verdict.because,
        "longest_run": verdict.longest_run,
        "passages": [passage(shared) for shared in verdict.passages],
        "residue": list(verdict.residue),
        "method": verdict.method,
        "translated": verdict.translated,
        "languages": list(verdict.languages),
        "broken": [list(pair) for pair in verdict.broken],
    }


def explanation(row: Version, capture: Capture, removed: Sequence[RemovedSpan], facts: Sequence[Fact] = ()) -> Json:
    """``explain A --json``."""
    return {
        "url": row.url,
        **version(row),
        "capture": capture_of(capture),
        "removed": [{"at": span.at, "text": span.text, "because": span.because} for span in removed],
        "facts": [fact(stated) for stated in facts],
    }


def fact(row: Fact) -> Json:
    """A fact about an article: its value, its raw form and its source."""
    return {"name": row.name, "value": row.value, "raw": row.raw, "source": row.source, "guess": row.guess}


def hit(match: Match) -> Json:
    """One hit of ``search --json``; the snippet is plain, without marks."""
    from db.records import SNIPPET_MARKS

    plain = match.snippet.replace(SNIPPET_MARKS[0], "").replace(SNIPPET_MARKS[1], "")
    presence = {
        "present_from": iso(match.present_from),
        "present_to": iso(match.present_to),
        "absent_since": match.absent_since,
        "gone_between": gaps(match),
    }
    return {"url": match.version.url, **version(match.version), "newest": match.newest, **presence, "snippet": plain}


def gaps(match: Match) -> list[Json]:
    """The periods in which the page of a hit was gone."""
    return [{"from": iso(since), "to": iso(until)} for since, until in match.gone_between]


def article(row: Version, group: str) -> Json:
    """One line of ``list --jsonl``."""
    return {"url": row.url, "group": group, **version(row), "byline": row.byline, "language": row.language}


def plan(schedule: Plan) -> Json:
    """``plan --json``."""
    return {
        "due": [{"url": visit.url, "kind": str(visit.kind), "because": visit.because} for visit in schedule.visits],
        "waiting": [{"url": row.url, "because": row.because, "due_at": _iso(row.due_at)} for row in schedule.waiting],
        "budgets": [
            {"group": row.group, "visits": row.visits, "tau": row.tau, "expected": row.expected, "spent": row.spent}
            for row in schedule.budgets
        ],
    }


def status(stats: Json) -> Json:
    """``status --json``."""
    counts = {
        name: stats["counts"][name] for name in ("sources", "captures", "payloads", "versions", "links", "underived")
    }
    runs = [
        {**run, "started_at": _iso(run["started_at"]), "finished_at": _iso(run["finished_at"])} for run in stats["runs"]
    ]
    leases = [{**lease, "until_at": _iso(lease["until_at"])} for lease in stats["leases"]]
    plain = {name: stats[name] for name in ("bytes", "tables", "growth", "states")}
    drift = [{"host": h.name, "since": iso(h.since), "pages": h.pages, "of": h.of} for h in stats["drift"]]
    errors = [{"url": e.url, "step": e.step, "cause": e.cause, "at": iso(e.failed_at)} for e in stats["errors"]]
    more = {"drift": drift, "lists": stats["lists"], "errors": errors, "runs": runs, "leases": leases}
    return {"counts": counts, **plain, **more}


def extraction(identity: object, result: Extraction) -> Json:
    """One line of ``extract``: the best text found, for any verdict."""
    return {
        "id": identity,
        "text": result.text,
        "title": result.title,
        "author": result.byline,
        "date": _iso(result.published_at),
        "modified": _iso(result.modified_at),
        "language": result.language,
        "site": result.site,
        "verdict": str(result.verdict),
        "detail": result.detail,
        "origin": list(result.origin),
        "removed": [{"at": span.at, "text": span.text, "because": span.because} for span in result.removed],
        "facts": [fact(stated) for stated in result.facts],
        "headline_from": list(result.headline_from),
    }


def report(summary: Report) -> Json:
    """Summary of a run: ``refresh --json``, ``backfill --json``."""
    return {
        "run": summary.run_id,
        "kind": summary.kind,
        "started_at": iso(summary.started_at),
        "finished_at": iso(summary.finished_at),
        "counts": summary.counts,
        "rows": [
            {"url": row.url, "outcome": row.outcome, "versions": row.versions, "reason": row.reason}
            for row in summary.rows
        ],
        "changes": [{"url": change.url, **version(change)} for change in summary.changes],
    }


def citation(footnote: Citation) -> Json:
    """``cite --json``."""
    return {
        "title": footnote.title,
        "url": footnote.url,
        "requested_url": footnote.capture.url,
        "captured_at": iso(footnote.capture.captured_at),
        "payload_sha256": footnote.capture.payload_sha256,
        "payload_length": footnote.capture.payload_length,
        "text_sha256": footnote.text_sha256,
        "recipe": footnote.recipe_id,
        "chain": {
            "position": footnote.link.position,
            "link": footnote.link.link,
            "before": footnote.link.before,
            "facts": footnote.link.facts,
        },
    }


def problem(complaint: Problem) -> Json:
    """One line of ``verify --json``, ``doctor --json``, ``check --json``."""
    return {"what": complaint.what, "where": complaint.where, "todo": complaint.todo}
