"""Queries about access: the named tokens of people, and the audit of what people changed.

`archive.api.curation` makes and revokes tokens.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from archive.api.questions import Listing, Questions
from db.queries import access as access_queries
from db.reader import Reader

if TYPE_CHECKING:
    from pathlib import Path

    from db.records import AccessToken, AuditEntry

NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,99}")
"""The form of names of people, in tokens and from a proxy."""


def digest_of_token(token: str) -> str:
    """Return the digest under which a token is stored. A token is random, so it needs no slow digest as a password."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def tokens(db: Path) -> list[AccessToken]:
    """Return every token, also revoked ones, by name and time."""
    with Reader(db) as reader:
        return access_queries.tokens(reader.ask)


def find_token(db: Path, token: str) -> AccessToken | None:
    """Return the named token with this text, also if it is revoked."""
    with Reader(db) as reader:
        return access_queries.token_by_digest(reader.ask, digest_of_token(token))


def newest_token(db: Path, name: str) -> AccessToken | None:
    """Return the newest token of a person, also if it is revoked."""
    with Reader(db) as reader:
        return access_queries.newest_token(reader.ask, name)


class AccessQuestions(Questions):
    """Queries about what people changed."""

    def audit(self, *, before: int | None = None, limit: int = 100) -> Listing[AuditEntry, int]:
        """Return the changes that people made, with an id below ``before``, newest first."""
        entries = access_queries.audit_entries(self._ask, before=before, limit=limit)
        return Listing(tuple(entries), entries[-1].id if len(entries) == limit else None)
