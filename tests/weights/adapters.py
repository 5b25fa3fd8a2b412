"""Writes small adapters for the embedded model without PEFT, for the tests that need no torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

HIDDEN, KEY_SIZE, RANK = 576, 192, 4


def write_adapter(folder: Path, *, scale: float = 0.05, layers: int = 2, dtype: str = "F32", **config: Any) -> Path:
    """Random factors on q and v of the first layers; `scale` 0 is an untrained adapter."""
    random = np.random.default_rng(0)
    tensors: dict[str, np.ndarray] = {}
    for layer in range(layers):
        for name, rows in (("q_proj", HIDDEN), ("v_proj", KEY_SIZE)):
            stem = f"base_model.model.model.layers.{layer}.self_attn.{name}"
            tensors[f"{stem}.lora_A.weight"] = random.normal(size=(RANK, HIDDEN)).astype(np.float32)
            tensors[f"{stem}.lora_B.weight"] = (scale * random.normal(size=(rows, RANK))).astype(np.float32)
    return write_adapter_files(folder, tensors, dtype, **config)


def write_adapter_files(folder: Path, tensors: dict[str, np.ndarray], dtype: str = "F32", **config: Any) -> Path:
    """An adapter directory with exactly these tensors."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"peft_type": "LORA", "r": RANK, "lora_alpha": 8, **config}
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    write_safetensors(folder / "adapter_model.safetensors", tensors, dtype)
    return folder


def write_safetensors(path: Path, tensors: dict[str, np.ndarray], dtype: str = "F32") -> None:
    """The format written by hand; bfloat16 by cutting float32 in half."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    body = b""
    for name, tensor in tensors.items():
        data = _bytes(tensor, dtype)
        header[name] = {"dtype": dtype, "shape": tensor.shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)


def _bytes(tensor: np.ndarray, dtype: str) -> bytes:
    if dtype == "BF16":
        return (tensor.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
    return tensor.astype({"F32": "<f4", "F16": "<f2", "F64": "<f8"}[dtype]).tobytes()
