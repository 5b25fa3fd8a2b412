"""Reads the header of a GGUF file: what the model is, without touching its tensors.

The `gguf` package maps the whole file and makes an object of every token, which takes seconds; this takes milliseconds.
The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3, little-endian).
A file may come from anybody: counts and lengths are held to bounds and to the file's size before they are used.
"""

from __future__ import annotations

import mmap
import stat
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from miniatures.weights.errors import BadWeights
from miniatures.weights.gguf_soundness import most_of, require_sound
from miniatures.weights.turn_formats import TURN_FORMATS

_STRING, _ARRAY = 8, 9
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_CONTROL_TOKEN = 3
_MOST_KEYS, _MOST_ITEMS, _LONGEST_TEXTS = 10_000, 4_000_000, 50_000_000
"""Of all metadata together: keys, items of arrays, and bytes of text. Gemma's 262 thousand words come to a third."""
_FILE_TYPES = {0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S"}
_FILE_TYPES |= {
    12: "Q3_K_M",
    13: "Q3_K_L",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    18: "Q6_K",
    32: "BF16",
}


@dataclass(frozen=True)
class GGUFHeader:
    """The metadata of one file."""

    metadata: dict[str, Any]

    @property
    def architecture(self) -> str:
        return str(self.metadata["general.architecture"])

    @property
    def context_tokens(self) -> int | None:
        return self.metadata.get(f"{self.architecture}.context_length")

    @property
    def quantization(self) -> str | None:
        """Weight format of most tensors, such as Q4_1; null if the file does not say."""
        return _FILE_TYPES.get(self.metadata.get("general.file_type", -1))

    @property
    def chat_template(self) -> str | None:
        """The model's own, else its family's."""
        return self.metadata.get("tokenizer.chat_template") or TURN_FORMATS.get(self.architecture)

    @cached_property
    def control_tokens(self) -> tuple[str, ...]:
        """The texts that the tokenizer reads as marks, such as the end of a turn."""
        tokens = self.metadata.get("tokenizer.ggml.tokens", [])
        kinds = self.metadata.get("tokenizer.ggml.token_type", [])
        return tuple(token for token, kind in zip(tokens, kinds, strict=False) if kind == _CONTROL_TOKEN)

    def token(self, role: str) -> str:
        """Text of the token that plays a role ("bos", "eos"); empty without one."""
        number = self.metadata.get(f"tokenizer.ggml.{role}_token_id")
        return "" if number is None else str(self.metadata["tokenizer.ggml.tokens"][number])

    def cache_bytes_per_token(self) -> int:
        """Keys and values of one token over all layers, at one byte a number."""
        get, name = self.metadata.get, self.architecture
        heads = most_of(get(f"{name}.attention.head_count", 1))
        size = get(f"{name}.attention.key_length") or get(f"{name}.embedding_length", 0) // heads
        key_heads = most_of(get(f"{name}.attention.head_count_kv", heads))
        return int(2 * get(f"{name}.block_count", 1) * key_heads * size)


def read_header(path: Path) -> GGUFHeader:
    """Read the metadata.

    Raises:
        BadWeights: the file is missing or no GGUF.
    """
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            raise ValueError("it is no plain file")
        return _read(path.resolve(), facts.st_mtime_ns, facts.st_size)
    except (OSError, ValueError, struct.error) as error:
        raise BadWeights(
            f"{path} is no GGUF file: {error}", hint="Remove it and pull the weights again, or name another file."
        ) from error


@lru_cache(maxsize=8)
def _read(path: Path, changed_ns: int, size: int) -> GGUFHeader:
    """The header of this version of the file, read once."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        header = GGUFHeader(_Reader(data).metadata())
    require_sound(header.metadata)
    return header


class _Reader:
    """Walks the header from its start."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._position = 0
        self._items_left, self._text_left = _MOST_ITEMS, _LONGEST_TEXTS

    def metadata(self) -> dict[str, Any]:
        magic, version, _tensors, count = self._unpack("<4sIQQ")
        if magic != b"GGUF" or version not in (2, 3):
            raise ValueError("its first bytes are not those of GGUF version 2 or 3")
        if count > _MOST_KEYS:
            raise ValueError(f"it states {count:,} keys")
        found: dict[str, Any] = {}
        for _ in range(count):
            name = self._string()
            if name in found:
                raise ValueError(f"the key {name[:80]!r} stands in it twice")
            found[name] = self._value(*self._unpack("<I"))
        return found

    def _unpack(self, layout: str) -> tuple[Any, ...]:
        start = self._position
        self._position += struct.calcsize(layout)
        if self._position > len(self._data):
            raise ValueError("it is cut short")
        return struct.unpack_from(layout, self._data, start)

    def _string(self) -> str:
        (length,) = self._unpack("<Q")
        start = self._position
        self._text_left -= length
        if length > len(self._data) - start or self._text_left < 0:
            raise ValueError("it is cut short, or states texts without end")
        self._position += length
        return self._data[start : start + length].decode("utf-8", "replace")

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            return self._string()
        if kind == _ARRAY:
            return self._array(*self._unpack("<IQ"))
        return self._unpack(f"<{self._scalar(kind)}")[0]

    def _array(self, item: int, length: int) -> list[Any]:
        self._items_left -= length
        if self._items_left < 0:
            raise ValueError("it states arrays without end")
        if item == _STRING:
            return [self._string() for _ in range(length)]
        return list(self._unpack(f"<{length}{self._scalar(item)}"))

    def _scalar(self, kind: int) -> str:
        if kind not in _SCALARS:
            raise ValueError(f"it holds a value of kind {kind}, which is none, or an array of arrays")
        return _SCALARS[kind]


def tensor_names(header: GGUFHeader) -> Callable[[str], str | None]:
    """What a file of this architecture calls a checkpoint's module; None for one that it has not.

    Raises:
        BadWeights: the `gguf` package knows no such architecture, or the file does not say how many layers it has.
    """
    from gguf import MODEL_ARCH_NAMES, get_tensor_name_map

    known = next((arch for arch, name in MODEL_ARCH_NAMES.items() if name == header.architecture), None)
    blocks = header.metadata.get(f"{header.architecture}.block_count")
    if known is None or blocks is None:
        raise BadWeights(
            f"a GGUF of the architecture {header.architecture[:40]!r} takes no adapter", hint="Name another base."
        )
    name_of: Callable[[str], str | None] = get_tensor_name_map(known, int(blocks)).get_name
    return name_of
