"""Export: captures as WARC, WACZ and CDXJ, and derived data as Parquet, JSON lines or one HTML page.

A file appears under its name only when it is complete, and replaces an older one. The same archive gives the same file:
no content depends on the clock. `Selection` decides what is exported.
"""

from __future__ import annotations

from archive.export.evidence import EvidenceReport, export_evidence
from archive.export.html import export_datasette, export_site
from archive.export.selection import Selection, build_selection
from archive.export.tables import export_jsonl, export_parquet
from archive.export.web_archive import export_cdxj, export_wacz, export_warc

__all__ = [
    "EvidenceReport",
    "Selection",
    "build_selection",
    "export_cdxj",
    "export_datasette",
    "export_evidence",
    "export_jsonl",
    "export_parquet",
    "export_site",
    "export_wacz",
    "export_warc",
]
