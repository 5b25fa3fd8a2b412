"""OpenVINO's tokenizer of a GGUF without its model, so that counting tokens costs neither memory nor the network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from miniatures.backends.errors import ContextOverflow
from miniatures.weights.home import weights_home

_RECIPE = "v2"
_SMALL_CONTEXT = 2048
_WORD_ENDS = re.compile(r"(?<=\w)(?= \w)")
"""Where a text can be cut: no tokenizer makes one token of a word's end and the space after it."""


def converted_folder(sha256: str) -> Path:
    """Where the first start leaves a weights file and its tokenizer in OpenVINO's own format."""
    from openvino_genai import get_version

    return weights_home() / "openvino" / f"{sha256[:16]}-{get_version().partition('-')[0]}-{_RECIPE}"


def tokenizer_source(gguf: Path, sha256: str) -> Path:
    """What the tokenizer is read from: what an earlier start has left, or the file itself."""
    folder = converted_folder(sha256)
    return folder if folder.is_dir() else gguf


def load_tokenizer(gguf: Path, sha256: str) -> Any:
    """The tokenizer alone."""
    from openvino_genai import Tokenizer

    return Tokenizer(tokenizer_source(gguf, sha256))


def encode(tokenizer: Any, prompt: str) -> Any:
    """Token ids of the whole prompt, as a tensor of shape (1, tokens).

    Raises:
        ContextOverflow: the tokenizer has cut the prompt off, which it does without a word.
    """

    def marked(tokens: Any) -> str:
        """The tokens' text, control tokens included."""
        return str(tokenizer.decode([int(token) for token in tokens], skip_special_tokens=False))

    input_ids = tokenizer.encode(prompt, add_special_tokens=False).input_ids
    tokens = input_ids.data[0]
    if not (prompt.startswith(marked(tokens[:4])) and prompt.endswith(marked(tokens[-4:]))):
        raise ContextOverflow(
            f"the prompt has more tokens than the model's context of {input_ids.shape[1]}", hint="Shorten the prompt."
        )
    return input_ids


def token_ids(tokenizer: Any, text: str, context_tokens: int | None) -> list[int]:
    """All tokens of a text. The tokenizer cuts off what is beyond the model's context without a word, so a long text
    goes in parts of a quarter as many characters, none of which makes more than four tokens."""
    size = (context_tokens or _SMALL_CONTEXT) // 4
    tokens: list[int] = []
    while text:
        end = _part(text, size)
        tokens += [int(token) for token in tokenizer.encode(text[:end], add_special_tokens=False).input_ids.data[0]]
        text = text[end:]
    return tokens


def _part(text: str, size: int) -> int:
    """Where the first part of a text ends: at the last end of a word, if it has one."""
    if len(text) <= size:
        return len(text)
    *_, last = (0, *(found.start() for found in _WORD_ENDS.finditer(text, 0, size)))
    return last or size
