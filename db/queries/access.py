"""Queries of access: named tokens, and the audit of changes that people made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from db.microseconds import instant, instant_or_none
from db.records import AccessToken, Actor, AuditEntry, Role

if TYPE_CHECKING:
    from db.reader import Ask, Row

_TOKEN = "SELECT name, roles, made_at, revoked_at FROM credential"  # noqa: S105 - a query, no secret


def tokens(ask: Ask) -> list[AccessToken]:
    """Return every token, also revoked ones, by name and time."""
    return [_token(row) for row in ask(f"{_TOKEN} ORDER BY name, id")]


def token_by_digest(ask: Ask, sha256: str) -> AccessToken | None:
    """Return the token with this digest (hex), also if it is revoked."""
    rows = ask(f"{_TOKEN} WHERE sha256 = :sha256", sha256=bytes.fromhex(sha256))
    return _token(rows[0]) if rows else None


def newest_token(ask: Ask, name: str) -> AccessToken | None:
    """Return the newest token of a name, also if it is revoked."""
    rows = ask(f"{_TOKEN} WHERE name = :name ORDER BY id DESC LIMIT 1", name=name)
    return _token(rows[0]) if rows else None


def _token(row: Row) -> AccessToken:
    return AccessToken(
        name=row["name"],
        roles=frozenset(Role(word) for word in json.loads(row["roles"])),
        made_at=instant(row["made_at"]),
        revoked_at=instant_or_none(row["revoked_at"]),
    )


def audit_entries(ask: Ask, *, before: int | None, limit: int) -> list[AuditEntry]:
    """Return the changes that people made with an id below ``before``, newest first."""
    rows = ask(
        "SELECT id, changed_at, name, via, action, subject, detail FROM audit WHERE id < :before "
        "ORDER BY id DESC LIMIT :limit",
        before=1 << 62 if before is None else before,
        limit=limit,
    )
    return [
        AuditEntry(
            id=row["id"],
            changed_at=instant(row["changed_at"]),
            actor=Actor(row["name"], row["via"]),
            action=row["action"],
            subject=row["subject"],
            detail=row["detail"],
        )
        for row in rows
    ]
