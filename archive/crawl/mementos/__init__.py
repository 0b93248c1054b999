"""Remote web archives: ``listing`` reads what they have of a page, ``fetch`` fetches one memento as first captured.

An archive lists its mementos of a page as a TimeMap (RFC 7089) or through a CDX server (``formats.timemap``,
``formats.cdx``). ``pipeline.gather_mementos`` selects mementos and records them.
"""
