"""The inbox: changes since the last look, by kind and importance, with small ones folded away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from archive.api import serialize_events
from archive.serve import paths, snippets, wording
from archive.serve.bounded_diff import Allowance
from archive.serve.pages import watched
from archive.serve.request_context import PageResult, kind_of
from archive.serve.responses import page
from archive.timestamps import iso
from db.errors import BadInput, TooSlow
from db.records import EventFilter, EventKind, InboxFilter, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from starlette.routing import Route

    from archive.api import Archive
    from archive.serve.request_context import RequestContext
    from db.records import Change, ExpectedRun, InboxEntry, Text

    Json = dict[str, Any]

USUAL = 25
"""Default articles of a page."""

TRIFLE = 0.08
"""Changes below this score without a headline, number or correction are folded away. A typo has 0.02 to 0.05, the
smallest edit of a figure 0.3."""

EVENTS_OF = timedelta(days=7)
"""Age of the oldest events on the first page, counted from the newest record. The page of events has all."""

MOST_EVENTS = 30
"""Most events on the first page."""

_OTHER_KINDS = tuple(kind for kind in EventKind if not kind.is_edit and kind is not EventKind.DRIFT)

_WINDOWS = {"24h": "24 h", "7d": "7 days", "30d": "30 days"}
_LEAST = ("0.2", "0.5")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An article that changed: its unseen versions, their change, and the number of its copies."""

    news: InboxEntry
    change: Change
    a: Text
    b: Text
    copies: int


def item_row(item: Item) -> Json:
    """Return a row of the inbox."""
    news, new, base = item.news, item.news.newest, item.news.seen
    kinds = [str(kind) for kind in item.change.kinds]  # from the last version seen by the reader to the newest
    is_undone = item.a.sha256 == item.b.sha256 and news.changes > 1
    return {
        "id": news.source_id,
        "path": paths.article(news.source_id),
        "diff": paths.change(news.source_id, base.number, new.number),
        "url": new.url,
        "outlet": wording.host(new.url),
        "group": news.group,
        "title": new.title,
        "title_bits": snippets.title_bits(item.change, item.a, item.b),
        "at": iso(new.first_seen_at),
        "from": base.number,
        "to": new.number,
        "changes": news.changes,
        "cause": "undone" if is_undone else str(new.cause),
        "kinds": [kind for kind in kinds if len(kinds) == 1 or kind not in wording.TRIFLES],
        "score": round(item.change.score, 4),
        "strongest": snippets.strongest(item.change, item.a, item.b),
        "copies": item.copies,
        "trifle": is_trifle(item),
        "seen_until": iso(base.first_seen_at),
    }


def is_trifle(item: Item) -> bool:
    """True for a change too small to need reading."""
    kinds = set(item.change.kinds)
    if not kinds or kinds & {Kind.HEADLINE, Kind.NUMBER, Kind.CORRECTION}:
        return False
    return kinds <= wording.TRIFLES or item.change.score < TRIFLE


def view(items: Sequence[Item], *, query: Mapping[str, str], caught_up: datetime | None, following: str | None) -> Json:
    """Return the page as JSON values: highest scores first, small changes apart. Pages follow each other in time."""
    rows = [item_row(item) for item in items]
    rows.sort(key=lambda row: (-row["score"], row["at"], row["id"]))
    return {
        "title": "What changed",
        "caught_up": None if caught_up is None else iso(caught_up),
        "everything": query.get("all") == "1",
        "changes": [row for row in rows if not row["trifle"]],
        "small": [row for row in rows if row["trifle"]],
        "newest_at": max((row["at"] for row in rows), default=None),
        "filters": filters(rows, query),
        "feed": "/feed.atom",
        "next": following,
    }


def filters(rows: Sequence[Json], query: Mapping[str, str]) -> list[Json]:
    """Return every filter as a list of links, because the address holds the state of the page."""
    kinds = dict.fromkeys(kind for row in rows for kind in row["kinds"])
    outlets = dict.fromkeys(sorted(row["outlet"] for row in rows))
    choices = (
        (
            "kind",
            "Kind",
            {str(kind): wording.kind(kind) for kind in Kind if kind in kinds or kind == query.get("kind")},
        ),
        ("outlet", "Outlet", {outlet: outlet for outlet in (*outlets, *filter(None, [query.get("outlet")]))}),
        ("least", "Weight", {least: f"from {least}" for least in _LEAST}),
        ("since", "Time", _WINDOWS),
    )
    return [
        {
            "name": name,
            "label": label,
            "choices": [
                _choice(query, name, "", "all"),
                *(_choice(query, name, value, text) for value, text in values.items()),
            ],
        }
        for name, label, values in choices
        if values
    ]


def _choice(query: Mapping[str, str], name: str, value: str, text: str) -> Json:
    others = {key: setting for key, setting in query.items() if key not in {name, "after"} and setting}
    narrowed = urlencode(others | ({name: value} if value else {}))
    path = f"{paths.INBOX}?{narrowed}" if narrowed else paths.INBOX
    return {"label": text, "path": path, "chosen": query.get(name, "") == value}


def expected_run(run: ExpectedRun) -> Json:
    """Return the last and the expected run as JSON values."""
    return {
        "last_at": None if run.last_at is None else iso(run.last_at),
        "every_seconds": None if run.every is None else round(run.every.total_seconds()),
        "at": None if run.next_at is None else iso(run.next_at),
    }


def show(context: RequestContext) -> PageResult:
    """Answer with the inbox. Raises BadInput."""
    archive, paging = context.archive, context.paging(usual=USUAL)
    listing = archive.news(filters_of(context), after=paging.behind_place, limit=paging.limit)
    inbox = view(
        _items(archive, listing.rows),
        query=context.query,
        caught_up=archive.caught_up(context.identity.name),
        following=context.following(listing.next_key),
    )
    inbox["start"] = None if archive.has_sources() else {"listed": _count_listed(context)}
    inbox["runs"] = expected_run(archive.expected_run(context.now))
    others = other_events(archive, context.identity.name) if paging.after is None else []
    inbox["events"] = others or []
    inbox["events_read"] = others is not None
    instants = [inbox["newest_at"], *(row["at"] for row in inbox["events"])]
    inbox["newest_at"] = max((instant for instant in instants if instant), default=None)
    box = watched.box(context) if inbox["start"] and context.form == "html" else None
    return PageResult(view=inbox, template="inbox.html", rows="changes", feed=feed(inbox), drawn={"box": box})


def _count_listed(context: RequestContext) -> int:
    """Return the number of rows of the seed index, which no run has read yet."""
    index = watched.readable_index(context)
    return len(index.rows) if index else 0


def other_events(archive: Archive, reader: str) -> list[Json] | None:
    """Return the newest events that are no edits, since a reader marked all as seen. None if that takes too long."""
    try:
        newest = archive.newest_record_at()
        if newest is None:
            return []
        seen_until = archive.caught_up(reader) or newest - EVENTS_OF
        since = max(seen_until + timedelta(microseconds=1), newest - EVENTS_OF)
        filters = EventFilter(kinds=_OTHER_KINDS, since=since)
        return [serialize_events.event(event) for event in archive.events(filters, limit=MOST_EVENTS).rows]
    except TooSlow:
        return None  # the last query of the page: /events reads on


def _items(archive: Archive, news: Sequence[InboxEntry]) -> list[Item]:
    allowance = Allowance()
    return [compare_news(archive, entry, allowance) for entry in news]


def compare_news(archive: Archive, news: InboxEntry, allowance: Allowance) -> Item:
    """Return a row with its texts compared, within the budget of ``allowance``."""
    texts = archive.text(news.seen), archive.text(news.newest)
    change, a, b = allowance.compare(*texts, [Kind(kind) for kind in news.kinds], news.score)
    copies = archive.count_copies(news.source_id, news.newest.text_sha256)
    return Item(news=news, change=change, a=a, b=b, copies=copies)


def filters_of(context: RequestContext) -> InboxFilter:
    """Return the filters in the address. Raises BadInput."""
    query = context.query
    kinds = tuple(str(kind) for name in query.get("kind", "").split(",") if (kind := kind_of(name)))
    try:
        least = float(query.get("least") or 0)
    except ValueError as error:
        raise BadInput(f"least={query['least'][:20]} is not a number from 0 to 1") from error
    return InboxFilter(
        kinds=kinds,
        host=query.get("outlet") or None,
        least=least,
        since=context.moment("since"),
        until=context.moment("until", end=True),
        everything=query.get("all") == "1",
        reader=context.identity.name,
    )


def feed(inbox: Json) -> Json:
    """Return rows as a feed."""
    rows = sorted((*inbox["changes"], *inbox["small"]), key=lambda row: row["at"], reverse=True)
    return {
        "title": "wirecopy: what changed",
        "path": "/feed.atom",
        "page": paths.INBOX,
        "entries": [entry(row) for row in rows],
    }


def entry(row: Json) -> Json:
    """Return a row of the inbox as an entry of a feed."""
    what = ", ".join(map(wording.kind, row["kinds"])) or row["cause"]
    words_changed = "".join(_plain(bit) for bit in row["strongest"])
    return {
        "id": f"tag:wirecopy,2026:{row['url']}@{row['at']}",
        "title": row["title"],
        "path": row["diff"],
        "updated": row["at"],
        "author": row["outlet"],
        "summary": f"{what} (weight {row['score']:.2f}). {words_changed}".strip(),
    }


def _plain(bit: Json) -> str:
    return {"same": "{}", "cut": "[-{}-]", "new": "{{+{}+}}"}[bit["mark"]].format(bit["text"])


def whole_feed(context: RequestContext) -> PageResult:
    """Answer with the feed of all changes, seen or not."""
    news = context.archive.news(InboxFilter(everything=True), limit=USUAL).rows
    inbox = view(_items(context.archive, news), query={}, caught_up=None, following=None)
    return PageResult(view=inbox, rows="changes", feed=feed(inbox))


def routes() -> list[Route]:
    """Return the routes of the inbox, which has two addresses, and of the feed of all changes."""
    return [*page(paths.INBOX, show, stem="/inbox"), *page("/inbox", show)[:1], *page("/feed", whole_feed)[1:]]
