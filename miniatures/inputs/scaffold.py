"""Writes a commented campaign folder to start from; its contacts are fictional and its addresses reserved."""

from __future__ import annotations

import re
from pathlib import Path

from miniatures.datamodel.errors import InputError, writing

_TEMPLATE = Path(__file__).parent / "templates" / "campaign"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


def create_campaign(folder: Path) -> list[Path]:
    """Write the folder and return its files; the campaign is named like the folder.

    Raises:
        InputError: the name cannot name a campaign, or something is there already. Nothing is written then.
    """
    if not _NAME.fullmatch(folder.resolve().name):
        raise InputError(
            f"{folder.name!r} cannot name a campaign", hint="Use letters, digits, dots, dashes and underscores."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} exists already and is left as it is", hint="Choose another name.")
    templates = sorted(path for path in _TEMPLATE.rglob("*") if path.is_file())
    return [_write(folder / path.relative_to(_TEMPLATE), path, folder.resolve().name) for path in templates]


def _write(path: Path, template: Path, name: str) -> Path:
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(template.read_text(encoding="utf-8").replace("{{name}}", name), encoding="utf-8")
    return path
