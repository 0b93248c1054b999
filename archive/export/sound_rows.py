"""Checks of what is exported: a capture against its link of the chain, a text against its digest.

An export leaves the archive, and nobody can tell there that a row was damaged. So it is refused, and no file is left.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from db.errors import Corrupt
from db.verify.captures import capture_problem

if TYPE_CHECKING:
    from db.reader import Ask


def check_capture(ask: Ask, capture_id: int, url: str) -> None:
    """Raise Corrupt unless the capture is as its link of the chain says."""
    problem = capture_problem(ask, capture_id)
    if problem is not None:
        raise Corrupt(f"capture {capture_id} of {url} is not exported: {problem}. {_REMEDY}")


def check_text(title: str, body: str, sha256: str, url: str) -> None:
    """Raise Corrupt unless headline, blank line and body have this digest."""
    if hashlib.sha256(f"{title}\n\n{body}".encode()).hexdigest() != sha256:
        raise Corrupt(f"a text of {url} is not exported: it has not the digest {sha256[:16]}... {_REMEDY}")


_REMEDY = "Nothing was written. List all damage, and what mends it: wirecopy verify"
