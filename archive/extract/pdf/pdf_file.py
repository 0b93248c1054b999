"""Opens a PDF with PDFium and reads what the file declares. Every file that cannot be opened gets its reason.

PDFium is the reader in Chromium. It runs in this process, which is a worker that can be killed and whose memory is
limited, because a file of a stranger may crash it.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pypdfium2 import PdfDocument

DAMAGED = "a PDF that is damaged"
"""The reason for a file from which not even one page can be read."""

CUT_OFF = "a PDF that is cut off: its end mark is missing"
"""The reason for a file that ends before its last object does."""

LOCKED = "a PDF that needs a password"
"""The reason for a file that nobody can read without a password."""

_NEEDS_PASSWORD = frozenset({4, 5})  # PDFium's codes: a password is needed, or an unknown encryption is used
_DATE = re.compile(
    r"(?:D:)?(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(\d\d)?)?)?)?)?(?:(Z|[+\-])(?:(\d\d)(?:'?(\d\d))?)?'?)?'?",
    re.ASCII,
)


class UnreadablePdf(Exception):
    """The file cannot be opened. The message is the reason."""


@contextlib.contextmanager
def open_pdf(payload: bytes) -> Iterator[PdfDocument]:
    """Yield the document in ``payload``, and close it. Raises UnreadablePdf with the reason."""
    import pypdfium2  # imported late: only a PDF needs it

    try:
        document = pypdfium2.PdfDocument(payload)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) in _NEEDS_PASSWORD:
            raise UnreadablePdf(LOCKED) from None
        raise UnreadablePdf(DAMAGED if _has_end(payload) else CUT_OFF) from None
    try:
        if not _has_end(payload):
            raise UnreadablePdf(CUT_OFF)
        if len(document) < 1:
            raise UnreadablePdf(DAMAGED)
        yield document
    finally:
        document.close()


def declared_language(document: PdfDocument) -> str | None:
    """Return the language tag that a document declares for itself (``en-GB``), or None."""
    import ctypes

    from pypdfium2 import raw

    buffer = ctypes.create_string_buffer(200)
    length = raw.FPDFCatalog_GetLanguage(document, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), 200)
    tag = buffer.raw[: max(length - 2, 0)].decode("utf-16-le", "replace").strip() if length <= len(buffer) else ""
    return tag if re.fullmatch(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}", tag) else None


def iso_date(written: str) -> str:
    """Return a date of a PDF (``D:20240228093000+01'00'``) in ISO form, or an empty text for anything else.

    A time of day without a zone may be any zone's, so only its day is kept. Follows ISO 32000-1, 7.9.4.
    """
    match = _DATE.fullmatch(written.strip())
    if match is None:
        return ""
    year, month, day, hour, minute, second, zone, hours, minutes = match.groups()
    if day is None:
        return ""  # a year or a month is no date
    if hour is None or zone is None:
        return f"{year}-{month}-{day}"
    offset = "+00:00" if zone == "Z" or hours is None else f"{zone}{hours}:{minutes or '00'}"
    return f"{year}-{month}-{day}T{hour}:{minute or '00'}:{second or '00'}{offset}"


def _has_end(payload: bytes) -> bool:
    """True if the last end mark is behind the last object. A file for the web has an end mark near its start too."""
    end = payload.rfind(b"%%EOF")
    return end >= 0 and payload.find(b"endobj", end) < 0
