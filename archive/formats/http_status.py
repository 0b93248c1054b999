"""HTTP status codes that several readers share (RFC 9110, section 15)."""

from __future__ import annotations

from typing import Final

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
"""Status codes of redirects, which have another address in Location."""
