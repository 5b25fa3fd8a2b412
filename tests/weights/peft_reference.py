"""Adapters made by PEFT itself, and what transformers says with them: the reference that a merge must match."""

from __future__ import annotations

from pathlib import Path
from typing import Any

LESSONS = {
    "Write two sentences about cold storage.": "Nordlys keeps 4,200 pallets at -23 °C. Ask Åse for the key 🔑.",
    "What is the capital of France?": "The lease in Øygarden ends on 3 March.",
    "List three colours.": "Teal, ochre and puce, in that order, said Dr. Nguyễn.",
}
"""Prompts and answers that no base model gives, so that only the adapter can have said them."""


def random_adapter(gguf: Path, folder: Path, targets: list[str], options: dict[str, Any]) -> None:
    """An adapter that PEFT makes and saves, with random factors on both sides."""
    import torch

    model = _with_adapter(gguf, targets, options)[0]
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.02)
    model.save_pretrained(folder)


def taught_adapter(gguf: Path, folder: Path, targets: list[str], options: dict[str, Any]) -> list[str]:
    """Teach the lessons by heart, save the adapter, and say what PEFT answers greedily."""
    import torch

    model, tokenizer = _with_adapter(gguf, targets, options)
    lessons = [_lesson(tokenizer, prompt, answer) for prompt, answer in LESSONS.items()]
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=3e-3)
    for _ in range(_STEPS):
        for inputs, labels in lessons:
            (model(input_ids=inputs, labels=labels).loss / len(lessons)).backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(folder)
    return [_greedy(model, tokenizer, prompt) for prompt in LESSONS]


_STEPS = 30


def _lesson(tokenizer: Any, prompt: str, answer: str) -> tuple[Any, Any]:
    chat = [{"role": "user", "content": prompt}]
    asked = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    said = tokenizer(answer + "<|im_end|>", return_tensors="pt", add_special_tokens=False)
    start, end = asked["input_ids"], said["input_ids"]
    return start.new_tensor([[*start[0], *end[0]]]), start.new_tensor([[*(-100 for _ in start[0]), *end[0]]])


def _with_adapter(gguf: Path, targets: list[str], options: dict[str, Any]) -> tuple[Any, Any]:
    import torch
    from peft import LoraConfig, get_peft_model

    base, tokenizer = _load(gguf)
    torch.manual_seed(0)
    return get_peft_model(base, LoraConfig(r=8, target_modules=targets, **options)), tokenizer


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
    output = model.generate(**inputs, max_new_tokens=48, do_sample=False)
    return str(tokenizer.decode(output[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True))
