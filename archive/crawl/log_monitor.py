"""The monitor of another archive's log, which checks that it continues the last checkpoint that we saw."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from archive.crawl.fetch.bounded_get import request_bytes
from archive.formats import signed_note
from archive.formats.durable_text import replace_text
from archive.formats.tile_path import format_tile_path
from db.errors import BadInput
from db.merkle_tree import TILE, consistency_ranges, is_consistent, range_root

if TYPE_CHECKING:
    from pathlib import Path

    from archive.crawl.fetch.policy import FetchPolicy
    from archive.formats.signed_note import Checkpoint

_SECONDS: Final = 30.0
_HASH: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorReport:
    """The result of one look at a log, and a sentence about it."""

    result: Literal["consistent", "forked", "unsigned", "unreadable"]
    sentence: str


class _Unreadable(Exception):
    """The log cannot be read now: its server's fault, or the network's."""


def watch(policy: FetchPolicy, url: str, *, verifier: str, state: Path) -> MonitorReport:
    """Fetch the checkpoint of the log at ``url`` and check that it continues the one in the file ``state``.

    A checkpoint that does becomes the content of the file. One that does not is put beside it, because both together
    prove the fork. ``verifier`` is the log's public key. Raises BadInput if the file cannot be read.
    """
    last = _read(state, verifier)
    try:
        report, note = asyncio.run(_look(policy, url, verifier, last))
    except _Unreadable as error:
        return MonitorReport(result="unreadable", sentence=f"Nothing was checked: {error}. Try again later.")
    if report.result == "consistent":
        replace_text(state, note)  # a killed look must not leave it empty: the next one compares with it
    if report.result == "forked":
        fork = state.with_name(f"{state.name}.fork")
        replace_text(fork, note)
        return replace(report, sentence=f"{report.sentence} Keep {state} and {fork}: together they prove it.")
    return report


async def _look(policy: FetchPolicy, url: str, verifier: str, last: Checkpoint | None) -> tuple[MonitorReport, str]:
    """Return the report on the log at ``url``, and its signed checkpoint. Raises _Unreadable."""
    note = (await _get(policy, f"{url}/checkpoint", signed_note.MOST_NOTE)).decode("utf-8", "replace")
    try:
        new = signed_note.parse_checkpoint(signed_note.open_note(note, verifier))
    except BadInput as error:
        return MonitorReport(result="unsigned", sentence=f"{url}/checkpoint: {error}."), note
    if last is not None and not await _continues(policy, url, last, new):
        sentence = (
            f"Not consistent: {url} has {new.size} entries now, which do not begin with the {last.size} it had before."
        )
        return MonitorReport(result="forked", sentence=sentence), note
    before = "the first look at it" if last is None else f"it continues the {last.size} of the last look"
    sentence = f"{new.origin} has {new.size} entries; {before}."
    return MonitorReport(result="consistent", sentence=sentence), note


def _read(state: Path, verifier: str) -> Checkpoint | None:
    try:
        note = state.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{state}: cannot be read ({error})") from error
    return signed_note.parse_checkpoint(signed_note.open_note(note, verifier))


async def _get(policy: FetchPolicy, url: str, most: int) -> bytes:
    content, problem = await request_bytes(policy, url, most=most, seconds=_SECONDS)
    if problem:
        raise _Unreadable(f"{url}: {problem}")
    return content


async def _continues(policy: FetchPolicy, url: str, old: Checkpoint, new: Checkpoint) -> bool:
    """True if tiles of the log prove that ``new`` continues ``old``. Raises _Unreadable."""
    if old.origin != new.origin or new.size < old.size:
        return False
    tiles: dict[tuple[int, int], list[bytes]] = {}
    ranges = consistency_ranges(old.size, new.size) if old.size else []
    while True:  # each round fetches the one tile that the computation lacks: the tree code stays without a network
        try:
            proof = [range_root(_TileReader(tiles), first, end) for first, end in ranges]
        except _Missing as missing:
            width = min(TILE, new.size // TILE**missing.level - missing.number * TILE)
            path = f"{url}/tile/{missing.level}/{format_tile_path(missing.number, width)}"
            content = await _get(policy, path, TILE * _HASH)
            if len(content) != width * _HASH:
                raise _Unreadable(f"{path} has {len(content)} bytes instead of {width * _HASH}") from missing
            pieces = [content[start : start + _HASH] for start in range(0, len(content), _HASH)]
            tiles[missing.level, missing.number] = pieces
        else:
            return is_consistent(old.size, new.size, proof, old.root, new.root)


class _Missing(Exception):
    """A tile that was not fetched yet."""

    def __init__(self, level: int, number: int) -> None:
        super().__init__(level, number)
        self.level, self.number = level, number


class _TileReader:
    """Reads hashes from fetched tiles. Raises _Missing with the first tile that is not there."""

    def __init__(self, tiles: dict[tuple[int, int], list[bytes]]) -> None:
        self._tiles = tiles

    def __call__(self, level: int, first: int, end: int) -> list[bytes]:
        read: list[bytes] = []
        for number in range(first // TILE, -(-end // TILE)):
            if (level, number) not in self._tiles:
                raise _Missing(level, number)
            start = max(first - number * TILE, 0)
            read += self._tiles[level, number][start : end - number * TILE]
        return read
