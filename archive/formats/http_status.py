"""HTTP status codes that several readers must agree on (RFC 9110, section 15)."""

from __future__ import annotations

from typing import Final

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
"""Statuses that name another address in Location."""
