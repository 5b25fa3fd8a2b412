"""Trains a classifier as its recipe says: the fields that are told of a question read whole all at once, each on the
rows that ask for it, and those that are told by comparing texts one after the other.

Afterwards each field's confidence is calibrated on the validation side by temperature scaling (Guo et al. 2017,
arXiv:1706.04599), as graphs decide by how sure it is.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from miniatures.backends.classifier_engine import pair_tokenizer
from miniatures.backends.compared import TextReader
from miniatures.datamodel.capabilities import Capabilities
from miniatures.datamodel.dataset import Split
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.recipe import Recipe
from miniatures.finetune.classifier.compared import seen_by, train_compared
from miniatures.finetune.classifier.network import Classifier, load_encoder
from miniatures.finetune.classifier.rows import ClassifiedRow, Fields, classified, fields_of
from miniatures.finetune.dataset.folder import Dataset
from miniatures.prompts.library import PromptLibrary
from miniatures.weights.adapter import CONFIG, TENSORS
from miniatures.weights.classifier import ClassifierConfig
from miniatures.weights.encoders import WEIGHTS
from miniatures.weights.safetensors_file import read_safetensors

_ROWS_A_STEP = 32
_SORTED_TOGETHER = 8
"""Steps whose rows are sorted by length before they are cut, so that little is padding."""
_UNASKED = -100
_SMOOTHING = 0.05
"""Share of a label that is given to all words (Szegedy et al. 2016), as one label in ten is a matter of judgement."""
_TEMPERATURES = [0.5 + 0.05 * step for step in range(71)]

Told = Callable[[int, int, float], None]
"""The step, how many there are, and the loss."""


class ClassifierSummary(Frozen):
    """What a run did, for the card."""

    steps: int
    examples: int
    seconds: float
    trainable_parameters: int
    final_training_loss: float
    validation_rows: int
    validation_right: dict[str, float]
    temperatures: dict[str, float]


@dataclass(frozen=True)
class _Read:
    """A row as the frozen part of the encoder reads it: its states (tokens, width), and the answer."""

    states: torch.Tensor
    answer: Mapping[str, str]

    @property
    def length(self) -> int:
        return len(self.states)


@dataclass
class _Run:
    network: Classifier
    tokenizer: Any
    fields: Fields

    def read(self, rows: Sequence[ClassifiedRow]) -> list[_Read]:
        """Every row, in an order of its own: by length."""
        ordered = sorted(rows, key=lambda row: len(row.message))
        batches = (ordered[at : at + _ROWS_A_STEP] for at in range(0, len(ordered), _ROWS_A_STEP))
        return [one for batch in batches for one in self._read(batch)]

    def _read(self, rows: Sequence[ClassifiedRow]) -> Iterator[_Read]:
        encoded = self.tokenizer.encode_batch([row.pair for row in rows])
        tokens, mask, kinds = (
            torch.tensor([getattr(one, name) for one in encoded]) for name in ("ids", "attention_mask", "type_ids")
        )
        with torch.autocast("cpu", dtype=torch.bfloat16):
            states = self.network.states(tokens, mask, kinds).to(torch.bfloat16)
        for row, length, found in zip(rows, mask.sum(1).tolist(), states, strict=True):
            yield _Read(found[:length].clone(), row.answer)

    def wanted(self, rows: Sequence[_Read], field: str) -> torch.Tensor:
        words = self.fields[field]
        return torch.tensor([words.index(row.answer[field]) if field in row.answer else _UNASKED for row in rows])

    def loss(self, rows: Sequence[_Read]) -> torch.Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = self.network(*_padded(rows))
        total = torch.zeros(())
        for field, said in logits.items():
            wanted = self.wanted(rows, field)
            if (wanted != _UNASKED).any():
                total = total + cross_entropy(said, wanted, ignore_index=_UNASKED, label_smoothing=_SMOOTHING)
        return total

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def logits(self, rows: Sequence[_Read]) -> dict[str, torch.Tensor]:
        """Of every field, in the order of the rows."""
        self.network.eval()
        found = []
        for at in range(0, len(rows), _ROWS_A_STEP):
            states, mask = _padded(rows[at : at + _ROWS_A_STEP])
            found.append(self.network(states.float(), mask))
        self.network.train()
        return {field: torch.cat([one[field] for one in found]) for field in self.fields}


def _padded(rows: Sequence[_Read]) -> tuple[torch.Tensor, torch.Tensor]:
    """The states of a batch (rows, tokens, width) and what of them is no padding."""
    states = nn.utils.rnn.pad_sequence([row.states for row in rows], batch_first=True)
    lengths = torch.tensor([row.length for row in rows])
    return states, (torch.arange(states.shape[1])[None] < lengths[:, None]).long()


def train_classifier(
    recipe: Recipe, base: Path, heads: int, dataset: Dataset, out: Path, told: Told = lambda *_: None
) -> ClassifierSummary:
    """Train, and leave the classifier in `out`. `base` is the encoder's folder, `heads` its attention heads.

    Raises:
        InputError: the dataset asks questions that are not closed.
    """
    torch.manual_seed(recipe.seed)
    begun = time.monotonic()
    fields = fields_of(dataset.rows(Split.TRAIN), Capabilities().with_trust(dataset.manifest.trust), PromptLibrary())
    rows, held_out = classified(dataset.rows(Split.TRAIN)), classified(dataset.rows(Split.VALIDATION))
    encoder = load_encoder(base, heads)
    limit = min(recipe.max_tokens, encoder.config.max_position_embeddings)
    together = {field: words for field, words in fields.items() if field not in recipe.compared}
    whole = _Whole(0, 0.0)
    fitted = _Fitted({}, {}, {})
    if together:
        network = Classifier(encoder, together, recipe.frozen_layers)
        run = _Run(network, pair_tokenizer(base, limit, padded=True), together)
        whole = _learned_whole(run, rows, recipe, told)
        fitted += _fitted_whole(run, held_out)
    if compared := {field: words for field, words in fields.items() if field in recipe.compared}:
        reader = TextReader(read_safetensors(base / WEIGHTS), pair_tokenizer(base, limit), heads)
        for field, words in compared.items():
            fitted += _compared(reader, field, words, rows, held_out, recipe.seed, told)
    config = ClassifierConfig(
        base_model_name_or_path=recipe.base,
        fields=fields,
        compared=tuple(compared),
        temperatures=fitted.temperatures,
        max_tokens=limit,
        heads=heads,
    )
    _save(fitted.tensors, config, out)
    return ClassifierSummary(
        steps=whole.steps,
        examples=len(rows),
        seconds=round(time.monotonic() - begun, 1),
        trainable_parameters=sum(weight.numel() for weight in fitted.tensors.values()),
        final_training_loss=round(whole.loss, 4),
        validation_rows=len(held_out),
        validation_right=fitted.right,
        temperatures=fitted.temperatures,
    )


@dataclass(frozen=True)
class _Whole:
    """What learning the fields took that are told of a question read whole."""

    steps: int
    loss: float


@dataclass(frozen=True)
class _Fitted:
    """The tensors of some fields, their temperatures, and the shares that are right on the validation side."""

    tensors: dict[str, torch.Tensor]
    temperatures: dict[str, float]
    right: dict[str, float]

    def __add__(self, other: _Fitted) -> _Fitted:
        return _Fitted(self.tensors | other.tensors, self.temperatures | other.temperatures, self.right | other.right)


def _asking(rows: Sequence[ClassifiedRow], fields: Fields) -> list[ClassifiedRow]:
    return [row for row in rows if not fields.keys().isdisjoint(row.answer)]


def _learned_whole(run: _Run, rows: Sequence[ClassifiedRow], recipe: Recipe, told: Told) -> _Whole:
    asking = run.read(_asking(rows, run.fields))
    steps = max(1, round(recipe.epochs * len(asking) / _ROWS_A_STEP))
    steps = min(steps, recipe.max_steps or steps)
    return _Whole(steps, _learn(run, asking, recipe, steps, told))


def _fitted_whole(run: _Run, held_out: Sequence[ClassifiedRow]) -> _Fitted:
    asking = run.read(_asking(held_out, run.fields))
    fitted = _Fitted(run.network.tensors(), {}, {})
    for field, logits in (run.logits(asking) if asking else {}).items():
        fitted += _calibrated(field, logits, run.wanted(asking, field))
    return fitted


def _compared(
    reader: TextReader,
    field: str,
    words: Sequence[str],
    rows: Sequence[ClassifiedRow],
    held_out: Sequence[ClassifiedRow],
    seed: int,
    told: Told,
) -> _Fitted:
    learned, tried = (_asking(some, {field: tuple(words)}) for some in (rows, held_out))
    head = train_compared(field, words, seen_by(reader, learned), [row.answer for row in learned], seed, told)
    fitted = _Fitted(head.tensors(), {}, {})
    if not tried:
        return fitted
    wanted = torch.tensor([words.index(row.answer[field]) for row in tried])
    return fitted + _calibrated(field, head.logits(seen_by(reader, tried)), wanted)


def _learn(run: _Run, rows: list[_Read], recipe: Recipe, steps: int, told: Told) -> float:
    warmup = max(1, round(recipe.warmup * steps))
    optimizer = torch.optim.AdamW(run.network.groups(recipe.rate), weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min(1.0, (step + 1) / warmup) * 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps))),
    )
    run.network.train()
    smoothed = 0.0
    for step, batch in zip(range(1, steps + 1), _batches(rows, random.Random(recipe.seed)), strict=False):
        loss = run.loss(batch)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(run.network.trained, 1.0)
        optimizer.step()
        schedule.step()
        smoothed = loss.item() if step == 1 else 0.95 * smoothed + 0.05 * loss.item()
        told(step, steps, smoothed)
    return smoothed


def _batches(rows: list[_Read], chance: random.Random) -> Iterator[list[_Read]]:
    """Epoch after epoch, rows of like length together."""
    while True:
        drawn = chance.sample(rows, len(rows))
        size = _ROWS_A_STEP * _SORTED_TOGETHER
        pools = [sorted(drawn[at : at + size], key=lambda row: row.length) for at in range(0, len(drawn), size)]
        batches = [pool[at : at + _ROWS_A_STEP] for pool in pools for at in range(0, len(pool), _ROWS_A_STEP)]
        yield from chance.sample(batches, len(batches))


def _calibrated(field: str, said: torch.Tensor, wanted: torch.Tensor) -> _Fitted:
    """The temperature of the least loss, and the share that is right, of the rows that ask for the field."""
    asked = wanted != _UNASKED
    if not asked.any():
        return _Fitted({}, {}, {})
    losses = [float(cross_entropy(said[asked] / one, wanted[asked])) for one in _TEMPERATURES]
    right = (said[asked].argmax(-1) == wanted[asked]).float().mean()
    return _Fitted({}, {field: round(_TEMPERATURES[losses.index(min(losses))], 2)}, {field: round(float(right), 4)})


def _save(tensors: dict[str, torch.Tensor], config: ClassifierConfig, out: Path) -> None:
    from safetensors.torch import save_file

    out.mkdir(parents=True, exist_ok=True)
    save_file(tensors, out / TENSORS)
    text = json.dumps(config.model_dump(mode="json"), indent=1, sort_keys=True)
    (out / CONFIG).write_text(text + "\n", encoding="utf-8")
