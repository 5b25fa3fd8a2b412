"""Loads a checkpoint for transformers: a GGUF, a model directory or a repository of the hub; and adapters to it."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from miniatures.backends.errors import MissingExtra, OutOfMemory, UnknownModel
from miniatures.weights.errors import BadAdapter

INSTALL = "pip install 'miniatures[finetune]'"
_OUT_OF_MEMORY_WORDS = ("can't allocate memory", "not enough memory", "out of memory")


@dataclass(frozen=True)
class Checkpoint:
    """Where a model's weights are: a GGUF file, or a directory or hub name that transformers knows how to open."""

    name: str
    gguf: Path | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """The first arguments of every `from_pretrained`."""
        if self.gguf is None:
            return {"pretrained_model_name_or_path": self.name}
        return {"pretrained_model_name_or_path": str(self.gguf.parent), "gguf_file": self.gguf.name}


@dataclass(frozen=True)
class Loaded:
    """A model on its device, in evaluation mode, and its tokenizer."""

    model: Any
    tokenizer: Any

    @property
    def context_tokens(self) -> int | None:
        return getattr(self.model.config.get_text_config(), "max_position_embeddings", None)

    @property
    def vocabulary(self) -> int:
        return int(self.model.config.get_text_config().vocab_size)

    @property
    def end_tokens(self) -> frozenset[int]:
        """Every token that ends a turn, by the model's or the tokenizer's word."""
        stated = self.model.generation_config.eos_token_id
        several = stated if isinstance(stated, list) else [stated]
        return frozenset(token for token in (*several, self.tokenizer.eos_token_id) if token is not None)

    @property
    def pad_token(self) -> int:
        stated = self.tokenizer.pad_token_id
        return int(min(self.end_tokens) if stated is None else stated)

    def encode(self, text: str) -> list[int]:
        """Tokens of a rendered prompt; nothing is added to it."""
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def decode(self, tokens: list[int]) -> str:
        """Text of an answer, its control tokens left out."""
        return str(self.tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def free_memory(self) -> None:
        """Give back what a failed batch held on the device."""
        import torch

        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def load_checkpoint(checkpoint: Checkpoint) -> Loaded:
    """Load in bf16 on the GPU if there is one, otherwise on the processor.

    Raises:
        MissingExtra: torch or transformers is not installed.
        UnknownModel: there is no such model, or it cannot be read.
        OutOfMemory: the weights do not fit.
    """
    transformers, torch = import_libraries()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    options = {} if checkpoint.gguf is None else {"quantization_config": transformers.GgufConfig(dequantize=True)}
    with named_failures(checkpoint.name):
        tokenizer = transformers.AutoTokenizer.from_pretrained(**checkpoint.arguments)
        model = transformers.AutoModelForCausalLM.from_pretrained(
            **checkpoint.arguments, dtype=torch.bfloat16, **options
        )
        model = model.to(device).eval()
    model.generation_config = transformers.GenerationConfig(
        bos_token_id=model.generation_config.bos_token_id, eos_token_id=model.generation_config.eos_token_id
    )
    return Loaded(model, tokenizer)


def load_tokenizer(checkpoint: Checkpoint) -> Any:
    """The tokenizer alone.

    Raises:
        MissingExtra: torch or transformers is not installed.
        UnknownModel: there is no such model, or it cannot be read.
    """
    transformers, _ = import_libraries()
    with named_failures(checkpoint.name):
        return transformers.AutoTokenizer.from_pretrained(**checkpoint.arguments)


def attach_adapter(loaded: Loaded, adapter: Path, name: str) -> Loaded:
    """The model with one more LoRA adapter, in bf16 as it was trained; the adapter stays apart from the weights.

    Raises:
        MissingExtra: peft is not installed.
        BadAdapter: it was trained on another model.
    """
    try:
        import peft
    except ImportError as error:
        raise MissingExtra("transformers: needs peft for an adapter", hint=INSTALL) from error
    options = {"adapter_name": name, "autocast_adapter_dtype": False}
    try:
        if isinstance(loaded.model, peft.PeftModel):
            loaded.model.load_adapter(str(adapter), **options)
            return loaded
        model = peft.PeftModel.from_pretrained(loaded.model, str(adapter), **options)
    except (ValueError, RuntimeError, KeyError) as error:
        first, *others = str(error).strip().splitlines()
        reason = " ".join([first, *(line.strip() for line in others[:1] if first.endswith(":"))])
        raise BadAdapter(f"{adapter} does not fit the model: {reason}", hint="Name its own base.") from error
    return Loaded(model.eval(), loaded.tokenizer)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of torch says that an allocation failed, on a GPU or on the processor."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _OUT_OF_MEMORY_WORDS)


@contextmanager
def named_failures(name: str) -> Iterator[None]:
    """Say what failed to load, and what to do, in place of a library's own error."""
    try:
        yield
    except Exception as error:
        if is_out_of_memory(error):
            raise OutOfMemory(
                f"{name} does not fit into memory", hint="Use a smaller model, or a quantized one with local:."
            ) from error
        if isinstance(error, OSError | ValueError | KeyError | RuntimeError) or _is_of_safetensors(error):
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise UnknownModel(
                f"transformers cannot load {name}: {reason}",
                hint="Name a model of the catalog, a .gguf file, a model directory or a repository of the hub.",
            ) from error
        raise


def _is_of_safetensors(error: Exception) -> bool:
    """Whether a weights file is damaged: the library's own exception has no common base."""
    return type(error).__name__ == "SafetensorError"


def import_libraries() -> tuple[Any, Any]:
    """transformers and torch, without telemetry.

    Raises:
        MissingExtra: one is not installed.
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        import torch
        import transformers
    except ImportError as error:
        raise MissingExtra(f"transformers: needs {error.name}, which is not installed", hint=INSTALL) from error
    return transformers, torch
