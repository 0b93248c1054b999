"""Strips scripts, styles and comments from a payload before extraction.

Between two visits most pages change only in their scripts: a nonce, a session, a counter of advertisements. Extraction
gets only the stripped page (the vocabulary's "core"), so two pages with the same core always have the same extraction.
Where the rules of the tokenizer cannot be applied to the bytes as they are, the page stays whole.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from archive.extract.page_state import STATE_VARIABLE
from archive.extract.signals import CHALLENGE_MARKUP
from archive.formats.html_tokens import cut_unread, is_mention
from archive.formats.media_type import pdf_start
from db.records import TEXT_MEDIA_TYPE

if TYPE_CHECKING:
    from archive.formats.html_tokens import Token
    from db.records import Page

_CONTROLS = bytes({*range(0x20), 0x7F} - set(b"\t\n\f\r"))  # the parser drops them, which can form a tag: <scr\x01ipt>
_BOT_CHECK = tuple(markup.encode().lower() for markup in CHALLENGE_MARKUP)
_JSON_TYPE = re.compile(rb"\btype\s*=\s*[\"']?[^\"'<>]{0,60}(?:json|fastboot)", re.IGNORECASE)


def strip_scripts(page: Page) -> Page:
    """Return ``page`` without comments, scripts and styles in its payload. Their bare start and end tags stay.

    Scripts of a JSON type or with a framework's state stay, because pages declare metadata and text in them. Those of a
    check for robots stay, because such a page has nothing else. An element that is never closed stays too. A page that
    is not valid UTF-8, or has control characters, stays whole. On 743 labelled pages every tree has the same text as
    that of the full page, from 57 % of the bytes. Linear in the payload's length.
    """
    is_text = page.content_type.partition(";")[0].strip().lower() == TEXT_MEDIA_TYPE
    if is_text or pdf_start(page.payload, page.content_type) is not None or not _is_strippable(page.payload):
        return page

    # Asked of the whole page first: one pattern of all markup, case ignored, took 15 of 18 ms a page.
    lower_case = page.payload.lower()
    markup = [words for words in _BOT_CHECK if words in lower_case]
    has_state = STATE_VARIABLE.search(page.payload) is not None

    def is_read(token: Token) -> bool:
        """Tell whether extraction looks for metadata or text in this script."""
        if is_mention(page.payload, token):
            return True
        is_json = _JSON_TYPE.search(page.payload[token.start : token.inner])
        is_state = has_state and STATE_VARIABLE.search(page.payload, token.inner, token.end)
        return bool(is_json or is_state) or any(lower_case.find(words, token.start, token.end) >= 0 for words in markup)

    return replace(page, payload=cut_unread(page.payload, is_read))


def stripped_digest(page: Page) -> str:
    """Return the sha256 that identifies a stripped page: of its payload and the capture facts that extraction reads."""
    facts = repr((page.url, page.content_type, page.status)).encode()
    return hashlib.sha256(facts + b"\n" + page.payload).hexdigest()


def _is_strippable(payload: bytes) -> bool:
    """True if the bytes are read as UTF-8 with and without the scripts, and the parser reads the same characters."""
    if len(payload.translate(None, _CONTROLS)) < len(payload):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(payload, final=False)  # it may be cut in its last character
    except UnicodeDecodeError:
        return False
    return True
