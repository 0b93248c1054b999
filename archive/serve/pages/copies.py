"""Who copied whom: lanes over time, who had it first and why, and two texts side by side with swapped words marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from archive import answers
from archive.copies import swapped
from archive.diff.view import clean
from archive.errors import NotArchived
from archive.refs import Ref
from archive.serve import charts, words
from archive.serve.answer import page
from archive.serve.comparing import check_judged_in_time
from archive.serve.desk import Reply
from archive.serve.family import family_of
from archive.when import iso
from db.questions import sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlette.routing import Route

    from archive.serve.desk import Desk
    from archive.serve.family import Family
    from db.records import Link, Passage, Relation, Source, Text, VersionRef

    Json = dict[str, Any]

MOST_ROWS = 80
"""Rows of two texts side by side; longer texts than that have no reader."""

_LONGEST = 20_000  # characters of a pair of passages that are compared word by word: 10 ms
_BY = {"published": "by the dates both declare", "first_seen": "by when we first saw them", "mixed": "at most"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two texts side by side: a link between two versions with what they say."""

    link: Link
    a: Text
    b: Text


def copy_row(family: Family, ref: VersionRef, place: int) -> Json:
    """A member of a cluster: where and when it was seen, and how much of it the probable original holds."""
    cluster = family.cluster
    original = cluster.original if cluster else ref
    link = _between(cluster.links, original.url, ref.url) if cluster else None
    shared = None if link is None else link.coverage[0 if link.a.url == ref.url else 1]
    lag = cluster.lags[place] if cluster and cluster.lags else None
    at = ref.published_at if _declared(ref) else ref.first_seen_at
    source_id = family.ids.get(ref.url)
    return {
        "id": source_id,
        "path": f"/a/{source_id}" if source_id else None,
        "url": ref.url,
        "outlet": words.host(ref.url),
        "title": ref.title,
        "version": ref.version,
        "at": iso(at) if at else None,
        "at_by": "its own date" if _declared(ref) else "first seen by us",
        "first_seen_at": iso(ref.first_seen_at) if ref.first_seen_at else None,
        "published_at": iso(ref.published_at) if ref.published_at else None,
        "byline": ref.byline,
        "original": ref == original,
        "relation": str(link.relation) if link else None,
        "shared": None if shared is None else round(shared, 4),
        "shared_said": "" if shared is None else f"{shared:.0%}",
        "lag": None if lag is None else {"seconds": lag.seconds, "by": lag.by, "said": words.lag(lag.seconds)},
        "lag_by": None if lag is None else _BY[lag.by],
        "residue": [line[3:] for line in link.residue if line[:1] == ("a" if link.a.url == ref.url else "b")]
        if link
        else [],
        "translated": bool(link and link.translated),
    }


def _declared(ref: VersionRef) -> bool:
    """True where the page's own date can be believed: it does not lie after our first sight of the page."""
    seen = ref.first_seen_at
    return ref.published_at is not None and (seen is None or ref.published_at <= seen)


def _between(links: Sequence[Link], one: str, other: str) -> Link | None:
    found = [link for link in links if {link.a.url, link.b.url} == {one, other}]
    return max(found, key=lambda link: link.score, default=None)


def view(source: Source, family: Family, pair: Pair | None) -> Json:
    """The page as JSON values."""
    cluster = family.cluster
    members = [copy_row(family, ref, place) for place, ref in enumerate(cluster.members)] if cluster else []
    members.sort(key=lambda row: (row["at"] or "", row["url"]))
    outlets = len({row["outlet"] for row in members})
    said = f"{words.many(len(members), 'article')} of {words.many(outlets, 'outlet')} over time"
    return {
        "id": source.id,
        "path": f"/g/{source.id}",
        "article": f"/a/{source.id}",
        "url": source.url,
        "title": (cluster.original.title if cluster else "") or source.url,
        "summary": f"{said}. The table below says the same in words.",
        "members": members,
        "original": next((row for row in members if row["original"]), None),
        "credited": cluster.credited if cluster else None,
        "reasons": list(cluster.reasons) if cluster else [],
        "labels": [answers.label(each) for each in cluster.labels] if cluster else [],
        "pair": None if pair is None else side_by_side(pair, family),
        "related": [_related(link, source, family) for link in _others(family, source)],
        "whole": family.whole,
    }


def _others(family: Family, source: Source) -> list[Link]:
    """The closest link to each article outside of the cluster."""
    inside = {ref.url for ref in family.cluster.members} if family.cluster else {source.url}
    best: dict[str, Link] = {}
    for link in sorted(family.links, key=lambda link: (not link.relation.is_copy, -link.score)):
        other = link.b.url if link.a.url == source.url else link.a.url
        if other not in inside and (other not in best or link.score > best[other].score):
            best[other] = link
    return list(best.values())


def _related(link: Link, source: Source, family: Family) -> Json:
    other = link.b if link.a.url == source.url else link.a
    source_id = family.ids.get(other.url)
    return {
        "id": source_id,
        "path": f"/a/{source_id}",
        "pair": f"/g/{source.id}?with={source_id}",
        "url": other.url,
        "outlet": words.host(other.url),
        "title": other.title,
        "relation": str(link.relation),
        "score": round(link.score, 4),
        "because": link.because,
        "at": iso(other.first_seen_at) if other.first_seen_at else None,
    }


# --- side by side ----------------------------------------------------------------------------------------------------


def side_by_side(pair: Pair, family: Family) -> Json:
    """Both texts in the order of the second: shared passages beside each other, the rest alone."""
    link = pair.link
    laid = list(aligned(pair.a.body, pair.b.body, link.passages))
    rows = [_drawn(row) for row in laid[:MOST_ROWS]]
    return {
        "a": _side(link.a, family),
        "b": _side(link.b, family),
        "relation": str(link.relation),
        "score": round(link.score, 4),
        "coverage": [round(share, 4) for share in link.coverage],
        "because": link.because,
        "longest_run": link.longest_run,
        "residue": list(link.residue),
        "translated": link.translated,
        "languages": list(link.languages),
        "broken": [list(names) for names in link.broken],
        "passages": sum(row.number is not None for row in laid),
        "rows": rows,
        "more": len(laid) - len(rows),
    }


def _side(ref: VersionRef, family: Family) -> Json:
    source_id = family.ids.get(ref.url)
    return {
        "id": source_id,
        "path": f"/a/{source_id}?v={ref.version}",
        "url": ref.url,
        "outlet": words.host(ref.url),
        "title": ref.title,
        "version": ref.version,
        "first_seen_at": iso(ref.first_seen_at) if ref.first_seen_at else None,
        "text_sha256": ref.text_sha256,
    }


class Row(NamedTuple):
    """What stands beside each other, empty where only one side has it: ``number`` is then None, as is ``passage``."""

    a: str
    b: str
    number: int | None = None
    moved: bool = False
    passage: Passage | None = None


def aligned(a: str, b: str, passages: Sequence[Passage]) -> Iterator[Row]:
    """Rows in the order of ``b``; their numbers are those of the passages in the order of ``a``."""
    by_a = sorted(passages, key=lambda each: each.a)
    number = {passage: place for place, passage in enumerate(by_a, start=1)}
    after = {each: _gap(a, each.a[1], by_a[number[each]].a[0] if number[each] < len(by_a) else len(a)) for each in by_a}
    yield from _alone(Row(_gap(a, 0, by_a[0].a[0] if by_a else len(a)), ""))
    done, last = 0, 0
    for each in sorted(passages, key=lambda each: each.b):
        yield from _alone(Row("", _gap(b, done, each.b[0])))
        for one, other in _paragraphs(a[slice(*each.a)], b[slice(*each.b)]):
            yield Row(one, other, number[each], moved=number[each] < last, passage=each)
        done, last = max(done, each.b[1]), max(last, number[each])
        yield from _alone(Row(after[each], ""))
    yield from _alone(Row("", _gap(b, done, len(b))))


def _paragraphs(a: str, b: str) -> Iterator[tuple[str, str]]:
    """A long passage paragraph by paragraph, where both sides have as many."""
    many_a, many_b = ([each for each in side.split("\n") if each.strip()] for side in (a, b))
    yield from zip(many_a, many_b, strict=True) if len(many_a) == len(many_b) else [(a, b)]


def _gap(text: str, start: int, end: int) -> str:
    return text[start:end].strip()


def _alone(row: Row) -> Iterator[Row]:
    if any(letter.isalnum() for letter in row.a or row.b):
        yield row


def _drawn(row: Row) -> Json:
    """A row as JSON values: runs with marks (same, cut, new)."""
    told: Json = {"n": row.number, "moved": row.moved}
    if row.passage is None:
        return told | {"a": _run(row.a), "b": _run(row.b), "similarity": None, "shared": []}
    left, right = _swapped(row.a, row.b)
    shared = {"similarity": round(row.passage.similarity, 3), "shared": list(row.passage.anchors)}
    return told | {"a": left, "b": right} | shared


def _run(text: str) -> list[Json] | None:
    return [{"mark": "same", "text": _cut(text)}] if text else None


def _cut(text: str) -> str:
    return clean(text if len(text) <= _LONGEST else f"{text[:_LONGEST]} \u2026")


def _swapped(a: str, b: str) -> tuple[list[Json], list[Json]]:
    if len(a) + len(b) > _LONGEST:
        return _run(a) or [], _run(b) or []
    left: list[Json] = []
    right: list[Json] = []
    for same, cut, new in swapped(clean(a), clean(b)):
        left += [{"mark": "same" if same else "cut", "text": cut}] * bool(cut)
        right += [{"mark": "same" if same else "new", "text": new}] * bool(new)
    return left, right


# --- asking ----------------------------------------------------------------------------------------------------------


def show(at: Desk) -> Reply:
    """Answer the copies around one article; ``with`` is the other article of the pair shown side by side."""
    from archive.serve.pages.article import number_of, source_of

    source = source_of(at)
    family = family_of(at.archive, source)
    shown = view(source, family, _pair(at, source, family, number_of(at.query.get("with", ""))))
    drawn = {"lanes": charts.lanes(shown)}
    return Reply(view=shown, template="copies.html", rows="members", drawn=drawn)


def _pair(at: Desk, source: Source, family: Family, other: int | None) -> Pair | None:
    """The pair that was asked for, else the probable original and this article, else its closest link."""
    if other is not None:
        found = sources.known(at.ask, other) if other != source.id else None
        link = found and (_between(family.links, source.url, found.url) or _judged(at, source, found))
        if not link:
            raise NotArchived(f"there is no other article {other} to compare {source.url} with")
    else:
        link = _usual(source, family)
    if link is None:
        return None
    a, b = (at.archive.text_by_digest(ref.text_sha256) for ref in (link.a, link.b))
    return Pair(link=link, a=a, b=b)


def _usual(source: Source, family: Family) -> Link | None:
    cluster = family.cluster
    if cluster is not None and cluster.original.url != source.url:
        direct = _between(family.links, cluster.original.url, source.url)
        if direct is not None:
            return direct
    copied = [link for link in family.links if link.relation.is_copy]
    return max(copied, key=lambda link: link.score, default=None)


def _judged(at: Desk, source: Source, other: Source) -> Link:
    """The two newest texts compared now; where the pair is not linked, that is told as such."""
    from db.records import Link, Relation, VersionRef

    one, two = (at.archive.version(Ref(url=each.url)) for each in (source, other))
    one, two = sorted((one, two), key=lambda each: (each.dated_at or each.first_seen_at, each.url))
    check_judged_in_time(at.archive.text(one), at.archive.text(two))
    _, _, judged = at.archive.judge(one, two)
    relation: Relation = judged.relation or Relation.POSSIBLE
    refs = [
        VersionRef(
            url=each.url,
            version=each.number,
            text_sha256=each.text_sha256,
            title=each.title,
            first_seen_at=each.first_seen_at,
            published_at=each.published_at,
            byline=each.byline,
        )
        for each in (one, two)
    ]
    return Link(
        a=refs[0],
        b=refs[1],
        relation=relation,
        score=judged.score,
        coverage=judged.coverage,
        passages=judged.passages,
        because=judged.because if judged.relation else f"not linked: {judged.because}",
        longest_run=judged.longest_run,
        residue=judged.residue,
        method=judged.method,
    )


def routes() -> list[Route]:
    """The copies around one article, known by its id, which every member of a cluster has of its own."""
    return page("/g/{id:int}", show)
