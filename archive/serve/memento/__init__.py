"""Memento (RFC 7089), CDX and replay: the archive as clients of web archives know how to ask it.

::

    routes.py     the addresses: TimeGate, TimeMap, mementos, availability, index; each also as pywb spells it
    stamps.py     instants as one to fourteen digits, and as HTTP dates
    addresses.py  an address behind ``/web/...``, and how ours are written
    lookup.py     which captures an address has; ranges of keys for prefix, host and domain
    question.py   the parameters of CDX servers, read into values
    patterns.py   their regular expressions, in one pass over the text
    index.py      the rows that answer
    writing.py    rows and TimeMaps as text
    replay.py     a capture as an answer, under headers that let it do nothing

The questions behind all of it are ``db.queries.cdx``; docs/memento.md says what clients can expect.
"""

from archive.serve.memento.routes import routes

__all__ = ["routes"]
