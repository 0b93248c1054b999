"""Write named tokens, and the audit of changes that people make."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import insert, update

from db.errors import BadInput
from db.microseconds import micros
from db.queries import access as access_queries
from db.schema import audit, credential
from db.writer import ask_on

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection

    from db.records import Actor, Role

_MOST_DETAIL = 500  # characters: an address of a page may have thousands


def record_change(
    connection: Connection, actor: Actor, action: str, subject: str, now: datetime, detail: str = ""
) -> None:
    """Append a change to the audit."""
    row = {"name": actor.name, "via": actor.via, "action": action, "subject": subject, "detail": detail[:_MOST_DETAIL]}
    connection.execute(insert(audit).values(changed_at=micros(now), **row))


def add_token(
    connection: Connection, name: str, sha256: str, roles: Collection[Role], now: datetime, actor: Actor
) -> None:
    """Store the digest of a new token. Raises BadInput if a token of that name is in force."""
    known = access_queries.newest_token(ask_on(connection), name)
    if known is not None and known.revoked_at is None:
        raise BadInput(f"{name} has a token already. To replace it: wirecopy token revoke {name}, then add it again")
    words = sorted(roles)
    row = {"name": name, "sha256": bytes.fromhex(sha256), "roles": json.dumps(words), "made_at": micros(now)}
    connection.execute(insert(credential).values(**row))
    record_change(connection, actor, "gave a token", name, now, ", ".join(words))


def revoke_token(connection: Connection, name: str, now: datetime, actor: Actor) -> bool:
    """Revoke the token of a name. False if none is in force."""
    in_force = (credential.c.name == name) & credential.c.revoked_at.is_(None)
    if not connection.execute(update(credential).where(in_force).values(revoked_at=micros(now))).rowcount:
        return False
    record_change(connection, actor, "revoked a token", name, now)
    return True
