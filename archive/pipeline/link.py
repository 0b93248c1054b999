"""Link: compare each new text with its candidates and record the relations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive import copies
from archive.copies.embeddings import load_model
from db.queries import links as link_queries
from db.queries import versions as version_queries

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from db.store import Store


_LINKED_AT_ONCE = 50


def link(store: Store, *, now: datetime, stopped: Callable[[], bool] = lambda: False) -> int:
    """Compare every text that waits for it with its candidates; how many links that gave.

    A text's keys are kept before its candidates are asked for, so that of two texts arriving at once in two processes
    at least the second one sees the other. One that was compared before waits because candidates fell away: then only
    its links to them go. Once ``stopped`` says so the rest goes on waiting: comparing ten thousand texts takes minutes,
    and a thread cannot be interrupted.
    """
    found = 0
    readings, sense = copies.TokenCache(), load_model()
    method = copies.method_with(sense)
    while not stopped() and (waiting := link_queries.unlinked(store.ask, _LINKED_AT_ONCE)):
        texts = {text.id or 0: text for text in version_queries.texts(store.ask, waiting)}
        keys = {each: copies.fingerprint(text, readings) for each, text in texts.items()}
        standing, done = store.add_lsh_keys(keys), link_queries.compared_texts(store.ask, waiting, method)
        for each in standing:
            if stopped():
                break
            others = () if each in done else link_queries.candidates(store.ask, each, keys[each])
            judged = [
                (other.id or 0, copies.judge(texts[each], other, readings, sense))
                for other in version_queries.texts(store.ask, others)
            ]
            found += store.record_links(each, judged, method, now, keys[each])
    return found
