"""Writes a commented campaign folder to start from; its contacts are fictional and its addresses reserved."""

from __future__ import annotations

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from miniatures.datamodel.errors import InputError, writing

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
    return [_write(folder / name, text, folder.resolve().name) for name, text in _templates()]


def _templates() -> list[tuple[str, str]]:
    return sorted(_texts(files("miniatures.inputs") / "templates" / "campaign", ""))


def _texts(folder: Traversable, prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for entry in folder.iterdir():
        name = f"{prefix}{entry.name}"
        found += _texts(entry, f"{name}/") if entry.is_dir() else [(name, entry.read_text(encoding="utf-8"))]
    return found


def _write(path: Path, template: str, name: str) -> Path:
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(template.replace("{{name}}", name), encoding="utf-8")
    return path
