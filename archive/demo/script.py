"""The script of the news world: what happens, in which round, and to whom the seed deals it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from archive.demo.texts import EDITS, Article

T0 = datetime(2026, 1, 5, 8, tzinfo=UTC)
ROUNDS = tuple(T0 + timedelta(hours=hours) for hours in (0, 4, 30, 58))
"""When the archive looks. A 404 met in round 1 is met again 26 hours later, which confirms it; so is all by round 3."""

STALE_DELAY = timedelta(hours=6, minutes=17)  # after round 1: the spinner took its time, and an older version
PERSISTENT = frozenset({"missing_404", "gone_410", "soft_404", "paywall", "robots_denied"})
PASSING = frozenset({"server_error", "left_alone", "robots_down", "truncated"})
"""What keeps an article from being read in one round alone."""

SILENT = frozenset({"whole", "retitled", "wrong_304"})
"""What must not be noticed: a page is whole again, its headline differs in one place, a 304 speaks of another page."""

Steps: TypeAlias = tuple[tuple[int, str], ...]
Cast: TypeAlias = Callable[[Article, Mapping[str, Article]], bool]


_SHORT = 5  # paragraphs; of fewer, two fifths are no article


@dataclass(frozen=True, slots=True)
class Part:
    """A role: what happens to whoever plays it, as (round, event) steps, and which articles may."""

    name: str
    steps: Steps
    cast: Cast

    @property
    def rounds(self) -> range:
        """The rounds in which its player must be seen."""
        return range(self.steps[0][0], self.steps[-1][0] + 1)


@dataclass(frozen=True, slots=True)
class Turn:
    """One step of the dealt script: in this round, this happens to this article."""

    round: int
    article: str
    event: str


@dataclass(frozen=True, slots=True)
class Deal:
    """A whole script with its players: the turns in order of rounds, and the articles as this seed has them."""

    articles: dict[str, Article]
    turns: tuple[Turn, ...]

    def now(self, article: str, at: int) -> frozenset[str]:
        """Return what happens to the article in that very round."""
        return frozenset(turn.event for turn in self.turns if turn.article == article and turn.round == at)

    def of(self, article: str, upto: int) -> tuple[str, ...]:
        """Return what has happened to the article by that round, oldest first."""
        return tuple(turn.event for turn in self.turns if turn.article == article and turn.round <= upto)

    def state(self, article: str, at: int) -> str:
        """Return the state in which the article's address is found in that round; ``ok`` when it shows its text."""
        passing = next(iter(self.now(article, at) & PASSING), None)
        lasting = [event for event in self.of(article, at) if event in PERSISTENT or event == "returned"]
        state = lasting[-1] if lasting else "ok"
        return passing or ("ok" if state == "returned" else state)


def _spun(article: Article, articles: Mapping[str, Article]) -> bool:
    return article.written and any(copy.spins == article.id for copy in articles.values())


def _written(article: Article, _: Mapping[str, Article]) -> bool:
    return article.written


def _any(_article: Article, _: Mapping[str, Article]) -> bool:
    return True


def _news(article: Article, _: Mapping[str, Article]) -> bool:
    return article.language == "en" and article.outlet in {"wire", "daily", "regional"}


def _accented(article: Article, _: Mapping[str, Article]) -> bool:
    return article.language != "en" and article.outlet in {"wire", "regional"}


def _fed(article: Article, _: Mapping[str, Article]) -> bool:
    return article.outlet == "daily"


def _official(article: Article, _: Mapping[str, Article]) -> bool:
    return article.outlet == "ministry"


def _correctable(article: Article, _: Mapping[str, Article]) -> bool:
    return bool(article.correction)


def _long(article: Article, _: Mapping[str, Article]) -> bool:
    return len(article.body) > _SHORT


def _listed(article: Article, _: Mapping[str, Article]) -> bool:
    return article.outlet in {"wire", "daily", "spinner"}


def _streamed(article: Article, _: Mapping[str, Article]) -> bool:
    return article.outlet != "ministry"


COPIED_LATE = Part("copied late", ((1, "quotation"),), _spun)
"""Loses a quotation in round 1; the spinner's copy comes in round 2 and still has it."""

PARTS = (
    Part("mislabelled", ((0, "charset"),), _accented),
    Part("mislabelled later", ((1, "charset"),), _accented),
    Part("unchanged", ((1, "not_modified"),), _official),
    Part("tracked", ((0, "duplicate"),), _fed),
    Part("amended", ((1, "number"), (3, "correction")), _written),
    Part("flipped", ((1, "headline"), (2, "reverted"), (3, "whole")), _written),
    Part("softened", ((1, "headline"),), _written),
    Part("softened late", ((3, "headline"),), _written),
    Part("mended", ((1, "cosmetic"),), _written),
    Part("reordered", ((2, "moved"),), _written),
    Part("trimmed", ((2, "quotation"),), _written),
    Part("extended", ((3, "added"),), _written),
    Part("revived", ((1, "missing_404"), (3, "returned")), _any),
    Part("deleted", ((1, "missing_404"),), _any),
    Part("gone", ((2, "gone_410"),), _any),
    Part("emptied", ((2, "soft_404"),), _news),
    Part("walled", ((2, "paywall"),), _news),
    Part("barred", ((2, "robots_denied"),), _news),
    Part("relocated", ((2, "address_moved"),), _any),
    Part("relapsing", ((1, "correction"), (2, "relapsed"), (3, "whole")), _correctable),
    Part("gutted", ((2, "removed"), (3, "whole")), _long),
    Part("halved", ((1, "halved"), (2, "whole")), _long),
    Part("amplified", ((0, "amp"),), _listed),
    Part("printed", ((0, "print"),), _listed),
    Part("cut off", ((1, "truncated"),), _streamed),
    Part("detoured", ((3, "detour"),), _any),
    Part("teased", ((1, "retitled"), (2, "whole")), _any),
)
"""Every other part once, those with the fewest possible players first, then those that almost everybody can play."""

ROLES: Mapping[str, Steps] = {
    "parted": ((2, "number"),),
    "abridged": (),
    "cached": ((1, "wrong_304"), (1, "correction"), (2, "stale_tag"), (3, "number")),
    "drowned": ((2, "soft_404"),),
    "hinted": ((3, "number"),),
    "overrun": ((0, "server_error"), (1, "left_alone"), (2, "robots_down")),
    "neighbour": ((1, "left_alone"), (2, "robots_down")),
}
"""Parts written for one article each, whose ``role`` says so; no seed deals them to another.

What is ``left_alone`` had, or has a neighbour that had, asked in round 0 for a pause that outlives round 1. A
``stale_tag`` is that of the page before an edit: the edit cannot be seen until the tag is renewed.
"""

BUSY = (("regional", 1), ("regional", 2), ("regional", 3), ("daily", 2), ("daily", 3), ("spinner", 1), ("spinner", 3))
"""Where and when a server may answer 503: never an outlet that prints something new in that round, for it is left alone
until the hour it asked for is over, all its pages."""


def deal(articles: Mapping[str, Article], seed: int) -> Deal:
    """Give every part of the script to an article, no article two parts; the same seed gives the same deal."""
    rng = random.Random(seed)  # noqa: S311 - a deal of cards, not a secret
    original = rng.choice(_able(COPIED_LATE, articles))
    articles = _late_spinner(articles, original)
    outlet, when = rng.choice(BUSY)
    busy = rng.choice([a.id for a in articles.values() if a.outlet == outlet and a.id != original and _free(a)])
    players = {original: COPIED_LATE, busy: Part("busy", ((when, "server_error"),), _any)}
    for part in PARTS:
        able = [name for name in _able(part, articles) if name not in players]
        players[rng.choice([n for n in able if articles[n].outlet != outlet or when not in part.rounds])] = part
    steps = {name: part.steps for name, part in players.items()}
    steps |= {article.id: ROLES[article.role] for article in articles.values() if article.role}
    turns = (Turn(at, name, event) for name, each in steps.items() for at, event in each)
    return Deal(articles, tuple(sorted(turns, key=lambda turn: (turn.round, turn.article))))


def _free(article: Article) -> bool:
    """Tell whether an article may be given a part: it is there from the start, and none was written for it."""
    return not article.appears and not article.role


def _able(part: Part, articles: Mapping[str, Article]) -> list[str]:
    """Return who may play: what is there from the start, and is not edited before its last copy is made.

    So the version that a copy was made from is certain.
    """
    first_edit = min((when for when, event in part.steps if event in EDITS), default=len(ROUNDS))
    too_soon = {base for copy in articles.values() for _, base in copy.copies if copy.appears >= first_edit}
    present = (a for a in articles.values() if _free(a) and a.id not in too_soon)
    return [article.id for article in present if part.cast(article, articles)]


def _late_spinner(articles: Mapping[str, Article], original: str) -> dict[str, Article]:
    """Put off the spinner's copy of that article to round 2: by then the original has a second version."""
    copy = next(article for article in articles.values() if article.spins == original)
    late = replace(copy, appears=2, published_at=ROUNDS[1] + STALE_DELAY)
    return {name: late if name == copy.id else article for name, article in articles.items()}
