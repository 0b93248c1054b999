"""Other forms of a page: which ones a visit fetches, and which one shows the text of the visit.

A page that only a script would fill in may name an AMP page or a page for printing. Such a form is a capture of the
same visit. Its text counts only if the page itself shows none, and if the form says that it is of this page.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from archive.crawl.alternates import alternate_urls
from archive.crawl.capture import page_of
from archive.extract.page_address import PageAddresses
from archive.urls import RefusedUrl, canonical_url, host_of
from db.records import Outcome, PageForm, Reason, Recipe, SeedKind, Verdict
from db.wall import cause_of, is_own_fault, suppress_own_faults

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from db.records import Capture, Extraction, Page, Seed, SourceState, Visit

    Fetch = Callable[[Visit], Awaitable[Outcome]]
    Render = Callable[[Visit, Outcome], Awaitable[Outcome]]
    Read = Callable[[Page], Awaitable[Extraction]]
    AddForms = Callable[[Visit, tuple[Outcome, ...]], Awaitable[tuple[Outcome, ...]]]

WITHOUT_TEXT = frozenset({Verdict.NEEDS_JS, Verdict.EMPTY, Verdict.THIN})
"""Verdicts on a page whose text may be in another form of it. A paywall or a consent page is passed by none."""


async def add_alternates(fetch: Fetch, read: Read, visit: Visit, outcomes: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    """Return the outcomes of a visit, followed by those of the alternates that its page names, if it shows no text.

    They are fetched in turn until one shows a text: at most two. Every rule for visits holds for them, and only one on
    the host of the page may have a private address. ``read`` returns the extraction of a page. A fault of an
    alternate costs no page.
    """
    page = outcomes[0]
    if visit.kind is not SeedKind.ARTICLE or len(outcomes) > 1:
        return outcomes
    forms: list[Outcome] = []
    with suppress_own_faults():
        alternates = alternate_urls(page)
        own = await read(page_of(page)) if alternates else None
        if own is None or own.verdict not in WITHOUT_TEXT:
            return outcomes
        for form, url in alternates:
            alternate = await fetch(_alternate_visit(visit, page, form, url))
            forms.append(replace(alternate, flags=(*alternate.flags, form.flag)))
            if (
                alternate.reason is None
                and alternate.payload
                and (await read(page_of(alternate))).verdict.opens_version
            ):
                break
    return (*outcomes, *forms)


def _alternate_visit(visit: Visit, page: Outcome, form: PageForm, url: str) -> Visit:
    return replace(
        visit.unconditional(),
        url=url,
        because=f"the {form} form of {visit.url}, which shows no text",
        allow_private=visit.allow_private and host_of(url) in {host_of(page.final_url), host_of(page.requested_url)},
    )


def with_rendering(visits: Iterable[Visit], states: Iterable[SourceState], seeds: Iterable[Seed]) -> list[Visit]:
    """Return the visits, with rendering for the articles of ``seeds`` that ask for it.

    Those have no validators: a 304 says nothing about what a script shows.
    """
    keys = {seed.key for seed in seeds if seed.render}
    to_render = {state.source.id for state in states if state.source.seed_key in keys}
    return [
        replace(visit.unconditional(), render=True)
        if visit.source_id in to_render and visit.kind is SeedKind.ARTICLE
        else visit
        for visit in visits
    ]


async def add_rendering(render: Render, visit: Visit, outcomes: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    """Return the outcomes of a visit, followed by the rendered document of a whole page of HTML in one part.

    A fault of the browser costs no page.
    """
    page = outcomes[0]
    is_page = page.reason is None and bool(page.payload) and "html" in (page.content_type or "html").lower()
    if visit.kind is not SeedKind.ARTICLE or len(outcomes) > 1 or not is_page:
        return outcomes
    try:
        return (page, await render(visit, page))
    except Exception as error:
        if not is_own_fault(error):
            raise
        failure = Outcome(
            requested_url=visit.url,
            final_url=page.final_url,
            started_at=page.started_at,
            finished_at=page.finished_at,
            reason=Reason.ERROR,
            detail=cause_of(error),
            flags=(PageForm.RENDERED.flag,),
        )
        return (page, failure)


def shown_capture(
    page: Capture, forms: Sequence[Capture], extraction_of: Callable[[Capture], Extraction | None]
) -> Capture:
    """Return the capture that shows the text of a visit.

    That is a rendered document, whatever it shows: it is what a reader saw. Else it is ``page``, unless that has no
    text and an alternate has. Depends on the extractions and addresses alone.
    """
    rendered = next((form for form in forms if form.form is PageForm.RENDERED), None)
    if rendered is not None:
        return page if rendered.payload_sha256 is None or rendered.reason is not None else rendered
    own = extraction_of(page)
    if own is None or own.verdict not in WITHOUT_TEXT:
        return page
    for form in forms:
        extraction = extraction_of(form) if form.reason is None and form.payload_sha256 is not None else None
        if extraction is not None and extraction.verdict.opens_version and _is_of_page(form, extraction, page, own):
            return form
    return page


def missing_rendering(forms: Iterable[Capture]) -> str:
    """Return why a page that was to be rendered was not, empty if it was, or was not to be."""
    failed = (form for form in forms if form.form is PageForm.RENDERED and form.reason is not None)
    return next((f"not rendered: {form.reason}: {form.detail}" for form in failed), "")


def _is_of_page(form: Capture, extraction: Extraction, page: Capture, own: Extraction) -> bool:
    """True if the canonical address of a form is that of the page, or on its host and no front page.

    A form without a canonical address must be on the host of the page itself.
    """
    try:
        hosts = {_host(page.url), _host(page.final_url)}
        if extraction.canonical_url is None:
            return _host(form.final_url) in hosts
        addresses = PageAddresses((page.final_url, page.url, own.canonical_url or ""))
        if addresses.match((extraction.canonical_url,)):
            return True
        canonical = extraction.canonical_url
        return _host(canonical) in hosts and urlsplit(canonical_url(canonical)).path not in {"", "/"}
    except RefusedUrl:
        return False


def _host(url: str) -> str:
    return host_of(url).removeprefix("www.")


def recipe_of_form(recipe: Recipe, form: PageForm | None) -> Recipe:
    """Return the recipe of texts that come from a form of the page. So a change of form is no edit."""
    if form is None:
        return recipe
    facts = tuple(sorted((*recipe.facts, ("form", str(form)))))
    return Recipe(id=hashlib.sha256(repr(facts).encode()).hexdigest()[:16], facts=facts)
