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


_BATCH_SIZE = 50


def link(store: Store, *, now: datetime, stopped: Callable[[], bool] = lambda: False) -> int:
    """Compare every queued text with its candidates, record the links and return their number.

    The keys of a text are stored before its candidates are read. So when two texts arrive at once in two processes, at
    least the second sees the other. A text that was compared before is queued when some of its candidates are gone:
    then only its links to those are removed. Once ``stopped`` returns True the rest stays queued, because comparing ten
    thousand texts takes minutes and a thread cannot be interrupted.
    """
    links = 0
    tokenizer, model = copies.TokenCache(), load_model()
    method = copies.method_id(model)
    while not stopped() and (text_ids := link_queries.unlinked(store.ask, _BATCH_SIZE)):
        texts = {text.id or 0: text for text in version_queries.texts(store.ask, text_ids)}
        keys = {text_id: copies.fingerprint(text, tokenizer) for text_id, text in texts.items()}
        current, compared = store.add_lsh_keys(keys), link_queries.compared_texts(store.ask, text_ids, method)
        for text_id in current:
            if stopped():
                break
            others = () if text_id in compared else link_queries.candidates(store.ask, text_id, keys[text_id])
            judgements = [
                (other.id or 0, copies.judge(texts[text_id], other, tokenizer, model))
                for other in version_queries.texts(store.ask, others)
            ]
            links += store.record_links(text_id, judgements, method, now, keys[text_id])
    return links
