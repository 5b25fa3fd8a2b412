"""Opens a GGUF's tensors with the `gguf` package; one sentence where the file does not hold what it states."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from miniatures.weights.errors import BadWeights
from miniatures.weights.gguf_header import read_header

_FAILURES = (OSError, ValueError, KeyError, IndexError, TypeError, OverflowError, UnicodeError)


def open_tensors(path: Path) -> Any:
    """A GGUFReader over the mapped file: each tensor lies within it, and together they are no larger than it is.

    Raises:
        BadWeights: the file is missing, no GGUF, or states tensors that it does not hold.
    """
    from gguf import GGUFReader

    read_header(path)
    try:
        reader = GGUFReader(path)
        if sum(int(tensor.n_bytes) for tensor in reader.tensors) > reader.data.size:
            raise ValueError("they overlap")
    except _FAILURES as error:
        raise BadWeights(
            f"{path} does not hold the tensors that it states: {str(error).splitlines()[0][:200]}",
            hint="Remove it and pull the weights again, or name another file.",
        ) from error
    return reader
