"""Runs an encoder with heads on OpenVINO, without torch: its graph is built here from the tensors themselves.

Requests that arrive together share a batch with others of like length, so that little is padding.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from miniatures.backends.encoder_graph import encoder_graph
from miniatures.backends.micro_batch import MicroBatcher
from miniatures.weights.classifier import HEAD, ClassifierFolder
from miniatures.weights.encoders import TOKENIZER, WEIGHTS
from miniatures.weights.errors import BadAdapter
from miniatures.weights.safetensors_file import read_safetensors

_MOST_IN_A_BATCH = 16
_ALIKE_TOKENS = 32
_WINDOW_S = 0.002


@dataclass(frozen=True)
class Classified:
    """For each field the probability of each of its words; how many tokens were read, and the wait in milliseconds."""

    shares: dict[str, dict[str, float]]
    tokens: int
    queue_ms: float


@dataclass
class _Request:
    tokens: list[int]
    kinds: list[int]
    future: Future[Classified] = field(default_factory=Future)
    arrived: float = field(default_factory=time.monotonic)


class ClassifierEngine:
    """One loaded encoder with its heads."""

    def __init__(self, base: Path, folder: Path) -> None:
        """Load and compile.

        Raises:
            BadAdapter: the heads are missing, or the layers are of another encoder.
        """
        import openvino as ov

        classifier = ClassifierFolder(folder)
        config = classifier.config
        self.fields, self.sha256 = config.fields, classifier.sha256
        self._temperatures = [config.temperatures.get(name, 1.0) for name in self.fields]
        self._tokenizer = pair_tokenizer(base, config.max_tokens)
        tensors = {**read_safetensors(base / WEIGHTS), **classifier.tensors}
        heads = [
            (tensors[HEAD.format(field=name, part="weight")], tensors[HEAD.format(field=name, part="bias")])
            for name in self.fields
        ]
        try:
            graph = encoder_graph(tensors, heads, config.heads)
        except KeyError as error:
            raise BadAdapter(f"{folder}: the encoder has no tensor {error}", hint="Use the base it names.") from error
        settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
        self._compiled: Any = ov.Core().compile_model(graph, "CPU", settings)
        self._batches: MicroBatcher[_Request] = MicroBatcher(
            self._run, key=_like_length, max_batch=_MOST_IN_A_BATCH, window_s=_WINDOW_S
        )

    def submit(self, pair: tuple[str, str]) -> Future[Classified]:
        """Start classifying the pair."""
        encoded = self._tokenizer.encode(*pair)
        request = _Request(encoded.ids, encoded.type_ids)
        self._batches.submit(request)
        return request.future

    def _run(self, batch: list[_Request]) -> None:
        begun = time.monotonic()
        try:
            logits = self._compiled(_padded(batch))
            outputs = [logits[place] for place in range(len(self.fields))]
            for row, request in enumerate(batch):
                shares = {
                    name: dict(zip(words, _softmax(outputs[place][row] / self._temperatures[place]), strict=True))
                    for place, (name, words) in enumerate(self.fields.items())
                }
                waited = round(1000 * (begun - request.arrived), 3)
                _settle(request.future, Classified(shares, len(request.tokens), waited))
        except Exception as error:  # Whatever went wrong belongs to those who wait.
            for request in batch:
                with suppress(Exception):
                    request.future.set_exception(error)


def pair_tokenizer(base: Path, limit: int, *, padded: bool = False) -> Any:
    """The encoder's tokenizer for pairs of texts: the longer one is cut where both have more tokens than the limit."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(base / TOKENIZER))
    tokenizer.enable_truncation(limit, strategy="longest_first")
    if padded:
        tokenizer.enable_padding()
    else:
        tokenizer.no_padding()
    return tokenizer


def _like_length(request: _Request) -> int:
    return len(request.tokens) // _ALIKE_TOKENS


def _padded(batch: Sequence[_Request]) -> list[NDArray[np.int64]]:
    width = max(len(request.tokens) for request in batch)
    tokens, mask, kinds = (np.zeros((len(batch), width), dtype=np.int64) for _ in range(3))
    for row, request in enumerate(batch):
        length = len(request.tokens)
        tokens[row, :length], mask[row, :length], kinds[row, :length] = request.tokens, 1, request.kinds
    return [tokens, mask, kinds]


def _softmax(logits: NDArray[np.float32]) -> list[float]:
    raised = np.exp(logits - logits.max())
    return [round(float(share), 6) for share in raised / raised.sum()]


def _settle(future: Future[Classified], found: Classified) -> None:
    """Give the answer, unless nobody waits for it any more."""
    if future.set_running_or_notify_cancel():
        future.set_result(found)
