"""File and wire formats: WARC, WACZ, CDX, CDXJ, TimeMap, JSONL, saved pages. No network access, no database."""
