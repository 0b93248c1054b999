"""The lines the demo prints: the result of each round, changes, copies, the grade, commands to try next.

Everything comes from the archive's answers, never from the script. No line has a port, a duration or the name of a run.
Two demos of one seed therefore print the same.
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

_MAX_CHANGES = 8  # with the clusters the whole story stays within three screens
_MAX_OF_A_KIND = 2
_OTHER_WIDTH = 44  # a copy's row is 46 characters before its title: 90 in all
_FAILURES_WIDTH = 76  # fits every failure of one round
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
COUNTS = ("pages", "new", "edited", "furniture", "same")
HEADING = ("round", "at (UTC)", *COUNTS)


class DemoAnswers(Answers, Protocol):
    """The answers the demo prints, in addition to those of the grade."""

    def clusters(self) -> Sequence[Json]:
        """Return [{original, reasons, members, links}] as ``copies --json`` has them."""

    def change(self, url: str, version: int) -> Json:
        """Return the change from the previous version, as ``diff --json`` has it: {kinds, score, headline, edits}."""


def opening(seed: int) -> list[str]:
    """Return the first lines: an introduction, and the head of the table of rounds."""
    return [
        f"A news world of eight invented outlets (seed {seed}), served by this computer, visited four times.",
        "Where only its furniture changed (ads, counters, lists), a page gets no new version.",
        "",
        _columns(HEADING),
    ]


def round_lines(answers: Answers, number: int) -> list[str]:
    """Return the row of one round, and below it the failures by state."""
    counts, failures = _tally(answers, number)
    cells = [str(counts[name]) if counts[name] else "-" for name in COUNTS]
    row = _columns((str(number), f"{ROUNDS[number]:%a} {_moment(ROUNDS[number])}", *cells))
    summary = ", ".join(f"{count} {STATES.get(state, state)}" for state, count in sorted(failures.items()))
    return [row, *(f"    {line}" for line in wrap(f"no article: {summary}" if summary else "", _FAILURES_WIDTH))]


def _tally(answers: Answers, number: int) -> tuple[Counter[str], Counter[str]]:
    """Count the results of one round's checks of articles, and the states of those that failed."""
    counts: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    for history, captures in _articles(answers):
        in_round = [i for i, capture in enumerate(captures) if round_of(capture["captured_at"]) == number]
        for i in in_round[:1]:
            counts["pages"] += 1
            result = _result_of(history, captures, i, number)
            counts[result] += 1
            if result == "failure":
                failures[captures[i]["state"]] += 1
    return counts, failures


def _result_of(history: Json, captures: Sequence[Json], i: int, number: int) -> str:
    state = captures[i]["state"]
    numbers = [version["version"] for version in history["versions"] if round_of(version["first_seen_at"]) == number]
    if numbers:
        return "new" if numbers[0] == 1 else "edited"
    if state == "not_modified":
        return "same"
    if state not in CALM:
        return "failure"
    previous = captures[i - 1] if i else {}
    return "same" if previous.get("payload_sha256") == captures[i].get("payload_sha256") else "furniture"


def _articles(answers: Answers) -> Iterator[tuple[Json, Sequence[Json]]]:
    """Yield each article once, even if it is known under two URLs."""
    urls = [source["url"] for source in answers.sources() if source["kind"] == "article"]
    histories = {history["url"]: history for history in map(answers.history, urls)}
    yield from ((history, answers.captures(url)) for url, history in histories.items())


def change_lines(answers: DemoAnswers) -> list[str]:
    """Return the weightiest edits, two of a kind, each with the words that changed, and a count of the others."""
    edits = [(url, version) for url, version in _later_versions(answers) if version["kinds"]]
    edits.sort(key=lambda edit: (-edit[1]["score"], edit[1]["first_seen_at"], edit[0]))
    selected, rest = _two_of_a_kind(edits)
    lines = ["", "What changed, weightiest first and two of a kind", ""]
    for url, version in selected:
        lines += _change_lines(answers, url, version)
    others = ", ".join(f"{count} {word}" for word, count in sorted(rest.items()))
    return [*lines, f"  and {rest.total()} more: {others}"] if rest else lines


def _two_of_a_kind(edits: Sequence[tuple[str, Json]]) -> tuple[list[tuple[str, Json]], Counter[str]]:
    """Select at most two edits of each kind, and count the others by kind."""
    selected: list[tuple[str, Json]] = []
    kinds: Counter[str] = Counter()
    rest: Counter[str] = Counter()
    for edit in edits:
        word = _word(edit[1])
        if kinds[word] < _MAX_OF_A_KIND and len(selected) < _MAX_CHANGES:
            selected.append(edit)
            kinds[word] += 1
        else:
            rest[word] += 1
    return selected, rest


def _later_versions(answers: Answers) -> Iterator[tuple[str, Json]]:
    for history, _ in _articles(answers):
        yield from ((history["url"], version) for version in history["versions"][1:])


def _change_lines(answers: DemoAnswers, url: str, version: Json) -> list[str]:
    change = answers.change(url, version["version"])
    first_seen = _moment(datetime.fromisoformat(version["first_seen_at"]))
    headline_changed = any(edit["op"] != "equal" for edit in change["headline"])
    title = [] if headline_changed else [_short(version["title"], WIDTH)]
    details = [f"              {line}" for line in (*title, *excerpt(change))]
    return [f"  {_word(version):<11} {host_of(url)}, version {version['version']}, seen {first_seen}", *details, ""]


def _word(version: Json) -> str:
    return str(version["cause"] if version["cause"] != "changed" else version["kinds"][0])


def copy_lines(answers: DemoAnswers) -> list[str]:
    """Return every cluster of copies, its probable original first, then the texts that contain passages of others."""
    lines = ["", "Who copied whom", ""]
    for cluster in answers.clusters():
        original = cluster["original"]
        copies = [member for member in cluster["members"] if member["url"] != original["url"]]
        copies.sort(key=lambda member: (_published_at(member), member["url"]))
        first = answers.history(original["url"])["versions"][0]
        lines += [f"  {_short(first['title'], WIDTH)}", f"  {_credit(cluster)}"]
        lines += [*(_copy_line(answers, cluster, member) for member in copies), ""]
    return lines + _part_lines(answers)


def _credit(cluster: Json) -> str:
    original, reasons = cluster["original"], cluster["reasons"]
    return f"{host_of(original['url'])}, {_moment(_published_at(original))}, {reasons[0].partition(':')[0]}"


def _copy_line(answers: Answers, cluster: Json, member: Json) -> str:
    original = cluster["original"]["url"]
    links = [link for link in cluster["links"] if member["url"] in _ends(link)]
    direct = [link for link in links if original in _ends(link)]
    link = max(direct or links, key=lambda link: link["score"])
    stale = _stale_note(answers, link) if link["a"]["url"] == original else ""
    lag = _lag(_published_at(member) - _published_at(cluster["original"]))
    return _copy_row(link, member, lag) + stale + _short(member["title"], _OTHER_WIDTH - len(stale))


def _copy_row(link: Json, ref: Json, lag: str) -> str:
    return f"    {link['relation']:<8} {link['score']:>5.0%}  {host_of(ref['url']):<16} {lag:>9}  "


def _stale_note(answers: Answers, link: Json) -> str:
    """Return a note if the original had a newer version when the copy came, but the copy follows an older one."""
    number, copied_at = link["a"]["version"], link["b"]["first_seen_at"]
    versions = answers.history(link["a"]["url"])["versions"][number:]
    return f"(of version {number}) " if any(v["first_seen_at"] < copied_at for v in versions) else ""


def _part_lines(answers: DemoAnswers) -> list[str]:
    """Return partial copies, grouped by the later text that contains them: a round-up contains several stories."""
    clusters = [{member["url"] for member in cluster["members"]} for cluster in answers.clusters()]
    best: dict[tuple[str, str], tuple[Json, Json, Json]] = {}
    for link in sorted(answers.copies(), key=lambda link: (-link["score"], link["a"]["version"], link["b"]["version"])):
        if link["relation"] == "partial" and not any(_ends(link) <= urls for urls in clusters):
            part, holder = sorted((link["a"], link["b"]), key=lambda ref: (_published_at(ref), ref["url"]))
            best.setdefault((holder["url"], part["url"]), (link, part, holder))
    lines = []
    for _, links in groupby(sorted(best), key=lambda pair: pair[0]):
        parts = [best[pair] for pair in links]
        holder = parts[0][2]
        lines += [
            f"  {_short(holder['title'], WIDTH)}",
            f"  {host_of(holder['url'])}, {_moment(_published_at(holder))}, has passages of",
        ]
        lines += [
            _copy_row(link, part, _lag(_published_at(part) - _published_at(holder)))
            + _short(part["title"], _OTHER_WIDTH)
            for link, part, _ in parts
        ]
        lines.append("")
    return lines


def _ends(link: Json) -> set[str]:
    return {link["a"]["url"], link["b"]["url"]}


def _published_at(ref: Json) -> datetime:
    return datetime.fromisoformat(ref["published_at"] or ref["first_seen_at"])


def next_lines(answers: DemoAnswers, folder: Path) -> list[str]:
    """Return commands to try next, for the article with the weightiest edit and a reworded copy."""
    lines = ["Look closer", "", f"  cd {folder}"]
    edits = sorted(_later_versions(answers), key=lambda edit: (-edit[1]["score"], edit[0]))
    for url, _ in edits[:1]:
        lines += [f"  wirecopy {verb} {url}" for verb in ("history", "diff", "show --at 2026-01-05T09:00")]
    for original, copy in _reworded(answers)[:1]:
        lines += [f"  wirecopy explain {original} \\", f"                   {copy}"]
    return [*lines, "  wirecopy search harbour", "  wirecopy copies", "  wirecopy status", "  wirecopy serve --open"]


def _reworded(answers: DemoAnswers) -> list[tuple[str, str]]:
    """Return originals with their reworded copies, the highest score first."""
    pairs = [
        (-link["score"], original, (_ends(link) - {original}).pop())
        for cluster in answers.clusters()
        for original in [cluster["original"]["url"]]
        for link in cluster["links"]
        if link["relation"] == "reworded" and original in _ends(link)
    ]
    return [(original, copy) for _, original, copy in sorted(pairs)]


def grade_lines(grade: Grade) -> list[str]:
    """Return the grade in a sentence, and every event that was missed, reported falsely or is pending."""
    count = len(grade.found)
    total = count + len(grade.missed) + len(grade.pending)
    verdict = (
        "nothing missed, nothing false" if grade.exact else f"{len(grade.missed)} missed, {len(grade.false)} false"
    )
    lines = [f"Grade: {count} of {total} scripted events found, {verdict}."]
    for name, events in (("missed", grade.missed), ("false", grade.false), ("pending", grade.pending)):
        lines += [f"  {name:<8} round {event.round}  {event.event}  {event.url}" for event in events]
    return [*lines, ""]


def _columns(cells: Sequence[str]) -> str:
    number, moment, *counts = cells
    widths = (7, 6, 8, 11, 6)
    return f"  {number:<6} {moment:<17}" + "".join(
        f"{cell:>{width}}" for cell, width in zip(counts, widths, strict=True)
    )


def _moment(instant: datetime) -> str:
    return f"{instant.day} {instant:%b} {instant:%H:%M}"


def _lag(lag: timedelta) -> str:
    hours, minutes = divmod(abs(int(lag.total_seconds())) // 60, 60)
    return f"{'-' if lag.total_seconds() < 0 else '+'}{hours} h {minutes:02d}"


def _short(text: str, width: int) -> str:
    return shorten(text, width, placeholder=" ...")
