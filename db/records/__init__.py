"""The records of wirecopy: frozen values that every layer passes around. Standard library only.

Times end in ``_at`` and are aware UTC. Digests are lower-case hex sha256. Spans are character offsets, half open.

=============== ====================================================================================
``core``        the eight core nouns: source, visit, outcome, capture, extraction, text, version, link
``enums``       the closed lists: reasons, verdicts, kinds, relations
``seeds``       the seed index
``gather``      plans, hops, exchanges, host states
``derive``      pages, recipes, templates, sightings, histories
``copies``      edits, judgements, labels, clusters
``change_rate`` change rates and budgets, for the frontier
``tombstones``  tombstones, chain links, citations, repacking
``runs``        reports of runs, problems
=============== ====================================================================================
"""

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
from db.records.enums import Cause, Kind, Reason, Relation, SeedKind, Verdict, reason_of_status
from db.records.gather import (
    DiscoveredUrl,
    Exchange,
    Hop,
    HostState,
    Plan,
    SourceState,
    WaitingSource,
)
from db.records.runs import Problem, Report, Row
from db.records.seeds import Complaint, Every, Seed, Seeds
from db.records.tombstones import ChainLink, Citation, RepackResult, Tombstone

__all__ = [
    "SCRAPER_MARKS",
    "TEXT_MEDIA_TYPE",
    "AliasClaim",
    "AliasEdge",
    "Budget",
    "Capture",
    "Cause",
    "ChainLink",
    "Change",
    "ChangeRate",
    "Citation",
    "CleanedText",
    "Cluster",
    "Complaint",
    "DeclaredProvenance",
    "DiscoveredUrl",
    "Edit",
    "Every",
    "Exchange",
    "Extraction",
    "Fact",
    "FoldedCluster",
    "History",
    "Hop",
    "HostState",
    "Judgement",
    "Kind",
    "Label",
    "Lag",
    "Link",
    "ObservedHistory",
    "Outcome",
    "Page",
    "Passage",
    "Plan",
    "Problem",
    "ReadLength",
    "Reason",
    "Recipe",
    "Relation",
    "RemovedSpan",
    "RepackResult",
    "Report",
    "Row",
    "Seed",
    "SeedKind",
    "Seeds",
    "Sighting",
    "SiteTemplate",
    "Source",
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
    "reason_of_status",
]
