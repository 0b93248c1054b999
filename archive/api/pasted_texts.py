"""Comparison of two texts from outside an archive, as pasted or read from files. Nothing is stored.

The judgement is the one that archived texts get (``judging_process.judge_texts``), in a child process with limits of
time and memory, because anybody may send a text that was made to be slow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from archive.api import serialize
from archive.api.judging_process import judge_in_child
from db.errors import BadInput
from db.records import SCRAPER_MARKS, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.api.judging_process import Layout
    from db.records import Extraction, Judgement

    Json = dict[str, Any]

MOST_CHARACTERS = 120_000
"""Most characters of each text: the longest articles have 100,000. Judging two of that size takes 0.5 s, made-up words
in a script without spaces 1.4 s."""

MOST_TITLE = 1_000
"""Most characters of a headline that are read."""

_BINARY = re.compile("[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")  # bytes that no text has, as in ``extract.decode``
_LETTER = re.compile(r"[^\W\d_]")
_MARKUP = re.compile(r"\s*(?:<!doctype html|<html\b|<\?xml)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastedComparison:
    """Two texts, the judgement on them, and remarks in plain sentences on what a reader must know of it.

    ``explanation`` is the page for a terminal, None unless a layout was given.
    """

    a: Text
    b: Text
    judgement: Judgement
    remarks: tuple[str, ...]
    explanation: str | None = None


def check_pasted(name: str, body: str) -> None:
    """Check that a text can be compared. ``name`` begins the sentence. Raises BadInput."""
    if not body.strip():
        raise BadInput(f"{name} is empty; give at least a paragraph")
    if _BINARY.search(body):
        raise BadInput(f"{name} is not text: it contains bytes that only binary files have; give the text alone")
    if len(body) > MOST_CHARACTERS:
        raise BadInput(
            f"{name} is too large: {len(body):,} characters, at most {MOST_CHARACTERS:,}; compare a part of it"
        )
    if not _LETTER.search(body):
        raise BadInput(f"{name} has no words; give at least a paragraph")


def text_of(cleaned: Extraction) -> Text:
    """Return a cleaned extraction as the archive would store its text."""
    return Text(
        sha256=sha256(f"{cleaned.title}\n\n{cleaned.text}".encode("utf-8", "replace")).hexdigest(),
        title=cleaned.title[:MOST_TITLE],
        body=cleaned.text,
        language=cleaned.language,
        published_at=cleaned.published_at,
        byline=cleaned.byline,
        origin=cleaned.origin,
        residue=tuple(span.text for span in cleaned.removed if span.because in SCRAPER_MARKS),
    )


def compare_pasted(a: Text, b: Text, *, names: tuple[str, str], layout: Layout | None = None) -> PastedComparison:
    """Compare two texts now. ``names`` begin the sentences about them, ``layout`` asks for the page for a terminal.

    Raises BadInput for a text that cannot be compared and for two that take too long, RunFailed if no child process
    can be started.
    """
    for name, text in zip(names, (a, b), strict=True):
        check_pasted(name, text.body)
    judgement, explanation = judge_in_child(a, b, layout)
    return PastedComparison(
        a=a, b=b, judgement=judgement, remarks=tuple(_remarks((a, b), names, judgement)), explanation=explanation
    )


def _remarks(texts: Sequence[Text], names: Sequence[str], judgement: Judgement) -> list[str]:
    """Return what the figures do not say: identical texts, unknown languages, the source code of a page."""
    remarks = []
    if texts[0].body == texts[1].body:
        remarks.append("The two texts are identical, character for character.")
    remarks += [
        f"The language of {name} is not known, so a translation would not be recognized."
        for name, language in zip(names, judgement.languages, strict=True)
        if language is None
    ]
    remarks += [
        f"{name[:1].upper()}{name[1:]} looks like the source code of a web page; its text alone compares better."
        for name, text in zip(names, texts, strict=True)
        if _MARKUP.match(text.body)
    ]
    return remarks


def to_json(comparison: PastedComparison, names: tuple[str, str]) -> Json:
    """Return a comparison as JSON values: both sides, the judgement with its evidence, and the remarks."""
    texts = (comparison.a, comparison.b)
    a, b = (
        {"name": name, "title": text.title, "characters": len(text.body), "text_sha256": text.sha256}
        for name, text in zip(names, texts, strict=True)
    )
    return serialize.judgement(comparison.judgement, a=a, b=b) | {"remarks": list(comparison.remarks)}
