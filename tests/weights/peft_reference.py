"""What transformers and PEFT say with an adapter of random factors: the reference that a merge must match."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROMPTS = (
    "Write two sentences about cold storage.",
    "What is the capital of France?",
    "List three colours.",
    "Explain what a lease is in one sentence.",
)


@dataclass(frozen=True)
class Reference:
    adapted: list[str]
    base: list[str]


def peft_answers(gguf: Path, folder: Path, targets: list[str], options: dict[str, Any]) -> Reference:
    """Make an adapter on the dequantized GGUF, save it to `folder`, and answer greedily with and without it."""
    import torch
    from peft import LoraConfig, get_peft_model

    base, tokenizer = _load(gguf)
    torch.manual_seed(0)
    model = get_peft_model(base, LoraConfig(r=8, target_modules=targets, **options)).eval()
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.02)
    model.save_pretrained(folder)

    def answers() -> list[str]:
        return [_greedy(model, tokenizer, prompt) for prompt in PROMPTS]

    adapted = answers()
    with model.disable_adapter():
        return Reference(adapted=adapted, base=answers())


def worst_difference(gguf: Path, merged: Path, folder: Path) -> float:
    """Largest difference between the merged GGUF's weights and PEFT's own merge, in steps of Q8_0."""
    from peft import PeftModel

    wanted = PeftModel.from_pretrained(_load(gguf)[0], folder).merge_and_unload().state_dict()
    found = _load(merged)[0].state_dict()
    assert set(found) == set(wanted)
    return max(_steps(found[name], tensor) for name, tensor in wanted.items())


def _steps(found: Any, wanted: Any) -> float:
    if found.ndim == 1:
        return float((found - wanted).abs().max())
    step = wanted.reshape(-1, 32).abs().amax(dim=1).clamp(min=1e-9).repeat_interleave(32).reshape(wanted.shape) / 127
    return float(((found - wanted).abs() / step).max())


def _load(gguf: Path) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, quantization_config=GgufConfig(dequantize=True), dtype=torch.float32
    )
    return model, AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)


def _greedy(model: Any, tokenizer: Any, prompt: str) -> str:
    chat = [{"role": "user", "content": prompt}]
    inputs = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    output = model.generate(**inputs, max_new_tokens=24, do_sample=False)
    return str(tokenizer.decode(output[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True))
