"""Recheck of links: each text is compared again with all its candidates, by the method that is recorded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archive import copies
from archive.copies.embeddings import load_model
from db.queries import links as link_queries
from db.queries import rechecks
from db.queries import versions as version_queries
from db.records import Problem
from db.store.links import link_columns
from db.verify.common import REMATCH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archive.copies.embeddings import EmbeddingModel
    from db.reader import Ask, Row
    from db.records import Text


@dataclass(slots=True)
class LinkRecheck:
    """Rechecks the links of texts. Each pair is judged once, also if both of its texts come up.

    ``older``: links of a method that this code no longer has.
    """

    ask: Ask
    links: int = 0
    older: int = 0
    keys: int = 0
    texts: set[int] = field(default_factory=set)
    _tokenizer: copies.TokenCache = field(default_factory=copies.TokenCache)
    _model: EmbeddingModel | None = field(default_factory=load_model)
    _waiting: set[int] = field(init=False)

    def __post_init__(self) -> None:
        """Read what holds for all texts."""
        self._waiting = rechecks.uncompared(self.ask)

    def check(self, source_ids: Sequence[int]) -> Iterator[Problem]:
        """Yield what is wrong with the links of the texts of these sources, links that are missing included."""
        text_ids = [text_id for text_id in rechecks.texts(self.ask, source_ids) if text_id not in self.texts]
        for text in version_queries.texts(self.ask, text_ids):
            yield from self._check_text(text)
            self.texts.add(text.id or 0)

    def _check_text(self, text: Text) -> Iterator[Problem]:
        text_id = text.id or 0
        if text_id in self._waiting:
            return
        method = copies.method_id(self._model)
        recorded = rechecks.compared_by(self.ask, text_id)
        if recorded is not None and recorded != method:
            self.older += 1
            return
        if recorded is None:
            yield _problem(text, "it was never compared with the others, and does not wait for it")
        keys = copies.fingerprint(text, self._tokenizer)
        day = link_queries.first_days(self.ask, [text_id])[text_id]
        if rechecks.stored_keys(self.ask, text_id, keys, day) != set(keys):
            yield _problem(text, "the keys by which candidates are found are not those of its words")
        self.keys += len(set(keys))
        stored = {row["other_id"]: row for row in rechecks.links(self.ask, text_id)}
        others = set(link_queries.candidates(self.ask, text_id, keys)) | stored.keys()
        for other in version_queries.texts(self.ask, sorted(others - self.texts - self._waiting)):
            yield from self._check_pair(text, other, stored.get(other.id or 0), method)

    def _check_pair(self, text: Text, other: Text, stored: Row | None, method: str) -> Iterator[Problem]:
        judgement = copies.judge(text, other, self._tokenizer, self._model)
        pair = f"of {other.title!r}, text {other.id}"
        if judgement.relation is None:
            if stored is not None:
                yield _problem(text, f"it has a link that comparing does not give: {stored['relation']} {pair}")
            return
        self.links += 1
        if stored is None:
            yield _problem(text, f"it has no link that comparing gives: {judgement.relation} {pair}")
            return
        swap = text.sha256 > other.sha256
        expected = link_columns(judgement, swap=swap) | {"method": method}
        expected["a_text_id"] = other.id if swap else text.id
        differing = [name for name, value in expected.items() if stored[name] != value]
        if differing:
            names = ", ".join(name.replace("_", " ") for name in differing)
            yield _problem(text, f"comparing gives another {names} for its link: {judgement.relation} {pair}")


def _problem(text: Text, what: str) -> Problem:
    return Problem(what=what, where=f"text {text.id}, {text.title!r}", todo=REMATCH)
