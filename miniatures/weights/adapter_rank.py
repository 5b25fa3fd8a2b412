"""Compares the rank that an adapter's configuration states with its factors, before a library builds a model by it.

PEFT makes factors of the stated rank first and reads the file afterwards: a few bytes of configuration would take all
memory there is.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from miniatures.weights.adapter import TENSORS, read_config
from miniatures.weights.errors import BadAdapter
from miniatures.weights.safetensors_file import read_shapes

_DOWN = re.compile(r".+\.lora_(?:embedding_)?A(?:\.default)?(?:\.weight)?")
_DEFAULT = 8
"""PEFT's own, where none is stated."""


def require_stated_rank(folder: Path) -> None:
    """Make sure that the factors have the ranks that are stated. Kinds of adapter without such factors pass.

    Raises:
        BadAdapter: they have others; or a file is missing or damaged.
    """
    stated = _stated(read_config(folder), folder)
    found = {shape[0] for name, shape in read_shapes(folder / TENSORS).items() if shape and _DOWN.fullmatch(name)}
    if found and (found - stated or max(stated) > max(found)):
        raise BadAdapter(
            f"{folder}: its configuration states rank {_listed(stated)}, and its factors have rank {_listed(found)}",
            hint="Save the adapter again, or get it again from where it came.",
        )


def _stated(config: dict[str, Any], folder: Path) -> set[int]:
    patterns = config.get("rank_pattern") or {}
    ranks = [config.get("r", _DEFAULT), *(patterns.values() if isinstance(patterns, dict) else [None])]
    if not all(type(rank) is int and rank > 0 for rank in ranks):
        raise BadAdapter(f"{folder}: its ranks are no whole numbers above zero", hint="Save the adapter again.")
    return set(ranks)


def _listed(ranks: set[int]) -> str:
    return ", ".join(f"{rank:,}"[:20] for rank in sorted(ranks)[:5])
