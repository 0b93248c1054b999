"""The protocols of web archives over this archive: Memento (RFC 7089), CDX, availability, and replay.

::

    routes.py      the routes: TimeGate, TimeMap, mementos, availability, CDX; each also in pywb's spelling
    datetime14.py  instants as one to fourteen digits, and as HTTP dates
    rewrite.py     the page's URL behind ``/web/...``, and our own URLs around it
    lookup.py      the captures of a URL; key ranges for prefix, host and domain
    cdx_query.py   the parameters of CDX servers, parsed into values
    safe_regex.py  the regular expressions of filters, matched in one pass over the text
    cdx_index.py   the rows that answer a CDX query
    serialize.py   rows and TimeMaps as text
    replay.py      a capture as a response, under headers that take all its powers away

All of it asks ``archive.api.mementos``. docs/memento.md says what clients can expect.
"""

from archive.serve.memento.routes import routes

__all__ = ["routes"]
