"""Records of access: the roles of people, their named tokens, who acts, and the audit of what they changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Role(StrEnum):
    """A permission of a person. ``read``: read and set own read marks. ``label``: label, and check a page now.

    ``manage``: add, change and retire what is watched, and read the audit.
    """

    READ = "read"
    LABEL = "label"
    MANAGE = "manage"


ALL_ROLES = frozenset(Role)
"""Every role: that of the person at this machine, and of the token of ``wirecopy serve --token``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A named token. The archive has only its digest. ``revoked_at``: it counts no more from then on."""

    name: str
    roles: frozenset[Role]
    made_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """The person who makes a change. ``name`` may be empty. ``via`` is web, terminal or program."""

    name: str = ""
    via: str = "program"


PROGRAM = Actor()
"""The actor of a change that a program makes through ``archive.api`` without naming a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """A change that a person made. ``action`` is a verb in the past, ``subject`` an address or a name."""

    id: int
    changed_at: datetime
    actor: Actor
    action: str
    subject: str
    detail: str
