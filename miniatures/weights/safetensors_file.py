"""Reads a safetensors file with numpy alone, bfloat16 included (the library's numpy interface has no type for it).

The format: eight bytes of header length, a JSON header, then the tensors' bytes, little-endian.
https://github.com/huggingface/safetensors#format
A file may come from anybody: nothing that its header says is believed before it fits the file's own size.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter, ValidationError

from miniatures.datamodel.frozen import Frozen
from miniatures.weights.errors import BadAdapter

_TYPES = {"F64": "<f8", "I64": "<i8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
_LONGEST_HEADER = 8_000_000
"""Bytes; an adapter of a thousand layers has a twentieth of it."""


class _Place(Frozen):
    """Where a tensor lies in the body, in bytes, and what it is."""

    dtype: str
    shape: tuple[int, ...] = Field(max_length=8)
    data_offsets: tuple[int, int]

    @property
    def size(self) -> int:
        """Bytes that its shape asks for."""
        return math.prod(self.shape) * np.dtype(_TYPES[self.dtype]).itemsize


_HEADER = TypeAdapter(dict[str, _Place])


def read_safetensors(path: Path) -> dict[str, NDArray[np.float32]]:
    """Every tensor by its name, as float32; of memory it takes at most twice the file's size.

    Raises:
        BadAdapter: the file is missing, malformed, or holds what are no finite floats.
    """
    with _named_failures(path):
        places, body = _opened(path)
        return {name: _tensor(name, body, place) for name, place in places.items()}


def read_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor by its name; no tensor is read.

    Raises:
        BadAdapter: the file is missing or malformed.
    """
    with _named_failures(path):
        return {name: place.shape for name, place in _opened(path)[0].items()}


def _opened(path: Path) -> tuple[dict[str, _Place], NDArray[np.uint8]]:
    """The header, which fits the file, and the bytes after it, which are not read yet."""
    if not path.is_file():
        raise ValueError("there is no such file")
    data = np.memmap(path, dtype=np.uint8, mode="r")
    length = int.from_bytes(data[:8].tobytes(), "little")
    if length > min(_LONGEST_HEADER, data.size - 8):
        raise ValueError(f"its header of {length:,} bytes is longer than it may be")
    places = _places(data[8 : 8 + length].tobytes())
    body = data[8 + length :]
    _require_fit(places, body.size)
    return places, body


@contextmanager
def _named_failures(path: Path) -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        at = ".".join(map(str, error.errors()[0]["loc"]))[:80]
        reason = f"{at}: {error.errors()[0]['msg']}"
        raise BadAdapter(f"{path} is no safetensors file: {reason}", hint="Save the adapter again.") from error
    except (OSError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise BadAdapter(f"{path} is no safetensors file: {reason}", hint="Save the adapter again.") from error


def _places(header: bytes) -> dict[str, _Place]:
    stated = json.loads(header, object_pairs_hook=_once_each)
    if not isinstance(stated, dict):
        raise ValueError("its header is no JSON object")
    stated.pop("__metadata__", None)
    return _HEADER.validate_python(stated)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands in its header twice")
    return found


def _require_fit(places: dict[str, _Place], size: int) -> None:
    """Each tensor has the bytes that its shape asks for, within the file, and no two share any."""
    for name, place in places.items():
        start, end = place.data_offsets
        if place.dtype not in _TYPES:
            raise ValueError(f"{name[:80]}: numbers of type {place.dtype[:20]} are not known")
        if not 0 <= start <= end <= size or any(side < 0 for side in place.shape):
            raise ValueError(f"{name[:80]} lies outside of it")
        if end - start != place.size:
            raise ValueError(f"{name[:80]} has {end - start} bytes, not as many as its shape asks for")
    if _overlap(place.data_offsets for place in places.values()):
        raise ValueError("two of its tensors overlap")


def _overlap(spans: Iterable[tuple[int, int]]) -> bool:
    ordered = sorted(span for span in spans if span[0] != span[1])
    return any(after[0] < before[1] for before, after in pairwise(ordered))


def _tensor(name: str, body: NDArray[np.uint8], place: _Place) -> NDArray[np.float32]:
    start, end = place.data_offsets
    raw = np.frombuffer(body[start:end].tobytes(), dtype=_TYPES[place.dtype]).reshape(place.shape)
    # Of bfloat16, the upper half of a float32.
    tensor = (raw.astype(np.uint32) << 16).view(np.float32) if place.dtype == "BF16" else raw.astype(np.float32)
    if not np.isfinite(tensor).all():
        raise ValueError(f"{name[:80]} holds numbers that are not finite")
    return tensor
