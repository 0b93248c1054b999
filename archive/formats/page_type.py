"""Decides which recorded responses are pages. The rules of ``media_type`` decide about their bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.formats.charset import decode_text
from archive.formats.http_status import REDIRECTS
from archive.formats.media_type import (
    file_type,
    is_html_type,
    is_never_html,
    is_pdf_type,
    non_html_type,
    pdf_start,
)

if TYPE_CHECKING:
    from db.records import Outcome


def may_be_page(status: int | None, content_type: str) -> bool:
    """False for a redirect, and for a declared type that is neither HTML nor PDF. ``status`` is None without HTTP."""
    return status not in REDIRECTS and (is_pdf_type(content_type) or not is_never_html(content_type))


def is_page(outcome: Outcome) -> bool:
    """True if a body is HTML by its declared type, or HTML or PDF by its first bytes."""
    payload = outcome.payload or b""
    if is_html_type(outcome.content_type) or pdf_start(payload, outcome.content_type) is not None:
        return True
    return not file_type(payload) and not non_html_type(
        decode_text(payload, outcome.content_type), outcome.content_type
    )
