"""File and wire formats: WARC, WACZ, CDX, CDXJ, TimeMap, JSONL, saved pages. Pure: no network, no store."""
