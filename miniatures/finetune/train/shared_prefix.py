"""Attention over one prefix and several branches that continue it, as if each branch stood behind its own copy.

Positions are laid out in one row: the prefix, then the branches, each padded on the right to one length. Padding needs
no mask: nothing that counts comes after it. Without a prefix this is an ordinary padded batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from miniatures.finetune.dataset.rendering import Tokenized
from miniatures.finetune.train import plain_attention
from miniatures.finetune.train.micro_batches import MicroBatch

NAME = "miniatures_shared_prefix"


@dataclass(frozen=True)
class Layout:
    """How a row of positions is divided."""

    prefix: int
    branches: int
    length: int


def collate(examples: Sequence[Tokenized], batch: MicroBatch, pad: int) -> dict[str, Any]:
    """Tensors of one micro-batch: tokens and positions (1, n), the places to learn from, and the tokens to learn.

    The label of a branch's first token would be predicted by the prefix's last position, which no branch owns; prefixes
    end before the last prompt token, so that this never happens.
    """
    import torch

    members = [examples[place] for place in batch.examples]
    prefix = batch.prefix
    length = max(len(one.tokens) for one in members) - prefix
    row = list(members[0].tokens[:prefix])
    places: list[int] = []
    labels: list[int] = []
    for number, one in enumerate(members):
        own = one.tokens[prefix:]
        start = prefix + number * length
        row += own + [pad] * (length - len(own))
        places.extend(start + place - prefix - 1 for place in one.learned)
        labels.extend(one.tokens[place] for place in one.learned)
    positions = [*range(prefix), *(list(range(prefix, prefix + length)) * len(members))]
    return {
        "input_ids": torch.tensor([row]),
        "position_ids": torch.tensor([positions]),
        "places": torch.tensor(places),
        "labels": torch.tensor(labels),
        "layout": torch.tensor([prefix, len(members), length]),
    }


def collate_rows(examples: Sequence[Tokenized], batch: MicroBatch, pad: int) -> dict[str, Any]:
    """The same where attention cannot share a prefix (sliding windows): one row an example, (rows, length)."""
    import torch

    members = [examples[place] for place in batch.examples]
    length = max(len(one.tokens) for one in members)
    places = [row * length + place - 1 for row, one in enumerate(members) for place in one.learned]
    return {
        "input_ids": torch.tensor([one.tokens + [pad] * (length - len(one.tokens)) for one in members]),
        "attention_mask": torch.tensor([[1] * len(one.tokens) + [0] * (length - len(one.tokens)) for one in members]),
        "places": torch.tensor(places),
        "labels": torch.tensor([one.tokens[place] for one in members for place in one.learned]),
    }


def register() -> str:
    """Make the attention known to transformers; returns the name for `attn_implementation`."""
    from transformers import AttentionInterface, AttentionMaskInterface

    AttentionInterface.register(NAME, _attention)
    AttentionMaskInterface.register(NAME, _no_mask)
    return NAME


def _no_mask(*_: Any, **__: Any) -> None:
    return None


def _attention(
    module: Any, query: Any, key: Any, value: Any, attention_mask: Any, scaling: float, layout: Any, **_: Any
) -> tuple[Any, None]:
    """Query, key and value of shape (1, heads, positions, size); returns (1, positions, heads, size)."""
    import torch

    layout = Layout(*layout.tolist())
    prefix = layout.prefix
    parts = []
    if prefix:
        start = [states[:, :, :prefix] for states in (query, key, value)]
        parts.append(_causal(start[0], start[1], start[2], scaling).transpose(1, 2))
    shared = [states[:, :, :prefix].expand(layout.branches, -1, -1, -1) for states in (key, value)]
    keys, values = (
        torch.cat([before, _branched(states, layout)], dim=2)
        for before, states in zip(shared, (key, value), strict=True)
    )
    branches = _causal(_branched(query, layout), keys, values, scaling)
    parts.append(branches.transpose(1, 2).flatten(0, 1).unsqueeze(0))
    return torch.cat(parts, dim=1), None


def _branched(states: Any, layout: Layout) -> Any:
    """The branches of (1, heads, positions, size) as (branches, heads, length, size)."""
    heads, size = states.shape[1], states.shape[3]
    return states[0, :, layout.prefix :].reshape(heads, layout.branches, layout.length, size).transpose(0, 1)


def _causal(query: Any, key: Any, value: Any, scaling: float) -> Any:
    """Attention in which the last query sees the last key, the one before sees the one before, and so on."""
    import torch

    length, keys = query.shape[2], key.shape[2]
    mask = _mask(length, keys, query)
    if query.device.type == "cpu" and keys <= plain_attention.LONGEST:
        return plain_attention.attend(query, key, value, mask, scaling)
    groups = query.shape[1] // key.shape[1]
    key, value = (states.repeat_interleave(groups, 1) for states in (key, value))
    fused = torch.nn.functional.scaled_dot_product_attention
    if length == keys:
        return fused(query, key, value, is_causal=True, scale=scaling)
    return fused(query, key, value, attn_mask=mask, scale=scaling)


def _mask(length: int, keys: int, like: Any) -> Any:
    """0 for what came before, minus infinity for what comes after; shape (length, keys)."""
    import torch

    empty = torch.full((length, keys), float("-inf"), dtype=like.dtype, device=like.device)
    return empty.triu(keys - length + 1)
