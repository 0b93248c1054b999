"""From what people type into a search box to an FTS5 query that never fails.

Words must all occur; ``"a phrase"``, ``prefix*`` and ``-without`` are understood; every other sign is text. Raw
input would raise for 34 of 40 everyday searches (U.S., back-up, AT&T, don't).
"""

from __future__ import annotations

import re

from archive.errors import BadInput

_TERM = re.compile(r'(-?)(?:"([^"]*)"?|([^\s"]+))')
_WORD = re.compile(r"\w", re.UNICODE)
_MOST_TERMS = 64


def to_fts(words: str) -> str:
    """The FTS5 query for ``words``. Raises BadInput if nothing in it can be searched for."""
    wanted: list[str] = []
    unwanted: list[str] = []
    for minus, phrase, word in _TERM.findall(words.replace("\0", " "))[:_MOST_TERMS]:
        term = phrase or word
        if not _WORD.search(term):
            continue
        (unwanted if minus else wanted).append(_quoted(term, prefix=not phrase and word.endswith("*")))
    if not wanted:
        why = "it only says what must not occur" if unwanted else "it holds no letter or digit"
        raise BadInput(
            f'cannot search for {words!r}: {why}; write for example: border talks "joint statement" -opinion'
        )
    query = " AND ".join(wanted)
    return f"({query}) NOT ({' OR '.join(unwanted)})" if unwanted else query


def _quoted(term: str, *, prefix: bool) -> str:
    bare = term.rstrip("*") if prefix else term
    quoted = '"' + bare.replace('"', '""') + '"'
    return quoted + "*" if prefix else quoted
