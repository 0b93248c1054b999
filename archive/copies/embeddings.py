"""The optional embedding model: a small static model that finds sentences alike in meaning.

Installed with ``wirecopy[semantic]``. It decides by the same rules and finds more, and the method's id names it.
wordllama (MIT) averages word vectors of 256 numbers, from a file in its wheel: no network, no GPU, 0.2 ms a sentence.
It was trained on English. On German and Spanish it took reports of one event for copies, so it is not used there.
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
"""The language the model was trained on."""

SIMILAR_FROM, SIMILAR_TO = 0.5, 1.0
"""A cosine counts for nothing at the first figure and in full at the second. From 0.4 on, a follow-up a year later was
taken for a copy. At 0.5 nothing false was found on 2,500 labelled pairs."""


@cache
def load_model() -> EmbeddingModel | None:
    """Return the model of the ``semantic`` extra, or None if it is not installed. Loaded once, in 0.3 s."""
    if find_spec("wordllama") is None:
        return None
    return WordLlamaModel()


class WordLlamaModel:
    """The wordllama model, with a cache of the vectors of recent texts."""

    id = "wordllama-256"

    def __init__(self, size: int = 256) -> None:
        import wordllama

        # The wheel has the tokenizer, but wordllama looks there only if told. Otherwise it would use the network.
        folder = Path(wordllama.__file__).parent
        self._model: Any = wordllama.WordLlama.load(cache_dir=folder, disable_download=True)
        self._size = size
        self._vectors: OrderedDict[tuple[str, ...], Matrix] = OrderedDict()

    def similarity(self, a: TokenizedText, b: TokenizedText) -> Matrix | None:
        """Return the similarity in meaning of every two sentences, from 0 to 1. None unless both texts are English."""
        if not (a.language == b.language == LANGUAGE) or not (a.sentences and b.sentences):
            return None
        cosines = self._vectors_of(a) @ self._vectors_of(b).T
        return np.clip((cosines - SIMILAR_FROM) / (SIMILAR_TO - SIMILAR_FROM), 0.0, 1.0)

    def _vectors_of(self, text: TokenizedText) -> Matrix:
        key = text.words.folded
        vectors = self._vectors.pop(key, None)
        if vectors is None:
            vectors = np.asarray(
                self._model.embed([" ".join(sentence.words) for sentence in text.sentences], norm=True)
            )
        self._vectors[key] = vectors
        if len(self._vectors) > self._size:
            self._vectors.popitem(last=False)
        return vectors
