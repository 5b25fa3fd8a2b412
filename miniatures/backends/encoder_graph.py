"""A BERT encoder (Devlin et al. 2018, arXiv:1810.04805) with heads on the mean of its states, as an OpenVINO graph."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tensors = Mapping[str, NDArray[np.float32]]
_NORM_EPSILON = 1e-12
_MASKED = np.float32(-1e9)


def encoder_graph(
    tensors: Tensors, heads: Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]], parts: int
) -> Any:
    """Token ids, mask and segment ids (each batch, tokens) in; the logits (batch, words) of each head out, or without
    heads the mean of the states (batch, width).

    `tensors` are named as transformers names those of a BertModel; `parts` is the number of attention heads.

    Raises:
        KeyError: the tensors lack one.
    """
    import openvino as ov
    from openvino import opset13 as ops

    ids, mask, kinds = (ops.parameter([-1, -1], np.int64, name=name) for name in ("ids", "mask", "kinds"))
    layer = _Layers(ops, tensors, parts)
    states = layer.embedded(ids, kinds)
    real = ops.convert(mask, "f32")
    unseen = ops.multiply(ops.subtract(layer.constant(1), real), layer.constant(_MASKED))
    bias = ops.unsqueeze(ops.unsqueeze(unseen, layer.axis(1)), layer.axis(1))
    count = 1 + max(int(name.split(".")[2]) for name in tensors if name.startswith("encoder.layer."))
    for number in range(count):
        states = layer.layer(states, bias, f"encoder.layer.{number}.")
    weights = ops.unsqueeze(real, layer.axis(2))
    total = ops.reduce_sum(ops.multiply(states, weights), layer.axis(1))
    pooled = ops.divide(total, ops.reduce_sum(weights, layer.axis(1)))
    outputs = [ops.add(ops.matmul(pooled, weight, False, True), bias) for weight, bias in heads] or [pooled]
    return ov.Model(outputs, [ids, mask, kinds], "encoder")


def compiled(graph: Any) -> Any:
    """The graph, ready to run on the processor in full precision."""
    import openvino as ov

    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    return ov.Core().compile_model(graph, "CPU", settings)


def padded(tokens: Sequence[Sequence[int]], kinds: Sequence[Sequence[int]]) -> list[NDArray[np.int64]]:
    """What the graph reads of texts of any length: token ids, mask and segment ids, each (texts, longest)."""
    shape = len(tokens), max(map(len, tokens))
    ids, mask, segments = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    for row, (text, kind) in enumerate(zip(tokens, kinds, strict=True)):
        ids[row, : len(text)], mask[row, : len(text)], segments[row, : len(text)] = text, 1, kind
    return [ids, mask, segments]


class _Layers:
    """The pieces of the encoder, each as operations on a graph."""

    def __init__(self, ops: Any, tensors: Tensors, parts: int) -> None:
        self._ops, self._tensors, self._parts = ops, tensors, parts
        self._width = tensors["embeddings.word_embeddings.weight"].shape[1]

    def constant(self, value: Any) -> Any:
        return self._ops.constant(np.asarray(value, dtype=np.float32))

    def axis(self, number: int) -> Any:
        return self._ops.constant(np.asarray(number, dtype=np.int64))

    def embedded(self, ids: Any, kinds: Any) -> Any:
        """Words, places and segments, added and normalized."""
        ops, named = self._ops, self._tensors
        length = ops.gather(ops.shape_of(ids), self.axis(1), self.axis(0))
        places = ops.range(self.axis(0), length, self.axis(1), "i64")
        tables = (("word", ids), ("token_type", kinds), ("position", ops.unsqueeze(places, self.axis(0))))
        found = [
            ops.gather(ops.constant(named[f"embeddings.{table}_embeddings.weight"]), at, self.axis(0))
            for table, at in tables
        ]
        return self._normalized(ops.add(ops.add(found[0], found[1]), found[2]), "embeddings.LayerNorm")

    def layer(self, states: Any, bias: Any, name: str) -> Any:
        """Attention, then the feed-forward part, each added to its input and normalized."""
        ops = self._ops
        attended = self._linear(
            self._attention(states, bias, f"{name}attention.self."), f"{name}attention.output.dense"
        )
        states = self._normalized(ops.add(states, attended), f"{name}attention.output.LayerNorm")
        wide = ops.gelu(self._linear(states, f"{name}intermediate.dense"), "erf")
        return self._normalized(ops.add(states, self._linear(wide, f"{name}output.dense")), f"{name}output.LayerNorm")

    def _attention(self, states: Any, bias: Any, name: str) -> Any:
        ops, size = self._ops, self._width // self._parts
        split = ops.constant(np.array([0, 0, self._parts, size], dtype=np.int64))
        turned = ops.constant(np.array([0, 2, 1, 3], dtype=np.int64))
        query, key, value = (
            ops.transpose(ops.reshape(self._linear(states, f"{name}{part}"), split, True), turned)
            for part in ("query", "key", "value")
        )
        scores = ops.multiply(ops.matmul(query, key, False, True), self.constant(1 / math.sqrt(size)))
        mixed = ops.matmul(ops.softmax(ops.add(scores, bias), -1), value, False, False)
        joined = ops.constant(np.array([0, 0, self._width], dtype=np.int64))
        return ops.reshape(ops.transpose(mixed, turned), joined, True)

    def _linear(self, states: Any, name: str) -> Any:
        ops, named = self._ops, self._tensors
        product = ops.matmul(states, ops.constant(named[f"{name}.weight"]), False, True)
        return ops.add(product, ops.constant(named[f"{name}.bias"]))

    def _normalized(self, states: Any, name: str) -> Any:
        ops, named = self._ops, self._tensors
        even = ops.mvn(states, ops.constant(np.array([-1], dtype=np.int64)), True, _NORM_EPSILON, "inside_sqrt")
        return ops.add(ops.multiply(even, ops.constant(named[f"{name}.weight"])), ops.constant(named[f"{name}.bias"]))
