"""The audit as JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archive.timestamps import iso

if TYPE_CHECKING:
    from db.records import Actor, AuditEntry


def audit_entry(entry: AuditEntry) -> dict[str, Any]:
    """Return a change that a person made. ``name`` is empty for who used the token without a name."""
    return {
        "id": entry.id,
        "at": iso(entry.changed_at),
        "name": entry.actor.name,
        "via": entry.actor.via,
        "action": entry.action,
        "subject": entry.subject,
        "detail": entry.detail,
    }


def who(actor: Actor) -> str:
    """Return a person in words."""
    return f"{actor.name or 'somebody without a name'} ({actor.via})"
