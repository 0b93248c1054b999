"""Add addresses to the seed index: complete each, visit it once, decide its kind, and write the rows in one step."""

from __future__ import annotations

import ipaddress
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from archive.api.seed_index import add_rows_audited
from archive.crawl.fetch import policy_from, require_contact
from archive.crawl.fetch.ssrf_guard import refusal_of
from archive.crawl.page_nature import Nature
from archive.pipeline.look_at_page import look_at
from archive.seeds import NewRow, load_index
from archive.seeds.address_lists import ListedAddress, read_address_list
from archive.urls import canonical_url, host_of, url_key
from db.errors import BadInput, ConfigError, StoreError
from db.records import PROGRAM, Reason, SeedKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archive.pipeline.look_at_page import Look
    from archive.settings import Settings
    from db.records import Actor, Every, Seed

MOST_VISITED: Final = 200
"""Most addresses that one call visits. Of a longer list the rest is added unvisited; refresh says what they are."""

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_HOST: Final = re.compile(r"[^\s/?#:@]+\.[^\s/?#:@]+(?::\d{1,5})?(?:[/?#].*)?")
_LONGEST_NOTE: Final = 120
_NO_CONNECTION: Final = frozenset({Reason.TLS, Reason.CONNECT, Reason.TIMEOUT, Reason.RESET, Reason.PROTOCOL})
_REFUSED: Final = frozenset(
    {
        Reason.MISSING_404,
        Reason.GONE_410,
        Reason.ROBOTS_DENIED,
        Reason.REFUSED_ADDRESS,
        Reason.REFUSED_SCHEME,
        Reason.REFUSED_URL,
        Reason.BAD_URL,
        Reason.REDIRECT_LOOP,
    }
)
"""Reasons for which an address is not added: a later visit would meet the same."""


@dataclass(frozen=True, slots=True)
class Choices:
    """The wishes of a person for the new rows. ``kind`` given: the addresses are not visited."""

    group: str = "added"
    kind: SeedKind | None = None
    every: Every | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Addition:
    """The result for one entry: ``status`` is added, known or refused; ``because`` says why, or what is watched.

    ``text`` is the entry as it was written, ``url`` its address (empty if it has none).
    """

    text: str
    url: str = ""
    status: str = "refused"
    kind: SeedKind | None = None
    because: str = ""
    title: str = ""


def complete_address(text: str) -> str:
    """Return the canonical address that a person means: without a scheme it is completed by https.

    Raises BadInput for a text that is no web address.
    """
    text = text.strip().strip("<>\"'\u201c\u201d").strip()
    if text.lower().startswith("feed:"):
        text = text[len("feed:") :].removeprefix("//")
    if text.startswith("//"):
        text = f"https:{text}"
    elif not re.match(r"https?:", text, re.IGNORECASE) and _HOST.fullmatch(text):
        text = f"https://{text}"
    elif not _SCHEME.match(text):
        raise BadInput(f"{text[:80]!r} is no web address; write it like https://news.example/page")
    return canonical_url(text)


async def add_seeds(
    settings: Settings, entries: Sequence[ListedAddress], choices: Choices, *, actor: Actor = PROGRAM
) -> list[Addition]:
    """Add the entries to the index and return the result of each, in their order. One bad entry costs no other.

    An OPML list on the web is replaced by its feeds. Raises SeedError if the index cannot be read or written.
    """
    seeds = load_index(settings.index).seeds
    allow_private = any(seed.allow_private for seed in seeds if seed.group == choices.group)
    additions = _completed(entries, seeds, choices)
    unvisited = [addition.url for addition in additions if addition.status == "" and addition.kind is None]
    problem = _contact_problem(settings, unvisited)
    looks = {}
    if not problem:
        looks = await look_at(settings, unvisited[:MOST_VISITED], allow_private=allow_private)
        additions = await _by_http(settings, additions, looks, allow_private=allow_private)
    decided: list[Addition] = []
    for addition in additions:
        if addition.status:
            decided.append(addition)
        elif refusal := _refusal(settings, addition.url, allow_private=allow_private):
            decided.append(_refused(addition, refusal))
        elif addition.kind is not None:
            decided.append(replace(addition, status="added", because="not visited yet"))
        elif addition.url in looks:
            decided += _by_look(addition, looks[addition.url])
        else:
            because = f"not visited yet{f', because {problem}' if problem else ''}; refresh says if it is no article"
            decided.append(replace(addition, status="added", kind=SeedKind.ARTICLE, because=because))
    decided = _without_repeats(decided, seeds)
    if not choices.dry_run:
        db, rows = settings.db if settings.db.exists() else None, _new_rows(decided, choices)
        with suppress(StoreError):  # the rows are there; the next run adds their entries to the audit
            add_rows_audited(db, settings.index, rows, group=choices.group, actor=actor, now=settings.wall())
    return decided


async def _by_http(
    settings: Settings, additions: Sequence[Addition], looks: dict[str, Look], *, allow_private: bool
) -> list[Addition]:
    """Return the additions, with http for an address that was written without a scheme and does not answer by https.

    ``looks`` gains the answers.
    """
    by_http = {}
    for addition in additions:
        look = looks.get(addition.url)
        if look and look.outcome.reason in _NO_CONNECTION and not _SCHEME.match(addition.text):
            by_http[addition.url] = addition.url.replace("https:", "http:", 1)
    answers = await look_at(settings, by_http.values(), allow_private=allow_private)
    answers = {url: look for url, look in answers.items() if look.outcome.reason not in _NO_CONNECTION}
    looks.update(answers)
    return [
        replace(addition, url=by_http[addition.url]) if by_http.get(addition.url) in answers else addition
        for addition in additions
    ]


def _refusal(settings: Settings, url: str, *, allow_private: bool) -> str:
    """Return why the network guard refuses an address that names an IP address, empty if it does not.

    The fetcher checks the addresses of names when they are visited.
    """
    host = host_of(url)
    if policy_from(settings).mapped_address(host) is not None:
        return ""
    try:
        literal = str(ipaddress.ip_address(host))
    except ValueError:
        return ""
    refusal = refusal_of(literal, allow_private=allow_private or settings.allow_private)
    fact, _, permission = refusal.partition("; ")
    return f"{fact}; if it is your own, write allow-private: yes under the heading of its group" if permission else fact


def _contact_problem(settings: Settings, urls: Iterable[str]) -> str:
    try:
        require_contact(policy_from(settings), urls)
    except ConfigError:
        return "contact is not set in wirecopy.toml"
    return ""


def _completed(entries: Sequence[ListedAddress], seeds: Sequence[Seed], choices: Choices) -> list[Addition]:
    """Return the entries with canonical addresses. An empty status means that the entry is still to be decided."""
    watched = {url_key(seed.url): seed for seed in seeds if seed.kind is not SeedKind.FILE}
    additions: list[Addition] = []
    for entry in entries:
        if not entry.text:
            additions.append(Addition(entry.title, because=f"line {entry.line} has no address"))
            continue
        try:
            url = complete_address(entry.text)
        except BadInput as error:
            additions.append(Addition(entry.text, because=str(error)))
            continue
        if seed := watched.get(url_key(url)):
            because = f"it is watched already: {seed.key}, line {seed.line}"
            additions.append(Addition(entry.text, url, "known", seed.kind, because))
        else:
            kind = choices.kind or entry.kind
            additions.append(Addition(entry.text, url, "", kind, title=entry.title))
    return additions


def _without_repeats(additions: Sequence[Addition], seeds: Sequence[Seed]) -> list[Addition]:
    """Return the additions with an address that two of them have, or that a redirect led to a known one, added once."""
    watched = {url_key(seed.url): seed.key for seed in seeds if seed.kind is not SeedKind.FILE}
    distinct = []
    for addition in additions:
        if addition.status == "added":
            key = url_key(addition.url)
            if key in watched:
                because = f"it is watched already: {watched[key]}"
                distinct.append(replace(addition, status="known", because=because))
                continue
            watched[key] = addition.url
        distinct.append(addition)
    return distinct


def _new_rows(additions: Sequence[Addition], choices: Choices) -> list[NewRow]:
    """Return a row for each address to add."""
    return [
        NewRow(addition.url, addition.kind, choices.group, every=choices.every, note=addition.title[:_LONGEST_NOTE])
        for addition in additions
        if addition.status == "added" and addition.kind
    ]


# --- the decision ----------------------------------------------------------------------------------------------------


def _by_look(addition: Addition, look: Look) -> list[Addition]:
    """Return what to do with an address by its answer: itself, or the feeds of an OPML list."""
    outcome = look.outcome
    if look.nature is None:
        return [_by_failure(addition, look)]
    if look.nature.nature is Nature.OPML:
        return _by_opml(addition, look)
    kind = look.nature.nature.seed_kind
    if kind is None:
        return [_refused(addition, f"it is {look.nature.noun}, which cannot be watched")]
    redirect = ""
    if outcome.final_url and url_key(outcome.final_url) != url_key(addition.url):
        redirect = f", redirected to {outcome.final_url}"
        if outcome.hops and all(hop.is_permanent for hop in outcome.hops):
            addition = replace(addition, url=canonical_url(outcome.final_url))
            redirect = f", moved there permanently from {outcome.requested_url}"
    return [replace(addition, status="added", kind=kind, because=f"{look.nature.noun}{redirect}{_watched(look)}")]


def _refused(addition: Addition, because: str) -> Addition:
    return replace(addition, status="refused", because=because)


def _by_failure(addition: Addition, look: Look) -> Addition:
    reason = look.outcome.reason or Reason.ERROR
    detail = f" ({look.outcome.detail})" if look.outcome.detail else ""
    if reason in _REFUSED:
        return _refused(addition, f"{reason}{detail}; to add it all the same, give --kind article")
    because = f"the visit failed: {reason}{detail}; refresh tries again and says if it is no article"
    return replace(addition, status="added", kind=SeedKind.ARTICLE, because=because)


def _by_opml(addition: Addition, look: Look) -> list[Addition]:
    try:
        entries = read_address_list(look.outcome.payload or b"", name=addition.url)
    except BadInput as error:
        return [_refused(addition, str(error))]
    feeds = _completed(entries, (), Choices())
    because = f"in the OPML list {addition.url}"
    return [
        replace(feed, status="added", kind=feed.kind or SeedKind.FEED, because=because) if feed.status == "" else feed
        for feed in feeds
    ]


def _watched(look: Look) -> str:
    """Return what would be watched of a list, or the feeds that an article's page declares."""
    articles, lists = look.articles, look.lists
    if look.nature and look.nature.nature is Nature.ARTICLE:
        return f"; its page names the feed {lists[0].url}" if lists else ""
    parts = [f"{len(number)} {noun}" for number, noun in ((articles, "articles"), (lists, "lists")) if number]
    if not parts:
        return f", which names no article now{f' ({look.detail})' if look.detail else ''}"
    newest = next((entry.title for entry in articles if entry.title), "")
    return f": {' and '.join(parts)}" + (f", such as \u201c{newest[:80]}\u201d" if newest else "")
