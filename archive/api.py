"""What one may ask an archive, as methods: every read verb of the command line is one of these.

Opens read-only and imports neither the web stack, nor trafilatura, nor SQLAlchemy, so that an answer takes a tenth of a
second. For runs see ``archive.runs``; for files from elsewhere ``archive.importing``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from archive import versions
from archive.errors import NotArchived
from archive.holder import alive
from archive.urls import canonical_url, url_key
from archive.when import iso
from db.connect import Reader
from db.questions import captures as ask_captures
from db.questions import links as ask_links
from db.questions import sources as ask_sources
from db.questions import totals
from db.questions import versions as ask_versions
from db.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from archive.refs import Ref
    from db.questions.versions import Match
    from db.records import (
        Capture,
        Change,
        Cluster,
        History,
        Judgement,
        Link,
        Problem,
        Removed,
        Source,
        SourceState,
        Text,
        Version,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two versions of one article, their texts, and how the first became the second."""

    a: Version
    b: Version
    a_text: Text
    b_text: Text
    change: Change


class Archive:
    """An archive, open for questions. Close it, or use it as a context manager."""

    def __init__(self, path: Path) -> None:
        """Raises StoreError (no archive there), SchemaMismatch or Corrupt."""
        self._reader = Reader(path)
        self._ask = self._reader.ask

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._reader.close()

    # --- one article ---

    def source(self, url: str) -> Source:
        """The source of an address, or the one whose history it belongs to. Raises NotArchived, BadInput."""
        found = ask_sources.by_url_key(self._ask, url_key(canonical_url(url)))
        if found is None:
            near = ask_sources.similar_urls(self._ask, url.rstrip("/").rpartition("/")[2] or url)
            hint = f"Did you mean {near[0]}" if near else "See what is watched: wirecopy plan"
            raise NotArchived(f"{url} is not in this archive. {hint}")
        return found

    def history(self, url: str, *, recorded: datetime | None = None) -> tuple[Source, History]:
        """Every version of an article, what was seen without being believed, and the checks that met no text.

        ``recorded``: the history as the archive had it at that instant, by the recipe and the captures of then.
        """
        source = self.source(url)
        seen = ask_captures.sightings(self._ask, source.id)
        if recorded is not None:
            seen = [one for one in seen if one.at <= recorded]
        stored = tuple(ask_versions.of_source(self._ask, source.id, recorded=recorded))
        known = versions.known_edits(stored)
        told = versions.settle(seen, url=source.url, compare=lambda a, b: known.get((a, b), ((), 0.0)))
        if recorded is not None:
            stored = _as_seen_by_then(stored, told)
        return source, versions.with_versions(told, stored)

    def version(self, ref: Ref, *, recorded: datetime | None = None) -> Version:
        """The version a reference points at, the newest if it names none. Raises NotArchived, saying what there is.

        ``recorded``: as the archive believed at that instant, not as it knows today.
        """
        source = self.source(ref.url)
        if ref.at is not None and recorded is None:
            found = ask_versions.at(self._ask, source.id, ref.at)
            return found or self._nothing_then(source, ref.at)
        held = ask_versions.of_source(self._ask, source.id, recorded=recorded)
        if ref.at is not None:
            held = [each for each in held if each.first_seen_at <= ref.at]
        if not held:
            then = "" if recorded is None else f", as of what was recorded by {iso(recorded)}"
            raise NotArchived(
                f"{source.url} is watched, but no article text was seen there yet{then}. See: wirecopy history URL"
            )
        number = len(held) if ref.number is None else ref.number
        if not 1 <= number <= len(held):
            raise NotArchived(f"{source.url} has versions 1 to {len(held)}, not {number}")
        return held[number - 1]

    def _nothing_then(self, source: Source, at: datetime) -> Version:
        held = ask_versions.of_source(self._ask, source.id)
        first = (
            f"its first version is of {iso(held[0].first_seen_at)}" if held else "no article text was ever seen there"
        )
        raise NotArchived(f"nothing of {source.url} was archived by {iso(at)}; {first}")

    def text(self, version: Version) -> Text:
        """The headline and body of a version."""
        return ask_versions.text(self._ask, version.text_sha256)

    def captures(self, url: str) -> list[tuple[Capture, str]]:
        """Every capture of an article's history in time order, each with its state."""
        source = self.source(url)
        states = {one.capture_id: one.state for one in ask_captures.sightings(self._ask, source.id)}
        found = ask_captures.of_source(self._ask, source.id)
        return [(each, str(each.reason or states[each.id or 0])) for each in found]

    def capture(self, capture_id: int) -> Capture:
        """One capture."""
        return ask_captures.by_id(self._ask, capture_id)

    def payload(self, capture: Capture) -> bytes:
        """The bytes of a capture that has a payload. Raises NotArchived, Corrupt."""
        if capture.payload_sha256 is None:
            raise NotArchived(f"the check of {capture.url} at {iso(capture.captured_at)} brought no bytes")
        return ask_captures.payload(self._ask, capture.payload_sha256)

    def compare(self, a: Ref, b: Ref) -> Comparison:
        """How one version became another."""
        from archive.diff import compare

        first, second = self.version(a), self.version(b)
        a_text, b_text = self.text(first), self.text(second)
        return Comparison(a=first, b=second, a_text=a_text, b_text=b_text, change=compare(a_text, b_text))

    def removed(self, version: Version) -> tuple[Removed, ...]:
        """What was taken out of the page's text as residue, with reasons."""
        from db.records import Removed

        found = ask_versions.removed(self._ask, version)
        return tuple(Removed(at=at, text=text, because=because) for at, text, because in found)

    # --- copies ---

    def copies(self, url: str | None = None) -> list[Link]:
        """Every link between versions, or those of one article; each pair of articles at its closest versions first."""
        sources = [] if url is None else [self.source(url).id]
        return ask_links.of_sources(self._ask, sources)

    def clusters(self, url: str | None = None) -> tuple[Cluster, ...]:
        """Copies of one text together, with the probable original."""
        from archive.copies import clusters

        wanted = None if url is None else self.source(url).url
        found = clusters(self.copies())
        return tuple(one for one in found if wanted is None or wanted in {member.url for member in one.members})

    def judge(self, a: Version, b: Version) -> tuple[Text, Text, Judgement]:
        """Compare two versions now, whether or not they are linked, with all the evidence."""
        from archive.copies import judge

        one, two = self.text(a), self.text(b)
        return one, two, judge(one, two)

    # --- the whole archive ---

    def search(
        self, words: str, *, limit: int = 20, at: datetime | None = None, gone: bool = False
    ) -> tuple[str, list[Match]]:
        """Versions with these words, best first, and the query as it was understood. Raises BadInput.

        ``at``: only what stood there at that instant; ``gone``: only what an article no longer says.
        """
        from archive.search import to_fts

        query = to_fts(words)
        return query, ask_versions.search(self._ask, query, limit=limit, when=at, gone=gone)

    def articles(
        self, *, at: datetime | None = None, recorded: datetime | None = None, group: str | None = None
    ) -> list[tuple[Version, str]]:
        """The whole archive at one instant: of every article the version that stood there, and its group, by address.

        ``recorded``: as the archive believed at that instant. ``group``: only that group, or the seed with that key.
        """
        return ask_versions.standing(self._ask, when=at, recorded=recorded, group=group)

    def sources(self) -> list[Source]:
        """Every source, by address."""
        return ask_sources.everything(self._ask)

    def states(self) -> list[SourceState]:
        """What the plan knows of every watched source."""
        return ask_sources.states(self._ask)

    def changes(self, *, since: datetime, limit: int = 20) -> list[Version]:
        """Edits recorded since then, weightiest first."""
        return ask_versions.recent_changes(self._ask, since=since, limit=limit)

    def status(self, now: datetime) -> dict[str, Any]:
        """Counts, sizes, states of the watched sources, the last runs, and who is at work."""
        return {
            "counts": totals.counts(self._ask),
            "bytes": totals.sizes(self._ask),
            "states": totals.states(self._ask),
            "runs": totals.runs(self._ask, limit=5),
            "leases": [lease for lease in totals.leases(self._ask, now) if alive(lease["owner"])],
        }

    def verify(self, *, deep: bool = False) -> Iterator[Problem]:
        """Everything that does not hold."""
        return verify(self._reader, deep=deep)


def _as_seen_by_then(believed: tuple[Version, ...], told: History) -> tuple[Version, ...]:
    """Versions that were believed once, with what had been seen of them by then."""
    seen = {(each.text_sha256, each.first_seen_at): each for each in told.versions}
    return tuple(
        replace(each, captures=then.captures, last_seen_at=then.last_seen_at)
        if (then := seen.get((each.text_sha256, each.first_seen_at)))
        else each
        for each in believed
    )
