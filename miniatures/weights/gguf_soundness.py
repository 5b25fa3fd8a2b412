"""Holds a GGUF's metadata to what is relied on, so that no later line meets a word where it needs a number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_MOST_LAYERS, _HIGHEST = 2_000, 2**31
_ARCHITECTURE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Names of files begin with it."""
_NUMBERS = ("context_length", "embedding_length", "attention.key_length")
_HEADS = ("attention.head_count", "attention.head_count_kv")
_TOKENS, _KINDS = "tokenizer.ggml.tokens", "tokenizer.ggml.token_type"
_TEXTS = ("tokenizer.chat_template", "tokenizer.ggml.pre")


def require_sound(metadata: Mapping[str, Any]) -> None:
    """Look at every value that is used.

    Raises:
        ValueError: one is missing, or is not of its kind; says which.
    """
    name = metadata.get("general.architecture")
    if not isinstance(name, str) or not _ARCHITECTURE.fullmatch(name):
        raise ValueError("it names no architecture")
    checks = {f"{name}.block_count": _is_number(metadata.get(f"{name}.block_count", 1), 1, _MOST_LAYERS)}
    checks |= {f"{name}.{key}": _is_number(metadata.get(f"{name}.{key}", 0), 0, _HIGHEST) for key in _NUMBERS}
    checks |= {f"{name}.{key}": _are_heads(metadata.get(f"{name}.{key}", 1)) for key in _HEADS}
    checks |= {key: isinstance(metadata.get(key, ""), str) for key in _TEXTS}
    checks["general.file_type"] = _is_number(metadata.get("general.file_type", 0), 0, _HIGHEST)
    checks |= _of_tokens(metadata)
    wrong = next((key for key, right in checks.items() if not right), None)
    if wrong is not None:
        raise ValueError(f"its {wrong[:80]} is not what it may be")


def most_of(heads: int | list[int]) -> int:
    """Heads of the layer that has most: some files state one number, some one a layer."""
    return max(heads) if isinstance(heads, list) else heads


def _of_tokens(metadata: Mapping[str, Any]) -> dict[str, bool]:
    tokens = metadata.get(_TOKENS, [])
    checks = {_TOKENS: _is_list(tokens, str), _KINDS: _is_list(metadata.get(_KINDS, []), int)}
    for key in ("tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id"):
        if key in metadata:
            checks[key] = isinstance(tokens, list) and _is_number(metadata[key], 0, len(tokens) - 1)
    return checks


def _are_heads(value: Any) -> bool:
    several = value if isinstance(value, list) else [value]
    return bool(several) and all(_is_number(heads, 0, _HIGHEST) for heads in several) and max(several) > 0


def _is_number(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and least <= value <= most


def _is_list(value: Any, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(item, kind) for item in value)
