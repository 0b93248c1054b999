"""What one may ask an archive, as methods: every read verb of the command line is one of these.

Opens read-only and imports neither the web stack, nor trafilatura, nor SQLAlchemy, so that an answer takes a tenth of a
second. For runs see ``archive.pipeline.refresh``; for files from elsewhere ``archive.formats.import_file``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from archive.api import drift
from archive.timestamps import iso
from archive.urls import canonical_url, url_key
from archive.versions import history as versions
from db.errors import NotArchived
from db.lease_owner import active_leases
from db.queries import captures as capture_queries
from db.queries import change_rate as change_rate_queries
from db.queries import check_runs as check_run_queries
from db.queries import claims as alias_queries
from db.queries import drift as drift_queries
from db.queries import labels as label_queries
from db.queries import links as link_queries
from db.queries import list_membership as list_queries
from db.queries import provenance as provenance_queries
from db.queries import search as search_queries
from db.queries import sources as source_queries
from db.queries import statistics
from db.queries import tombstones as tombstone_queries
from db.queries import versions as version_queries
from db.reader import Reader
from db.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from archive.api.version_ref import Ref
    from db.queries.search import Match
    from db.reader import Ask
    from db.records import (
        Capture,
        Change,
        ChangeRate,
        Citation,
        Cluster,
        Fact,
        History,
        Judgement,
        Label,
        Link,
        Problem,
        Relation,
        Removed,
        Source,
        SourceState,
        Stale,
        Text,
        Tombstone,
        Version,
        VersionRef,
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

    def __init__(self, path: Path, *, patience: float | None = None) -> None:
        """Raises StoreError (no archive there), SchemaMismatch, Corrupt. ``patience``: as for ``db.reader.Reader``."""
        self._reader = Reader(path, patience=patience)
        self._ask = self._reader.ask

    @classmethod
    def open(cls, path: Path | str | None = None) -> Self:
        """The archive in the file ``path``; without one that of the project around the working directory, as verbs use.

        Raises as the class itself, and ConfigError.
        """
        from archive.settings import from_process

        return cls(from_process({"db": path}).db)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()

    @property
    def ask(self) -> Ask:
        """What every question of ``db.queries`` takes."""
        return self._ask

    # --- one article ---

    def source(self, url: str) -> Source:
        """The source of an address, or the one whose history it belongs to. Raises NotArchived, BadInput."""
        key = url_key(canonical_url(url))
        found = source_queries.by_url_key(self._ask, key)
        grave = tombstone_queries.tombstone(self._ask, key)
        if grave is not None and (found is None or grave.lifted_at is None):
            raise NotArchived(
                f"{grave.url} was forgotten on request on {iso(grave.forgotten_at)}: {grave.captures} captures of it "
                "were taken out, and their links stay in the chain"
            )
        if found is None:
            near = source_queries.similar_urls(self._ask, url.rstrip("/").rpartition("/")[2] or url)
            hint = f"Did you mean {near[0]}" if near else "See what is watched: wirecopy plan"
            raise NotArchived(f"{url} is not in this archive. {hint}")
        return found

    def history(self, url: str, *, recorded: datetime | None = None) -> tuple[Source, History]:
        """Every version of an article, what was seen without being believed, and every state its checks met.

        ``recorded``: the history as the archive had it at that instant, by the recipe and the captures of then.
        """
        source = self.source(url)
        seen = capture_queries.sightings(self._ask, source.id)
        if recorded is not None:
            seen = [one for one in seen if one.at <= recorded]
        stored = tuple(version_queries.of_source(self._ask, source.id, recorded=recorded))
        known = versions.known_edits(stored)
        told = versions.settle(seen, url=source.url, compare=lambda a, b: known.get((a, b), ((), 0.0)))
        if recorded is not None:
            stored = _as_seen_by_then(stored, told)
        claims = (
            one
            for one in alias_queries.of_source(self._ask, source.id)
            if not recorded or one.first_seen_at <= recorded
        )
        states = versions.confirm(check_run_queries.runs(seen), told.stretches)
        found_in = tuple(list_queries.naming(self._ask, source.id))
        told = replace(told, states=states, claims=tuple(claims), found_in=found_in)
        return source, versions.with_versions(told, stored)

    def version(self, ref: Ref, *, recorded: datetime | None = None) -> Version:
        """The version a reference points at, the newest if it names none. Raises NotArchived, saying what there is.

        ``recorded``: as the archive believed at that instant, not as it knows today.
        """
        source = self.source(ref.url)
        if ref.at is not None and recorded is None:
            found = version_queries.at(self._ask, source.id, ref.at)
            return found or self._nothing_then(source, ref.at)
        if recorded is None:
            held = version_queries.of_source(self._ask, source.id)
        else:  # when a version was last seen by then is read off the captures
            held = list(self.history(ref.url, recorded=recorded)[1].versions)
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
        held = version_queries.of_source(self._ask, source.id)
        first = (
            f"its first version is of {iso(held[0].first_seen_at)}" if held else "no article text was ever seen there"
        )
        raise NotArchived(f"nothing of {source.url} was archived by {iso(at)}; {first}")

    def text(self, version: Version) -> Text:
        """The headline and body of a version."""
        return version_queries.text(self._ask, version.text_sha256)

    def text_by_digest(self, sha256: str) -> Text:
        """A text as it is labelled and cited. Raises NotArchived where none is held with that digest."""
        if not version_queries.holds_text(self._ask, sha256):
            raise NotArchived(f"no text with sha256 {sha256} is held")
        return version_queries.text(self._ask, sha256)

    def captures(self, url: str) -> list[tuple[Capture, str]]:
        """Every capture of an article's history in time order, each with its state; a further part is only that."""
        source = self.source(url)
        states = {one.capture_id: one.state for one in capture_queries.sightings(self._ask, source.id)}
        found = capture_queries.of_source(self._ask, source.id)
        return [(each, str(each.reason or states.get(each.id or 0, f"part {each.part}"))) for each in found]

    def capture(self, capture_id: int) -> Capture:
        """One capture."""
        return capture_queries.by_id(self._ask, capture_id)

    def payload(self, capture: Capture) -> bytes:
        """The bytes of a capture that has a payload. Raises NotArchived, Corrupt."""
        if capture.payload_sha256 is None:
            raise NotArchived(f"the check of {capture.url} at {iso(capture.captured_at)} brought no bytes")
        return capture_queries.payload(self._ask, capture.payload_sha256)

    def cite(self, ref: Ref) -> Citation:
        """What a footnote needs of a version: the capture that shows it (the last up to ``ref.at``), and its proof.

        Raises NotArchived as ``version``.
        """
        from db.records import Citation

        version = self.version(ref)
        seen = capture_queries.sightings(self._ask, self.source(ref.url).id)
        shown = [one for one in seen if one.shows_text and one.text_sha256 == version.text_sha256]
        then = [one for one in shown if ref.at is not None and one.at <= ref.at]
        capture = self.capture(then[-1].capture_id if then else version.first_capture_id)
        return Citation(
            title=version.title,
            url=capture.final_url,
            capture=capture,
            text_sha256=version.text_sha256,
            recipe_id=version.recipe_id,
            link=tombstone_queries.link_of(self._ask, capture.id or 0),
        )

    def compare(self, a: Ref, b: Ref) -> Comparison:
        """How one version became another."""
        from archive.versions.diff import compare

        first, second = self.version(a), self.version(b)
        a_text, b_text = self.text(first), self.text(second)
        return Comparison(a=first, b=second, a_text=a_text, b_text=b_text, change=compare(a_text, b_text))

    def removed(self, version: Version) -> tuple[Removed, ...]:
        """What was taken out of the page's text as residue, with reasons."""
        from db.records import Removed

        found = version_queries.removed(self._ask, version)
        return tuple(Removed(at=at, text=text, because=because) for at, text, because in found)

    def facts(self, version: Version) -> tuple[Fact, ...]:
        """What the page says of its article besides the text, with where it says it, and marked guesses."""
        return version_queries.facts(self._ask, version)

    # --- copies ---

    def copies(self, url: str | None = None) -> list[Link]:
        """Every link between versions, or those of one article; each pair of articles at its closest versions first."""
        sources = [] if url is None else [self.source(url).id]
        return link_queries.of_sources(self._ask, sources)

    def clusters(
        self, url: str | None = None, *, how: Relation | None = None, at: datetime | None = None
    ) -> tuple[Cluster, ...]:
        """Copies of one text together, with the probable original; what people said of two articles goes first.

        ``how``: only links as close as exact, near or reworded; ``at``: only what had been seen by then.
        """
        from archive.copies import as_alike, clusters, earliest_linked

        wanted = None if url is None else self.source(url).url
        links, labels = self.copies(), self.labels()
        links = links if how is None else as_alike(links, how)
        if at is not None:
            links = [link for link in links if all(_seen_by(ref, at) for ref in (link.a, link.b))]
            labels = [label for label in labels if all(_seen_by(ref, at) for ref in (label.a, label.b))]
        pedigrees = provenance_queries.of_versions(self._ask, earliest_linked(links, labels))
        found = clusters(links, labels, pedigrees)
        return tuple(one for one in found if wanted is None or wanted in {member.url for member in one.members})

    def labels(self, url: str | None = None) -> list[Label]:
        """What people said of two texts, of all or of those of one article."""
        return (
            label_queries.everything(self._ask)
            if url is None
            else label_queries.of_sources(self._ask, [self.source(url).id])
        )

    def label_of(self, a: Version, b: Version) -> Label | None:
        """What a person said of the texts of two versions, if anybody did."""
        wanted = {(a.url, a.text_sha256), (b.url, b.text_sha256)}
        found = self.labels(a.url)
        return next((one for one in found if {(ref.url, ref.text_sha256) for ref in (one.a, one.b)} == wanted), None)

    def stale(self, url: str) -> list[Stale]:
        """Passages an article has corrected since and copies of it still carry, by the copy's address."""
        from archive.api.uncorrected import Copy, stale

        source = self.source(url)
        history = [(each, self.text(each)) for each in version_queries.of_source(self._ask, source.id)]
        apart = {ref.url for label in self.labels(url) if not label.copy for ref in (label.a, label.b)}
        links = [link for link in self.copies(url) if link.relation.is_copy and link.a.url == source.url]
        found: list[Stale] = []
        for other in sorted({link.b.url for link in links} - apart):
            newest = version_queries.of_source(self._ask, self.source(other).id)[-1]
            mine = [link for link in links if (link.b.url, link.b.version) == (other, newest.number)]
            passages = {link.a.version: link.passages for link in mine}
            found += stale(history, Copy(version=newest, text=self.text(newest), passages=passages))
        return found

    def judge(self, a: Version, b: Version) -> tuple[Text, Text, Judgement]:
        """Compare two versions now, whether or not they are linked, with all the evidence."""
        from archive.copies import judge
        from archive.copies.embeddings import load_model

        one, two = self.text(a), self.text(b)
        return one, two, judge(one, two, sense=load_model())

    # --- the whole archive ---

    def search(
        self, words: str, *, limit: int = 20, at: datetime | None = None, gone: bool = False
    ) -> tuple[str, list[Match]]:
        """Versions with these words, best first, and the query as it was understood. Raises BadInput.

        ``at``: only what stood there at that instant; ``gone``: only what an article no longer says.
        """
        from archive.api.query_parser import parse_query

        found = parse_query(words, when=at, gone=gone)
        return found.said, search_queries.search(self._ask, found.query, limit=limit, only=found.only)

    def articles(
        self, *, at: datetime | None = None, recorded: datetime | None = None, group: str | None = None
    ) -> list[tuple[Version, str]]:
        """The whole archive at one instant: of every article the version that stood there, and its group, by address.

        ``recorded``: as the archive believed at that instant. ``group``: only that group, or the seed with that key.
        """
        return version_queries.standing(self._ask, when=at, recorded=recorded, group=group)

    def sources(self) -> list[Source]:
        """Every source, by address."""
        return source_queries.everything(self._ask)

    def states(self) -> list[SourceState]:
        """What the plan knows of every watched source."""
        return source_queries.states(self._ask)

    def rhythms(self) -> list[ChangeRate]:
        """What was learned of when the articles of each seed are edited."""
        return change_rate_queries.learned(self._ask)

    def spent(self, now: datetime) -> dict[str, int]:
        """How many visits each group with a budget had in the day before ``now``."""
        return change_rate_queries.spent(self._ask, now)

    def changes(self, *, since: datetime, limit: int = 20) -> list[Version]:
        """Edits recorded since then, weightiest first."""
        return version_queries.recent_changes(self._ask, since=since, limit=limit)

    def status(self, now: datetime) -> dict[str, Any]:
        """Counts, sizes, growth, states, the last runs, who is at work, and whose pages shrink (``drift``)."""
        tables = statistics.tables(self._ask)
        return {
            "counts": statistics.counts(self._ask),
            "bytes": statistics.sizes(self._ask, tables),
            "tables": tables,
            "growth": statistics.growth(self._ask, tables, now),
            "states": statistics.states(self._ask),
            "drift": drift.alarms(drift_queries.readings(self._ask, now - drift.LOOK_BACK)),
            "runs": statistics.runs(self._ask, limit=5),
            "leases": active_leases(self._ask, now),
        }

    def verify(self, *, deep: bool = False) -> Iterator[Problem]:
        """Everything that does not hold."""
        return verify(self._reader, deep=deep, key_of=url_key)

    def addresses(self, source_id: int) -> list[str]:
        """Every address of the history that a source keeps."""
        return [source_queries.by_id(self._ask, each).url for each in tombstone_queries.addresses(self._ask, source_id)]

    def tombstone(self, url: str) -> Tombstone | None:
        """What stands in the place of an address that was forgotten on request."""
        return tombstone_queries.tombstone(self._ask, url_key(canonical_url(url)))

    def chain_head(self) -> tuple[int, str] | None:
        """Position and link at the end of the chain over captures; None for an archive without any."""
        return tombstone_queries.head(self._ask)


def _seen_by(ref: VersionRef, at: datetime) -> bool:
    return ref.first_seen_at is None or ref.first_seen_at <= at


def _as_seen_by_then(believed: tuple[Version, ...], told: History) -> tuple[Version, ...]:
    """Versions that were believed once, with what had been seen of them by then."""
    seen = {(each.text_sha256, each.first_seen_at): each for each in told.versions}
    return tuple(
        replace(each, captures=then.captures, last_seen_at=then.last_seen_at)
        if (then := seen.get((each.text_sha256, each.first_seen_at)))
        else each
        for each in believed
    )
