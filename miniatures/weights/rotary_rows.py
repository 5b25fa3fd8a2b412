"""The one place that knows that llama.cpp keeps the rows of q and k in another order than transformers does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from miniatures.weights.errors import BadWeights
from miniatures.weights.gguf_header import GGUFHeader
from miniatures.weights.gguf_soundness import most_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HINT = "Name the base that the adapter was trained on."


def interleaved_heads(tensor: str, header: GGUFHeader) -> int | None:
    """Heads of a tensor whose rows llama.cpp's converter interleaves: q and k of the llama architecture alone."""
    if header.architecture != "llama":
        return None
    heads = most_of(header.metadata.get("llama.attention.head_count", 1))
    if tensor.endswith("attn_q.weight"):
        return heads
    if tensor.endswith("attn_k.weight"):
        return most_of(header.metadata.get("llama.attention.head_count_kv", heads))
    return None


def interleaved(rows: NDArray[np.float32], heads: int | None) -> NDArray[np.float32]:
    """The rows of each head in the order of llama.cpp's rotary embedding: its two halves alternate.

    Raises:
        BadWeights: the rows are no whole number of pairs for each head.
    """
    if heads is None:
        return rows
    out, columns = rows.shape
    if out % (2 * heads):
        raise BadWeights(f"{out:,} rows are no pairs for {heads:,} heads, which the base states", hint=_HINT)
    return rows.reshape(heads, 2, out // heads // 2, columns).swapaxes(1, 2).reshape(out, columns)
