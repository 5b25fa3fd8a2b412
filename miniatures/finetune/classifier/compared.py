"""Trains the heads that compare texts, on what the base encoder makes of each: a minute for ten thousand questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, dropout

from miniatures.backends.compared import TextReader, features
from miniatures.finetune.classifier.rows import ClassifiedRow
from miniatures.weights.classifier import COMPARED, LAYERS

_WIDTH, _DROPPED, _NOISE = 256, 0.4, 0.1
_PASSES, _FEWEST_STEPS, _ROWS_A_STEP = 6, 100, 128
_RATE, _DECAY, _SMOOTHING = 1e-3, 0.05, 0.03
_HEADS = 3
"""Heads that are trained apart and added up, as each ends somewhere else (Hansen and Salamon 1990)."""

Told = Callable[[int, int, float], None]


@dataclass(frozen=True)
class ComparedHead:
    """One trained field: its tensors, and its logits for questions."""

    field: str
    layers: tuple[nn.Sequential, ...]

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def logits(self, seen: torch.Tensor) -> torch.Tensor:
        """(questions, words), the mean of all heads."""
        return torch.stack([one(seen) for one in self.layers]).mean(0)

    def tensors(self) -> dict[str, torch.Tensor]:
        """The heads side by side as one wider head, which tells the mean of them."""
        inner = [one[0] for one in self.layers]
        outer = [one[-1] for one in self.layers]
        parts = (
            torch.cat([one.weight for one in inner]),
            torch.cat([one.bias for one in inner]),
            torch.cat([one.weight for one in outer], 1) / len(outer),
            torch.stack([one.bias for one in outer]).mean(0),
        )
        names = (COMPARED.format(field=self.field, layer=layer, part=part) for layer, part in LAYERS)
        return {name: one.detach().to(torch.float16) for name, one in zip(names, parts, strict=True)}


def seen_by(reader: TextReader, rows: Sequence[ClassifiedRow]) -> torch.Tensor:
    """The features of each row."""
    read = reader.read([text for row in rows for text in row.texts])
    return torch.from_numpy(np.asarray(features(read.reshape(len(rows), -1, read.shape[-1]))))


def train_compared(
    field: str, words: Sequence[str], seen: torch.Tensor, answers: Sequence[Mapping[str, str]], seed: int, told: Told
) -> ComparedHead:
    """Train the heads of one field on features (rows, size) and the rows' answers."""
    wanted = torch.tensor([words.index(answer[field]) for answer in answers])
    a_pass = -(-len(wanted) // _ROWS_A_STEP)
    passes = max(_PASSES, -(-_FEWEST_STEPS // a_pass))
    steps = _HEADS * passes * a_pass
    done = 0

    def note(loss: float) -> None:
        nonlocal done
        done += 1
        told(done, steps, loss)

    heads = tuple(_trained(seen, wanted, len(words), passes, seed + number, note) for number in range(_HEADS))
    return ComparedHead(field, heads)


def _trained(
    seen: torch.Tensor, wanted: torch.Tensor, words: int, passes: int, seed: int, note: Callable[[float], None]
) -> nn.Sequential:
    torch.manual_seed(seed)
    head = nn.Sequential(nn.Linear(seen.shape[1], _WIDTH), nn.ReLU(), nn.Dropout(_DROPPED), nn.Linear(_WIDTH, words))
    optimizer = torch.optim.AdamW(head.parameters(), lr=_RATE, weight_decay=_DECAY)
    for _ in range(passes):
        for rows in torch.randperm(len(seen)).split(_ROWS_A_STEP):
            said = head(dropout(seen[rows], _NOISE))
            loss = cross_entropy(said, wanted[rows], label_smoothing=_SMOOTHING)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            note(loss.item())
    return head.eval()
