"""Attention by plain matrix products, for processors: torch's fused kernel takes twice as long there at these lengths.

The heads that share a key are folded into one product, and the weights are kept for the backward pass; they are small
as long as a sequence is short.
"""

from __future__ import annotations

from functools import cache
from typing import Any

LONGEST = 1_024
"""Key positions up to which this is the faster way."""


def attend(query: Any, key: Any, value: Any, mask: Any, scaling: float) -> Any:
    """Attends queries (batch, heads, n, size) to keys (batch, key heads, m, size), under an additive mask (n, m)."""
    batch, heads, length, size = query.shape
    key_heads = key.shape[1]
    folded = (query * scaling).reshape(batch * key_heads, heads // key_heads * length, size)
    out = _plain_attention().apply(folded, key.flatten(0, 1), value.flatten(0, 1), mask)
    return out.view(batch, heads, length, size)


@cache
def _plain_attention() -> Any:
    """The function's class, made when torch is first needed."""
    import torch

    class PlainAttention(torch.autograd.Function):  # type: ignore[misc]
        """softmax(q k' + mask) v over a batch of matrices."""

        @staticmethod
        def forward(context: Any, query: Any, key: Any, value: Any, mask: Any) -> Any:
            scores = torch.bmm(query, key.transpose(1, 2))
            scores.view(len(query), -1, *mask.shape).add_(mask)
            weights = torch.softmax(scores, -1)
            context.save_for_backward(query, key, value, weights)
            return torch.bmm(weights, value)

        @staticmethod
        def backward(context: Any, outward: Any) -> Any:
            query, key, value, weights = context.saved_tensors
            value_gradient = torch.bmm(weights.transpose(1, 2), outward)
            inward = torch.bmm(outward, value.transpose(1, 2))
            scores = torch._softmax_backward_data(inward, weights, -1, weights.dtype)
            return torch.bmm(scores, key), torch.bmm(scores.transpose(1, 2), query), value_gradient, None

    return PlainAttention
