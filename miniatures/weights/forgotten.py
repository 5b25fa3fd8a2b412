"""Flags on versions that learned from somebody who is to be forgotten: weights cannot be made to forget one person.

A flag is kept with the miniature's name and not in the version's folder, because it is about the adapter's hash: the
same adapter registered again has learned from the same people.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import Field, ValidationError

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.files import read_regular
from miniatures.datamodel.frozen import Frozen, Strict
from miniatures.datamodel.moment import Moment
from miniatures.weights.errors import RegistryError
from miniatures.weights.home import exclusive, write_atomically
from miniatures.weights.registry import Registry
from miniatures.weights.registry_state import STATE

FLAGS = "forgotten.json"
_LARGEST = 50_000_000


class Saw(StrEnum):
    """How it is known that a version learned from a person."""

    DATASET = "dataset"
    """It was trained on a dataset that had examples of theirs."""
    START = "start"
    """It goes on from a version that is flagged."""
    COMPANY = "company"
    """It was trained on their company, by a dataset that is not here: it may have seen them."""


class ForgottenFlag(Frozen):
    """One person whom a version has seen. Nothing in it tells who."""

    person: str = Field(description="Keyed hash of the address, as the suppression list has it.")
    saw: Saw
    source: str = Field(default="", description="Hash of the dataset's manifest, or NAME@VERSION that it goes on from.")
    since: Moment


class _Flags(Strict):
    versions: dict[str, tuple[ForgottenFlag, ...]] = Field(default_factory=dict)


def flags_of(registry: Registry, name: str, version: str) -> tuple[ForgottenFlag, ...]:
    """The people whom a version has seen and who are forgotten since.

    Raises:
        RegistryError: the file of flags is damaged.
    """
    return _read(registry.root / name).versions.get(version, ())


def flag(registry: Registry, name: str, version: str, new: ForgottenFlag) -> None:
    """Flag a version; of one person the first flag stays.

    Raises:
        RegistryError: the file of flags is damaged.
    """
    folder = registry.root / name
    with exclusive(folder / STATE):
        known = _read(folder)
        flags = known.versions.get(version, ())
        if new.person not in {one.person for one in flags}:
            changed = _Flags(versions={**known.versions, version: (*flags, new)})
            write_atomically(folder / FLAGS, changed.model_dump_json(indent=2) + "\n")


def what_to_do(name: str, version: str) -> str:
    """How a person mends a flagged version, in one sentence."""
    return (
        "Train it again on the dataset without them (`miniatures finetune RECIPE`), promote the new version "
        f"(`miniatures models promote {name}@candidate`), then remove this one "
        f"(`miniatures models remove {name}@{version}`). Copies lie in its training folder and, merged, in the weights "
        "cache."
    )


def flags_markdown(name: str, version: str, flags: tuple[ForgottenFlag, ...]) -> str:
    """A section of the card's page about who is forgotten; empty without flags."""
    if not flags:
        return ""
    lines = [f"- {one.since:%Y-%m-%d}: {_words(one)}" for one in flags]
    return "\n".join(["## Learned from people who are forgotten", "", *lines, "", what_to_do(name, version)])


def _words(one: ForgottenFlag) -> str:
    match one.saw:
        case Saw.DATASET:
            return f"trained on examples of theirs, in the dataset `{one.source}`"
        case Saw.START:
            return f"goes on from {one.source}, which learned from them"
        case Saw.COMPANY:
            return "trained on their company by a dataset that was not at hand: it may have learned from them"


def _read(folder: Path) -> _Flags:
    path = folder / FLAGS
    if not path.exists():
        return _Flags()
    try:
        return _Flags.model_validate_json(read_regular(path, _LARGEST))
    except (InputError, ValidationError) as error:
        raise RegistryError(
            f"the flags {path} cannot be read: {str(error).splitlines()[0]}",
            hint="Restore the file, or move it away and give the same `miniatures forget` again.",
        ) from error
