"""The optional sense for meaning: sentences in other words are alike where a small static model says so.

Installed with ``wirecopy[semantic]``, it decides by the same rules and finds more; the method's id says that it took
part. wordllama (MIT) averages word vectors of 256 numbers, from a file in its wheel: no network, no GPU, 0.2 ms a
sentence. It learned from English, and on German and Spanish it took reports of one event for copies: there it is not
asked.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from archive.copies.similarity import EmbeddingModel, Matrix
    from archive.copies.tokenize import TokenizedText

LANGUAGE = "en"
"""The language the model learned from."""

ALIKE_FROM, ALIKE_TO = 0.5, 1.0
"""A cosine counts for nothing at the first figure and in full at the second. From 0.4 a follow-up of a year later was
taken for a copy; at 0.5 nothing false was found on 2,500 labelled pairs."""


@cache
def load_model() -> EmbeddingModel | None:
    """The sense of the ``semantic`` extra, or None where that is not installed. Loaded once, in 0.3 s."""
    if find_spec("wordllama") is None:
        return None
    return WordLlamaModel()


class WordLlamaModel:
    """wordllama's vectors of the last texts asked about."""

    id = "wordllama-256"

    def __init__(self, keep: int = 256) -> None:
        import wordllama

        # Its wheel has the tokenizer where it looks only when told so; else it would ask the network.
        here = Path(wordllama.__file__).parent
        self._model: Any = wordllama.WordLlama.load(cache_dir=here, disable_download=True)
        self._keep = keep
        self._vectors: OrderedDict[tuple[str, ...], Matrix] = OrderedDict()

    def similarity(self, a: TokenizedText, b: TokenizedText) -> Matrix | None:
        """How alike in meaning every two sentences are, from 0 to 1; None unless both texts are English."""
        if not (a.language == b.language == LANGUAGE) or not (a.sentences and b.sentences):
            return None
        cosines = self._of(a) @ self._of(b).T
        return np.clip((cosines - ALIKE_FROM) / (ALIKE_TO - ALIKE_FROM), 0.0, 1.0)

    def _of(self, reading: TokenizedText) -> Matrix:
        key = reading.words.folded
        found = self._vectors.pop(key, None)
        if found is None:
            found = np.asarray(self._model.embed([" ".join(each.words) for each in reading.sentences], norm=True))
        self._vectors[key] = found
        if len(self._vectors) > self._keep:
            self._vectors.popitem(last=False)
        return found
