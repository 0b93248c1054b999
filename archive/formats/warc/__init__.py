"""WARC/1.1 (ISO 28500:2017): reading records into captures, and writing captures as records."""
