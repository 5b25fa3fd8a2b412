"""Texts compared with one another: each is read alone, once, and small heads say how they go together.

An encoder that was pretrained to tell like texts from unlike compares far better than one that is tuned to read two
texts in one (Reimers and Gurevych 2019, arXiv:1908.10084): a few thousand examples are enough for the heads. And what a
campaign looks for is read once for all of its prospects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from miniatures.backends.encoder_graph import Tensors, compiled, encoder_graph, padded
from miniatures.weights.classifier import COMPARED, LAYERS

TEXTS = 3
"""What a question holds: the sentence, what it is compared with, and the place that it stands in."""

Array = NDArray[np.float32]
_MOST_AT_ONCE = 32
_MOST_KEPT = 20_000
_COSINE = 5
"""A cosine is one number among hundreds: it weighs as much as several."""


def texts_of(message: str) -> tuple[str, ...]:
    """The texts of a question, a line each; what is missing is empty."""
    lines = message.strip().split("\n")[:TEXTS]
    return (*lines, *[""] * (TEXTS - len(lines)))


def features(texts: Array) -> Array:
    """What the heads see of texts (questions, `TEXTS`, width): (questions, 5 * width + 2)."""
    sentence, wanted, place = texts[:, 0], texts[:, 1], texts[:, 2]
    alike, placed = sentence * wanted, place * wanted
    cosines = _COSINE * np.stack([alike.sum(1), placed.sum(1)], axis=1)
    parts = [alike, np.abs(sentence - wanted), placed, sentence, wanted, cosines]
    return np.concatenate(parts, axis=1).astype(np.float32)


class TextReader:
    """The base encoder, as it is: the mean of a text's states, of length one. What was read is kept."""

    def __init__(self, base: Tensors, tokenizer: Any, parts: int) -> None:
        """Compile the encoder of these tensors. `parts` is the number of attention heads."""
        self._compiled = compiled(encoder_graph(base, (), parts))
        self._tokenizer = tokenizer
        self._kept: dict[str, tuple[Array, int]] = {}

    def read(self, texts: Sequence[str]) -> Array:
        """One row (width) a text."""
        if len(self._kept) > _MOST_KEPT:
            self._kept.clear()
        new = sorted(set(texts) - self._kept.keys(), key=len)
        for at in range(0, len(new), _MOST_AT_ONCE):
            self._keep(new[at : at + _MOST_AT_ONCE])
        return np.stack([self._kept[text][0] for text in texts])

    def tokens(self, text: str) -> int:
        """How many tokens a text has that was just read."""
        return self._kept[text][1]

    def _keep(self, texts: Sequence[str]) -> None:
        encoded = self._tokenizer.encode_batch(texts)
        tokens = [one.ids for one in encoded]
        pooled: Array = self._compiled(padded(tokens, [one.type_ids for one in encoded]))[0]
        read = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        self._kept |= {text: (row, len(ids)) for text, row, ids in zip(texts, read, tokens, strict=True)}


class ComparedHeads:
    """For each field two layers with a rectifier between them."""

    def __init__(self, tensors: Mapping[str, Array], fields: Sequence[str]) -> None:
        """Take a head for each field.

        Raises:
            KeyError: the tensors lack one.
        """
        self._heads = {
            field: [tensors[COMPARED.format(field=field, layer=layer, part=part)] for layer, part in LAYERS]
            for field in fields
        }

    def logits(self, field: str, seen: Array) -> Array:
        """(questions, words) for features (questions, size)."""
        inner, inner_bias, outer, outer_bias = self._heads[field]
        hidden = np.maximum(seen @ inner.T + inner_bias, 0)
        logits: Array = hidden @ outer.T + outer_bias
        return logits
