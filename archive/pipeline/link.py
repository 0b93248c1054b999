"""Link: compare each new text with its candidates and record the relations.

This process asks and records, the workers compute: the lookup keys of texts, and judgements.
"""

from __future__ import annotations

from collections import deque
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from archive import copies
from archive.copies.embeddings import load_model
from archive.extract.worker_pool import Lost
from archive.pipeline.blame import work_error
from archive.pipeline.page_work import Raised, failure_cause, judge_all, keys_of
from db.queries import links as link_queries
from db.queries import versions as version_queries
from db.queries import work_errors as error_queries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from typing import Protocol

    from db.records import Judgement, Text
    from db.store import Store

    class LinkQueue(Protocol):
        """Hands out the texts of the link queue (``archive.pipeline.leased_work``)."""

        def texts(self, most: int) -> list[int]:
            """Return at most this number of texts to compare, none if there are no more."""

        def texts_in_hand(self, text_ids: Sequence[int]) -> set[int]:
            """Return those of these texts that need not be compared again."""

    Run = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
    """Calls a function with each argument and yields the results in order, as ``map`` and the workers do."""


_BATCH_SIZE = 50
_PAIRS = 50  # judged in one call of a worker: some 150 ms


def link(
    store: Store,
    *,
    now: datetime,
    stopped: Callable[[], bool] = lambda: False,
    run: Run = map,
    queue: LinkQueue | None = None,
) -> int:
    """Compare every queued text with its candidates, record the links and return their number.

    The keys of a text are stored before its candidates are read. So when two texts arrive at once in two processes, at
    least the second sees the other. A text that was compared before is queued when some of its candidates are gone:
    then only its links to those are removed. Once ``stopped`` returns True the rest stays queued, because comparing ten
    thousand texts takes minutes and a thread cannot be interrupted.

    A text that makes the comparison raise is recorded with the cause and left out, and all others are compared.
    ``run`` calls what is computed, in this process or in workers. ``queue`` hands out the texts to the runs that share
    an archive. By default this process takes them all.
    """
    return _Linker(store, now, run, queue or _WholeQueue(store)).link(stopped)


class _WholeQueue:
    """The link queue for a process that does not share it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def texts(self, most: int) -> list[int]:
        return link_queries.unlinked(self._store.ask, most)

    def texts_in_hand(self, text_ids: Sequence[int]) -> set[int]:
        return set(text_ids)


class _Linker:
    """Compares texts. ``_excluded`` has those that could not be compared, by this build or in this pass."""

    def __init__(self, store: Store, now: datetime, run: Run, queue: LinkQueue) -> None:
        self._store, self._now, self._run, self._queue = store, now, run, queue
        self._method = copies.method_id(load_model())
        self._excluded = error_queries.failed_texts(store.ask)

    def link(self, stopped: Callable[[], bool]) -> int:
        """Compare the queue of texts until it is empty or ``stopped``. Return the number of new links."""
        store, links = self._store, 0
        while not stopped() and (text_ids := self._queue.texts(_BATCH_SIZE)):
            texts = {text.id or 0: text for text in version_queries.texts(store.ask, text_ids)}
            keys = self._keys(texts)
            current = store.add_lsh_keys(keys)
            compared = link_queries.compared_texts(store.ask, list(keys), self._method)
            others = {
                text_id: [] if text_id in compared else link_queries.candidates(store.ask, text_id, keys[text_id])
                for text_id in keys
                if text_id in current
            }
            judged = list(takewhile(lambda _: not stopped(), self._judgements(texts, others)))
            with store.together(durable=False):
                in_hand = self._queue.texts_in_hand([text_id for text_id, _ in judged]) - self._excluded
                sound = {text_id: judgements for text_id, judgements in judged if text_id in in_hand}
                links += store.record_links_of_texts(sound, keys, self._method, self._now)
        return links

    def _keys(self, texts: Mapping[int, Text]) -> dict[int, Sequence[int]]:
        """Return the keys of these texts. One of which they cannot be computed is excluded."""
        keys: dict[int, Sequence[int]] = {}
        for text_id, result in zip(texts, self._run(keys_of, texts.values()), strict=True):
            if isinstance(result, Raised | Lost):
                self._exclude(text_id, result)
            else:
                keys[text_id] = result
        return keys

    def _judgements(
        self, texts: Mapping[int, Text], others: Mapping[int, Sequence[int]]
    ) -> Iterable[tuple[int, list[tuple[int, Judgement]]]]:
        """Yield each text with its judgements, in order. Of a pair that raises, the culprit is excluded."""
        sent: deque[list[Text]] = deque()
        results = iter(self._run(judge_all, self._groups(texts, others, sent)))
        judgements: dict[int, list[tuple[int, Judgement]]] = {text_id: [] for text_id in others}
        unfinished = deque(others)
        for result in results:
            text, *compared = sent.popleft()
            while unfinished[0] != text.id:
                yield unfinished[0], judgements.pop(unfinished.popleft())
            judgements[unfinished[0]] += self._sound(text, compared, result)
        for text_id in unfinished:
            yield text_id, judgements[text_id]

    def _groups(
        self, texts: Mapping[int, Text], others: Mapping[int, Sequence[int]], sent: deque[list[Text]]
    ) -> Iterable[list[Text]]:
        """Yield each text with some of its candidates, as many as are judged in one call, and add it to ``sent``."""
        for text_id, candidates in others.items():
            known = [other for other in candidates if other not in self._excluded]
            for start in range(0, len(known), _PAIRS):
                sent.append([texts[text_id], *version_queries.texts(self._store.ask, known[start : start + _PAIRS])])
                yield sent[-1]

    def _sound(self, text: Text, others: Sequence[Text], results: Any) -> list[tuple[int, Judgement]]:
        """Return the judgements of a group that relate the text to another."""
        if isinstance(results, Lost):  # one of the pairs takes too long or crashes a worker
            results = [self._judge_pair(text, other) for other in others]
        judgements = []
        for other, result in zip(others, results, strict=True):
            if text.id in self._excluded or other.id in self._excluded:
                continue
            if isinstance(result, Raised | Lost):
                self._exclude((self._culprit(text, other) or text).id or 0, result)
            elif result.relation is not None:
                judgements.append((other.id or 0, result))
        return judgements

    def _judge_pair(self, text: Text, other: Text) -> Any:
        (result,) = self._run(judge_all, [[text, other]])
        return result if isinstance(result, Lost) else result[0]

    def _culprit(self, *pair: Text) -> Text | None:
        """Return the text of a pair that cannot even be compared with itself."""
        return next((text for text in pair if isinstance(self._judge_pair(text, text), Raised | Lost)), None)

    def _exclude(self, text_id: int, failure: Raised | Lost) -> None:
        self._excluded.add(text_id)
        self._store.record_text_error(text_id, work_error("", "", failure_cause(failure), self._now), self._method)
