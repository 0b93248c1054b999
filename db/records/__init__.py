"""The records of wirecopy: frozen values that every layer passes around. Standard library only.

Times end in ``_at`` and are aware UTC. Digests are lower-case hex sha256. Spans are character offsets, half open.

=============== =====================================================
``core``        the eight core nouns: source, visit, outcome, capture, extraction, text, version, link
``enums``       the closed lists: reasons, verdicts, kinds, relations
``seeds``       the seed index
``gather``      sources, visits, outcomes, captures
``derive``      pages, extractions, texts, versions, histories
``copies``      edits, links, labels, clusters
``events``      events and notices
``change_rate`` change rates and budgets, for the frontier
``tombstones``  tombstones, holds, chain links, citations, repacking, packs
``runs``        reports of runs, problems
``access``      roles, tokens, the audit
=============== =====================================================
"""

from db.records.access import ALL_ROLES, PROGRAM, AccessToken, Actor, AuditEntry, Role
from db.records.change_rate import Budget, ChangeRate, ObservedHistory
from db.records.copies import (
    Change,
    Cluster,
    DeclaredProvenance,
    Edit,
    FoldedCluster,
    Judgement,
    Label,
    Lag,
    OriginalLabel,
    Passage,
    UncorrectedCopy,
    VersionRef,
)
from db.records.core import Capture, Extraction, Link, Outcome, Source, Text, Version, Visit
from db.records.derive import (
    SCRAPER_MARKS,
    TEXT_MEDIA_TYPE,
    AliasClaim,
    AliasEdge,
    CleanedText,
    DeclaredUrl,
    Fact,
    History,
    Page,
    ReadLength,
    Recipe,
    RemovedSpan,
    Sighting,
    SiteTemplate,
    Stretch,
    Suspect,
    TemplateLines,
)
from db.records.enums import Cause, Kind, PageForm, Reason, Relation, SeedKind, Verdict, reason_of_status
from db.records.events import WEIGHTS, Event, EventFilter, EventKind, OpenNotice, QueuedEvent
from db.records.gather import (
    DiscoveredUrl,
    Exchange,
    Hop,
    HostState,
    Plan,
    SourceState,
    WaitingSource,
)
from db.records.monitoring import (
    ArticleAsOf,
    Check,
    EmptySource,
    InboxEntry,
    InboxFilter,
    LastState,
    ListNote,
    SourceHealth,
    WorkError,
)
from db.records.runs import ArchiveAnswer, ExpectedRun, FutureRun, Lease, Problem, Report, Row, Run, RunCheck
from db.records.search import (
    SNIPPET_MARKS,
    Facets,
    Match,
    SearchCursor,
    SearchFilters,
    SearchPage,
    SearchRank,
)
from db.records.seeds import NO_NOTICES, Complaint, Every, NotifyRule, Seed, Seeds
from db.records.tombstones import ChainLink, Citation, Hold, PacksResult, RepackResult, Tombstone

__all__ = [
    "ALL_ROLES",
    "NO_NOTICES",
    "PROGRAM",
    "SCRAPER_MARKS",
    "SNIPPET_MARKS",
    "TEXT_MEDIA_TYPE",
    "WEIGHTS",
    "AccessToken",
    "Actor",
    "AliasClaim",
    "AliasEdge",
    "ArchiveAnswer",
    "ArticleAsOf",
    "AuditEntry",
    "Budget",
    "Capture",
    "Cause",
    "ChainLink",
    "Change",
    "ChangeRate",
    "Check",
    "Citation",
    "CleanedText",
    "Cluster",
    "Complaint",
    "DeclaredProvenance",
    "DeclaredUrl",
    "DiscoveredUrl",
    "Edit",
    "EmptySource",
    "Event",
    "EventFilter",
    "EventKind",
    "Every",
    "Exchange",
    "ExpectedRun",
    "Extraction",
    "Facets",
    "Fact",
    "FoldedCluster",
    "FutureRun",
    "History",
    "Hold",
    "Hop",
    "HostState",
    "InboxEntry",
    "InboxFilter",
    "Judgement",
    "Kind",
    "Label",
    "Lag",
    "LastState",
    "Lease",
    "Link",
    "ListNote",
    "Match",
    "NotifyRule",
    "ObservedHistory",
    "OpenNotice",
    "OriginalLabel",
    "Outcome",
    "PacksResult",
    "Page",
    "PageForm",
    "Passage",
    "Plan",
    "Problem",
    "QueuedEvent",
    "ReadLength",
    "Reason",
    "Recipe",
    "Relation",
    "RemovedSpan",
    "RepackResult",
    "Report",
    "Role",
    "Row",
    "Run",
    "RunCheck",
    "SearchCursor",
    "SearchFilters",
    "SearchPage",
    "SearchRank",
    "Seed",
    "SeedKind",
    "Seeds",
    "Sighting",
    "SiteTemplate",
    "Source",
    "SourceHealth",
    "SourceState",
    "Stretch",
    "Suspect",
    "TemplateLines",
    "Text",
    "Tombstone",
    "UncorrectedCopy",
    "Verdict",
    "Version",
    "VersionRef",
    "Visit",
    "WaitingSource",
    "WorkError",
    "reason_of_status",
]
