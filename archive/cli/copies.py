"""Verbs that ask who copied whom, and why the archive says so: copies, explain."""

from __future__ import annotations

import sys
from textwrap import shorten
from typing import TYPE_CHECKING

import click

from archive.api import serialize
from archive.cli.common import as_json, as_jsonl, put_json, put_lines, verb
from archive.cli.output import between, bold, clean, coloured, count, dim, facts, fold, minute, say, width
from db.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from archive.api import Archive
    from archive.settings import Settings
    from db.records import Cluster, Label, Lag, Link, Removed, Stale, Version, VersionRef

_SHOWN = 70  # characters of a removed passage: enough to know it again


@verb
@click.argument("url", required=False)
@click.option("--all", "all_", is_flag=True, help="Also list pairs that are no copies: undecided, or the same event.")
@click.option("--stale", is_flag=True, help="Only copies that still carry what the article at URL has corrected since.")
@as_jsonl
@as_json
def copies(settings: Settings, url: str | None, *, all_: bool, stale: bool, jsonl: bool, json_: bool) -> None:
    r"""Show who has it from whom, for one article or all.

    \b
    wirecopy copies
    wirecopy copies https://wire.example/border-talks
    wirecopy copies https://wire.example/border-talks --stale
    wirecopy copies --jsonl          one link between two versions a line, with the aligned passages
    """
    from archive.api import Archive

    with Archive(settings.db) as archive:
        if stale:
            _stale(archive, url, jsonl=jsonl, json_=json_)
            return
        if jsonl:
            put_lines(serialize.link(link) for link in archive.copies(url))
            return
        clusters, links = archive.clusters(url, evidence=json_), archive.copies(url)
    if json_:
        put_json(
            {
                "clusters": [serialize.cluster(one) for one in clusters],
                "links": [serialize.link(link) for link in links],
            }
        )
        return
    for number, cluster in enumerate(clusters, 1):
        _print_cluster(number, cluster)
    clustered = [{member.url for member in cluster.members} for cluster in clusters]
    loose = _closest([link for link in links if not any({link.a.url, link.b.url} <= urls for urls in clustered)])
    shown = loose if all_ else [link for link in loose if link.relation.is_copy]
    for link in shown:
        _print_link(link)
    hidden = len(loose) - len(shown)
    beside = f", {count(len(shown), 'pair')} beside" if shown else ""
    more = f"; {count(hidden, 'more pair')} undecided or of the same event (--all)" if hidden else ""
    say(f"{count(len(clusters), 'cluster')}{beside}{more}")
    if not all(cluster.whole for cluster in clusters):
        say("more articles are connected with these than were looked at; all of them: wirecopy copies")


def _say(ref: VersionRef) -> str:
    return f"{ref.url}@{ref.version}"


def _closest(links: list[Link]) -> list[Link]:
    """Of each pair of articles the closest link, closest pairs first."""
    best: dict[frozenset[str], Link] = {}
    for link in links:
        pair = frozenset((link.a.url, link.b.url))
        if pair not in best or link.score > best[pair].score:
            best[pair] = link
    return sorted(best.values(), key=lambda link: -link.score)


def _print_cluster(number: int, cluster: Cluster) -> None:
    original = cluster.original
    click.echo(fold(bold(clean(original.title)), first=f"{number:>2}. ", then="    "))
    click.echo(dim(clean(f"    {_say(original)}")))
    click.echo(fold(clean(f"probable original: {'; '.join(cluster.reasons)}"), first="    ", then="    "))
    behind = dict(zip(cluster.members, cluster.lags, strict=True))
    copied = [member for member in cluster.members if member.url != original.url]
    for member in sorted(copied, key=lambda member: (_seconds(behind[member]), member.url)):
        lead = ", ".join(filter(None, (_relation(cluster, member), _lag(behind[member]))))
        click.echo(fold(clean(f"{lead}: {member.title}"), first="  - ", then="    "))
        click.echo(dim(clean(f"    {_say(member)}")))
    for label in cluster.labels:
        click.echo(fold(clean(f"a person said {_label(label)}"), first="    ", then="    "))
    click.echo()


def _print_link(link: Link) -> None:
    from archive.copies.provenance import lag

    click.echo(fold(clean(f"{link.relation} {link.score:.2f}: {link.a.title}"), first="  - ", then="    "))
    click.echo(dim(clean(f"    {_say(link.a)}")))
    click.echo(fold(clean(f"and {_lag(lag(link.a, link.b))}: {link.b.title}"), first="    ", then="    "))
    click.echo(dim(clean(f"    {_say(link.b)}\n")))


def _relation(cluster: Cluster, member: VersionRef) -> str:
    """How a member relates to the original, or else to the member it is closest to."""
    mine = [link for link in cluster.links if member.url in {link.a.url, link.b.url}]
    direct = [link for link in mine if cluster.original.url in {link.a.url, link.b.url}]
    best = max(direct or mine, key=lambda link: link.score, default=None)
    if best is None:
        return "copy"
    return f"{best.relation} {best.score:.2f}" + ("" if direct else " (by another copy)")


def _label(label: Label) -> str:
    """What a person said of two texts, in words."""
    note = f" ({label.note})" if label.note else ""
    return f"{'copy' if label.copy else 'not-copy'} of {_say(label.a)} and {_say(label.b)}{note}"


def _seconds(behind: Lag | None) -> int:
    return 0 if behind is None else behind.seconds


def _lag(behind: Lag | None) -> str:
    """How long after another a text came, and whether that is by what they declare or by when we saw them."""
    if behind is None:
        return "nobody knows when"
    if behind.seconds == 0:
        return "at the same time, as far as the dates tell"
    hours, minutes = divmod(abs(behind.seconds) // 60, 60)
    long = f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"
    after = "earlier" if behind.seconds < 0 else "later"
    return {
        "published": f"{long} {after}",
        "first_seen": f"first seen {long} {after}",
        "mixed": f"first seen {long} after the other's own date",
    }[behind.by]


def _stale(archive: Archive, url: str | None, *, jsonl: bool, json_: bool) -> None:
    if url is None:
        raise BadInput("--stale asks about one article: wirecopy copies URL --stale")
    found = archive.stale(url)
    if jsonl:
        put_lines(serialize.stale(each) for each in found)
    elif json_:
        put_json({"stale": [serialize.stale(each) for each in found]})
    else:
        for each in found:
            _print_stale(each, archive.history(each.copy.url)[1].gone_at)
        copied = len({each.copy.url for each in found})
        say(f"{count(len(found), 'passage')} corrected since, in {copied} {'copy' if copied == 1 else 'copies'}")


def _print_stale(each: Stale, gone_at: datetime | None) -> None:
    click.echo(fold(bold(clean(each.copy.title))))
    click.echo(dim(clean(_say(each.copy))))
    still = "still says" if gone_at is None else "said, and is gone"
    click.echo(fold(clean(f"{still}: {each.copied}"), first="  ", then="  "))
    if each.copied != each.passage:
        click.echo(fold(clean(f"version {each.version} said: {each.passage}"), first="  ", then="  "))
    instead = "which was taken out" if each.now is None else f"corrected to: {each.now}"
    click.echo(fold(clean(f"{instead}"), first="  ", then="  "))
    last = "" if each.confirmed else ", before the correction; it may have followed since"
    last = last if gone_at is None else f", gone since {minute(gone_at)}"
    told = f"corrected by {minute(each.corrected_at)}, copy last seen {minute(each.copy_seen_at)}{last}"
    click.echo(fold(f"{told}\n", first="  ", then="  "))


@verb
@click.argument("a", metavar="URL[@N|@T]")
@click.argument("b", metavar="[URL[@N|@T]]", required=False)
@as_json
def explain(settings: Settings, a: str, b: str | None, *, json_: bool) -> None:
    r"""Say why: of one version, or of two texts linked or not.

    Of one: why it is a version, and what was removed. Of two: what they share and which rule decided.

    \b
    wirecopy explain https://daily.example/border-talks@2
    wirecopy explain https://wire.example/border-talks https://spinner.example/border-negotiations
    """
    from archive.api import Archive
    from archive.api.version_ref import parse_ref

    with Archive(settings.db) as archive:
        first = archive.version(parse_ref(a, now=settings.now()))
        if b is None:
            _explain_one(archive, first, json_=json_)
            return
        second = archive.version(parse_ref(b, now=settings.now()))
        one, two, judged = archive.judge(first, second)
        label = archive.label_of(first, second)
    if json_:
        put_json(
            serialize.judgement(first, second, judged) | {"label": None if label is None else serialize.label(label)}
        )
        return
    from archive.copies import explain_judgement
    from archive.copies.embeddings import load_model

    for side, version in (("a", first), ("b", second)):
        click.echo(fold(bold(clean(version.title)), first=f"{side}  ", then="   "))
        click.echo(dim(clean(f"   {version.url}@{version.number}")))
    click.echo()
    columns = width(sys.stdout) or 120
    click.echo(explain_judgement(judged, one, two, colour=coloured(), width=columns, sense=load_model()))
    if label is not None:
        click.echo(fold(clean(f"a person said {_label(label)}"), first="", then="  "))


def _explain_one(archive: Archive, version: Version, *, json_: bool) -> None:
    capture = archive.capture(version.first_capture_id)
    removed = archive.removed(version)
    if json_:
        put_json(serialize.explanation(version, capture, removed, archive.facts(version)))
        return
    why = {
        "first": "it is the first text seen there",
        "changed": "its text differs from the version before",
        "reverted": "the text went back to what an earlier version said",
        "moved": "the article moved to another address and its text differs",
        "returned": "the article was confirmed gone and came back",
        "recipe": "a newer recipe reads the same bytes differently",
    }[version.cause]
    click.echo(fold(bold(clean(version.title))))
    click.echo(dim(clean(f"{version.url}@{version.number}")))
    click.echo()
    facts(
        [
            ("why a version", why + (f" ({', '.join(version.kinds)})" if version.kinds else "")),
            ("seen", f"{between(version.first_seen_at, version.last_seen_at)} UTC, {count(version.captures, 'check')}"),
            ("payload", f"sha256 {capture.payload_sha256} ({capture.payload_length:,} bytes)"),
            ("recipe", version.recipe_id),
            ("text", f"sha256 {version.text_sha256}"),
            ("removed", _removed(removed)),
        ]
    )


def _removed(removed: Sequence[Removed]) -> str:
    """What was taken out of the page's text, one passage a line."""
    lines = [f"{each.because}: {shorten(each.text, _SHOWN, placeholder=' ...')}" for each in removed]
    return "\n".join(lines) or "nothing from the page's text"
