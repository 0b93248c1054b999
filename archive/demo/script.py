"""The script of the news world: the events of each round, and the articles to which a seed assigns them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from archive.demo.texts import EDITS, Article

T0 = datetime(2026, 1, 5, 8, tzinfo=UTC)
ROUNDS = tuple(T0 + timedelta(hours=hours) for hours in (0, 4, 30, 58))
"""The instants at which the archive visits every outlet. A 404 of round 1 is confirmed in round 2, 26 hours later. By
round 3 everything is confirmed."""

STALE_DELAY = timedelta(hours=6, minutes=17)  # after round 1: the spinner is late, and copies an older version
PERSISTENT = frozenset({"missing_404", "gone_410", "soft_404", "paywall", "robots_denied"})
PASSING = frozenset({"server_error", "left_alone", "robots_down", "truncated"})
"""Events that hide an article in one round only. Those of ``PERSISTENT`` hide it from their round on."""

SILENT = frozenset({"whole", "retitled", "wrong_304"})
"""Events an archive must not report: a page is whole again, its headline differs in one place, a 304 is wrong."""

Steps: TypeAlias = tuple[tuple[int, str], ...]
MayPlay: TypeAlias = Callable[[Article, Mapping[str, Article]], bool]

_SHORT = 5  # paragraphs; two fifths of fewer are too little to pass for an article


@dataclass(frozen=True, slots=True)
class Role:
    """A series of events, as (round, event) steps, and the test of which articles may play it."""

    name: str
    steps: Steps
    may_play: MayPlay

    @property
    def rounds(self) -> range:
        """The rounds in which its article must be visited."""
        return range(self.steps[0][0], self.steps[-1][0] + 1)


@dataclass(frozen=True, slots=True)
class Turn:
    """One step of a script: an event that happens to an article in a round."""

    round: int
    article: str
    event: str


@dataclass(frozen=True, slots=True)
class Script:
    """A script with its roles assigned: the turns in order of rounds, and the articles as this seed has them."""

    articles: dict[str, Article]
    turns: tuple[Turn, ...]

    def events_in(self, article: str, number: int) -> frozenset[str]:
        """Return the events of the article in that round alone."""
        return frozenset(turn.event for turn in self.turns if turn.article == article and turn.round == number)

    def events_until(self, article: str, number: int) -> tuple[str, ...]:
        """Return the events of the article up to and including that round, oldest first."""
        return tuple(turn.event for turn in self.turns if turn.article == article and turn.round <= number)

    def state(self, article: str, number: int) -> str:
        """Return the state of the article's URL in that round, ``ok`` if it shows its text."""
        passing = next(iter(self.events_in(article, number) & PASSING), None)
        lasting = [event for event in self.events_until(article, number) if event in PERSISTENT or event == "returned"]
        state = lasting[-1] if lasting else "ok"
        return passing or ("ok" if state == "returned" else state)


def _is_spun(article: Article, articles: Mapping[str, Article]) -> bool:
    return article.is_editable and any(copy.spins == article.id for copy in articles.values())


def _is_written(article: Article, _: Mapping[str, Article]) -> bool:
    return article.is_editable


def _any(_article: Article, _: Mapping[str, Article]) -> bool:
    return True


def _is_news(article: Article, _: Mapping[str, Article]) -> bool:
    return article.language == "en" and article.outlet in {"wire", "daily", "regional"}


def _is_accented(article: Article, _: Mapping[str, Article]) -> bool:
    return article.language != "en" and article.outlet in {"wire", "regional"}


def _is_in_tracked_feed(article: Article, _: Mapping[str, Article]) -> bool:
    return article.outlet == "daily"


def _is_official(article: Article, _: Mapping[str, Article]) -> bool:
    return article.outlet == "ministry"


def _has_correction(article: Article, _: Mapping[str, Article]) -> bool:
    return bool(article.correction)


def _is_long(article: Article, _: Mapping[str, Article]) -> bool:
    return len(article.body) > _SHORT


def _is_in_feed(article: Article, _: Mapping[str, Article]) -> bool:
    return article.outlet in {"wire", "daily", "spinner"}


def _is_not_official(article: Article, _: Mapping[str, Article]) -> bool:
    return article.outlet != "ministry"


COPIED_LATE = Role("copied late", ((1, "quotation"),), _is_spun)
"""The article loses a quotation in round 1. The spinner's copy comes in round 2 and still has it."""

SEEDED_ROLES = (
    Role("mislabelled", ((0, "charset"),), _is_accented),
    Role("mislabelled later", ((1, "charset"),), _is_accented),
    Role("unchanged", ((1, "not_modified"),), _is_official),
    Role("tracked", ((0, "duplicate"),), _is_in_tracked_feed),
    Role("amended", ((1, "number"), (3, "correction")), _is_written),
    Role("flipped", ((1, "headline"), (2, "reverted"), (3, "whole")), _is_written),
    Role("softened", ((1, "headline"),), _is_written),
    Role("softened late", ((3, "headline"),), _is_written),
    Role("mended", ((1, "cosmetic"),), _is_written),
    Role("reordered", ((2, "moved"),), _is_written),
    Role("trimmed", ((2, "quotation"),), _is_written),
    Role("extended", ((3, "added"),), _is_written),
    Role("revived", ((1, "missing_404"), (3, "returned")), _any),
    Role("deleted", ((1, "missing_404"),), _any),
    Role("gone", ((2, "gone_410"),), _any),
    Role("emptied", ((2, "soft_404"),), _is_news),
    Role("walled", ((2, "paywall"),), _is_news),
    Role("barred", ((2, "robots_denied"),), _is_news),
    Role("relocated", ((2, "address_moved"),), _any),
    Role("relapsing", ((1, "correction"), (2, "relapsed"), (3, "whole")), _has_correction),
    Role("gutted", ((2, "removed"), (3, "whole")), _is_long),
    Role("halved", ((1, "halved"), (2, "whole")), _is_long),
    Role("amplified", ((0, "amp"),), _is_in_feed),
    Role("printed", ((0, "print"),), _is_in_feed),
    Role("cut off", ((1, "truncated"),), _is_not_official),
    Role("detoured", ((3, "detour"),), _any),
    Role("teased", ((1, "retitled"), (2, "whole")), _any),
)
"""The other roles, each assigned once. Those that the fewest articles can play come first."""

FIXED_ROLES: Mapping[str, Steps] = {
    "parted": ((2, "number"),),
    "abridged": (),
    "cached": ((1, "wrong_304"), (1, "correction"), (2, "stale_tag"), (3, "number")),
    "drowned": ((2, "soft_404"),),
    "hinted": ((3, "number"),),
    "overrun": ((0, "server_error"), (1, "left_alone"), (2, "robots_down")),
    "neighbour": ((1, "left_alone"), (2, "robots_down")),
}
"""Roles written for one article each, which names its own in ``role``. No seed assigns them to another article.

``left_alone``: in round 0 the article or a neighbour on its site asked for a pause that outlasts round 1.
``stale_tag``: the ETag is still that of the page before an edit, so the edit cannot be seen until the tag is renewed.
"""

BUSY = (("regional", 1), ("regional", 2), ("regional", 3), ("daily", 2), ("daily", 3), ("spinner", 1), ("spinner", 3))
"""Outlets and rounds in which a server may answer 503. None of them publishes anything new in that round, because all
pages of the site are left alone until the pause it asked for is over."""


def assign_roles(articles: Mapping[str, Article], seed: int) -> Script:
    """Assign every role to an article, no article two roles. The same seed gives the same script."""
    rng = random.Random(seed)  # noqa: S311 - an assignment, not a secret
    original = rng.choice(_candidates(COPIED_LATE, articles))
    articles = _delay_spinner(articles, original)
    outlet, busy_round = rng.choice(BUSY)
    busy = rng.choice([a.id for a in articles.values() if a.outlet == outlet and a.id != original and _is_free(a)])
    roles = {original: COPIED_LATE, busy: Role("busy", ((busy_round, "server_error"),), _any)}
    for role in SEEDED_ROLES:
        free = [name for name in _candidates(role, articles) if name not in roles]
        roles[rng.choice([n for n in free if articles[n].outlet != outlet or busy_round not in role.rounds])] = role
    steps_by_article = {name: role.steps for name, role in roles.items()}
    steps_by_article |= {article.id: FIXED_ROLES[article.role] for article in articles.values() if article.role}
    turns = (Turn(number, name, event) for name, steps in steps_by_article.items() for number, event in steps)
    return Script(articles, tuple(sorted(turns, key=lambda turn: (turn.round, turn.article))))


def _is_free(article: Article) -> bool:
    """True if an article may get a seeded role: it is there from the start, and has no fixed role."""
    return not article.appears and not article.role


def _candidates(role: Role, articles: Mapping[str, Article]) -> list[str]:
    """Return the articles that may play a role: there from the start, and not edited before their last copy is made.

    It is then certain which version a copy was made from.
    """
    first_edit = min((number for number, event in role.steps if event in EDITS), default=len(ROUNDS))
    too_soon = {base for copy in articles.values() for _, base in copy.copies if copy.appears >= first_edit}
    present = (a for a in articles.values() if _is_free(a) and a.id not in too_soon)
    return [article.id for article in present if role.may_play(article, articles)]


def _delay_spinner(articles: Mapping[str, Article], original: str) -> dict[str, Article]:
    """Move the spinner's copy of that article to round 2, when the original has a second version."""
    copy = next(article for article in articles.values() if article.spins == original)
    late = replace(copy, appears=2, published_at=ROUNDS[1] + STALE_DELAY)
    return {name: late if name == copy.id else article for name, article in articles.items()}
