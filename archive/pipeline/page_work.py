"""The work on a page or a text that needs no archive. The workers do it, so that this process only keeps books.

``strip_page`` precedes the extraction of a page and ``clean_page`` follows it. ``keys_of`` computes the lookup keys of
a text, and ``judge_all`` compares a text with others. An exception is returned as a value, for a worker that raises one
is taken for crashed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from archive import copies
from archive.copies.embeddings import load_model
from archive.extract.boilerplate import clean
from archive.extract.strip_scripts import strip_scripts, stripped_digest
from db.records import Extraction, Text, Verdict
from db.wall import cause_of, is_own_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archive.copies.embeddings import EmbeddingModel
    from archive.extract.worker_pool import Lost
    from db.records import Judgement, Page

    Judge = Callable[[Text, Text, copies.TokenCache, EmbeddingModel | None], Judgement]


@dataclass(frozen=True, slots=True)
class PageText:
    """The cleaned extraction of a page, and the digest of its text (None: it has none)."""

    extraction: Extraction
    sha256: str | None = None

    @property
    def verdict(self) -> Verdict:
        """The verdict on the page."""
        return self.extraction.verdict


@dataclass(frozen=True, slots=True)
class Raised:
    """The exception that a call raised: what is stored of it."""

    cause: str


def text_digest(title: str, body: str) -> str:
    """Return the sha256 of a normalised text: headline, blank line and body, in UTF-8."""
    return hashlib.sha256(f"{title}\n\n{body}".encode()).hexdigest()


def failure(cause: str) -> Extraction:
    """Return the extraction of a page that made extraction raise."""
    return Extraction(verdict=Verdict.ERROR, detail=cause)


def failure_cause(lost: Raised | Lost) -> str:
    """Return why a call has no result: the exception it raised, or how its worker was lost."""
    return lost.cause if isinstance(lost, Raised) else f"a worker was lost ({lost.value})"


def page_for_extraction(page: Page) -> Page:
    """Return the page stripped of scripts and comments, and without the URL it was requested by.

    An extraction depends on the payload alone.
    """
    return strip_scripts(replace(page, requested_url=page.url))


def strip_page(page: Page) -> tuple[Page, str] | Raised:
    """Return the page as it is extracted, and the digest of what is read of it."""
    try:
        stripped = page_for_extraction(page)
        return stripped, stripped_digest(stripped)
    except Exception as error:
        if not is_own_fault(error):
            raise
        return Raised(cause_of(error))


def clean_page(extraction: Extraction) -> PageText:
    """Return the extraction cleaned, with the digest of its text."""
    try:
        cleaned = clean(extraction)
        return PageText(cleaned, text_digest(cleaned.title, cleaned.text) if cleaned.text else None)
    except Exception as error:
        if not is_own_fault(error):
            raise
        return PageText(failure(cause_of(error)))


def keys_of(text: Text) -> tuple[int, ...] | Raised:
    """Return the lookup keys of a text."""
    try:
        return copies.fingerprint(text, _tokenizer())
    except Exception as error:
        if not is_own_fault(error):
            raise
        return Raised(cause_of(error))


def judge_all(texts: Sequence[Text], judge: Judge = copies.judge) -> list[Judgement | Raised]:
    """Return the judgements of the first text and each of the others."""
    text, *others = texts
    return [_judge(text, other, judge) for other in others]


def _judge(text: Text, other: Text, judge: Judge) -> Judgement | Raised:
    try:
        return judge(text, other, _tokenizer(), load_model())
    except Exception as error:
        if not is_own_fault(error):
            raise
        return Raised(cause_of(error))


@cache
def _tokenizer() -> copies.TokenCache:
    """Return the tokenized texts of this process: most texts come up several times in a row."""
    return copies.TokenCache()
