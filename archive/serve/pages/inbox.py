"""The inbox: what changed since you last looked, typed and ranked, trifles folded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from archive.serve import snippets, wording
from archive.serve.bounded_diff import Allowance
from archive.serve.next_visits import RUNS, next_run
from archive.serve.request_context import PageResult, kind_of
from archive.serve.responses import page
from archive.timestamps import iso
from db.errors import BadInput
from db.queries import changes, source_health, statistics
from db.records import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from starlette.routing import Route

    from archive.api import Archive
    from archive.serve.request_context import RequestContext
    from db.queries.changes import InboxEntry
    from db.records import Change, Text

    Json = dict[str, Any]

USUAL = 25
"""Articles of a page."""

TRIFLE = 0.08
"""A change below this score, without a headline, number or correction in it, is folded away: a typo has 0.02 to 0.05,
the smallest edit of a figure 0.3."""

_WINDOWS = {"24h": "24 h", "7d": "7 days", "30d": "30 days"}
_LEAST = ("0.2", "0.5")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One article that changed: what is new of it, how, and how many copies of it are known."""

    news: InboxEntry
    change: Change
    a: Text
    b: Text
    copies: int


def item(each: Item) -> Json:
    """A row of the inbox."""
    new, base = each.news.newest, each.news.seen
    found = [str(kind) for kind in each.change.kinds]  # from what was seen last, not from one version to the next
    kinds = [kind for kind in found if len(found) == 1 or kind not in wording.TRIFLES]
    return {
        "id": each.news.source_id,
        "path": f"/a/{each.news.source_id}",
        "diff": f"/a/{each.news.source_id}/diff/{base.number}..{new.number}",
        "url": new.url,
        "outlet": wording.host(new.url),
        "group": each.news.group,
        "title": new.title,
        "title_bits": snippets.title_bits(each.change, each.a, each.b),
        "at": iso(new.first_seen_at),
        "from": base.number,
        "to": new.number,
        "changes": each.news.changes,
        "cause": "undone" if each.a.sha256 == each.b.sha256 and each.news.changes > 1 else str(new.cause),
        "kinds": kinds,
        "score": round(each.change.score, 4),
        "strongest": snippets.strongest(each.change, each.a, each.b),
        "copies": each.copies,
        "trifle": is_trifle(each),
        "seen_until": iso(base.first_seen_at),
    }


def is_trifle(each: Item) -> bool:
    """True for what nobody has to read."""
    kinds = set(each.change.kinds)
    if not kinds or kinds & {Kind.HEADLINE, Kind.NUMBER, Kind.CORRECTION}:
        return False
    return kinds <= wording.TRIFLES or each.change.score < TRIFLE


def view(items: Sequence[Item], *, asked: Mapping[str, str], caught_up: datetime | None, following: str | None) -> Json:
    """The page: the weightiest first among those of one page, trifles apart; pages follow each other in time."""
    rows = [item(each) for each in items]
    rows.sort(key=lambda row: (-row["score"], row["at"], row["id"]))
    return {
        "title": "What changed",
        "caught_up": None if caught_up is None else iso(caught_up),
        "everything": asked.get("all") == "1",
        "changes": [row for row in rows if not row["trifle"]],
        "small": [row for row in rows if row["trifle"]],
        "newest_at": max((row["at"] for row in rows), default=None),
        "filters": filters(rows, asked),
        "feed": "/feed.atom",
        "next": following,
    }


def filters(rows: Sequence[Json], asked: Mapping[str, str]) -> list[Json]:
    """Every filter as a list of links; the state of the page is its address."""
    kinds = dict.fromkeys(kind for row in rows for kind in row["kinds"])
    outlets = dict.fromkeys(sorted(row["outlet"] for row in rows))
    choices = (
        (
            "kind",
            "Kind",
            {str(kind): wording.kind(kind) for kind in Kind if kind in kinds or kind == asked.get("kind")},
        ),
        ("outlet", "Outlet", {outlet: outlet for outlet in (*outlets, *filter(None, [asked.get("outlet")]))}),
        ("least", "Weight", {least: f"from {least}" for least in _LEAST}),
        ("since", "Time", _WINDOWS),
    )
    return [
        {
            "name": name,
            "label": label,
            "choices": [
                _choice(asked, name, "", "all"),
                *(_choice(asked, name, value, said) for value, said in known.items()),
            ],
        }
        for name, label, known in choices
        if known
    ]


def _choice(asked: Mapping[str, str], name: str, value: str, said: str) -> Json:
    kept = {key: held for key, held in asked.items() if key not in {name, "after"} and held}
    query = urlencode(kept | ({name: value} if value else {}))
    return {"label": said, "path": f"/?{query}" if query else "/", "chosen": asked.get(name, "") == value}


def show(at: RequestContext) -> PageResult:
    """Answer the inbox."""
    wanted, asked = wanted_of(at), at.paging(usual=USUAL)
    found, place = changes.inbox(at.ask, wanted, after=asked.behind_place, limit=asked.limit)
    items = _told(at.archive, found)
    following = at.following(place)
    shown = view(items, asked=at.query, caught_up=changes.all_read_until(at.ask), following=following)
    shown["runs"] = next_run(statistics.runs(at.ask, limit=2 * RUNS), at.now)
    return PageResult(view=shown, template="inbox.html", rows="changes", feed=feed(shown))


def _told(archive: Archive, found: Sequence[InboxEntry]) -> list[Item]:
    allowed = Allowance()
    return [told(archive, each, allowed) for each in found]


def told(archive: Archive, news: InboxEntry, allowed: Allowance) -> Item:
    """A piece of news with its texts compared, as far as that is allowed."""
    texts = archive.text(news.seen), archive.text(news.newest)
    kinds = [Kind(each) for each in news.kinds]
    change, a, b = allowed.compare(*texts, kinds, news.score)
    copies = source_health.count_copies(archive.ask, news.newest.text_sha256, source_id=news.source_id)
    return Item(news=news, change=change, a=a, b=b, copies=copies)


def wanted_of(at: RequestContext) -> changes.InboxFilter:
    """What the address asks for. Raises BadInput."""
    kinds = tuple(str(kind) for name in at.query.get("kind", "").split(",") if (kind := kind_of(name)))
    try:
        least = float(at.query.get("least") or 0)
    except ValueError as error:
        raise BadInput(f"least={at.query['least'][:20]} is not a number from 0 to 1") from error
    return changes.InboxFilter(
        kinds=kinds,
        host=at.query.get("outlet") or None,
        least=least,
        since=at.moment("since"),
        until=at.moment("until", end=True),
        everything=at.query.get("all") == "1",
    )


def feed(shown: Json) -> Json:
    """The same rows as a feed."""
    return {
        "title": "wirecopy: what changed",
        "path": "/feed.atom",
        "page": "/",
        "entries": [
            entry(row) for row in sorted((*shown["changes"], *shown["small"]), key=lambda row: row["at"], reverse=True)
        ],
    }


def entry(row: Json) -> Json:
    """A row of the inbox as an entry of a feed."""
    said = ", ".join(map(wording.kind, row["kinds"])) or row["cause"]
    words_changed = "".join(_plainly(bit) for bit in row["strongest"])
    return {
        "id": f"tag:wirecopy,2026:{row['url']}@{row['at']}",
        "title": row["title"],
        "path": row["diff"],
        "updated": row["at"],
        "author": row["outlet"],
        "summary": f"{said} (weight {row['score']:.2f}). {words_changed}".strip(),
    }


def _plainly(bit: Json) -> str:
    return {"same": "{}", "cut": "[-{}-]", "new": "{{+{}+}}"}[bit["mark"]].format(bit["text"])


def whole_feed(at: RequestContext) -> PageResult:
    """Answer the feed of every change, whatever was looked at."""
    found, _ = changes.inbox(at.ask, changes.InboxFilter(everything=True), after=None, limit=USUAL)
    shown = view(_told(at.archive, found), asked={}, caught_up=None, following=None)
    return PageResult(view=shown, rows="changes", feed=feed(shown))


def routes() -> list[Route]:
    """The inbox under two addresses, and the feed of all changes."""
    return [*page("/", show, named="/inbox"), *page("/inbox", show)[:1], *page("/feed", whole_feed)[1:]]
