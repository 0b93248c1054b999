"""Web archives of others: what they list of a page (``listing``), and one memento of it, as first captured (``fetch``).

An archive lists what it holds of a page as a TimeMap (RFC 7089) or through a CDX server (``formats.timemap``,
``formats.cdx``). ``pipeline.gather_mementos`` asks, chooses and records.
"""
