"""Does the archive tell the same story as the script? Its answers are turned into the script's words, then compared."""

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
"""States of a capture that shows the article: nothing to tell beyond its versions."""


class Answers(Protocol):
    """What is asked of an archive, as the plain values that its read verbs print with ``--json``."""

    def history(self, url: str) -> Json:
        """Return {url, versions: [{version, first_seen_at, cause, kinds, title}], stretches, moves}."""

    def captures(self, url: str) -> Sequence[Json]:
        """Return [{captured_at, state, status, url, final_url}] in order of time; no status where no answer came."""

    def copies(self) -> Sequence[Json]:
        """Return [{a: {url, version}, b: {url, version}, relation, score, coverage}], a the earlier one."""

    def sources(self) -> Sequence[Json]:
        """Return [{url, kind}]."""


@dataclass(frozen=True, slots=True)
class Grade:
    """The comparison: scripted and told, scripted and not told, told and not scripted, and not told but not yet due."""

    found: tuple[Event, ...]
    missed: tuple[Event, ...]
    false: tuple[Event, ...]
    pending: tuple[Event, ...]

    @property
    def exact(self) -> bool:
        """True when nothing is missed and nothing false."""
        return not self.missed and not self.false

    def as_json(self) -> Json:
        """Return ``demo --grade --json``: four lists of {round, url, event}."""
        lists = {"found": self.found, "missed": self.missed, "false": self.false, "pending": self.pending}
        return {"grade": {name: [_row(event) for event in events] for name, events in lists.items()}}


def grade(world: World, told: Iterable[Event]) -> Grade:
    """Compare what the archive told (see ``findings``) with the script of its world.

    Rows that are true although the script does not call for them count neither way: a 304 where a server sent one,
    and a link between two articles that do have their text from one origin (two copies of the same original, say).
    """
    script = {_key(event): event for event in world.events()}
    rows = {_key(event): event for event in told}
    absent = [event for key, event in script.items() if key not in rows]
    return Grade(
        found=tuple(event for key, event in script.items() if key in rows),
        missed=tuple(event for event in absent if not event.pending),
        false=tuple(event for key, event in sorted(rows.items()) if key not in script and not _harmless(world, event)),
        pending=tuple(event for event in absent if event.pending),
    )


def findings(answers: Answers, world: World) -> tuple[Event, ...]:
    """Turn the archive's answers into rows of (round, address, event), in the script's words.

    A version may be several things at once (a correction note is also an added passage): it is told as what the script
    calls it if that is among its kinds, else as its first kind. An article that moved is told under its first address.
    """
    listed = [source["url"] for source in answers.sources() if source["kind"] == "article"]
    known = list(dict.fromkeys(world.addresses[url] for url in listed if url in world.addresses))
    rows = [row for url in known for row in _article(answers, world, url)]
    rows += [row for url in listed for row in _stray(answers, world, url)]
    rows += _duplicates(world, listed)
    rows += _joined(answers, world, listed)
    rows += _copies(answers, world)
    return tuple(sorted(set(rows), key=_key))


def _article(answers: Answers, world: World, url: str) -> Iterator[Event]:
    history = answers.history(url)
    for version in history["versions"]:
        yield _version(version, world, url)
    for move in history["moves"][:1]:
        yield Event(round_of(move["at"]), url, "address_moved")
    yield from _states(answers.captures(url), history["stretches"], url)
    for suspect in history.get("suspects", ()):
        yield Event(round_of(suspect["seen_at"]), url, "suspect")
    yield from _charset(history["versions"], world, url)
    yield from _manners(answers.captures(url), history, world, url)


def _version(version: Json, world: World, url: str) -> Event:
    at = round_of(version["first_seen_at"])
    if version["cause"] != Cause.CHANGED:
        return Event(at, url, version["cause"])
    scripted = {event.event for event in world.events() if event.url == url and event.round == at}
    kinds = version["kinds"] or ["changed"]
    return Event(at, url, next((kind for kind in kinds if kind in scripted), kinds[0]))


def _states(captures: Sequence[Json], stretches: Sequence[Json], url: str) -> Iterator[Event]:
    """Tell each run of one state once, where it begins; a 404 only if a second check confirmed it.

    A page that was not asked for, because its site had just asked for a pause, tells nothing.
    """
    captures = [each for each in captures if each["state"] != "rate_limited" or each["status"] is not None]
    confirmed = {round_of(run["first_seen_at"]) for run in stretches if run["confirmed"]}
    for state, run in groupby(captures, key=lambda capture: capture["state"]):
        at = round_of(next(run)["captured_at"])
        if state not in CALM and (state != "missing_404" or at in confirmed):
            yield Event(at, url, state)


def _charset(versions: Sequence[Json], world: World, url: str) -> Iterator[Event]:
    """Tell that a lying page was read right: no version has a headline that the article never had."""
    true = {_typed(headline) for headline in world.headlines(url)}
    if versions and all(_typed(version["title"]) in true for version in versions):
        yield from (event for event in world.events() if event.url == url and event.event == "charset")


def _manners(captures: Sequence[Json], history: Json, world: World, url: str) -> Iterator[Event]:
    """Tell that a page was left alone while its site wanted that, and that a redirect of the moment moved nothing."""
    asked = {round_of(each["captured_at"]) for each in captures if each["status"] is not None}
    detoured = {round_of(each["captured_at"]) for each in captures if each["final_url"] != each["url"]}
    for event in world.events():
        kept = event.event == "left_alone" and asked and event.round not in asked
        stayed = event.event == "detour" and event.round in detoured and not history["moves"]
        if event.url == url and (kept or stayed):
            yield event


def _joined(answers: Answers, world: World, listed: Sequence[str]) -> Iterator[Event]:
    """Tell that a further address of an article, which calls the article's own the canonical one, has its history."""
    for url in listed:
        home, form = world.forms.get(url, ("", ""))
        if home and answers.history(url)["versions"] == answers.history(home)["versions"]:
            yield Event(0, home, form)


def _stray(answers: Answers, world: World, url: str) -> Iterator[Event]:
    """Tell versions of what is no article of the world, and of a moved article that is kept as if it were two."""
    home = world.addresses.get(url)
    versions = answers.history(url)["versions"] if home != url else []
    if versions and (home is None or versions != answers.history(home)["versions"]):
        yield Event(round_of(versions[0]["first_seen_at"]), url, Cause.FIRST)


def _duplicates(world: World, listed: Sequence[str]) -> Iterator[Event]:
    """Tell that an article listed under several tracking keys became one source, under its plain address."""
    paths = [url.partition("?")[0] for url in listed]
    for event in world.events():
        if event.event == "duplicate" and paths.count(event.url) == 1 and event.url in listed:
            yield event


def _copies(answers: Answers, world: World) -> Iterator[Event]:
    """Tell each pair of articles once, by its closest link that could be: a copy has no text that was not yet there."""
    links = [link for link in answers.copies() if Relation(link["relation"]).is_copy]
    seen = {url: _first_seen(answers, url) for link in links for url in (link["a"]["url"], link["b"]["url"])}
    possible = [link for link in links if _when(link["a"], seen) <= _when(link["b"], seen)]
    for _, pair in groupby(sorted(possible, key=_pair), key=_pair):
        link = min(pair, key=lambda link: (link["b"]["version"], *_distance(link)))
        a, b = (world.addresses.get(link[side]["url"], link[side]["url"]) for side in "ab")
        at = round_of(_when(link["b"], seen))
        yield Event(at, b, f"copy:{link['relation']}:{a}@{link['a']['version']}")


def _first_seen(answers: Answers, url: str) -> dict[int, str]:
    return {version["version"]: version["first_seen_at"] for version in answers.history(url)["versions"]}


def _when(ref: Json, seen: dict[str, dict[int, str]]) -> str:
    return seen[ref["url"]][ref["version"]]


def _pair(link: Json) -> tuple[str, str]:
    return link["a"]["url"], link["b"]["url"]


def _distance(link: Json) -> tuple[float, float, int]:
    return -sum(link["coverage"]), -link["score"], link["a"]["version"]


def _harmless(world: World, event: Event) -> bool:
    if event.event == "not_modified":
        return True
    word, _, rest = event.event.partition(":")
    other = rest.partition(":")[2].rpartition("@")[0]
    return word == "copy" and {event.url, other} <= set(world.addresses) and world.related(event.url, other)


def round_of(instant: str) -> int:
    """Return the round an instant (ISO 8601) belongs to: the last that had begun, -1 if none had."""
    return bisect_right(ROUNDS, datetime.fromisoformat(instant)) - 1


def host_of(url: str) -> str:
    """Return the outlet's name in an address."""
    return urlsplit(url).hostname or url


def _typed(headline: str) -> str:
    """Return a headline as one types it: with straight quotation marks."""
    straight = str.maketrans("\u201c\u201d\u2018\u2019", "\"\"''")
    return " ".join(headline.translate(straight).split())


def _key(event: Event) -> tuple[int, str, str]:
    return event.round, event.url, event.event


def _row(event: Event) -> Json:
    return {"round": event.round, "url": event.url, "event": event.event}
