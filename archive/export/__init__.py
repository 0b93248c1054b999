"""Files for others: captures as WARC, WACZ and CDXJ, what was made of them as Parquet, JSON lines or one HTML page.

Every file appears when it is whole, and takes the place of an older one of that name. The same archive gives the same
file: nothing in one is dated by the clock. ``chosen`` says what goes in.
"""

from __future__ import annotations

from archive.export.html import export_datasette, export_site
from archive.export.selection import Selection, build_selection
from archive.export.tables import export_jsonl, export_parquet
from archive.export.web_archive import export_cdxj, export_wacz, export_warc

__all__ = [
    "Selection",
    "build_selection",
    "export_cdxj",
    "export_datasette",
    "export_jsonl",
    "export_parquet",
    "export_site",
    "export_wacz",
    "export_warc",
]
