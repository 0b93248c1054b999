"""Verbs that ask who copied whom, and why the archive says so: copies, explain."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from archive import answers
from archive.cli.common import as_json, as_jsonl, clean, coloured, minute, put_json, put_lines, say, table, verb
from db.records import Relation

if TYPE_CHECKING:
    from archive.api import Archive
    from archive.settings import Settings
    from db.records import Cluster, Link, Version, VersionRef


@verb
@click.argument("url", required=False)
@click.option("--all", "all_", is_flag=True, help="Also list reports of the same event that are no copies.")
@as_jsonl
@as_json
def copies(settings: Settings, url: str | None, *, all_: bool, jsonl: bool, json_: bool) -> None:
    r"""Show who has it from whom: all clusters of copies, or those of one article.

    \b
    wirecopy copies
    wirecopy copies https://wire.example/border-talks
    wirecopy copies --jsonl          one link between two versions a line, with the aligned passages
    """
    from archive.api import Archive

    with Archive(settings.db) as archive:
        if jsonl:
            put_lines(answers.link(link) for link in archive.copies(url))
            return
        clusters, links = archive.clusters(url), archive.copies(url)
    if json_:
        put_json(
            {"clusters": [answers.cluster(one) for one in clusters], "links": [answers.link(link) for link in links]}
        )
        return
    for number, cluster in enumerate(clusters, 1):
        _print_cluster(number, cluster)
    clustered = [{member.url for member in cluster.members} for cluster in clusters]
    loose = [link for link in links if not any({link.a.url, link.b.url} <= members for members in clustered)]
    if not all_:
        loose = [link for link in loose if link.relation is not Relation.SAME_EVENT]
    rows = [(link.relation, f"{link.score:.2f}", _say(link.a), _say(link.b)) for link in _closest(loose)]
    if rows:
        table(rows, heading=("also linked", "score", "earlier", "later"))
    say(f"{len(clusters)} clusters, {len(links)} links between versions")


def _say(ref: VersionRef) -> str:
    return f"{ref.url}@{ref.version}"


def _closest(links: list[Link]) -> list[Link]:
    best: dict[tuple[str, str], Link] = {}
    for link in links:
        pair = (link.a.url, link.b.url)
        if pair not in best or link.score > best[pair].score:
            best[pair] = link
    return list(best.values())


def _print_cluster(number: int, cluster: Cluster) -> None:
    original = cluster.original
    head = f"{number}. {original.title}"
    click.echo(click.style(clean(head), bold=True) if coloured() else clean(head))
    click.echo(clean(f"   probable original: {_say(original)} ({'; '.join(cluster.reasons)})"))
    for member in cluster.members:
        if member.url == original.url:
            continue
        relation = _relation(cluster, member)
        click.echo(clean(f"   {relation:<24} {_say(member)}  {_lag(original, member)}"))
    click.echo()


def _relation(cluster: Cluster, member: VersionRef) -> str:
    """How a member relates to the original, or else to the member it is closest to."""
    mine = [link for link in cluster.links if member.url in {link.a.url, link.b.url}]
    direct = [link for link in mine if cluster.original.url in {link.a.url, link.b.url}]
    best = max(direct or mine, key=lambda link: link.score, default=None)
    if best is None:
        return "copy"
    return f"{best.relation} {best.score:.2f}" + ("" if direct else " (by another copy)")


def _lag(original: VersionRef, member: VersionRef) -> str:
    if original.first_seen_at is None or member.first_seen_at is None:
        return ""
    first = original.published_at or original.first_seen_at
    later = (member.published_at or member.first_seen_at) - first
    if later <= timedelta():
        return "at the same time, as far as the dates tell"
    hours, minutes = divmod(int(later.total_seconds()) // 60, 60)
    return f"{hours} h {minutes:02d} min later" if hours else f"{minutes} min later"


@verb
@click.argument("a", metavar="URL[@N|@T]")
@click.argument("b", metavar="[URL[@N|@T]]", required=False)
@as_json
def explain(settings: Settings, a: str, b: str | None, *, json_: bool) -> None:
    r"""Say why: of one version, what was removed and why it is a version; of two, why they are linked, or why not.

    \b
    wirecopy explain https://daily.example/border-talks@2
    wirecopy explain https://wire.example/border-talks https://spinner.example/border-negotiations
    """
    from archive.api import Archive
    from archive.refs import parse_ref

    with Archive(settings.db) as archive:
        first = archive.version(parse_ref(a, now=settings.now()))
        if b is None:
            _explain_one(archive, first, json_=json_)
            return
        second = archive.version(parse_ref(b, now=settings.now()))
        one, two, judged = archive.judge(first, second)
    if json_:
        put_json(answers.judgement(first, second, judged))
        return
    from archive.copies import explain_judgement

    click.echo(clean(f"a  {first.url}@{first.number}  {first.title}"))
    click.echo(clean(f"b  {second.url}@{second.number}  {second.title}"))
    click.echo(explain_judgement(judged, one, two, colour=coloured()))


def _explain_one(archive: Archive, version: Version, *, json_: bool) -> None:
    capture = archive.capture(version.first_capture_id)
    removed = archive.removed(version)
    if json_:
        put_json(answers.explanation(version, capture, removed))
        return
    why = {
        "first": "it is the first text seen there",
        "changed": "its text differs from the version before",
        "reverted": "the text went back to what an earlier version said",
        "moved": "the article moved to another address and its text differs",
        "returned": "the article was confirmed gone and came back",
        "recipe": "a newer recipe reads the same bytes differently",
    }[version.cause]
    click.echo(clean(f"{version.url} version {version.number}: {version.title}"))
    click.echo(f"why a version: {why}" + (f" ({', '.join(version.kinds)})" if version.kinds else ""))
    click.echo(f"seen {version.captures} times, {minute(version.first_seen_at)} to {minute(version.last_seen_at)} UTC")
    click.echo(
        f"from payload sha256 {capture.payload_sha256} ({capture.payload_length:,} bytes), recipe {version.recipe_id}"
    )
    click.echo(f"text sha256 {version.text_sha256}")
    click.echo("removed from the page's text:" if removed else "nothing was removed from the page's text")
    for each in removed:
        shortened = each.text if len(each.text) <= 70 else each.text[:67] + "..."  # noqa: PLR2004 a line of a terminal
        click.echo(clean(f"  {each.because}: {shortened.strip()!r}"))
