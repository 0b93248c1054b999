"""The records of wirecopy: frozen values that every layer passes around. Standard library only.

Times end in ``_at`` and are aware UTC. Digests are lower-case hex sha256. Spans are character offsets, half open.

=============== =====================================================
``enums``       the closed lists: reasons, verdicts, kinds, relations
``seeds``       the seed index
``gather``      sources, visits, outcomes, captures
``derive``      pages, extractions, texts, versions, histories
``copies``      edits, links, labels, clusters
``change_rate`` change rates and budgets, for the frontier
``tombstones``  tombstones, chain links, citations, repacking
``runs``        reports of runs, problems
=============== =====================================================
"""

from db.records.change_rate import Budget, ChangeRate, ObservedHistory
from db.records.copies import (
    Change,
    Cluster,
    DeclaredProvenance,
    Edit,
    Folded,
    Judgement,
    Label,
    Lag,
    Link,
    Passage,
    Stale,
    VersionRef,
)
from db.records.derive import (
    SCRAPER_MARKS,
    TEXT_MEDIA_TYPE,
    AliasClaim,
    AliasEdge,
    Cleaned,
    Extraction,
    Fact,
    History,
    Page,
    ReadLength,
    Recipe,
    Removed,
    Sighting,
    SiteTemplate,
    Stretch,
    Suspect,
    TemplateLines,
    Text,
    Version,
)
from db.records.enums import Cause, Kind, Reason, Relation, SeedKind, Verdict, reason_of_status
from db.records.gather import (
    Capture,
    DiscoveredUrl,
    Exchange,
    Hop,
    HostState,
    Outcome,
    Plan,
    Source,
    SourceState,
    Visit,
    Waiting,
)
from db.records.runs import Problem, Report, Row
from db.records.seeds import Complaint, Every, Seed, Seeds
from db.records.tombstones import ChainLink, Citation, Repacked, Tombstone

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
    "Cleaned",
    "Cluster",
    "Complaint",
    "DeclaredProvenance",
    "DiscoveredUrl",
    "Edit",
    "Every",
    "Exchange",
    "Extraction",
    "Fact",
    "Folded",
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
    "Removed",
    "Repacked",
    "Report",
    "Row",
    "Seed",
    "SeedKind",
    "Seeds",
    "Sighting",
    "SiteTemplate",
    "Source",
    "SourceState",
    "Stale",
    "Stretch",
    "Suspect",
    "TemplateLines",
    "Text",
    "Tombstone",
    "Verdict",
    "Version",
    "VersionRef",
    "Visit",
    "Waiting",
    "reason_of_status",
]
