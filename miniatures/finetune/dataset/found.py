"""Finds the datasets below a folder: they lie wherever whoever built them wanted them to."""

from __future__ import annotations

import os
from pathlib import Path

from miniatures.finetune.dataset.folder import MANIFEST, is_manifest

_DEPTH = 4
_MOST_FOLDERS = 2_000
"""A folder that holds more, such as somebody's home, is looked through only so far."""


def find_datasets(folder: Path) -> list[Path]:
    """The folder itself if it is a dataset, be it a damaged one, else those in it; hidden folders are left alone."""
    found: list[Path] = []
    start = len(folder.parts)
    for looked, (place, inner, files) in enumerate(os.walk(folder)):
        here = Path(place)
        if looked >= _MOST_FOLDERS:
            break
        if MANIFEST in files and is_manifest(here / MANIFEST):
            found.append(here)
            inner.clear()
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        if len(here.parts) - start >= _DEPTH:
            inner.clear()
    return found
