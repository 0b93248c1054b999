"""The grade: the archive's answers are turned into the events of the script, then compared with it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias
from urllib.parse import urlsplit

from archive.demo.script import ROUNDS
from archive.demo.world import Event
from db.records import Cause, Relation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archive.demo.world import World

Json: TypeAlias = dict[str, Any]

CALM = frozenset({"ok", "live_blog"})
"""States of a capture that shows the article. Its versions say everything about it."""


class Answers(Protocol):
    """The answers of an archive, as the plain values that its read verbs print with ``--json``."""

    def history(self, url: str) -> Json:
        """Return {url, versions: [{version, first_seen_at, cause, kinds, title}], stretches, moves}."""

    def captures(self, url: str) -> Sequence[Json]:
        """Return [{captured_at, state, status, url, final_url}] in order of time. Without a response status is None."""

    def copies(self) -> Sequence[Json]:
        """Return [{a: {url, version}, b: {url, version}, relation, score, coverage}], a the earlier one."""

    def sources(self) -> Sequence[Json]:
        """Return [{url, kind}]."""


@dataclass(frozen=True, slots=True)
class Grade:
    """The comparison of a script with the events an archive reported.

    ``found``: scripted and reported. ``missed``: scripted, not reported. ``false``: reported, not scripted.
    ``pending``: not reported, and not due yet.
    """

    found: tuple[Event, ...]
    missed: tuple[Event, ...]
    false: tuple[Event, ...]
    pending: tuple[Event, ...]

    @property
    def exact(self) -> bool:
        """True if nothing is missed and nothing is false."""
        return not self.missed and not self.false

    def as_json(self) -> Json:
        """Return ``demo --grade --json``: four lists of {round, url, event}."""
        lists = {"found": self.found, "missed": self.missed, "false": self.false, "pending": self.pending}
        return {"grade": {name: [_row(event) for event in events] for name, events in lists.items()}}


def grade(world: World, reported: Iterable[Event]) -> Grade:
    """Compare the events an archive reported (see ``findings``) with the script of its world.

    Reports that are true although the script does not contain them do not count: a 304 where a server sent one, and a
    link between two articles whose texts have one origin, such as two copies of the same original.
    """
    script = {_key(event): event for event in world.events()}
    rows = {_key(event): event for event in reported}
    absent = [event for key, event in script.items() if key not in rows]
    return Grade(
        found=tuple(event for key, event in script.items() if key in rows),
        missed=tuple(event for event in absent if not event.pending),
        false=tuple(
            event for key, event in sorted(rows.items()) if key not in script and not _is_harmless(world, event)
        ),
        pending=tuple(event for event in absent if event.pending),
    )


def findings(answers: Answers, world: World) -> tuple[Event, ...]:
    """Turn the archive's answers into events, in the script's words.

    A version may have several kinds (a correction note is also an added passage). It is reported as the kind in the
    script if it has that one, otherwise as its first kind. An article that moved is reported under its first URL.
    """
    urls = [source["url"] for source in answers.sources() if source["kind"] == "article"]
    articles = list(dict.fromkeys(world.home_urls[url] for url in urls if url in world.home_urls))
    events = [event for url in articles for event in _article_events(answers, world, url)]
    events += [event for url in urls for event in _stray_versions(answers, world, url)]
    events += _duplicates(world, urls)
    events += _joined_forms(answers, world, urls)
    events += _copies(answers, world)
    return tuple(sorted(set(events), key=_key))


def _article_events(answers: Answers, world: World, url: str) -> Iterator[Event]:
    history = answers.history(url)
    for version in history["versions"]:
        yield _version_event(version, world, url)
    for move in history["moves"][:1]:
        yield Event(round_of(move["at"]), url, "address_moved")
    yield from _states(answers.captures(url), history["stretches"], url)
    for suspect in history.get("suspects", ()):
        yield Event(round_of(suspect["seen_at"]), url, "suspect")
    yield from _charset(history["versions"], world, url)
    yield from _politeness(answers.captures(url), history, world, url)


def _version_event(version: Json, world: World, url: str) -> Event:
    number = round_of(version["first_seen_at"])
    if version["cause"] != Cause.CHANGED:
        return Event(number, url, version["cause"])
    scripted = {event.event for event in world.events() if event.url == url and event.round == number}
    kinds = version["kinds"] or ["changed"]
    return Event(number, url, next((kind for kind in kinds if kind in scripted), kinds[0]))


def _states(captures: Sequence[Json], stretches: Sequence[Json], url: str) -> Iterator[Event]:
    """Yield each run of one state once, in the round it begins. A 404 counts only if a second check confirmed it.

    A page that was not requested, because its site had just asked for a pause, is skipped.
    """
    captures = [capture for capture in captures if capture["state"] != "rate_limited" or capture["status"] is not None]
    confirmed = {round_of(run["first_seen_at"]) for run in stretches if run["confirmed"]}
    for state, run in groupby(captures, key=lambda capture: capture["state"]):
        number = round_of(next(run)["captured_at"])
        if state not in CALM and (state != "missing_404" or number in confirmed):
            yield Event(number, url, state)


def _charset(versions: Sequence[Json], world: World, url: str) -> Iterator[Event]:
    """Yield the event ``charset`` if the page was decoded right: every version has a headline that the article had."""
    headlines = {_typed(headline) for headline in world.headlines(url)}
    if versions and all(_typed(version["title"]) in headlines for version in versions):
        yield from (event for event in world.events() if event.url == url and event.event == "charset")


def _politeness(captures: Sequence[Json], history: Json, world: World, url: str) -> Iterator[Event]:
    """Yield the events ``left_alone``, if no request broke the pause, and ``detour``, if the article did not move."""
    requested = {round_of(capture["captured_at"]) for capture in captures if capture["status"] is not None}
    redirected = {round_of(capture["captured_at"]) for capture in captures if capture["final_url"] != capture["url"]}
    for event in world.events():
        paused = event.event == "left_alone" and requested and event.round not in requested
        stayed = event.event == "detour" and event.round in redirected and not history["moves"]
        if event.url == url and (paused or stayed):
            yield event


def _joined_forms(answers: Answers, world: World, urls: Sequence[str]) -> Iterator[Event]:
    """Yield ``amp`` and ``print`` for further URLs of an article that have the history of its canonical URL."""
    for url in urls:
        home, form = world.forms.get(url, ("", ""))
        if home and answers.history(url)["versions"] == answers.history(home)["versions"]:
            yield Event(0, home, form)


def _stray_versions(answers: Answers, world: World, url: str) -> Iterator[Event]:
    """Yield versions of a URL that is no article of the world, and of a moved article that was recorded as two."""
    home = world.home_urls.get(url)
    versions = answers.history(url)["versions"] if home != url else []
    if versions and (home is None or versions != answers.history(home)["versions"]):
        yield Event(round_of(versions[0]["first_seen_at"]), url, Cause.FIRST)


def _duplicates(world: World, urls: Sequence[str]) -> Iterator[Event]:
    """Yield ``duplicate`` for articles listed with several tracking parameters that became one source."""
    paths = [url.partition("?")[0] for url in urls]
    for event in world.events():
        if event.event == "duplicate" and paths.count(event.url) == 1 and event.url in urls:
            yield event


def _copies(answers: Answers, world: World) -> Iterator[Event]:
    """Yield each pair of articles once, by its closest possible link: a copy cannot have text from a later version."""
    links = [link for link in answers.copies() if Relation(link["relation"]).is_copy]
    instants = {url: _first_seen(answers, url) for link in links for url in (link["a"]["url"], link["b"]["url"])}
    possible = [link for link in links if _instant_of(link["a"], instants) <= _instant_of(link["b"], instants)]
    for _, pair in groupby(sorted(possible, key=_pair), key=_pair):
        link = min(pair, key=lambda link: (link["b"]["version"], *_distance(link)))
        a, b = (world.home_urls.get(link[side]["url"], link[side]["url"]) for side in "ab")
        number = round_of(_instant_of(link["b"], instants))
        yield Event(number, b, f"copy:{link['relation']}:{a}@{link['a']['version']}")


def _first_seen(answers: Answers, url: str) -> dict[int, str]:
    return {version["version"]: version["first_seen_at"] for version in answers.history(url)["versions"]}


def _instant_of(ref: Json, instants: dict[str, dict[int, str]]) -> str:
    return instants[ref["url"]][ref["version"]]


def _pair(link: Json) -> tuple[str, str]:
    return link["a"]["url"], link["b"]["url"]


def _distance(link: Json) -> tuple[float, float, int]:
    return -sum(link["coverage"]), -link["score"], link["a"]["version"]


def _is_harmless(world: World, event: Event) -> bool:
    if event.event == "not_modified":
        return True
    word, _, rest = event.event.partition(":")
    original = rest.partition(":")[2].rpartition("@")[0]
    return word == "copy" and {event.url, original} <= set(world.home_urls) and world.is_related(event.url, original)


def round_of(instant: str) -> int:
    """Return the round of an instant (ISO 8601): the last one that had begun, -1 if none had."""
    return bisect_right(ROUNDS, datetime.fromisoformat(instant)) - 1


def host_of(url: str) -> str:
    """Return the host of a URL, which names the outlet."""
    return urlsplit(url).hostname or url


def _typed(headline: str) -> str:
    """Return a headline with straight quotation marks and single blanks."""
    straight = str.maketrans("\u201c\u201d\u2018\u2019", "\"\"''")
    return " ".join(headline.translate(straight).split())


def _key(event: Event) -> tuple[int, str, str]:
    return event.round, event.url, event.event


def _row(event: Event) -> Json:
    return {"round": event.round, "url": event.url, "event": event.event}
