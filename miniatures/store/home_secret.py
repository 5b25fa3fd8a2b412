"""The user's secret, made at first need: with it, whoever leaves a store in traces or a dataset is given another name.

It stays in the user's home and goes with nothing that is exported. Whoever keeps it gets the same names again.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from platformdirs import user_data_path

from miniatures.datamodel.errors import InputError, writing
from miniatures.datamodel.files import read_regular
from miniatures.datamodel.keyed_hash import keyed_hash
from miniatures.datamodel.user_folder import user_folder

_BYTES, _LARGEST = 32, 1_000


def home_secret() -> bytes:
    """The secret of whoever runs this, 32 bytes. The environment variable MINIATURES_HOME moves it.

    Raises:
        InputError: it cannot be made, or is damaged.
    """
    return _secret_in(secret_file())


def secret_file() -> Path:
    """Where the secret is kept, or will be."""
    return user_folder(user_data_path("miniatures")) / "pseudonyms.secret"


def pseudonym(key: str) -> str:
    """What somebody is called outside of the store that calls them `key`."""
    return keyed_hash(home_secret(), key)[:16]


@lru_cache(maxsize=8)
def _secret_in(path: Path) -> bytes:
    if not path.exists():
        _make(path)
    secret = read_regular(path, _LARGEST)
    if len(secret) != _BYTES:
        raise InputError(
            f"{path} is damaged: it holds {len(secret)} bytes, not {_BYTES}",
            hint="Restore it, or move it away: then everybody is given new names.",
        )
    return secret


def _make(path: Path) -> None:
    """Whole or not at all, readable for its owner alone; of two processes the first decides."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
        try:
            with suppress(FileExistsError):
                os.link(name, path)
        finally:
            Path(name).unlink()
