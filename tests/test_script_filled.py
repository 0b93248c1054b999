"""Text that a script would fill in: read from a page's data if the page shows no article, with its place."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from html import escape
from typing import Any

import pytest

from archive.extract import extract
from archive.extract.strip_scripts import strip_scripts
from db.records import Extraction, Page, Verdict

URL = "https://daily.example/2026/05/12/ferry-vote"
TITLE = "Harbour council votes to keep the old ferry running"
LINES = (
    "The harbour council of Eastmoor voted on Tuesday evening to keep the old car ferry running for three more years.",
    "Mayor Ilse Tarrant said that the crossing carries 412 people on a working day, and a bridge could not come soon.",
    "Opponents had argued that the vessel burns too much oil, and that inspectors had declared it unsafe.",
    "A second reading is planned for the ninth of June, when the finance committee must say who pays for it.",
)
TEXT = "\n".join(LINES)
HTML = "".join(f"<p>{line}</p>" for line in LINES)
OTHER = tuple(line.replace("ferry", "tram").replace("harbour", "city") + " It was said twice." for line in LINES)
INTERFACE = {
    f"key.{n}": f"Please check the box number {n} before you go on to the next page of the form." for n in range(90)
}


def shell(*scripts: str, title: str = TITLE, body: str = '<div id="__next"></div>') -> Extraction:
    head = f'<html lang="en"><head><title>{title}</title></head>'
    markup = f"<!doctype html>{head}<body>{body}{''.join(scripts)}</body></html>"
    page = Page(
        payload=markup.encode(), url=URL, content_type="text/html", captured_at=datetime(2026, 6, 1, tzinfo=UTC)
    )
    return extract(strip_scripts(page))


def data(value: Any, name: str = "__NEXT_DATA__") -> str:
    return f'<script id="{name}" type="application/json">{json.dumps(value)}</script>'


def story(body: Any, **more: Any) -> dict[str, Any]:
    return {"props": {"pageProps": {"article": {"headline": TITLE, "body": body, **more}}}}


def spans(line: str, kind: str, key: str) -> list[dict[str, Any]]:
    middle = len(line) // 2
    return [{kind: "text", key: line[:middle]}, {kind: "text", key: line[middle:], "marks": ["strong"]}]


BODIES: dict[str, Any] = {
    "HTML": HTML,
    "HTML of WordPress": {"rendered": HTML},
    "plain lines": TEXT,
    "strings": list(LINES),
    "strings of HTML": [f"<p>{line}</p>" for line in LINES],
    "objects with text": [{"text": line} for line in LINES],
    "blocks": [{"type": "paragraph", "text": line} for line in LINES],
    "blocks of Arc": [{"_id": str(n), "type": "text", "content": line} for n, line in enumerate(LINES)],
    "ProseMirror": {
        "type": "doc",
        "content": [{"type": "paragraph", "content": spans(line, "type", "text")} for line in LINES],
    },
    "Portable Text": [{"_type": "block", "children": spans(line, "_type", "text")} for line in LINES],
    "Contentful": {
        "nodeType": "document",
        "content": [{"nodeType": "paragraph", "content": spans(line, "nodeType", "value")} for line in LINES],
    },
    "Slate": [{"type": "paragraph", "children": [{"text": line[:30]}, {"text": line[30:]}]} for line in LINES],
    "Draft.js": {"blocks": [{"key": "a", "text": line, "type": "unstyled"} for line in LINES], "entityMap": {}},
    "Lexical": {"root": {"type": "root", "children": [{"type": "paragraph", "children": spans(line, "type", "text")}
                                                      for line in LINES]}},
    "Editor.js": {"blocks": [{"type": "header", "data": {"text": f"<b>{line[:9]}</b>{line[9:]}"}} for line in LINES]},
    "Gutenberg": [{"name": "core/paragraph", "attributes": {"content": line, "dropCap": False}} for line in LINES],
    "Quill": {"ops": [{"insert": f"{line}\n"} for line in LINES]},
    "JSON in a string": json.dumps({"blocks": [{"type": "paragraph", "text": line} for line in LINES]}),
    "blocks among others": [
        {"type": "image", "caption": "A ferry. " * 30},
        *({"type": "paragraph", "text": line} for line in LINES),
        {"type": "relatedStories", "text": OTHER[0]},
        {"type": "newsletter", "text": "Sign up for our letter. " * 9},
    ],
}  # fmt: skip


@pytest.mark.parametrize("form", BODIES)
def test_an_article_in_the_data_of_a_page_is_read_in_every_form(form: str) -> None:
    got = shell(data(story(BODIES[form])))
    assert (got.verdict, got.title, got.text) == (Verdict.OK, TITLE, TEXT)
    (fact,) = (fact for fact in got.facts if fact.name == "text")
    assert fact.source.startswith("__NEXT_DATA__.props.pageProps.article.body")


def _flat() -> list[Any]:
    return [["Reactive", 1], {"article": 2, "menu": 5}, {"headline": 3, "body": 4}, TITLE, HTML, [6, 6], "Home"]


def paired(value: Any) -> Any:
    """The form in which Astro writes properties: each value beside its type."""
    if isinstance(value, dict):
        return {key: [0, paired(part)] for key, part in value.items()}
    return value


IN_STRING = json.dumps(json.dumps(story(HTML)))
ASSIGNED = {
    "an object": f"<script>window.__INITIAL_STATE__ = {json.dumps(story(HTML))};(function(){{}})()</script>",
    "JSON in a string": f"<script>window.__PRELOADED_STATE__=JSON.parse({IN_STRING})</script>",
    "in brackets": f"<script>window['__APOLLO_STATE__']={json.dumps(story(HTML))}</script>",
    "Remix": f"<script>window.__remixContext = {json.dumps({'state': {'loaderData': story(HTML)}})};</script>",
    "a function of Nuxt 2": "<script>window.__NUXT__=(function(a,b){return {layout:a,data:[{article:{headline:"
    f'{json.dumps(TITLE)},body:{json.dumps(HTML)},live:b}}}}]}}}}("default",void 0));</script>',
    "long arguments of Nuxt 2": "<script>window.__NUXT__=(function(a,b){return {data:[{article:{headline:a,body:b}}]}}("
    f"{json.dumps(TITLE)},{json.dumps(HTML)}));</script>",
    "Arc": f"<script>Fusion.globalContent={json.dumps(story(HTML))};Fusion.spa=false</script>",
    "Ember": data(story(HTML), "shoebox-a").replace("application/json", "fastboot/shoebox"),
    "Angular": data(story(HTML), "serverApp-state").replace('\\"', "&a;quot;"),
    "properties of Inertia": f"<div id=app data-page='{escape(json.dumps(story(HTML)))}'></div>",
    "properties of Astro": f"<astro-island props='{escape(json.dumps(paired(story(HTML))))}'></astro-island>",
    "a flat list of Nuxt 3": data(_flat(), "__NUXT_DATA__"),
    "an answer that SvelteKit kept": data(
        {"status": 200, "body": json.dumps({"article": {"title": TITLE, "html": HTML}})}
    ),
    "references of Apollo": "<script>window.__APOLLO_STATE__ = "
    + json.dumps({"ROOT_QUERY": {"article": {"__ref": "Article:1"}}, "Article:1": {"title": TITLE, "body": HTML}})
    + "</script>",
    "JSON-LD": data({"@type": "NewsArticle", "articleBody": HTML}).replace("on/j", "on/ld+j"),
    "noscript": f"<noscript>{HTML}</noscript>",
}


@pytest.mark.parametrize("form", ASSIGNED)
def test_the_data_may_stand_in_any_place(form: str) -> None:
    got = shell(ASSIGNED[form])
    assert (got.verdict, got.text) == (Verdict.OK, TEXT)
    assert [fact.value for fact in got.facts if fact.name == "text"] == ["not shown without scripts"]


def test_the_story_of_the_page_is_told_from_the_others_in_its_data() -> None:
    others = [
        {"title": f"Another story of the day, number {n}", "url": f"/{n}", "body": list(OTHER) * 3} for n in range(3)
    ]
    assert shell(data({"stories": others, **story(HTML)})).text == TEXT
    assert shell(data({"stories": others})).verdict is Verdict.NEEDS_JS
    by_address = {"stories": [*others, {"slug": "ferry-vote", "title": "Vote", "body": HTML}]}
    assert shell(data(by_address), title="Daily").text == TEXT


@pytest.mark.parametrize(
    "value",
    [
        {"messages": INTERFACE},
        {"locale": {"en": list(INTERFACE.values())}},
        {"consent": {"text": TEXT}},
        {"article": {"headline": TITLE, "description": TEXT}},
        {"article": {"headline": TITLE, "comments": [{"text": line} for line in LINES]}},
        {"article": {"headline": TITLE, "body": LINES[0]}},
        {"article": {"headline": TITLE, "author": {"bio": TEXT}}},
        {"article": {"headline": TITLE, "body": [{"type": "teaser", "text": line} for line in LINES]}},
        {"article": {"headline": TITLE, "body": " ".join(LINES[:3])[:-1] + " ..."}},
        {"page": {"blocks": [f"{{{{count}}}} of {{{{total}}}} pages. {line}" for line in LINES]}},
    ],
)
def test_other_words_in_the_data_are_no_article(value: Any) -> None:
    assert shell(data(value)).verdict is Verdict.NEEDS_JS


@pytest.mark.parametrize(
    "mark",
    [
        {"isPremium": True},
        {"isAccessibleForFree": False},
        {"paywall": True},
        {"access": "subscriber"},
        {"locked": True},
    ],
)
def test_data_that_is_not_free_stays_a_paywall(mark: dict[str, Any]) -> None:
    got = shell(data(story(HTML, **mark)))
    assert got.verdict is Verdict.PAYWALL
    assert "not free" in got.detail
    assert shell(data(story(HTML, isPremium=False, access="free"))).verdict is Verdict.OK


def test_an_article_that_the_page_shows_is_not_replaced() -> None:
    shown = f"<article><h1>{TITLE}</h1>{HTML}</article>"
    got = shell(data(story(HTML + HTML.replace("council", "board"))), body=shown)
    assert (got.verdict, "board" in got.text) == (Verdict.OK, False)
    assert not [fact for fact in got.facts if fact.name == "text"]


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 100_000,
        json.dumps({"article": {"body": ["<p>" * 9_000]}}),
        json.dumps({"article": {"body": [{"text": "word " * 9_000}] * 9}}),
        '"' * 100_000,
        '{"body": "' + "<" * 200_000,
    ],
)
def test_hostile_data_costs_little_and_gives_nothing(text: str) -> None:
    for script in (f'<script type="application/json">{text}</script>', f"<script>window.__NUXT__={text}</script>"):
        assert shell(script).verdict in {Verdict.NEEDS_JS, Verdict.OK, Verdict.TOO_BIG}


def stream(text: str, pieces: int = 3) -> str:
    """Return the scripts with which Next.js writes a stream of server components, in pieces."""
    size = len(text) // pieces + 1
    pushed = [json.dumps([1, text[start : start + size]]) for start in range(0, len(text), size)]
    calls = "".join(f"<script>self.__next_f.push({piece})</script>" for piece in pushed).replace("</p>", "<\\/p>")
    return f"<script>(self.__next_f=self.__next_f||[]).push([0])</script>{calls}"


PARAGRAPHS = ",".join(f'["$","p","{n}",{{"children":{json.dumps(line)}}}]' for n, line in enumerate(LINES))
HEADING = f'["$","h1",null,{{"children":{json.dumps(TITLE)}}}]'
STREAMS = {
    "properties": '1:I[7,["a.js"],""]\n'
    f'0:["$","$L1",null,{{"story":{{"title":"{TITLE}","body":{json.dumps(HTML)}}}}}]\n',
    "text row": f'7:T{len(HTML.encode()):x},{HTML}0:["$","$L1",null,{{"story":{{"title":"{TITLE}","body":"$7"}}}}]\n',
    "elements": '0:["$","main",null,{"children":"$L3"}]\n'
    f'3:["$","article",null,{{"children":[{HEADING},{PARAGRAPHS}]}}]\n',
}


@pytest.mark.parametrize("form", STREAMS)
def test_an_article_in_a_stream_of_server_components_is_read(form: str) -> None:
    got = shell(stream(STREAMS[form]))
    assert (got.verdict, got.title, got.text) == (Verdict.OK, TITLE, TEXT)
    assert [fact.source.partition("[")[0] for fact in got.facts if fact.name == "text"] == ["self.__next_f"]


def test_a_stream_of_another_story_or_one_without_an_end_gives_nothing() -> None:
    other = json.dumps({"headline": "City council keeps the old tram running", "body": HTML})
    assert shell(stream(f'0:["$","$L5",null,{{"related":[{other}]}}]\n')).verdict is Verdict.NEEDS_JS
    rows = "".join(f'{n:x}:["${n + 1:x}","${n + 1:x}"]\n' for n in range(90))
    for hostile in ("0:" + "[" * 50_000, '0:["$1"]\n1:["$0"]\n', rows, "0:Tffffffff,x"):
        assert shell(stream(hostile)).verdict is Verdict.NEEDS_JS


def test_dates_and_authors_come_from_the_data_that_the_text_came_from() -> None:
    story = {
        "headline": TITLE,
        "body": HTML,
        "publishedAt": "2026-05-12T20:15:00Z",
        "updatedAt": "2026-05-13T06:00:00Z",
        "authors": [{"name": "Nora Feld"}, {"name": "Daily Example"}],
    }
    got = shell(data({"props": {"article": story}}))
    assert got.published_at == datetime(2026, 5, 12, 20, 15, tzinfo=UTC)
    assert got.modified_at == datetime(2026, 5, 13, 6, tzinfo=UTC)
    assert got.byline == "Nora Feld"
    assert [fact.source for fact in got.facts if fact.name == "published"] == ["__NEXT_DATA__.props.article.body"]
