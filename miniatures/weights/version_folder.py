"""One version of a miniature on disk: card, adapter and curve, written whole or not at all and read with suspicion.

A version's folder is named by the start of its adapter's hash, so what lies in it can be held against its name.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.files import read_regular
from miniatures.datamodel.miniature import MiniatureCard
from miniatures.weights.card_markdown import card_markdown
from miniatures.weights.card_upgrade import upgraded
from miniatures.weights.errors import BadAdapter, RegistryError
from miniatures.weights.home import disk_errors, write_atomically
from miniatures.weights.merge import adapter_hash

CARD, READABLE_CARD, CURVE, ADAPTER = "card.json", "CARD.md", "curve.png", "adapter"
VERSION = re.compile(r"[0-9a-f]{12}")
_ADAPTER_FILES = ("adapter_model.safetensors", "adapter_config.json")
_UNFINISHED = ".unfinished-"
_LARGEST_CARD = 50_000_000


def versions_in(folder: Path) -> list[str]:
    """The versions that lie in a miniature's folder, the one registered first first."""
    if not folder.is_dir():
        return []
    found = [entry for entry in folder.iterdir() if entry.is_dir() and VERSION.fullmatch(entry.name)]
    return [entry.name for entry in sorted(found, key=lambda entry: (_age(entry), entry.name))]


def read_card(folder: Path) -> MiniatureCard:
    """The version's card.

    Raises:
        RegistryError: the card is missing, is not readable, or describes another version.
    """
    path = folder / CARD
    try:
        card = MiniatureCard.model_validate(upgraded(json.loads(read_regular(path, _LARGEST_CARD))))
    except (InputError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        raise RegistryError(
            f"the card {path} cannot be read: {reason}",
            hint=f"Restore the file; the adapter beside it is as it was. Or move {folder} away and register it again.",
        ) from error
    if card.version != folder.name or card.name != folder.parent.name:
        raise RegistryError(
            f"the card {path} describes {card.name}@{card.version}, not {folder.parent.name}@{folder.name}",
            hint="Restore the card that was registered with this version.",
        )
    return card


def read_adapter(folder: Path, card: MiniatureCard) -> Path:
    """The version's adapter folder, held against the hash on the card.

    Raises:
        RegistryError: the adapter is missing or is not the one that was registered.
    """
    adapter = folder / ADAPTER
    hint = (
        f"Restore it, or register the adapter again: a damaged one is moved aside. Other versions of {card.name} serve."
    )
    try:
        found = adapter_hash(adapter)
    except BadAdapter as error:
        raise RegistryError(f"the adapter {adapter} cannot be read: {error.message}", hint=hint) from error
    if found != card.adapter_sha256:
        raise RegistryError(f"the adapter {adapter} is not the one that was registered (SHA-256 differs)", hint=hint)
    return adapter


def intact_card(folder: Path) -> MiniatureCard | None:
    """The card of a version that is here; None if it is not, or if its adapter is damaged.

    Raises:
        RegistryError: the card is damaged.
    """
    if not folder.is_dir():
        return None
    card = read_card(folder)
    try:
        read_adapter(folder, card)
    except RegistryError:
        return None
    return card


def remove_version(folder: Path) -> None:
    """Take a version away: out of sight in one step, then off the disk. The caller holds the miniature's lock."""
    gone = Path(tempfile.mkdtemp(dir=folder.parent, prefix=_UNFINISHED))
    folder.rename(gone / folder.name)
    shutil.rmtree(gone, ignore_errors=True)


def write_version(folder: Path, card: MiniatureCard, adapter_dir: Path, curve: Path | None) -> None:
    """Copy the adapter in and write its cards. The caller holds the miniature's lock.

    Raises:
        RegistryError: the adapter is not the one that the card names.
        NoSpace: the disk is full.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    for left_over in folder.parent.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(left_over, ignore_errors=True)
    unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix=_UNFINISHED))
    try:
        with disk_errors(folder):
            _fill(unfinished, card, adapter_dir, curve)
            if folder.exists():
                folder.rename(folder.with_name(f"{folder.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"))
            unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def write_card(folder: Path, card: MiniatureCard) -> None:
    """Both forms of the card, for programs and for people."""
    write_atomically(folder / CARD, card.model_dump_json(indent=2) + "\n")
    write_atomically(folder / READABLE_CARD, card_markdown(card, has_curve=(folder / CURVE).is_file()))


def _fill(folder: Path, card: MiniatureCard, adapter_dir: Path, curve: Path | None) -> None:
    (folder / ADAPTER).mkdir()
    for name in _ADAPTER_FILES:
        shutil.copyfile(adapter_dir / name, folder / ADAPTER / name)
    if adapter_hash(folder / ADAPTER) != card.adapter_sha256:
        raise RegistryError(
            f"the adapter {adapter_dir} is not the one that its card names (SHA-256 differs)",
            hint="Make the card with `adapter_hash` of this folder.",
        )
    if curve is not None:
        shutil.copyfile(curve, folder / CURVE)
    write_card(folder, card)
    folder.chmod(0o755)


def _age(folder: Path) -> float:
    card = folder / CARD
    try:
        return read_card(folder).created_at.timestamp()
    except (RegistryError, ValueError, OverflowError):  # The last two: a moment before or after all times.
        return card.stat().st_mtime if card.exists() else 0.0
