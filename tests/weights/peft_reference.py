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


def merged_answers(gguf: Path) -> list[str]:
    """The greedy answers of a GGUF alone."""
    model, tokenizer = _load(gguf)
    return [_greedy(model, tokenizer, prompt) for prompt in PROMPTS]


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
