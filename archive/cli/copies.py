"""Verbs about copies: copies (who copied whom) and explain (why the archive says so)."""

from __future__ import annotations

import sys
from textwrap import shorten
from typing import TYPE_CHECKING

import click

from archive.api import serialize
from archive.cli.common import as_json, as_jsonl, print_json, print_json_lines, say_how_to_start, verb
from archive.cli.output import (
    bold,
    count,
    dim,
    format_minute,
    format_period,
    print_facts,
    sanitize,
    say,
    terminal_width,
    time_zone,
    uses_colour,
    wrap,
)
from archive.cli.wording import describe_label, describe_original_label, describe_relation, describe_standing
from db.errors import BadInput, NotArchived

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from archive.api import Archive
    from archive.api.version_ref import Ref
    from archive.settings import Settings
    from db.records import Cluster, Lag, Link, RemovedSpan, UncorrectedCopy, Version, VersionRef

_EXCERPT = 70  # characters of a removed passage: enough to recognise it


@verb
@click.argument("url", required=False)
@click.option("--all", "all_", is_flag=True, help="Also list pairs that are undecided or only cover the same event.")
@click.option(
    "--uncorrected",
    "--stale",
    "uncorrected",
    is_flag=True,
    help="List copies that still carry text which the article at URL has corrected.",
)
@as_jsonl
@as_json
def copies(settings: Settings, url: str | None, *, all_: bool, uncorrected: bool, jsonl: bool, json_: bool) -> None:
    r"""Show who copied whom, for one article or for all.

    \b
    wirecopy copies
    wirecopy copies https://wire.example/border-talks
    wirecopy copies https://wire.example/border-talks --uncorrected
    wirecopy copies --jsonl          one match of two versions per line, with the shared passages
    """
    from archive.api import Archive

    with Archive(settings.db) as archive:
        if uncorrected:
            _list_uncorrected(archive, url, jsonl=jsonl, json_=json_)
            return
        if jsonl:
            print_json_lines(serialize.link(link) for link in archive.copies(url))
            return
        clusters, links = archive.clusters(url, evidence=json_), archive.copies(url)
    if json_:
        print_json(
            {
                "clusters": [serialize.cluster(cluster) for cluster in clusters],
                "links": [serialize.link(link) for link in links],
            }
        )
        return
    _print_copies(clusters, links, all_=all_)
    if not links:
        say_how_to_start(settings)


def _print_copies(clusters: Sequence[Cluster], links: Sequence[Link], *, all_: bool) -> None:
    for number, cluster in enumerate(clusters, 1):
        _print_cluster(number, cluster)
    clustered = [{member.url for member in cluster.members} for cluster in clusters]
    loose = _closest([link for link in links if not any({link.a.url, link.b.url} <= urls for urls in clustered)])
    visible = loose if all_ else [link for link in loose if link.relation.is_copy]
    for link in visible:
        _print_link(link)
    groups = count(len(clusters), "group of copies", "groups of copies")
    pairs = f" and {count(len(visible), 'other pair')}" if visible else ""
    hidden = len(loose) - len(visible)
    more = f" Not listed: {count(hidden, 'pair')} undecided or only about the same event (--all)." if hidden else ""
    say(f"{groups}{pairs}.{more}")
    if not all(cluster.whole for cluster in clusters):
        say("More articles are connected with these than were compared. To see all of them: wirecopy copies")


def _pointer(ref: VersionRef) -> str:
    return f"{ref.url}@{ref.version}"


def _closest(links: list[Link]) -> list[Link]:
    """Return the closest link of each pair of articles, closest pairs first."""
    best: dict[frozenset[str], Link] = {}
    for link in links:
        pair = frozenset((link.a.url, link.b.url))
        if pair not in best or link.score > best[pair].score:
            best[pair] = link
    return sorted(best.values(), key=lambda link: -link.score)


def _print_cluster(number: int, cluster: Cluster) -> None:
    original = cluster.original
    click.echo(wrap(bold(sanitize(original.title)), first=f"{number:>2}. ", then="    "))
    click.echo(dim(sanitize(f"    {_pointer(original)}")))
    standing = describe_standing(cluster.standing, cluster.certainty)
    click.echo(wrap(sanitize(f"{standing}: {'; '.join(cluster.reasons)}"), first="    ", then="    "))
    lags = dict(zip(cluster.members, cluster.lags, strict=True))
    others = [member for member in cluster.members if member.url != original.url]
    for member in sorted(others, key=lambda member: (_seconds(lags[member]), member.url)):
        lead = f"{_describe_member(cluster, member)}, {_describe_lag(lags[member])}"
        click.echo(wrap(sanitize(f"{lead}: {member.title}"), first="  - ", then="    "))
        click.echo(dim(sanitize(f"    {_pointer(member)}")))
    for label in cluster.labels:
        click.echo(wrap(sanitize(f"labelled by a person: {describe_label(label)}"), first="    ", then="    "))
    for row in cluster.original_labels:
        click.echo(wrap(sanitize(f"labelled by a person: {describe_original_label(row)}"), first="    ", then="    "))
    click.echo()


def _print_link(link: Link) -> None:
    from archive.copies.dating import lag

    relation = f"{describe_relation(link.relation)} ({link.score:.2f})"
    click.echo(wrap(sanitize(f"{relation}: {link.a.title}"), first="  - ", then="    "))
    click.echo(dim(sanitize(f"    {_pointer(link.a)}")))
    second = f"and, {_describe_lag(lag(link.a, link.b))}: {link.b.title}"
    click.echo(wrap(sanitize(second), first="    ", then="    "))
    click.echo(dim(sanitize(f"    {_pointer(link.b)}\n")))


def _describe_member(cluster: Cluster, member: VersionRef) -> str:
    """Return how a member relates to the original, or else to the member it is closest to."""
    links = [link for link in cluster.links if member.url in {link.a.url, link.b.url}]
    direct = [link for link in links if cluster.original.url in {link.a.url, link.b.url}]
    best = max(direct or links, key=lambda link: link.score, default=None)
    if best is None:
        return "copy"
    return f"{describe_relation(best.relation)} ({best.score:.2f})" + ("" if direct else " through another copy")


def _seconds(lag: Lag | None) -> int:
    return 0 if lag is None else lag.seconds


def _describe_lag(lag: Lag | None) -> str:
    """Return how long after another a text came, and whether that is by declared dates or by our first sight."""
    if lag is None:
        return "time unknown"
    if lag.seconds == 0:
        return "at the same time according to the dates"
    hours, minutes = divmod(abs(lag.seconds) // 60, 60)
    length = f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"
    direction = "earlier" if lag.seconds < 0 else "later"
    return {
        "published": f"{length} {direction}",
        "first_seen": f"first seen {length} {direction}",
        "mixed": f"first seen {length} {direction} than the other's own date",
    }[lag.by]


def _list_uncorrected(archive: Archive, url: str | None, *, jsonl: bool, json_: bool) -> None:
    if url is None:
        raise BadInput("--uncorrected is about one article: wirecopy copies URL --uncorrected")
    passages = archive.stale(url)
    if jsonl:
        print_json_lines(serialize.stale(passage) for passage in passages)
    elif json_:
        print_json({"stale": [serialize.stale(passage) for passage in passages]})
    else:
        for passage in passages:
            _print_uncorrected(passage, archive.history(passage.copy.url)[1].gone_at)
        copied = len({passage.copy.url for passage in passages})
        if passages:
            say(f"{count(len(passages), 'corrected passage')} in {count(copied, 'copy', 'copies')}.")
        else:
            say("No copy carries text that this article has corrected.")


def _print_uncorrected(passage: UncorrectedCopy, gone_at: datetime | None) -> None:
    click.echo(wrap(bold(sanitize(passage.copy.title))))
    click.echo(dim(sanitize(_pointer(passage.copy))))
    verb_ = "still says" if gone_at is None else "said until it was gone"
    click.echo(wrap(sanitize(f"{verb_}: {passage.copied}"), first="  ", then="  "))
    if passage.copied != passage.passage:
        click.echo(wrap(sanitize(f"version {passage.version} said: {passage.passage}"), first="  ", then="  "))
    correction = "later removed" if passage.now is None else f"corrected to: {passage.now}"
    click.echo(wrap(sanitize(correction), first="  ", then="  "))
    doubt = "" if passage.confirmed else ", before the correction, so it may have changed since"
    doubt = doubt if gone_at is None else f", gone since {format_minute(gone_at)}"
    times = (
        f"correction seen {format_minute(passage.corrected_at)}, copy last seen {format_minute(passage.copy_seen_at)}"
    )
    click.echo(wrap(f"{times}{doubt}\n", first="  ", then="  "))


@verb
@click.argument("a", metavar="URL[@N|@T]")
@click.argument("b", metavar="[URL[@N|@T]]", required=False)
@as_json
def explain(settings: Settings, a: str, b: str | None, *, json_: bool) -> None:
    r"""Explain why a version exists, or why two texts count as copies or not.

    With one address: the reason for the version, and the text that was left out; of an address without any text, such
    as a feed or a page that was never seen, how it is watched, what the last check met, and when the next is. With two:
    what the texts share, and the rule that decided.

    \b
    wirecopy explain https://daily.example/border-talks@2
    wirecopy explain https://wire.example/border-talks https://spinner.example/border-negotiations
    """
    from archive.api import Archive
    from archive.api.version_ref import parse_ref
    from archive.cli.explain_source import explain_source

    reference = parse_ref(a, now=settings.local_now())
    if b is None and not _has_text(settings, reference) and explain_source(settings, reference.url, json_=json_):
        return
    with Archive(settings.db) as archive:
        first = archive.version(reference)
        if b is None:
            _explain_version(archive, first, json_=json_)
            return
        second = archive.version(parse_ref(b, now=settings.local_now()))
        first_text, second_text, judgement = archive.judge(first, second)
        label = archive.label_of(first, second)
    if json_:
        labels = {"label": None if label is None else serialize.label(label)}
        a_side, b_side = ({"url": version.url, **serialize.version(version)} for version in (first, second))
        print_json(serialize.judgement(judgement, a=a_side, b=b_side) | labels)
        return
    from archive.copies import explain_judgement
    from archive.copies.embeddings import load_model

    for side, version in (("a", first), ("b", second)):
        click.echo(wrap(bold(sanitize(version.title)), first=f"{side}  ", then="   "))
        click.echo(dim(sanitize(f"   {version.url}@{version.number}")))
    click.echo()
    columns = terminal_width(sys.stdout) or 120
    click.echo(
        explain_judgement(judgement, first_text, second_text, colour=uses_colour(), width=columns, model=load_model())
    )
    if label is not None:
        click.echo(wrap(sanitize(f"labelled by a person: {describe_label(label)}"), first="", then="  "))


def _has_text(settings: Settings, reference: Ref) -> bool:
    """True if the address has a version, whichever one ``reference`` names."""
    from archive.api import Archive
    from archive.api.version_ref import Ref

    if not settings.db.exists():
        return False
    try:
        with Archive(settings.db) as archive:
            archive.version(Ref(url=reference.url))
    except (NotArchived, BadInput):  # the key of a seed is no address
        return False
    return True


def _explain_version(archive: Archive, version: Version, *, json_: bool) -> None:
    capture = archive.capture(version.first_capture_id)
    removed = archive.removed(version)
    if json_:
        print_json(serialize.explanation(version, capture, removed, archive.facts(version)))
        return
    reason = {
        "first": "it is the first text found here",
        "changed": "its text differs from the version before",
        "reverted": "the text went back to that of an earlier version",
        "moved": "the article moved to another address and its text differs",
        "returned": "the article came back after it was confirmed gone",
        "recipe": "newer extraction rules read the page differently, or another form of it shows the text",
    }[version.cause]
    click.echo(wrap(bold(sanitize(version.title))))
    click.echo(dim(sanitize(f"{version.url}@{version.number}")))
    click.echo()
    period = format_period(version.first_seen_at, version.last_seen_at)
    print_facts(
        [
            ("reason", reason + (f" ({', '.join(version.kinds)})" if version.kinds else "")),
            ("seen", f"{period} {time_zone()}, {count(version.captures, 'check')}"),
            ("page", f"sha256 {capture.payload_sha256} ({capture.payload_length:,} bytes)"),
            *(("text from", fact.source) for fact in archive.facts(version) if fact.name == "text"),
            ("rules", version.recipe_id),
            ("text", f"sha256 {version.text_sha256}"),
            ("left out", _describe_removed(removed)),
        ]
    )


def _describe_removed(removed: Sequence[RemovedSpan]) -> str:
    """Return what was left out of the page's text, one passage a line."""
    lines = [f"{part.because}: {shorten(part.text, _EXCERPT, placeholder=' ...')}" for part in removed]
    return "\n".join(lines) or "nothing"
