"""What a spec of an engine in this process names: a weights file, and the adapter that goes with it."""

from __future__ import annotations

import os
from pathlib import Path

from miniatures.backends.errors import AdapterChangesNothing, UnknownModel
from miniatures.weights.catalog import CATALOG
from miniatures.weights.errors import AdapterIsNoop, UnknownWeights
from miniatures.weights.home import file_sha256
from miniatures.weights.merge import adapter_hash, merged_weights
from miniatures.weights.pull import ensure_weights


def absolute_name(name: str) -> str:
    """A catalog's or a hub's name as it is; a file or folder of this machine by its absolute path, so that it means
    the same wherever it is asked from."""
    path = Path(name).expanduser()
    is_path = name.endswith(".gguf") or name.startswith(("/", "./", "../", "~")) or path.is_dir()
    return os.path.realpath(path) if is_path and name not in CATALOG else name


class LocalWeights:
    """What the text after `local:` names: a weights file, and the adapter that is merged into it, if any."""

    def __init__(self, rest: str) -> None:
        """Find, and where needed pull, the base; the adapter is not merged yet.

        Raises:
            UnknownModel: no weights, or no adapter, of that name.
            WeightsError: the weights could not be pulled.
        """
        name, _, adapter = rest.partition("+")
        self.name = absolute_name(name)
        self.adapter = Path(adapter).expanduser().absolute() if adapter else None
        try:
            self.base = ensure_weights(self.name)
        except UnknownWeights as error:
            raise UnknownModel(error.message, hint=error.hint) from error
        self.base_sha256 = file_sha256(self.base)
        self.adapter_sha256 = adapter_hash(self.adapter) if self.adapter else None

    def merged(self) -> Path:
        """The GGUF with the adapter merged in; the base itself without one.

        Raises:
            AdapterChangesNothing: the adapter leaves the base as it was.
            BadAdapter: it cannot be merged.
        """
        if self.adapter is None:
            return self.base
        try:
            return merged_weights(self.base, self.adapter)
        except AdapterIsNoop as error:
            raise AdapterChangesNothing(error.message, hint=error.hint) from error
