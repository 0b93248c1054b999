"""The pages of other hosts that an article links to: those in its paragraphs and beside them, each once."""

from __future__ import annotations

import pytest

from archive.extract.outgoing_links import MOST_LINKS
from test_extract_facts import LINES, facts_named, read

SOURCE = "https://wire.example/news/bridges"


def linked(body: str) -> list[str]:
    return [fact.value for fact in facts_named(read(body=body), "linked")]


@pytest.mark.parametrize(
    "line",
    [
        f'<p>As <a href="{SOURCE}">the Wire</a> reported, the bridges are old.</p>',
        f'<p><a href="{SOURCE}">Read more</a></p>',
        f'<p><em>Via <strong><a href="{SOURCE}">Wire</a></strong></em></p>',
        f'<div>Source: <a href="{SOURCE}">{SOURCE}</a></div>',
        f'<p><a href="//{SOURCE.partition("//")[2]}">Source link</a></p>',
    ],
)
def test_a_link_to_a_page_of_another_host_is_noted(line: str) -> None:
    assert linked(LINES + line) == [SOURCE]


@pytest.mark.parametrize(
    "line",
    [
        '<p><a href="/news/older">An older story</a></p>',
        '<p><a href="https://www.daily.example/news/older">An older story</a></p>',
        '<p><a href="https://wire.example/">The Wire</a></p>',
        '<p><a href="mailto:desk@wire.example">Write to us</a></p>',
        '<p><a href="https://[broken/news">Broken</a></p>',
        f'<ul><li><a href="{SOURCE}">Elsewhere</a></li></ul>',
        f'<aside><p><a href="{SOURCE}">Elsewhere</a></p></aside>',
    ],
)
def test_other_links_are_not(line: str) -> None:
    assert linked(LINES + line) == []


def test_links_outside_of_the_article_are_not_noted() -> None:
    assert linked(f'{LINES}</article><div><p><a href="{SOURCE}">Elsewhere</a></p></div><article>') == []


def test_of_many_links_the_first_and_the_last_are_noted() -> None:
    many = [f"https://wire.example/{number}" for number in range(30)]
    body = LINES + "".join(f'<p><a href="{address}">Page</a> and <a href="{address}">again</a></p>' for address in many)
    half = MOST_LINKS // 2
    assert linked(body) == many[:half] + many[-half:]


def test_a_declared_source_is_noted_once_and_first() -> None:
    head = f'<meta name="syndication-source" content="{SOURCE}"><meta name="original-source" content="/own">'
    line = '<p>As <a href="https://other.example/a">others</a> and <a href="' + SOURCE + '">the Wire</a> reported.</p>'
    facts = facts_named(read(head, LINES + line), "linked")
    assert [(fact.value, fact.source) for fact in facts] == [(SOURCE, "meta"), ("https://other.example/a", "a href")]
