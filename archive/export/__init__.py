"""Captures as files that other programs read: WARC/1.1 (ISO 28500:2017), CDXJ, WACZ 1.1.1.

``records`` says what a capture is in records, as plain values; ``warcfile`` writes them with warcio, an optional extra;
``cdxj`` notes where they stand; ``wacz`` packs all of it.
"""

from archive.export.cdxj import IndexFile, cdx_key
from archive.export.records import Record, info_record, text_records, warc_records
from archive.export.wacz import PAGES_HEAD, pack_wacz, page_line
from archive.export.warcfile import WarcFile

__all__ = [
    "PAGES_HEAD",
    "IndexFile",
    "Record",
    "WarcFile",
    "cdx_key",
    "info_record",
    "pack_wacz",
    "page_line",
    "text_records",
    "warc_records",
]
