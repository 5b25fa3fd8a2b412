"""Small random models, and a folder that a recipe can name: the embedded base's tokenizer on two narrow layers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

CONFIGS: dict[str, dict[str, Any]] = {
    "llama": {},
    "qwen3": {"head_dim": 16},
    "mistral": {"sliding_window": None},
    "phi3": {"pad_token_id": 0},
    "gemma3_text": {"head_dim": 16, "layer_types": ["full_attention", "full_attention"], "query_pre_attn_scalar": 16},
}
TARGETS = {"phi3": ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"]}
PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def tiny(kind: str, attention: str, words: int = 199) -> Any:
    """A random model of two layers in float32, the same at every call."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(
        kind,
        vocab_size=words,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        bos_token_id=1,
        eos_token_id=2,
        **CONFIGS[kind],
    )
    torch.manual_seed(3)
    return AutoModelForCausalLM.from_config(config, attn_implementation=attention, dtype=torch.float32).eval()


def tiny_folder(folder: Path) -> Path:
    """A folder that transformers opens: a narrow Llama with the embedded base's tokenizer and chat template."""
    from transformers import AutoTokenizer

    from miniatures.weights.pull import ensure_weights

    base = ensure_weights("smollm2-135m-instruct")
    tokenizer = AutoTokenizer.from_pretrained(str(base.parent), gguf_file=base.name)
    tokenizer.save_pretrained(str(folder))
    model = tiny("llama", "eager", words=len(tokenizer))
    model.config.max_position_embeddings = 4096
    model.save_pretrained(str(folder))
    return folder
