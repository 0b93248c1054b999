"""Queries about one article: its history, texts, captures and payloads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NoReturn

from archive.api.questions import Listing, Questions
from archive.timestamps import iso
from archive.urls import canonical_url, url_key
from archive.versions import history as versions
from archive.versions.shortening import StoredEvidence
from db.errors import Corrupt, NotArchived
from db.microseconds import instant, micros
from db.queries import alias_claims as alias_queries
from db.queries import captures as capture_queries
from db.queries import changes as change_queries
from db.queries import check_runs as check_run_queries
from db.queries import list_membership as list_queries
from db.queries import source_health as health_queries
from db.queries import sources as source_queries
from db.queries import tombstones as tombstone_queries
from db.queries import versions as version_queries

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from archive.api.version_ref import Ref
    from db.records import (
        Capture,
        Change,
        Check,
        Citation,
        Fact,
        History,
        RemovedSpan,
        Source,
        Text,
        Tombstone,
        Version,
    )

_MOST_ID = 1 << 62  # SQLite's integers have 64 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two versions of one article, their texts, and the change from the first to the second."""

    a: Version
    b: Version
    a_text: Text
    b_text: Text
    change: Change


_FORGOTTEN = (
    ". Articles were forgotten on request, the last one on {}. If it was one of them, its pages were deleted, and no "
    "evidence about them can be made any more"
)


class ArticleQuestions(Questions):
    """Queries about one article, given by an address or the id of its source."""

    # --- the source ---

    def source(self, url: str) -> Source:
        """Return the source of an address, or the source whose history includes it. Raises NotArchived, BadInput."""
        key = url_key(canonical_url(url))
        source = source_queries.by_url_key(self._ask, key)
        tombstone = tombstone_queries.tombstone(self._ask, key)
        if tombstone is not None and (source is None or tombstone.lifted_at is None):
            raise NotArchived(
                f"{tombstone.url} was forgotten on request on {iso(tombstone.forgotten_at)}: "
                f"{tombstone.captures} captures of it were deleted, and their links stay in the chain"
            )
        if source is None:
            similar = source_queries.similar_urls(self._ask, url.rstrip("/").rpartition("/")[2] or url)
            hint = f"Did you mean {similar[0]}" if similar else "See what is watched: wirecopy plan"
            raise NotArchived(f"{url} is not in this archive. {hint}")
        return source

    def source_by_id(self, source_id: int) -> Source:
        """Return the source with an id, or the source whose history includes it. Raises NotArchived.

        Articles are deleted only on request, and a tombstone has no id. So the message says that this may be why, and
        names no address.
        """
        source = source_queries.history_root(self._ask, source_id) if 0 < source_id < _MOST_ID else None
        if source is None:
            newest = tombstone_queries.newest_tombstone(self._ask)
            why = "" if newest is None else _FORGOTTEN.format(iso(newest.forgotten_at))
            raise NotArchived(f"there is no article {source_id} in this archive{why}")
        return source

    def source_ids(self, urls: Iterable[str]) -> dict[str, int]:
        """Return the ids of the sources with these addresses, by address; unknown addresses are left out."""
        keys = {url: url_key(url) for url in urls}
        ids = change_queries.source_ids(self._ask, list(keys.values()))
        return {url: ids[key] for url, key in keys.items() if key in ids}

    def aliases(self, source_id: int) -> list[Source]:
        """Return the sources whose captures belong to the history of a source, including itself."""
        return source_queries.aliases(self._ask, source_id)

    def addresses(self, source_id: int) -> list[str]:
        """Return every address in the history of a source."""
        ids = tombstone_queries.history_source_ids(self._ask, source_id)
        return [source_queries.by_id(self._ask, alias_id).url for alias_id in ids]

    def tombstone(self, url: str) -> Tombstone | None:
        """Return the tombstone of an address that was forgotten on request."""
        return tombstone_queries.tombstone(self._ask, url_key(canonical_url(url)))

    # --- the history ---

    def history(self, url: str, *, recorded: datetime | None = None) -> tuple[Source, History]:
        """Return every version of an article, its suspect sightings, and every state its checks found.

        ``recorded``: the history as the archive had it at that instant, with the recipe and the captures of that time.
        """
        source = self.source(url)
        sightings = capture_queries.sightings(self._ask, source.id)
        aliases = alias_queries.of_source(self._ask, source.id)
        if recorded is not None:
            sightings = [sighting for sighting in sightings if sighting.at <= recorded]
            aliases = [alias for alias in aliases if alias.first_seen_at <= recorded]
        stored = tuple(version_queries.of_source(self._ask, source.id, recorded=recorded))
        edits = versions.known_edits(stored)
        evidence = StoredEvidence(
            body=lambda digest: version_queries.text(self._ask, digest).body,
            payload=lambda capture_id: capture_queries.shown_payload(self._ask, capture_id),
        )
        settled = versions.settle(
            sightings, url=source.url, compare=lambda a, b: edits.get((a, b), ((), 0.0)), evidence=evidence
        )
        if recorded is not None:
            stored = _as_seen_by_then(stored, settled)
        states = versions.confirm(check_run_queries.runs(sightings), settled.stretches)
        found_in = tuple(list_queries.lists_naming(self._ask, source.id))
        unread = 0 if recorded is not None else capture_queries.count_underived(self._ask, source.id)
        settled = replace(settled, states=states, claims=tuple(aliases), found_in=found_in, unread=unread)
        return source, versions.with_versions(settled, stored)

    def version(self, ref: Ref, *, recorded: datetime | None = None) -> Version:
        """Return the version a reference points at, the newest if it names none.

        ``recorded``: as the archive had it at that instant, not as it knows today. Raises NotArchived with a message
        that names the versions there are.
        """
        source = self.source(ref.url)
        if ref.at is not None and recorded is None:
            version = version_queries.version_at(self._ask, source.id, ref.at)
            return version or self._nothing_then(source, ref.at)
        if recorded is None:
            known = version_queries.of_source(self._ask, source.id)
        else:  # the captures show when a version was last seen by then
            known = list(self.history(ref.url, recorded=recorded)[1].versions)
        if ref.at is not None:
            known = [version for version in known if version.first_seen_at <= ref.at]
        if not known:
            then = "" if recorded is None else f", as of what was recorded by {iso(recorded)}"
            raise NotArchived(
                f"{source.url} is watched, but no article text was seen there yet{then}. See: wirecopy history URL"
            )
        number = len(known) if ref.number is None else ref.number
        if not 1 <= number <= len(known):
            raise NotArchived(f"{source.url} has versions 1 to {len(known)}, not {number}")
        return known[number - 1]

    def _nothing_then(self, source: Source, moment: datetime) -> NoReturn:
        known = version_queries.of_source(self._ask, source.id)
        first = (
            f"its first version is of {iso(known[0].first_seen_at)}" if known else "no article text was ever seen there"
        )
        raise NotArchived(f"nothing of {source.url} was archived by {iso(moment)}; {first}")

    def compare(self, a: Ref, b: Ref) -> Comparison:
        """Compare two versions. Raises NotArchived."""
        from archive.versions.diff import compare

        before, after = self.version(a), self.version(b)
        a_text, b_text = self.text(before), self.text(after)
        return Comparison(a=before, b=after, a_text=a_text, b_text=b_text, change=compare(a_text, b_text))

    def seen_until(self, source_id: int, reader: str = "") -> datetime | None:
        """Return the instant up to which a reader marked an article's history as read, None if it is not."""
        return change_queries.read_until(self._ask, source_id, reader)

    # --- texts ---

    def text(self, version: Version) -> Text:
        """Return the headline and body of a version."""
        return version_queries.text(self._ask, version.text_sha256)

    def text_by_digest(self, sha256: str) -> Text:
        """Return the text with a digest. Raises NotArchived if there is none."""
        if not version_queries.has_text(self._ask, sha256):
            raise NotArchived(f"no text with sha256 {sha256} is in this archive")
        return version_queries.text(self._ask, sha256)

    def word_counts(self, source_id: int) -> dict[int, int]:
        """Return the approximate number of words by version number. The longest texts are left out."""
        return health_queries.word_counts(self._ask, source_id)

    def removed(self, version: Version) -> tuple[RemovedSpan, ...]:
        """Return the spans removed from the page's text as boilerplate, with reasons."""
        from db.records import RemovedSpan

        spans = version_queries.removed_spans(self._ask, version)
        return tuple(RemovedSpan(at=offset, text=text, because=because) for offset, text, because in spans)

    def facts(self, version: Version) -> tuple[Fact, ...]:
        """Return the metadata that the page states about its article, with sources; guesses are marked."""
        return version_queries.facts(self._ask, version)

    # --- captures ---

    def captures(self, url: str) -> list[tuple[Capture, str]]:
        """Return every capture of an article's history in time order, each with its state, or ``part 2`` and so on."""
        source = self.source(url)
        sightings = capture_queries.sightings(self._ask, source.id)
        states = {sighting.capture_id: sighting.state for sighting in sightings}
        captures = capture_queries.of_source(self._ask, source.id)
        return [
            (capture, str(capture.reason or states.get(capture.id or 0, f"part {capture.part}")))
            for capture in captures
        ]

    def captures_between(
        self,
        source_ids: Sequence[int],
        *,
        since: datetime | None = None,
        until: datetime,
        limit: int = 100,
        after: tuple[int, int] | None = None,
    ) -> Listing[Capture, tuple[int, int]]:
        """Return the captures of these sources in a window of time, ends included, in time order.

        The key is an instant in microseconds and the id of a capture.
        """
        window = since or instant(0), until
        pages = (
            capture_queries.of_source_in_window(self._ask, source_id, window, after=after, limit=limit + 1)
            for source_id in source_ids
        )
        captures = sorted(
            (capture for page in pages for capture in page),
            key=lambda capture: (capture.captured_at, capture.id or 0),
        )
        if len(captures) <= limit:
            return Listing(tuple(captures))
        last = captures[limit - 1]
        return Listing(tuple(captures[:limit]), (micros(last.captured_at), last.id or 0))

    def checks(self, source_id: int, *, limit: int) -> list[Check]:
        """Return the last checks of an article, with any result, the oldest first."""
        return health_queries.checks(self._ask, source_id, limit=limit)

    def capture(self, capture_id: int) -> Capture:
        """Return one capture."""
        return capture_queries.by_id(self._ask, capture_id)

    def shown(self, capture: Capture) -> Capture:
        """Return the capture that shows the text of the visit of a page: the page, or another form of it."""
        return capture_queries.shown(self._ask, capture.id or 0)

    def payload(self, capture: Capture) -> bytes:
        """Return the bytes of a capture that has a payload. Raises NotArchived, Corrupt."""
        if capture.payload_sha256 is None:
            raise NotArchived(f"the check of {capture.url} at {iso(capture.captured_at)} brought no bytes")
        return capture_queries.payload(self._ask, capture.payload_sha256)

    def cite(self, ref: Ref) -> Citation:
        """Return the citation of a version: the last capture up to ``ref.at`` that shows it, and its proof.

        Raises NotArchived as ``version``, and Corrupt if the capture is not as its link says.
        """
        from db.records import Citation
        from db.verify.captures import capture_problem

        version = self.version(ref)
        sightings = [
            sighting
            for sighting in capture_queries.sightings(self._ask, self.source(ref.url).id)
            if sighting.shows_text and sighting.text_sha256 == version.text_sha256
        ]
        by_then = [sighting for sighting in sightings if ref.at is not None and sighting.at <= ref.at]
        capture = self.capture(by_then[-1].capture_id if by_then else version.first_capture_id)
        problem = capture_problem(self._ask, capture.id or 0)
        if problem is not None:
            what = f"capture {capture.id} of {capture.url} cannot be cited: {problem}"
            raise Corrupt(f"{what}. List all damage, and what mends it: wirecopy verify")
        return Citation(
            title=version.title,
            url=capture.final_url,
            capture=capture,
            text_sha256=version.text_sha256,
            recipe_id=version.recipe_id,
            link=tombstone_queries.chain_link(self._ask, capture.id or 0),
        )


def _as_seen_by_then(stored: tuple[Version, ...], settled: History) -> tuple[Version, ...]:
    """Return stored versions with the captures and last sights known at that time."""
    settled_versions = {(version.text_sha256, version.first_seen_at): version for version in settled.versions}
    return tuple(
        replace(version, captures=settled_version.captures, last_seen_at=settled_version.last_seen_at)
        if (settled_version := settled_versions.get((version.text_sha256, version.first_seen_at)))
        else version
        for version in stored
    )
