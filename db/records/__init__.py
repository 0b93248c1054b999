"""The nouns of wirecopy: frozen values that every layer passes around. Standard library only.

Read these pages and you know what the archive can talk about. Times end in ``_at`` and are aware UTC; digests are
lower-case hex sha256; offsets are character offsets, half open.

``words`` the closed lists, ``seeds`` what is watched, ``gather`` visits and captures, ``derive`` texts and versions,
``copies`` edits and links, ``rhythm`` when to look again, ``runs`` reports.
"""

from db.records.copies import Change, Cluster, Edit, Judgement, Link, Passage, VersionRef
from db.records.derive import (
    SCRAPER_MARKS,
    TEXT_MEDIA_TYPE,
    Claim,
    Extraction,
    History,
    Page,
    Recipe,
    Removed,
    Sighting,
    Stretch,
    Suspect,
    Text,
    Version,
)
from db.records.gather import Capture, Exchange, Found, Hop, Manners, Outcome, Plan, Source, SourceState, Visit, Waiting
from db.records.rhythm import Budget, Followed, Rhythm
from db.records.runs import Problem, Report, Row
from db.records.seeds import Complaint, Every, Seed, Seeds
from db.records.words import Cause, Kind, Reason, Relation, SeedKind, Verdict, reason_of_status

__all__ = [
    "SCRAPER_MARKS",
    "TEXT_MEDIA_TYPE",
    "Budget",
    "Capture",
    "Cause",
    "Change",
    "Claim",
    "Cluster",
    "Complaint",
    "Edit",
    "Every",
    "Exchange",
    "Extraction",
    "Followed",
    "Found",
    "History",
    "Hop",
    "Judgement",
    "Kind",
    "Link",
    "Manners",
    "Outcome",
    "Page",
    "Passage",
    "Plan",
    "Problem",
    "Reason",
    "Recipe",
    "Relation",
    "Removed",
    "Report",
    "Rhythm",
    "Row",
    "Seed",
    "SeedKind",
    "Seeds",
    "Sighting",
    "Source",
    "SourceState",
    "Stretch",
    "Suspect",
    "Text",
    "Verdict",
    "Version",
    "VersionRef",
    "Visit",
    "Waiting",
    "reason_of_status",
]
