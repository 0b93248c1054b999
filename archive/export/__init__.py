"""Captures as files that other programs read: WARC/1.1 (ISO 28500:2017).

``records`` says what a capture is in records, as plain values; ``warcfile`` writes them with warcio, an optional extra.
"""

from archive.export.records import Record, warc_records
from archive.export.warcfile import WarcFile

__all__ = ["Record", "WarcFile", "warc_records"]
