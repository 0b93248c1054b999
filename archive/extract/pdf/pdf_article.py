"""From the bytes of a PDF to an extraction: text, title, declared facts and verdict."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.extract.dates import declared_date, first_date, format_date
from archive.extract.fold import fold_words
from archive.extract.pdf.line_joining import HEADING, Paragraph, join_lines, text_size
from archive.extract.pdf.page_margins import without_margins
from archive.extract.pdf.pdf_file import DAMAGED, UnreadablePdf, declared_language, iso_date, open_pdf
from archive.extract.pdf.reading_order import in_reading_order
from archive.extract.person_names import read_people, site_names
from archive.extract.recipe import BARE_WORDS, PDF_CHARACTERS, PDF_PAGES, THIN_WORDS
from archive.extract.verdict import count_words
from db.records import Extraction, Fact, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pypdfium2 import PdfDocument

    from archive.extract.pdf.text_lines import PageText
    from db.records import Page

_PROGRAM_TITLE = re.compile(
    r"microsoft (?:word|powerpoint|excel)|powerpoint presentation|untitled|document\d*$|titel|title$|.*\.(?:docx?|pdf|"
    r"indd|qxd|odt|rtf|pptx?|xlsx?|tex|dvi|html?|ai|pages)$|\W*$|[\d_.-]+$|https?://",
    re.IGNORECASE,
)
_XFA_FORMS = frozenset({2, 3})
_LONGEST_TITLE = 300
_FIRST_LINES = 12  # paragraphs in which the title is looked for
_UNNAMED = 0.3  # of the characters


@dataclass(frozen=True, slots=True, kw_only=True)
class _Document:
    """The contents of a PDF that could be opened. ``declared`` has its information by name (Title, CreationDate)."""

    pages: tuple[PageText, ...]
    page_count: int
    declared: dict[str, str]
    language: str | None
    is_form: bool


def extract_pdf(page: Page, start: int) -> Extraction:
    """Return the extraction of the PDF that begins at byte ``start`` of the payload."""
    try:
        with open_pdf(page.payload[start:]) as document:
            contents = _read(document)
    except UnreadablePdf as reason:
        locked = "password" in str(reason)
        return Extraction(verdict=Verdict.NO_TEXT if locked else Verdict.NOT_HTML, detail=str(reason))
    return _extraction(page, contents)


def _read(document: PdfDocument) -> _Document:
    """Read the pages within the limits. Raises UnreadablePdf if none can be read."""
    from pypdfium2 import PdfiumError

    from archive.extract.pdf.text_lines import read_page  # imported late: loads PDFium

    pages: list[PageText] = []
    remaining, count = PDF_CHARACTERS, len(document)
    for number in range(min(count, PDF_PAGES)):
        try:
            page = document[number]
        except PdfiumError:
            continue
        pages.append(read_page(page, len(pages), remaining))
        page.close()
        remaining -= pages[-1].characters
        if remaining <= 0:
            break
    if not pages:
        raise UnreadablePdf(DAMAGED)
    return _Document(
        pages=tuple(pages),
        page_count=count,
        declared=document.get_metadata_dict(skip_empty=True),
        language=declared_language(document),
        is_form=document.get_formtype() in _XFA_FORMS,
    )


def _extraction(page: Page, document: _Document) -> Extraction:
    lines = [in_reading_order(lines) for lines in without_margins(document.pages)]
    paragraphs = join_lines(lines)
    title, title_from = _title(document.declared.get("Title", ""), paragraphs)
    body = _without_title(paragraphs, title)
    text = "\n".join(paragraph.text for paragraph in body)
    declared = document.declared
    created, modified = ([(iso_date(declared.get(name, "")), f"pdf {name}")] for name in ("CreationDate", "ModDate"))
    people = read_people(declared.get("Author", ""), site_names((), page.url))
    verdict, detail = _verdict(document, text)
    facts = [
        *([Fact(name="title", value=title, source=title_from)] if title else []),
        *_date_facts(page, document),
        *([Fact(name="byline", value=", ".join(people), source="pdf Author")] if people else []),
        *([Fact(name="language", value=document.language, source="pdf Lang")] if document.language else []),
        *_page_facts(document),
    ]
    return Extraction(
        verdict=verdict,
        detail=detail,
        title=title,
        text=text,
        byline=", ".join(people) or None,
        published_at=declared_date(created, page.captured_at),
        modified_at=declared_date(modified, page.captured_at),
        language=document.language,
        facts=tuple(facts),
    )


def _date_facts(page: Page, document: _Document) -> Iterator[Fact]:
    for fact, name in (("published", "CreationDate"), ("modified", "ModDate")):
        written = document.declared.get(name, "")
        if date := first_date([(iso_date(written), f"pdf {name}")], page.captured_at):
            yield Fact(name=fact, value=format_date(date), source=date.source, raw=written)


def _page_facts(document: _Document) -> Iterator[Fact]:
    """Yield the number of pages, and what of them is not in the text."""
    yield Fact(name="pages", value=str(document.page_count), source="pdf")
    page_count = len(document.pages)
    if page_count < document.page_count:
        yield Fact(name="degraded", value=f"read the first {page_count} pages", source=f"{document.page_count} pages")
    empty = sum(not page.lines and not page.is_blank for page in document.pages)
    if 0 < empty < page_count:
        yield Fact(name="flag", value="pages without a text layer", source="pdf", raw=f"{empty} of {page_count}")


def _verdict(document: _Document, text: str) -> tuple[Verdict, str]:
    words, count = count_words(text), document.page_count
    name = f"a PDF of {count} {'page' if count == 1 else 'pages'}"
    unnamed, characters = (sum(getattr(page, kind) for page in document.pages) for kind in ("unnamed", "characters"))
    if characters and unnamed > _UNNAMED * characters:
        return Verdict.NO_TEXT, f"{name} whose fonts do not say which letters they show"
    if document.is_form and words < THIN_WORDS * 4:
        return Verdict.NO_TEXT, f"{name} with a form that only Adobe's reader fills"
    is_picture = any(page.is_picture for page in document.pages)
    if words >= (THIN_WORDS if is_picture else BARE_WORDS):
        return Verdict.OK, ""
    if all(page.is_blank for page in document.pages):
        return Verdict.EMPTY, f"{name} with nothing on it"
    if not words or is_picture:
        return Verdict.NO_TEXT, f"{name} without a text layer, such as a scan"
    return Verdict.THIN, f"{words} words"


def _title(declared: str, paragraphs: Sequence[Paragraph]) -> tuple[str, str]:
    """Return the title and its source: the declared one if the first page shows it, else the largest heading."""
    first = [paragraph for paragraph in paragraphs[:_FIRST_LINES] if paragraph.page == 0]
    declared = " ".join(declared.split())[:_LONGEST_TITLE]
    is_title = bool(declared) and not _PROGRAM_TITLE.match(declared)
    folded = fold_words(declared)
    heading = next((item for item in first if folded and fold_words(item.text) == folded), None)
    if is_title and heading is not None:
        return heading.text, "heading + pdf Title"
    size = text_size([line for paragraph in paragraphs for line in paragraph.lines]) if paragraphs else 0.0
    large = [item for item in first if item.size > HEADING * size and len(item.text) <= _LONGEST_TITLE]
    largest = max((item.size for item in large), default=0.0)
    largest_heading = next((item for item in large if item.size == largest and count_words(item.text) > 1), None)
    if is_title and folded in fold_words(" ".join(item.text for item in first)):
        return declared, "pdf Title"
    if largest_heading is not None:
        return largest_heading.text, "heading"
    if is_title:
        return declared, "pdf Title"
    short = (item for item in first[:2] if len(item.lines) == 1 and len(paragraphs) > 2)  # noqa: PLR2004  # text follows
    return next(((item.text, "first line") for item in short if not item.text.endswith(".")), ("", ""))


def _without_title(paragraphs: Sequence[Paragraph], title: str) -> list[Paragraph]:
    """Return the paragraphs without the one that is the title."""
    folded = fold_words(title)
    at = next(
        (n for n, item in enumerate(paragraphs[:_FIRST_LINES]) if folded and fold_words(item.text) == folded), None
    )
    return [item for number, item in enumerate(paragraphs) if number != at]
