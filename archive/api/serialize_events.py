"""Events as JSON values, the same in the web pages, the HTTP API, ``events --json`` and the notices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archive.api.event_wording import LABELS, describe, outlet
from archive.timestamps import iso

if TYPE_CHECKING:
    from db.records import Event


def event(row: Event) -> dict[str, Any]:
    """Return an event as JSON values. ``path`` is the page about it on the web interface, empty if there is none."""
    return {
        "id": row.id,
        "kind": str(row.kind),
        "label": LABELS[row.kind],
        "at": iso(row.at),
        "since": iso(row.since),
        "url": row.url,
        "outlet": outlet(row.url) if row.url else "",
        "source": row.source_id,
        "group": row.group,
        "title": row.title,
        "summary": describe(row),
        "before": row.before,
        "after": row.after,
        "kinds": list(row.edits),
        "weight": round(row.weight, 4),
        "version": row.version,
        "context": row.detail,
        "of": {"url": row.other_url, "outlet": outlet(row.other_url), "title": row.other_title, "source": row.other_id}
        if row.other_url
        else None,
        "lag_seconds": row.lag,
        "path": page_of(row),
    }


def page_of(row: Event) -> str:
    """Return the address of the page about an event on the web interface: the change, the pair of texts, the article.

    A test compares these with ``archive.serve.paths``, which ``archive.api`` must not import.
    """
    if row.source_id is None:
        return "/runs" if row.subject.startswith("run ") else "/sources"
    if row.version is not None and row.version > 1:
        return f"/articles/{row.source_id}/diff/{row.version - 1}..{row.version}"
    if row.other_id is not None:
        return f"/copies/{row.other_id}?with={row.source_id}"
    if row.kind in {"list_broken", "list_shrunk", "silent"}:
        return "/sources"
    return f"/articles/{row.source_id}"
