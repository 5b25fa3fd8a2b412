"""Merges a LoRA adapter into a GGUF without torch: once per pair of base and adapter, kept in the weights cache.

The engine ignores adapters on a GGUF silently; merged weights cannot be ignored. Each targeted matrix is dequantized,
given its (alpha/r)*B@A, and written as Q8_0, as are the untouched ones (see miniatures.weights.requantize for why).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from miniatures.weights.adapter import Adapter, LowRank
from miniatures.weights.classifier import ClassifierFolder, is_classifier
from miniatures.weights.errors import AdapterIsNoop, BadAdapter
from miniatures.weights.gguf_header import read_header, tensor_names
from miniatures.weights.gguf_tensors import open_tensors
from miniatures.weights.home import file_sha256, made_once, weights_home
from miniatures.weights.requantize import write_q8_0
from miniatures.weights.rotary_rows import interleaved, interleaved_heads

_RECIPE = "v2"


def adapter_hash(adapter_dir: Path) -> str:
    """SHA-256 of an adapter's tensors and configuration.

    Raises:
        BadAdapter: the directory is no adapter that can be merged.
    """
    return ClassifierFolder(adapter_dir).sha256 if is_classifier(adapter_dir) else Adapter(adapter_dir).sha256


def merged_weights(base: Path, adapter_dir: Path) -> Path:
    """The GGUF with the adapter merged in, made when absent.

    Raises:
        BadAdapter: the adapter cannot be merged, or was trained on another model.
        AdapterIsNoop: no weight would change.
        NoSpace: the disk is full.
    """
    adapter = Adapter(adapter_dir)
    name = f"{file_sha256(base)[:16]}-{adapter.sha256[:16]}-{_RECIPE}.gguf"
    return made_once(weights_home() / "merged" / name, lambda unfinished: _merge(base, adapter, unfinished))


def _merge(base: Path, adapter: Adapter, target: Path) -> None:
    changes = _by_tensor(base, adapter)
    if not changes:
        raise AdapterIsNoop(f"{adapter.folder} holds no factors", hint="Train it, or name the right folder.")
    if not write_q8_0(base, target, changes):
        raise AdapterIsNoop(
            f"{adapter.folder} changes no weight of {base.name}: its factors are zero, or too small to be kept",
            hint="Train it (an untrained LoRA adapter is the identity), or leave it out of the spec.",
        )


def _by_tensor(base: Path, adapter: Adapter) -> dict[str, _Change]:
    header = read_header(base)
    name_of = tensor_names(header)
    shapes = {tensor.name: tuple(int(size) for size in reversed(tensor.shape)) for tensor in open_tensors(base).tensors}
    changes: dict[str, _Change] = {}
    for module, factors in adapter.layers.items():
        tensor = f"{name_of(module)}.weight"
        wanted = (factors.up.shape[0], factors.down.shape[1])
        if shapes.get(tensor) != wanted:
            raise BadAdapter(
                f"{adapter.folder}: {module} is {wanted[0]}x{wanted[1]}, and the base has no such layer",
                hint="The adapter was trained on another model: name its own base.",
            )
        changes[tensor] = _Change(factors, interleaved_heads(tensor, header))
    return changes


class _Change:
    """One tensor's change, its rows in the order in which the GGUF keeps them."""

    def __init__(self, factors: LowRank, heads: int | None) -> None:
        self._factors, self._heads = factors, heads

    def delta(self) -> NDArray[np.float32]:
        return interleaved(self._factors.delta(), self._heads)
