"""What the demo prints: what each round found, what changed, who copied whom, where to look. Lines in, no decisions.

Everything here is told from the archive's answers, never from the script. No line holds a port, a duration or a name
of a run, so that two demos of one seed print the same.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from itertools import groupby
from textwrap import shorten, wrap
from typing import TYPE_CHECKING, Protocol

from archive.demo.grade import CALM, Answers, Grade, Json, host_of, round_of
from archive.demo.script import ROUNDS
from archive.demo.words import WIDTH, excerpt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import timedelta
    from pathlib import Path

_MOST_CHANGES = 8  # with the clusters the whole story stays within three screens
_MOST_OF_A_KIND = 2
_OTHER_WIDTH = 44  # a copy's row is 46 characters before its title: 90 in all
_TROUBLE_WIDTH = 76  # all that the script lets go wrong in one round
STATES = {
    "missing_404": "not found",
    "gone_410": "gone",
    "soft_404": "soft 404",
    "paywall": "paywall",
    "server_error": "busy",
    "rate_limited": "put off",
    "robots_denied": "robots.txt",
    "truncated": "cut off",
}
RIGHT = ("pages", "new", "edited", "furniture", "same")
HEADING = ("round", "at (UTC)", *RIGHT)


class Telling(Answers, Protocol):
    """What the demo asks beyond the grade."""

    def clusters(self) -> Sequence[Json]:
        """Return [{original, reasons, members, links}] as ``copies --json`` has them."""

    def change(self, url: str, version: int) -> Json:
        """Return how the version before became this one, as ``diff --json`` has it: {kinds, score, headline, edits}."""


def opening(seed: int) -> list[str]:
    """Return the first lines: what is about to happen, and the head of the table of rounds."""
    return [
        f"A news world of eight invented outlets (seed {seed}), served by this computer, visited four times.",
        "Where only its furniture changed (ads, counters, lists), a page gets no new version.",
        "",
        _columns(HEADING),
    ]


def round_lines(answers: Answers, number: int) -> list[str]:
    """Return the row of one round, and below it what was met instead of articles."""
    seen, troubles = _tally(answers, number)
    cells = [str(seen[name]) if seen[name] else "-" for name in RIGHT]
    row = _columns((str(number), f"{ROUNDS[number]:%a} {_moment(ROUNDS[number])}", *cells))
    told = ", ".join(f"{count} {STATES.get(state, state)}" for state, count in sorted(troubles.items()))
    return [row, *(f"    {line}" for line in wrap(f"no article: {told}" if told else "", _TROUBLE_WIDTH))]


def _tally(answers: Answers, number: int) -> tuple[Counter[str], Counter[str]]:
    """Count what one round's checks of articles brought, and the states of those that brought none."""
    seen: Counter[str] = Counter()
    troubles: Counter[str] = Counter()
    for history, captures in _articles(answers):
        here = [i for i, capture in enumerate(captures) if round_of(capture["captured_at"]) == number]
        for i in here[:1]:
            seen["pages"] += 1
            word = _brought(history, captures, i, number)
            seen[word] += 1
            if word == "trouble":
                troubles[captures[i]["state"]] += 1
    return seen, troubles


def _brought(history: Json, captures: Sequence[Json], i: int, number: int) -> str:
    state = captures[i]["state"]
    opened = [each["version"] for each in history["versions"] if round_of(each["first_seen_at"]) == number]
    if opened:
        return "new" if opened[0] == 1 else "edited"
    if state == "not_modified":
        return "same"
    if state not in CALM:
        return "trouble"
    before = captures[i - 1] if i else {}
    return "same" if before.get("payload_sha256") == captures[i].get("payload_sha256") else "furniture"


def _articles(answers: Answers) -> Iterator[tuple[Json, Sequence[Json]]]:
    """Yield each article once, also one that is known under two addresses."""
    urls = [source["url"] for source in answers.sources() if source["kind"] == "article"]
    histories = {history["url"]: history for history in map(answers.history, urls)}
    yield from ((history, answers.captures(url)) for url, history in histories.items())


def change_lines(answers: Telling) -> list[str]:
    """Return the weightiest edits, two of a kind, each with the words that changed, and a count of the others."""
    edits = [(url, each) for url, each in _later_versions(answers) if each["kinds"]]
    edits.sort(key=lambda edit: (-edit[1]["score"], edit[1]["first_seen_at"], edit[0]))
    told, rest = _two_of_a_kind(edits)
    lines = ["", "What changed, weightiest first and two of a kind", ""]
    for url, version in told:
        lines += _change(answers, url, version)
    others = ", ".join(f"{count} {word}" for word, count in sorted(rest.items()))
    return [*lines, f"  and {rest.total()} more: {others}"] if rest else lines


def _two_of_a_kind(edits: Sequence[tuple[str, Json]]) -> tuple[list[tuple[str, Json]], Counter[str]]:
    """Divide edits into those to tell, so that every kind has its turn, and a count of the others by kind."""
    told: list[tuple[str, Json]] = []
    kinds: Counter[str] = Counter()
    rest: Counter[str] = Counter()
    for edit in edits:
        word = _word(edit[1])
        if kinds[word] < _MOST_OF_A_KIND and len(told) < _MOST_CHANGES:
            told.append(edit)
            kinds[word] += 1
        else:
            rest[word] += 1
    return told, rest


def _later_versions(answers: Answers) -> Iterator[tuple[str, Json]]:
    for history, _ in _articles(answers):
        yield from ((history["url"], version) for version in history["versions"][1:])


def _change(answers: Telling, url: str, version: Json) -> list[str]:
    change = answers.change(url, version["version"])
    when = _moment(datetime.fromisoformat(version["first_seen_at"]))
    of_headline = any(edit["op"] != "equal" for edit in change["headline"])
    title = [] if of_headline else [_short(version["title"], WIDTH)]
    told = [f"              {line}" for line in (*title, *excerpt(change))]
    return [f"  {_word(version):<11} {host_of(url)}, version {version['version']}, seen {when}", *told, ""]


def _word(version: Json) -> str:
    return str(version["cause"] if version["cause"] != "changed" else version["kinds"][0])


def copy_lines(answers: Telling) -> list[str]:
    """Return every cluster of copies, its probable original first, then what holds passages of something else."""
    lines = ["", "Who copied whom", ""]
    for cluster in answers.clusters():
        original = cluster["original"]
        copies = [member for member in cluster["members"] if member["url"] != original["url"]]
        copies.sort(key=lambda member: (_born(member), member["url"]))
        first = answers.history(original["url"])["versions"][0]
        lines += [f"  {_short(first['title'], WIDTH)}", f"  {_credit(cluster)}"]
        lines += [*(_copy(answers, cluster, member) for member in copies), ""]
    return lines + _part_lines(answers)


def _credit(cluster: Json) -> str:
    original, reasons = cluster["original"], cluster["reasons"]
    return f"{host_of(original['url'])}, {_moment(_born(original))}, {reasons[0].partition(':')[0]}"


def _copy(answers: Answers, cluster: Json, member: Json) -> str:
    original = cluster["original"]["url"]
    mine = [link for link in cluster["links"] if member["url"] in _ends(link)]
    direct = [link for link in mine if original in _ends(link)]
    link = max(direct or mine, key=lambda link: link["score"])
    stale = _stale(answers, link) if link["a"]["url"] == original else ""
    lag = _lag(_born(member) - _born(cluster["original"]))
    return _copy_row(link, member, lag) + stale + _short(member["title"], _OTHER_WIDTH - len(stale))


def _copy_row(link: Json, ref: Json, lag: str) -> str:
    return f"    {link['relation']:<8} {link['score']:>5.0%}  {host_of(ref['url']):<16} {lag:>9}  "


def _stale(answers: Answers, link: Json) -> str:
    """Say so when the copy came after a newer version of the original, and still follows an older one."""
    number, copied_at = link["a"]["version"], link["b"]["first_seen_at"]
    versions = answers.history(link["a"]["url"])["versions"][number:]
    return f"(of version {number}) " if any(v["first_seen_at"] < copied_at for v in versions) else ""


def _part_lines(answers: Telling) -> list[str]:
    """Return the partial copies by the later text, which holds them: a full story its bulletin, a round-up several."""
    together = [{member["url"] for member in cluster["members"]} for cluster in answers.clusters()]
    best: dict[tuple[str, str], tuple[Json, Json, Json]] = {}
    for link in sorted(answers.copies(), key=lambda link: (-link["score"], link["a"]["version"], link["b"]["version"])):
        if link["relation"] == "partial" and not any(_ends(link) <= urls for urls in together):
            part, holder = sorted((link["a"], link["b"]), key=lambda ref: (_born(ref), ref["url"]))
            best.setdefault((holder["url"], part["url"]), (link, part, holder))
    lines = []
    for _, links in groupby(sorted(best), key=lambda pair: pair[0]):
        parts = [best[pair] for pair in links]
        holder = parts[0][2]
        lines += [
            f"  {_short(holder['title'], WIDTH)}",
            f"  {host_of(holder['url'])}, {_moment(_born(holder))}, has passages of",
        ]
        lines += [
            _copy_row(link, part, _lag(_born(part) - _born(holder))) + _short(part["title"], _OTHER_WIDTH)
            for link, part, _ in parts
        ]
        lines.append("")
    return lines


def _ends(link: Json) -> set[str]:
    return {link["a"]["url"], link["b"]["url"]}


def _born(ref: Json) -> datetime:
    return datetime.fromisoformat(ref["published_at"] or ref["first_seen_at"])


def next_lines(answers: Telling, folder: Path) -> list[str]:
    """Return commands to type next, on the article with the weightiest edit and a reworded copy; the browser last."""
    lines = ["Look closer", "", f"  cd {folder}"]
    edits = sorted(_later_versions(answers), key=lambda edit: (-edit[1]["score"], edit[0]))
    for url, _ in edits[:1]:
        lines += [f"  wirecopy {verb} {url}" for verb in ("history", "diff", "show --at 2026-01-05T09:00")]
    for original, copy in _reworded(answers)[:1]:
        lines += [f"  wirecopy explain {original} \\", f"                   {copy}"]
    return [*lines, "  wirecopy search harbour", "  wirecopy copies", "  wirecopy status", "  wirecopy serve --open"]


def _reworded(answers: Telling) -> list[tuple[str, str]]:
    """Return originals with their reworded copies, the surest first."""
    found = [
        (-link["score"], original, (_ends(link) - {original}).pop())
        for cluster in answers.clusters()
        for original in [cluster["original"]["url"]]
        for link in cluster["links"]
        if link["relation"] == "reworded" and original in _ends(link)
    ]
    return [(original, copy) for _, original, copy in sorted(found)]


def grade_lines(graded: Grade) -> list[str]:
    """Return the grade in a sentence, and every event that was missed or told falsely."""
    count = len(graded.found)
    total = count + len(graded.missed) + len(graded.pending)
    verdict = (
        "nothing missed, nothing false" if graded.exact else f"{len(graded.missed)} missed, {len(graded.false)} false"
    )
    lines = [f"Grade: {count} of {total} scripted events found, {verdict}."]
    for name, events in (("missed", graded.missed), ("false", graded.false), ("pending", graded.pending)):
        lines += [f"  {name:<8} round {event.round}  {event.event}  {event.url}" for event in events]
    return [*lines, ""]


def _columns(cells: Sequence[str]) -> str:
    number, when, *counts = cells
    widths = (7, 6, 8, 11, 6)
    return f"  {number:<6} {when:<17}" + "".join(f"{cell:>{width}}" for cell, width in zip(counts, widths, strict=True))


def _moment(at: datetime) -> str:
    return f"{at.day} {at:%b} {at:%H:%M}"


def _lag(lag: timedelta) -> str:
    hours, minutes = divmod(abs(int(lag.total_seconds())) // 60, 60)
    return f"{'-' if lag.total_seconds() < 0 else '+'}{hours} h {minutes:02d}"


def _short(text: str, width: int) -> str:
    return shorten(text, width, placeholder=" ...")
