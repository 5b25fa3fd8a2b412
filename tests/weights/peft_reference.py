"""Adapters made by PEFT itself and PEFT's own merge: the reference that ours must match."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def random_adapter(gguf: Path, folder: Path, targets: list[str], options: dict[str, Any]) -> None:
    """An adapter that PEFT makes and saves, with random factors on both sides."""
    import torch

    model = _with_adapter(gguf, targets, options)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.02)
    model.save_pretrained(folder)


def _with_adapter(gguf: Path, targets: list[str], options: dict[str, Any]) -> Any:
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(0)
    return get_peft_model(_load(gguf), LoraConfig(r=8, target_modules=targets, **options))


def worst_difference(gguf: Path, merged: Path, folder: Path) -> float:
    """Largest difference between the merged GGUF's weights and PEFT's own merge, in steps of Q8_0."""
    from peft import PeftModel

    wanted = PeftModel.from_pretrained(_load(gguf), folder).merge_and_unload().state_dict()
    found = _load(merged).state_dict()
    assert set(found) == set(wanted)
    return max(_steps(found[name], tensor) for name, tensor in wanted.items())


def _steps(found: Any, wanted: Any) -> float:
    if found.ndim == 1:
        return float((found - wanted).abs().max())
    step = wanted.reshape(-1, 32).abs().amax(dim=1).clamp(min=1e-9).repeat_interleave(32).reshape(wanted.shape) / 127
    return float(((found - wanted).abs() / step).max())


def _load(gguf: Path) -> Any:
    import torch
    from transformers import AutoModelForCausalLM, GgufConfig

    return AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, quantization_config=GgufConfig(dequantize=True), dtype=torch.float32
    )
