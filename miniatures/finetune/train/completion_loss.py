"""Cross entropy of the answer's tokens alone: the labelled positions are chosen before the head is applied.

A head over 49,152 or 262,144 words is most of a small model's work; nine tenths of the positions are prompt and need
none. The gradient is made in the forward pass, a slice of positions at a time, so that no logits are kept.
"""

from __future__ import annotations

from functools import cache
from typing import Any

SLICE = 256
"""Positions whose logits exist at once."""


def summed_loss(hidden: Any, head: Any, labels: Any, softcap: float | None = None) -> Any:
    """Sum of the cross entropies, in nats.

    Args:
        hidden: states that predict a label each, (n, width).
        head: the output layer, weight (words, width).
        labels: (n,).
        softcap: bound of the logits, for models that have one (Gemma 2).
    """
    if softcap is None and not head.weight.requires_grad and getattr(head, "bias", None) is None:
        return _frozen_head().apply(hidden, head.weight, labels)
    return _trained_head(hidden, head, labels, softcap)


def _trained_head(hidden: Any, head: Any, labels: Any, softcap: float | None) -> Any:
    import torch
    from torch.utils.checkpoint import checkpoint

    def part(states: Any, wanted: Any) -> Any:
        logits = head(states).float()
        if softcap is not None:
            logits = softcap * torch.tanh(logits / softcap)
        return torch.nn.functional.cross_entropy(logits, wanted, reduction="sum")

    parts = [
        checkpoint(part, states, wanted, use_reentrant=False)
        for states, wanted in zip(hidden.split(SLICE), labels.split(SLICE), strict=True)
    ]
    return torch.stack(parts).sum()


@cache
def _frozen_head() -> Any:
    """The function's class, made when torch is first needed."""
    import torch

    class FrozenHead(torch.autograd.Function):  # type: ignore[misc]
        """Loss and gradient in one pass over the slices."""

        @staticmethod
        def forward(context: Any, hidden: Any, weight: Any, labels: Any) -> Any:
            total = torch.zeros((), dtype=torch.float32, device=hidden.device)
            gradient = torch.empty_like(hidden) if hidden.requires_grad else None
            for start in range(0, len(labels), SLICE):
                stop = start + SLICE
                logits = hidden[start:stop] @ weight.t()
                wanted = labels[start:stop, None]
                logs = torch.log_softmax(logits.float(), dim=-1)
                total -= logs.gather(1, wanted).sum()
                if gradient is not None:
                    shares = logs.exp_()
                    shares.scatter_add_(1, wanted, shares.new_full(wanted.shape, -1.0))
                    gradient[start:stop] = shares.to(weight.dtype) @ weight
            context.save_for_backward(gradient)
            return total

        @staticmethod
        def backward(context: Any, outward: Any) -> Any:
            (gradient,) = context.saved_tensors
            return gradient * outward.to(gradient.dtype), None, None

    return FrozenHead
