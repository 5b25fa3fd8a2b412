"""Makes small real miniatures for tests: an adapter on disk and the card that names it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from miniatures.datamodel.capabilities import SMALL
from miniatures.datamodel.miniature import Comparison, MiniatureCard, Score
from miniatures.weights.merge import adapter_hash
from tests.weights.adapters import RANK, write_adapter_files

SIZE = 64
CASES = "e" * 64
"""Hash of the dataset that is evaluated on."""


def tiny_adapter(folder: Path, seed: int, *, scale: float = 0.05) -> Path:
    """A LoRA adapter of a few kilobytes; another seed is another version, `scale` 0 an untrained one."""
    random = np.random.default_rng(seed)
    stem = "base_model.model.model.layers.0.self_attn.q_proj"
    down = random.normal(size=(RANK, SIZE)).astype(np.float32)
    up = (scale * random.normal(size=(SIZE, RANK))).astype(np.float32)
    return write_adapter_files(folder, {f"{stem}.lora_A.weight": down, f"{stem}.lora_B.weight": up})


def card_of(adapter: Path, **changes: Any) -> MiniatureCard:
    fields: dict[str, Any] = {
        "name": "outreach",
        "base": "acme/base-model",
        "base_sha256": "b" * 64,
        "base_licence": "Apache-2.0",
        "base_parameters": 134_515_008,
        "adapter_sha256": adapter_hash(adapter),
        "adapter_bytes": (adapter / "adapter_model.safetensors").stat().st_size,
        "dataset": "d" * 64,
        "prompt_versions": {"writer": "w1", "researcher": "r1"},
        "trust": SMALL,
        "taxonomy": "a1b2c3d4e5f60718",
        "recipe": {"name": "outreach", "roles": ["researcher", "writer"], "lora": {"rank": 16, "alpha": 32}},
        "training": {"steps": 120, "final_loss": 0.51234},
        "evaluated_on": CASES,
    }
    return MiniatureCard(**{**fields, **changes})


def compared(against: str, difference: float = 0.01, **changes: Any) -> Comparison:
    fields: dict[str, Any] = {
        "against": against,
        "dataset": CASES,
        "cases": 400,
        "difference": difference,
        "low": difference - 0.02,
        "high": difference + 0.02,
        "p_value": 0.001 if abs(difference) > 0.02 else 0.6,
        "gained": 4 + max(0, round(400 * difference)),
        "lost": 4 + max(0, round(-400 * difference)),
    }
    return Comparison(**{**fields, **changes})


SCORES = {"all_checks": Score(passed=388, total=400, low=0.948, high=0.983)}
