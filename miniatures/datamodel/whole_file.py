"""Files that are there whole or not at all: written under another name, then put in their place."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from miniatures.datamodel.errors import writing


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new file that takes the place of `path` when the block ends well.

    A link that stands there is replaced and not followed; what is no file, such as a device, is written to.

    Raises:
        InputError: it cannot be written there.
    """
    if path.exists() and not path.is_file():
        with writing(path):
            yield path
        return
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with writing(path):
            unfinished.touch(exist_ok=False)
            yield unfinished
            unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
