"""Scripts, styles and comments in the bytes of a page: what the parser takes for one is cut, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archive.extract import extract
from archive.extract.character_references import fix_references
from archive.extract.parse import parse
from archive.extract.strip_scripts import strip_scripts
from archive.formats.html_tokens import scan
from db.records import Page

SENTENCES = [f"The ferry to quay {n} left the harbour late on Monday, said its captain." for n in range(8)]
PIECES = (
    *("<script>", "</script>", "<script ", "<script/>", "<SCRIPT src=a/>", "<style>", "</style\n>", "<script-x>"),
    *("<!--", "-->", "--!>", "<!-->", "<!--->", "--", "<!", "<?", "<![CDATA[", "]]>", "<!doctype html>"),
    *("<title>", "</title>", "<textarea>", "</textarea >", "<xmp>", "<plaintext>", '<iframe srcdoc="', "<noscript>"),
    *("<template>", "<svg>", "<p>", "</p>", "</", "<", ">", "/>", "=", "/", '"', "'", " title=", " x='", "\f", "&lt;"),
    *("a", "b ", "\u00e9"),
)


def stripped(payload: bytes) -> bytes:
    page = Page(payload=payload, content_type="text/html", url="https://daily.example/a", captured_at=MOMENT)
    return strip_scripts(page).payload


MOMENT = datetime(2026, 1, 5, tzinfo=UTC)


def texts(payload: bytes) -> list[tuple[str, str, str]]:
    """Return each element with its text and tail, but not the content of scripts and styles."""
    page = parse(payload.decode())
    if page is None:
        return []
    opaque = ("script", "style")
    return [(part.tag, (part.tag not in opaque and part.text) or "", part.tail or "") for part in page.root.iter()]


@given(st.lists(st.sampled_from(PIECES), max_size=16))
@example(["<", "<!--", "-->", "p>"])
@example(["<script>", "<!--", "<script>", "</script>", "-->", "</script>", "a"])
def test_the_parser_reads_the_same_texts_with_and_without_scripts(pieces: list[str]) -> None:
    payload = "".join(pieces).encode()
    assert texts(stripped(payload)) == texts(payload)


@pytest.mark.parametrize(
    "markup",
    [
        '<img alt="the <script> tag">{}<script>1</script>',
        '<a title="<!--">note</a>{}<!-- ad -->',
        "<img alt='<style>'>{}<style>p {{}}</style>",
        "<!-- ad --!>{}<!-- end -->",
        "<!-->{}<!-- end -->",
        "<!--[if !IE]><!-->{}<!--<![endif]-->",
        "<![if !IE]>{}<![endif]><!-- end -->",
        "<textarea>a <!-- b <script></textarea>{}<!-- end --><script>1</script>",
        '<iframe srcdoc="<script>"></iframe>{}<script>1</script>',
        "<script-x></script-x>{}<script>1</script>",
        "<svg><title>a <style></title></svg>{}<style>p {{}}</style>",
        "<script><!-- a --></script>{}<!-- end -->",
        "<script>a = '<!--<script>' </script> </script>{}<script>1</script>",
        "<p title=a<!-->b</p>{}<!-- end -->",
        '<p data-a="x>y<script>">b</p>{}<script>1</script>',
    ],
)
def test_no_paragraph_is_cut_with_a_tag_that_is_none(markup: str) -> None:
    paragraphs = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)
    markup = markup.format(f"<p>{SENTENCES[0]}</p>")
    html = f"<html><title>On the <script> tag</title><body><article>{markup}{paragraphs}</article></body></html>"
    page = Page(payload=stripped(html.encode()), url="https://daily.example/a", captured_at=MOMENT)
    assert all(sentence in extract(page).text for sentence in SENTENCES)
    assert len(page.payload) < len(html)


def test_a_page_whose_bytes_may_be_read_otherwise_stays_whole() -> None:
    for payload in ("<script>1</script>é, he said".encode("latin-1"), b"<scr\x01ipt>1</script><!-- a -->"):
        assert stripped(payload) == payload


def test_a_dropped_character_never_forms_a_tag() -> None:
    for markup in ("<p>a<s&#1;cript>b", "<p>a<!-&#2;-x>b", "<p>a<&#1;script>b", "<!-- -&#1;-> --><p>a b"):
        page = parse(fix_references(markup))
        assert page is not None
        assert page.root.text_content().replace("\u200b", "")[0] == "a"
        assert page.root.text_content()[-1] == "b"


@pytest.mark.parametrize("noise", ["<script>", "<!--", "<p a='", "<p a ", "<", "<title>", "<script><!--", "<!", "</"])
def test_noise_is_scanned_once(noise: str) -> None:
    assert sum(1 for _ in scan(noise.encode() * 200_000, b"p")) <= 200_000


def test_a_tag_that_a_sentence_mentions_is_text() -> None:
    paragraphs = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)
    html = f"<body><article><h1>On the <script> tag</h1>{paragraphs}</article><script>1</script></body>".encode()
    for payload in (html, stripped(html)):
        extraction = extract(Page(payload=payload, url="https://daily.example/a", captured_at=MOMENT))
        assert extraction.title == "On the <script> tag"
        assert all(sentence in extraction.text for sentence in SENTENCES)
    script = b"<p><script>a = 1</p></script>b"
    assert stripped(script) == b"<p><script></script>b"
