"""Link: compare each new text with its candidates and record the relations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive import copies
from archive.copies.embeddings import load_model
from archive.pipeline.blame import work_error
from db.queries import links as link_queries
from db.queries import versions as version_queries
from db.queries import work_errors as error_queries
from db.wall import cause_of, is_own_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from archive.copies.embeddings import EmbeddingModel
    from db.records import Judgement, Text
    from db.store import Store

    Judge = Callable[[Text, Text, copies.TokenCache, EmbeddingModel | None], Judgement]


_BATCH_SIZE = 50


def link(
    store: Store, *, now: datetime, stopped: Callable[[], bool] = lambda: False, judge: Judge = copies.judge
) -> int:
    """Compare every queued text with its candidates, record the links and return their number.

    The keys of a text are stored before its candidates are read. So when two texts arrive at once in two processes, at
    least the second sees the other. A text that was compared before is queued when some of its candidates are gone:
    then only its links to those are removed. Once ``stopped`` returns True the rest stays queued, because comparing ten
    thousand texts takes minutes and a thread cannot be interrupted.

    A text that makes the comparison raise is recorded with the cause and left out, and all others are compared.
    """
    return _Linker(store, now, judge).link(stopped)


class _Linker:
    """Compares texts. ``_excluded`` has those that could not be compared, by this build or in this pass."""

    def __init__(self, store: Store, now: datetime, judge: Judge) -> None:
        self._store, self._now, self._judge = store, now, judge
        self._tokenizer, self._model = copies.TokenCache(), load_model()
        self._method = copies.method_id(self._model)
        self._excluded = error_queries.failed_texts(store.ask)

    def link(self, stopped: Callable[[], bool]) -> int:
        """Compare the queue of texts until it is empty or ``stopped``. Return the number of new links."""
        store, links = self._store, 0
        while not stopped() and (text_ids := link_queries.unlinked(store.ask, _BATCH_SIZE)):
            texts, keys = {}, {}
            for text in version_queries.texts(store.ask, text_ids):
                try:
                    texts[text.id or 0], keys[text.id or 0] = text, copies.fingerprint(text, self._tokenizer)
                except Exception as error:
                    if not is_own_fault(error):
                        raise
                    self._exclude(text.id or 0, error)
            current, compared = (
                store.add_lsh_keys(keys),
                link_queries.compared_texts(store.ask, list(keys), self._method),
            )
            for text_id in current:
                if stopped():
                    break
                others = () if text_id in compared else link_queries.candidates(store.ask, text_id, keys[text_id])
                judgements = self._judgements(texts[text_id], others)
                if text_id not in self._excluded:
                    links += store.record_links(text_id, judgements, self._method, self._now, keys[text_id])
        return links

    def _judgements(self, text: Text, others: Sequence[int]) -> list[tuple[int, Judgement]]:
        """Return the judgements of ``text`` and its candidates. Of a pair that raises, the culprit is excluded."""
        judgements = []
        for other in version_queries.texts(self._store.ask, others):
            if other.id in self._excluded:
                continue
            try:
                judgements.append((other.id or 0, self._judge(text, other, self._tokenizer, self._model)))
            except Exception as error:
                if not is_own_fault(error):
                    raise
                self._exclude((self._culprit(text, other) or text).id or 0, error)
                if text.id in self._excluded:
                    break
        return judgements

    def _culprit(self, *pair: Text) -> Text | None:
        """Return the text of a pair that cannot even be compared with itself."""
        for text in pair:
            try:
                self._judge(text, text, self._tokenizer, self._model)
            except Exception as error:
                if is_own_fault(error):
                    return text
                raise
        return None

    def _exclude(self, text_id: int, error: Exception) -> None:
        self._excluded.add(text_id)
        record = work_error("", "", cause_of(error), self._now)
        self._store.record_text_error(text_id, record, self._method)
