"""Reads a safetensors file with numpy alone, bfloat16 included (the library's numpy interface has no type for it).

The format: eight bytes of header length, a JSON header, then the tensors' bytes, little-endian.
https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from miniatures.weights.errors import BadAdapter

_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}


def read_safetensors(path: Path) -> dict[str, NDArray[np.float32]]:
    """Every tensor by its name, as float32.

    Raises:
        BadAdapter: the file is missing, malformed, or holds numbers that are no floats.
    """
    try:
        data = np.memmap(path, dtype=np.uint8, mode="r")
        length = int.from_bytes(data[:8].tobytes(), "little")
        header = json.loads(data[8 : 8 + length].tobytes())
        if not isinstance(header, dict):
            raise ValueError("its header is no JSON object")
        header.pop("__metadata__", None)
        body = data[8 + length :]
        return {name: _tensor(body, facts) for name, facts in header.items()}
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise BadAdapter(f"{path} is no safetensors file: {error}", hint="Save the adapter again.") from error


def _tensor(body: NDArray[np.uint8], facts: dict[str, Any]) -> NDArray[np.float32]:
    if facts["dtype"] not in _TYPES:
        raise ValueError(f"numbers of type {facts['dtype']} are not known")
    start, end = facts["data_offsets"]
    raw = np.frombuffer(body[start:end].tobytes(), dtype=_TYPES[facts["dtype"]]).reshape(facts["shape"])
    if facts["dtype"] == "BF16":  # The upper half of a float32.
        return (raw.astype(np.uint32) << 16).view(np.float32)
    return raw.astype(np.float32)
