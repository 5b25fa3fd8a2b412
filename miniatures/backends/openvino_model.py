"""Loads a GGUF into OpenVINO, from OpenVINO's own format where an earlier start has left it.

Reading the GGUF takes half of a start. So the first start writes what it has read into the weights cache, and later
starts map that instead. LoRA adapters given to a model that was read from a GGUF are ignored by the engine without a
word: they are merged into the weights instead (see miniatures.weights.merge) and never passed on from here.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from miniatures.backends.machine import memory_bytes
from miniatures.backends.openvino_tokenizer import converted_folder
from miniatures.weights.gguf_header import GGUFHeader
from miniatures.weights.home import exclusive
from miniatures.weights.requantize import write_q8_0

ARCHITECTURES = frozenset({"llama", "qwen2", "qwen3"})
"""Those whose graphs the GGUF reader can build."""

MAX_IN_FLIGHT = 256
_READ_AS_THEY_ARE = frozenset({"F32", "F16", "Q8_0", "Q4_0", "Q4_K_S", "Q4_K_M", "Q6_K"})
_BATCHED_TOKENS = 2048
_WANTED_CACHED_TOKENS = 128 * 1024
_GIB = 1 << 30


@dataclass
class LoadedModel:
    """A running pipeline and its tokenizer."""

    pipeline: Any
    tokenizer: Any
    control_tokens: frozenset[str]

    def text_of(self, tokens: list[int]) -> str:
        """The tokens' text without control tokens; bytes that are no UTF-8 are left out."""
        return str(self.tokenizer.decode(tokens)) if tokens else ""

    def bytes_of(self, token: int) -> bytes:
        """The token's bytes, which may be a part of a character; none for a control token."""
        return self._pieces[token]

    @cached_property
    def _pieces(self) -> list[bytes]:
        vocabulary = {number: piece for piece, number in self.tokenizer.get_vocab().items()}
        controls = {token.encode() for token in self.control_tokens}
        pieces = (vocabulary.get(number, b"") for number in range(max(vocabulary) + 1))
        return [b"" if piece in controls else piece for piece in pieces]


def load_model(gguf: Path, sha256: str, header: GGUFHeader) -> LoadedModel:
    """Load the weights; any exception is the engine's own."""
    folder = converted_folder(sha256)
    if not folder.is_dir():
        with exclusive(folder):
            if not folder.is_dir():
                return _convert(gguf, folder, header)
    return _load(folder, folder, header)


def _load(model: Path, tokenizer: Path, header: GGUFHeader, **options: Any) -> LoadedModel:
    from openvino_genai import ContinuousBatchingPipeline, Tokenizer

    loaded = Tokenizer(tokenizer, **options)
    pipeline = ContinuousBatchingPipeline(model, loaded, scheduler(header), "CPU", **options)
    return LoadedModel(pipeline, loaded, frozenset(header.control_tokens))


def _convert(gguf: Path, folder: Path, header: GGUFHeader) -> LoadedModel:
    """Load from the GGUF, and keep what the reader made of it. The engine writes it beside the GGUF: hence the link."""
    workplace = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{folder.name}."))
    try:
        source = _readable(gguf, workplace / "model.gguf", header)
        loaded = _load(source, source, header, enable_save_ov_model=True)
        with suppress(OSError):  # A platform that cannot move open files starts slowly the next time, too.
            source.unlink()
            workplace.rename(folder)
        return loaded
    finally:
        shutil.rmtree(workplace, ignore_errors=True)


def _readable(gguf: Path, link: Path, header: GGUFHeader) -> Path:
    """The weights under the name `link`, rewritten as Q8_0 where the reader would round them or cannot read them."""
    if header.quantization not in _READ_AS_THEY_ARE:
        write_q8_0(gguf, link)
        return link
    try:
        link.symlink_to(gguf.resolve())
    except OSError:
        shutil.copy(gguf, link)
    return link


def scheduler(header: GGUFHeader) -> Any:
    """Continuous batching with prefix reuse; a cache of 128k tokens, or of a quarter of the memory if that is less."""
    from openvino_genai import SchedulerConfig

    config = SchedulerConfig()
    config.enable_prefix_caching = True
    config.max_num_seqs = MAX_IN_FLIGHT
    config.max_num_batched_tokens = _BATCHED_TOKENS
    wanted = header.cache_bytes_per_token() * _WANTED_CACHED_TOKENS
    config.cache_size = max(1, round(min(wanted, memory_bytes() / 4) / _GIB))
    return config
