"""The charset of a list: bytes in, text out, chunk by chunk."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from archive.formats.charset import detect_charset

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}encoding\s*=\s*["']([\w.:-]+)["']""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE)


def decode_chunks(chunks: Iterable[bytes], content_type: str = "") -> Iterator[str]:
    """Yield the document as text, without zeros. Bytes that are no text become U+FFFD.

    The charset is that of a byte order mark, or of zeros between the letters. Else it is decided as that of a page
    (``archive.formats.charset``), by the first chunk, or it is one that only the document's own label names.
    """
    decoder = None
    for chunk in chunks:
        if decoder is None:
            decoder = codecs.getincrementaldecoder(_charset(chunk, content_type))("replace")
        yield decoder.decode(chunk).replace("\0", "")


def _charset(start: bytes, content_type: str) -> str:
    for mark, name in _BOMS:
        if start.startswith(mark):
            return name
    wide = _wide_charset(start.lstrip(b" \t\r\n")[:64])
    if wide:
        return wide
    charset, flags = detect_charset(content_type, start)
    if "charset-unknown" not in flags:
        return charset
    declared = [name.decode("ascii") for name in _DECLARED.findall(start[:2_048])]
    names = map(_codec_name, (*declared, *_CHARSET.findall(content_type)))
    return next((name for name in names if name and not name.startswith(("utf-", "ascii"))), charset)


def _wide_charset(start: bytes) -> str:
    """Return the charset of a document that has zeros between its first letters, which are ASCII."""
    if start[:4].count(0) == 3:  # noqa: PLR2004 (three zeros beside one letter)
        return "utf-32-le" if start[0] else "utf-32-be"
    if start[:4].count(0) == 2:  # noqa: PLR2004
        return "utf-16-le" if start[0] else "utf-16-be"
    return ""


def _codec_name(label: str) -> str:
    try:
        info = codecs.lookup(label)
    except (LookupError, ValueError):
        return ""
    return info.name if info._is_text_encoding else ""  # noqa: SLF001 (the standard library has no public name)
