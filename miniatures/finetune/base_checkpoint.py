"""Finds the base that a recipe names, and its tokenizer, which makes the tokens that an engine would make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from miniatures.backends.hugging_face_load import Checkpoint
from miniatures.datamodel.errors import InputError
from miniatures.weights.catalog import CATALOG
from miniatures.weights.gguf_header import read_header
from miniatures.weights.pull import ensure_weights

_PATH_STARTS = ("./", "../", "/", "~")
"""What a hub's name never begins with."""
_SPLITTING = "tokenizer.ggml.pre"


def checkpoint_of(base: str, folder: Path) -> Checkpoint:
    """Where the recipe's base is: a named weight, a GGUF file or a folder beside the recipe, else a hub name.

    Its name holds from anywhere: a file or folder is named by its absolute path.

    Raises:
        InputError: it is written as a path, and nothing is there.
    """
    beside = folder / Path(base).expanduser()
    if base.startswith(_PATH_STARTS) and not beside.exists():
        raise InputError(f"there is no folder or file {beside}", hint="Mend base in the recipe.")
    named = str(beside.resolve()) if base not in CATALOG and beside.exists() else base
    gguf = base in CATALOG or base.endswith(".gguf")
    return Checkpoint(named, ensure_weights(named) if gguf else None)


def load_tokenizer(checkpoint: Checkpoint) -> Any:
    """The base's tokenizer, which makes the tokens that an engine would make of the same text.

    transformers forgets that SmolLM's tokenizer parts digits from all else; then two blanks before a digit would be
    other tokens in training than when serving.
    """
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(**checkpoint.arguments)
    if checkpoint.gguf is None:
        return tokenizer
    header = read_header(checkpoint.gguf)
    tokenizer.chat_template = tokenizer.chat_template or header.chat_template
    if header.metadata.get(_SPLITTING) == "smollm":
        from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence

        steps = [Digits(individual_digits=True), ByteLevel(add_prefix_space=False)]
        tokenizer.backend_tokenizer.pre_tokenizer = Sequence(steps)
    return tokenizer
