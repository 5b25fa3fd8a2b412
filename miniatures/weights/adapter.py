"""Reads a PEFT LoRA adapter directory, and refuses what a merge into plain weights would get wrong."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from miniatures.datamodel.hashing import content_hash
from miniatures.weights.errors import BadAdapter
from miniatures.weights.home import file_sha256
from miniatures.weights.safetensors_file import read_safetensors

CONFIG, TENSORS = "adapter_config.json", "adapter_model.safetensors"
_KEY = re.compile(r"(?:base_model\.model\.)?(?P<module>.+)\.lora_(?P<side>[AB])(?:\.default)?\.weight")
_HARMLESS_STARTS = (True, False, None, "gaussian", "eva", "orthogonal")
_OPEN_NUMBER = r"\d+"
_PLAIN_PATTERN = re.compile(r"\^?(?:[\w.-]|\\\.|\\d\+(?!\d|\\d)|\\d)*\$?")
"""Module names with numbers left open: what PEFT takes for a pattern may be an expression that never ends."""
_MOST_TRIES = 1_000_000
"""Of patterns on modules; an adapter of eighty layers with an alpha for each of its modules has a third of it."""
_LONGEST_CONFIG, _LONGEST_NAME, _HIGHEST_ALPHA = 1_000_000, 500, 1e9
# Options that make the adapter more than (alpha/r)*B@A on linear layers.
_REFUSED: tuple[str, ...] = (
    "use_dora",
    "modules_to_save",
    "trainable_token_indices",
    "target_parameters",
    "layer_replication",
)
_REFUSED += ("megatron_config", "lora_bias", "fan_in_fan_out", "alora_invocation_tokens", "use_qalora")


@dataclass(frozen=True)
class LowRank:
    """The two factors of one linear layer's change: `down` (rank, in) and `up` (out, rank), and their scale."""

    down: NDArray[np.float32]
    up: NDArray[np.float32]
    scale: float

    @property
    def changes(self) -> bool:
        """Whether it changes anything; told without making the product, which may be far larger than its factors."""
        return bool(self.scale and (self.up.any(axis=0) & self.down.any(axis=1)).any())

    def delta(self) -> NDArray[np.float32]:
        """What is added to the layer's weights (out, in)."""
        return np.float32(self.scale) * (self.up @ self.down)


class Adapter:
    """One adapter directory."""

    def __init__(self, folder: Path) -> None:
        """Read the configuration.

        Raises:
            BadAdapter: no LoRA adapter, or one with parts that cannot be merged: names them.
        """
        self.folder = folder
        self._config = read_config(folder)
        self._refuse_what_cannot_merge()

    @property
    def sha256(self) -> str:
        """Hash of the tensors and of the configuration that scales them."""
        return content_hash([self._config, file_sha256(self.folder / TENSORS)])

    @cached_property
    def layers(self) -> dict[str, LowRank]:
        """The factors by module name, such as model.layers.0.self_attn.q_proj."""
        sides: dict[str, dict[str, NDArray[np.float32]]] = {}
        for key, tensor in read_safetensors(self.folder / TENSORS).items():
            found = _KEY.fullmatch(key) if len(key) <= _LONGEST_NAME else None
            if found is None or tensor.ndim != 2:
                raise BadAdapter(f"{self.folder}: {key[:80]} is no LoRA factor of a linear layer", hint=_HINT)
            factors = sides.setdefault(found["module"], {})
            if found["side"] in factors:
                raise BadAdapter(f"{self.folder}: {key[:80]} is there under two names", hint="Save it again.")
            factors[found["side"]] = tensor
        if len(sides) * len(self._patterns) > _MOST_TRIES:
            raise BadAdapter(f"{self.folder}: it states {len(self._patterns):,} patterns of alphas", hint=_HINT)
        return {module: self._pair(module, factors) for module, factors in sides.items()}

    def _pair(self, module: str, factors: dict[str, NDArray[np.float32]]) -> LowRank:
        if module.endswith(("lm_head", "embed_tokens")):
            raise BadAdapter(f"{self.folder}: it changes {module}, which may be shared with the embedding", hint=_HINT)
        if set(factors) != {"A", "B"} or not 0 < factors["A"].shape[0] == factors["B"].shape[1]:
            raise BadAdapter(f"{self.folder}: the factors of {module} do not fit each other", hint="Save it again.")
        return LowRank(factors["A"], factors["B"], self._scale(module, factors["A"].shape[0]))

    def _scale(self, module: str, rank: int) -> float:
        """alpha/r, or alpha/sqrt(r) for rank-stabilized LoRA (arXiv:2312.03732)."""
        matching = (alpha for pattern, alpha in self._patterns if pattern.match(module))
        stated = next(matching, self._config.get("lora_alpha", 8))
        return float(stated) / (math.sqrt(rank) if self._config.get("use_rslora") else rank)

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], float]]:
        """Matched in their order with the end of a module's name, as PEFT does. An open number is read whole, at once:
        what gives digits back to try again may try for ever.
        """
        stated = (self._config.get("alpha_pattern") or {}).items()
        return [
            (re.compile(rf"(.*\.)?({name.replace(_OPEN_NUMBER, _OPEN_NUMBER + '+')})$"), alpha)
            for name, alpha in stated
        ]

    def _refuse_what_cannot_merge(self) -> None:
        kind = " ".join(str(self._config.get("peft_type", "")).upper().split())[:40]
        if kind != "LORA":
            raise BadAdapter(f"{self.folder}: it is an adapter of type {kind or 'unknown'}, not LORA", hint=_HINT)
        refused = [name for name in _REFUSED if self._config.get(name)]
        if self._config.get("bias", "none") != "none":
            refused.append("bias")
        if self._config.get("init_lora_weights", True) not in _HARMLESS_STARTS:
            refused.append(f"init_lora_weights={str(self._config['init_lora_weights'])[:40]}")
        if not _are_scales(self._config):
            raise BadAdapter(f"{self.folder}: its alphas are no plain numbers by module name", hint=_HINT)
        if refused:
            raise BadAdapter(f"{self.folder}: {', '.join(refused)} cannot be merged into a GGUF", hint=_HINT)


_HINT = "Train plain LoRA on the linear layers of attention and MLP, or serve it through transformers:."

_SAVED = "Name the folder that PEFT's save_pretrained wrote."


def read_config(folder: Path) -> dict[str, Any]:
    """The adapter's configuration, as JSON has it.

    Raises:
        BadAdapter: there is no such folder, it lacks a file of an adapter, or the configuration is no JSON object.
    """
    if not folder.is_dir():
        raise BadAdapter(f"there is no adapter folder {folder}", hint=_SAVED)
    for name in (CONFIG, TENSORS):
        if not (folder / name).is_file():
            raise BadAdapter(f"{folder} has no {name}", hint=_SAVED)
    path = folder / CONFIG
    try:
        if path.stat().st_size > _LONGEST_CONFIG:
            raise ValueError(f"it is longer than {_LONGEST_CONFIG:,} bytes")
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BadAdapter(f"{path} is no JSON: {error}", hint="Save the adapter again.") from error
    if not isinstance(config, dict):
        raise BadAdapter(f"{path} holds no object", hint="Save the adapter again.")
    return config


def _are_scales(config: dict[str, Any]) -> bool:
    """Whether the alphas are finite numbers, and their patterns module names that are looked for in no time."""
    patterns = config.get("alpha_pattern") or {}
    if not isinstance(patterns, dict) or not all(_PLAIN_PATTERN.fullmatch(pattern) for pattern in patterns):
        return False
    alphas = [config.get("lora_alpha", 8), *patterns.values()]
    return all(isinstance(alpha, int | float) and abs(alpha) < _HIGHEST_ALPHA for alpha in alphas)
