"""Runs an encoder with heads on OpenVINO, without torch: its graph is built here from the tensors themselves.

A question is either read whole, or its texts are read alone and compared; each field is told in one of the two ways.
Requests that arrive together share a batch with others of like length, so that little is padding.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from miniatures.backends.compared import ComparedHeads, TextReader, features
from miniatures.backends.encoder_graph import compiled, encoder_graph, padded
from miniatures.backends.micro_batch import MicroBatcher
from miniatures.weights.classifier import HEAD, ClassifierFolder
from miniatures.weights.encoders import TOKENIZER, WEIGHTS
from miniatures.weights.errors import BadAdapter
from miniatures.weights.safetensors_file import read_safetensors

_MOST_IN_A_BATCH = 16
_MOST_COMPARED = 256
_ALIKE_TOKENS = 32
_WINDOW_S = 0.002


@dataclass(frozen=True)
class Classified:
    """For each field the probability of each of its words; how many tokens were read, and the wait in milliseconds."""

    shares: dict[str, dict[str, float]]
    tokens: int
    queue_ms: float


@dataclass
class _Pair:
    tokens: list[int]
    kinds: list[int]
    future: Future[Classified] = field(default_factory=Future)
    arrived: float = field(default_factory=time.monotonic)


@dataclass
class _Texts:
    texts: tuple[str, ...]
    future: Future[Classified] = field(default_factory=Future)
    arrived: float = field(default_factory=time.monotonic)


class ClassifierEngine:
    """One loaded encoder with its heads."""

    def __init__(self, base: Path, folder: Path) -> None:
        """Load and compile.

        Raises:
            BadAdapter: the heads are missing, or the layers are of another encoder.
        """
        classifier = ClassifierFolder(folder)
        self._config = classifier.config
        self.fields, self.sha256 = self._config.fields, classifier.sha256
        self.together, self.compared = self._config.read_together, self._config.compared
        self._tokenizer = pair_tokenizer(base, self._config.max_tokens)
        try:
            self._open(base, classifier)
        except KeyError as error:
            raise BadAdapter(f"{folder}: the encoder has no tensor {error}", hint="Use the base it names.") from error
        self._pairs: MicroBatcher[_Pair] = MicroBatcher(
            self._run_pairs, key=_like_length, max_batch=_MOST_IN_A_BATCH, window_s=_WINDOW_S
        )
        self._texts: MicroBatcher[_Texts] = MicroBatcher(
            self._run_texts, key=lambda _: 0, max_batch=_MOST_COMPARED, window_s=_WINDOW_S
        )

    def _open(self, base: Path, classifier: ClassifierFolder) -> None:
        tensors, own = read_safetensors(base / WEIGHTS), classifier.tensors
        if self.together:
            heads = [
                (own[HEAD.format(field=name, part="weight")], own[HEAD.format(field=name, part="bias")])
                for name in self.together
            ]
            self._compiled = compiled(encoder_graph({**tensors, **own}, heads, self._config.heads))
        if self.compared:
            self._reader = TextReader(tensors, self._tokenizer, self._config.heads)
            self._heads = ComparedHeads(own, self.compared)

    def submit(self, pair: tuple[str, str]) -> Future[Classified]:
        """Start reading the pair whole, for the fields that are told so."""
        encoded = self._tokenizer.encode(*pair)
        request = _Pair(encoded.ids, encoded.type_ids)
        self._pairs.submit(request)
        return request.future

    def submit_texts(self, texts: tuple[str, ...]) -> Future[Classified]:
        """Start comparing the texts, for the fields that are told so."""
        request = _Texts(texts)
        self._texts.submit(request)
        return request.future

    def _run_pairs(self, batch: list[_Pair]) -> None:
        begun = time.monotonic()
        with _told_to(batch):
            logits = self._compiled(padded([one.tokens for one in batch], [one.kinds for one in batch]))
            for row, request in enumerate(batch):
                shares = {name: self._shares(name, logits[place][row]) for place, name in enumerate(self.together)}
                _settle(request.future, Classified(shares, len(request.tokens), _waited(begun, request.arrived)))

    def _run_texts(self, batch: list[_Texts]) -> None:
        begun = time.monotonic()
        with _told_to(batch):
            read = self._reader.read([text for request in batch for text in request.texts])
            seen = features(read.reshape(len(batch), -1, read.shape[-1]))
            logits = {name: self._heads.logits(name, seen) for name in self.compared}
            for row, request in enumerate(batch):
                shares = {name: self._shares(name, said[row]) for name, said in logits.items()}
                tokens = sum(map(self._reader.tokens, request.texts))
                _settle(request.future, Classified(shares, tokens, _waited(begun, request.arrived)))

    def _shares(self, name: str, logits: NDArray[np.float32]) -> dict[str, float]:
        told = _softmax(logits / self._config.temperatures.get(name, 1.0))
        return dict(zip(self.fields[name], told, strict=True))


@contextmanager
def _told_to(batch: Sequence[_Pair] | Sequence[_Texts]) -> Iterator[None]:
    """Whatever goes wrong belongs to those who wait."""
    try:
        yield
    except Exception as error:
        for request in batch:
            with suppress(Exception):
                request.future.set_exception(error)


def _waited(begun: float, arrived: float) -> float:
    """Milliseconds."""
    return round(1000 * (begun - arrived), 3)


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


def _like_length(request: _Pair) -> int:
    return len(request.tokens) // _ALIKE_TOKENS


def _softmax(logits: NDArray[np.float32]) -> list[float]:
    raised = np.exp(logits - logits.max())
    return [round(float(share), 6) for share in raised / raised.sum()]


def _settle(future: Future[Classified], found: Classified) -> None:
    """Give the answer, unless nobody waits for it any more."""
    if future.set_running_or_notify_cancel():
        future.set_result(found)
