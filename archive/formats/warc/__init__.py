"""WARC/1.1 (ISO 28500:2017): reading records as captures, and writing captures as records."""
