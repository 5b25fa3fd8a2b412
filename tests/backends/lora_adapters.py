"""Writes LoRA adapters for the embedded model: random ones that change its answers, or ones that change nothing."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

LAYERS, WIDTH, KEYS, INNER = 30, 576, 192, 1536
MODULES = {
    "self_attn.q_proj": (WIDTH, WIDTH),
    "self_attn.k_proj": (KEYS, WIDTH),
    "self_attn.v_proj": (KEYS, WIDTH),
    "mlp.down_proj": (WIDTH, INNER),
}


def write_adapter(
    folder: Path,
    seed: int,
    *,
    strength: float = 0.05,
    rank: int = 8,
    modules: Collection[str] = tuple(MODULES),
    **config: Any,
) -> Path:
    """An adapter in PEFT's form. `strength` is the spread of both factors; 0 leaves the second one zero."""
    from safetensors.numpy import save_file

    random = np.random.default_rng(seed)
    tensors = {}
    for layer in range(LAYERS):
        for module in modules:
            rows, columns = MODULES[module]
            key = f"base_model.model.model.layers.{layer}.{module}"
            tensors[f"{key}.lora_A.weight"] = random.normal(0, strength or 1, (rank, columns)).astype(np.float32)
            tensors[f"{key}.lora_B.weight"] = random.normal(0, strength, (rows, rank)).astype(np.float32)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors")
    settings = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": rank, "lora_alpha": 2 * rank} | config
    settings.setdefault("target_modules", [module.rpartition(".")[2] for module in modules])
    (folder / "adapter_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder
