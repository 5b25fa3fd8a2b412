"""Converts a PEFT LoRA adapter to llama.cpp's adapter file, without torch: once per pair of base and adapter, cached.

llama.cpp scales a layer by alpha/rank with one alpha for the whole file. So alpha is written as 1 and each layer's own
scale (rsLoRA and patterns included) is folded into its second factor.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from miniatures.weights.adapter import Adapter, LowRank
from miniatures.weights.errors import AdapterIsNoop, BadAdapter
from miniatures.weights.gguf_header import GGUFHeader, read_header, tensor_names
from miniatures.weights.home import made_once, weights_home
from miniatures.weights.rotary_rows import interleaved, interleaved_heads

_RECIPE = "v1"


def adapter_gguf(base: Path, adapter_dir: Path) -> Path:
    """The adapter as a GGUF file for `base`, made when absent.

    Raises:
        BadAdapter: the adapter is more than plain LoRA on linear layers, or was trained on another architecture.
        AdapterIsNoop: its factors are all zero.
        NoSpace: the disk is full.
    """
    adapter = Adapter(adapter_dir)
    header = read_header(base)
    target = weights_home() / "adapters" / f"{header.architecture}-{adapter.sha256[:16]}-{_RECIPE}.gguf"
    return made_once(target, lambda unfinished: _write(adapter, header, unfinished))


def _require_change(adapter: Adapter) -> None:
    if not any(layer.changes for layer in adapter.layers.values()):
        raise AdapterIsNoop(
            f"{adapter.folder} changes nothing: the factors of every layer are zero",
            hint="Train it (an untrained LoRA adapter is the identity), or leave it out of the spec.",
        )


def _write(adapter: Adapter, header: GGUFHeader, target: Path) -> None:
    from gguf import GGUFWriter

    _require_change(adapter)
    name_of = tensor_names(header)
    writer = GGUFWriter(target, header.architecture)
    writer.add_string("general.type", "adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 1.0)
    for module, layer in adapter.layers.items():
        name = name_of(module)
        if name is None:
            raise BadAdapter(
                f"{adapter.folder}: {module} has no tensor in a GGUF of {header.architecture}",
                hint="The adapter was trained on another model: name its own base.",
            )
        tensor = f"{name}.weight"
        up = interleaved(_folded(layer), interleaved_heads(tensor, header))
        writer.add_tensor(f"{tensor}.lora_a", np.ascontiguousarray(layer.down, dtype=np.float32))
        writer.add_tensor(f"{tensor}.lora_b", np.ascontiguousarray(up, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _folded(layer: LowRank) -> NDArray[np.float32]:
    """The second factor, such that llama.cpp's 1/rank gives the layer's scale."""
    rank = layer.down.shape[0]
    return layer.up * np.float32(layer.scale * rank)
