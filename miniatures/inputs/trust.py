"""Remembers which campaigns a person trusted with what lies beyond their folders.

Each campaign has a file in the user's own configuration that lists what was allowed. What is allowed is exactly that:
a campaign that comes to reach further, or that lies elsewhere, is asked about anew.
"""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from platformdirs import user_config_path

from miniatures.datamodel.errors import NotTrusted, writing
from miniatures.datamodel.files import read_regular, written_whole
from miniatures.datamodel.hashing import text_hash
from miniatures.datamodel.user_folder import user_folder

_MOST_BYTES = 1_000_000


def require_trust(file: Path, reach: tuple[str, ...]) -> None:
    """Return if a person has allowed this campaign all that it reaches.

    Raises:
        NotTrusted: some of it was not allowed.
    """
    allowed = _allowed(file) if reach else frozenset[str]()
    wanted = [one for one in reach if one not in allowed]
    if wanted:
        raise NotTrusted(
            f"{file} is not trusted with what lies beyond its folder: it {'; it '.join(wanted)}",
            hint=f"If you wrote it, or trust whoever did, allow it: miniatures trust {shlex.quote(str(file))}",
            file=file,
            reach=reach,
        )


def trust(file: Path, reach: tuple[str, ...]) -> None:
    """Allow this campaign what it reaches now.

    Raises:
        InputError: the user's configuration cannot be written.
    """
    record = _record(file)
    with writing(record.parent):
        record.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(record) as out:
        json.dump({"campaign": str(file), "allowed": reach}, out, ensure_ascii=False, indent=2)


def _allowed(file: Path) -> frozenset[str]:
    record = _record(file)
    if not record.exists():
        return frozenset()
    try:
        return frozenset(map(str, json.loads(read_regular(record, _MOST_BYTES))["allowed"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return frozenset()  # whatever it was, it is no permission


def _record(file: Path) -> Path:
    return user_folder(user_config_path("miniatures")) / "trusted" / f"{text_hash(str(file))}.json"
