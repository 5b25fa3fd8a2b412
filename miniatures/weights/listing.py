"""All versions of all miniatures as one list; what is damaged or gone is in it, with what is wrong and its cure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from miniatures.datamodel.miniature import MiniatureCard, Stage
from miniatures.weights.errors import RegistryError
from miniatures.weights.registry import Registry


@dataclass(frozen=True)
class ListedVersion:
    """One version. Without a card it cannot be read, or is gone; `error` says what is wrong with it, if anything is."""

    name: str
    version: str
    stages: tuple[Stage, ...] = ()
    card: MiniatureCard | None = None
    error: str = ""
    hint: str = ""


def listed_versions(registry: Registry) -> Iterator[ListedVersion]:
    """All versions by name, the oldest first, and those that are live or candidate and whose folder is gone."""
    for name in sorted({*registry.names(), *registry.emptied()}):
        yield from versions_of(registry, name)


def versions_of(registry: Registry, name: str) -> Iterator[ListedVersion]:
    """The versions of one miniature, as `listed_versions` lists them."""
    here = registry.versions(name) if name in registry.names() else []
    for version in here:
        yield listed_version(registry, name, version)
    try:
        state = registry.state(name)
    except RegistryError as error:
        if not here:
            yield ListedVersion(name, "", error=error.message, hint=error.hint)
        return
    for gone in dict.fromkeys(version for stage in Stage if (version := getattr(state, stage)) and version not in here):
        stages = tuple(stage for stage in Stage if getattr(state, stage) == gone)
        others = f", or promote one of {', '.join(here)}" if here else ", or train it again"
        wrong = f"the {' and '.join(stages)} version {name}@{gone} is gone"
        yield ListedVersion(name, gone, stages, error=wrong, hint=f"Restore its folder{others}.")


def listed_version(registry: Registry, name: str, version: str) -> ListedVersion:
    """One version that is here, its files looked at."""
    card: MiniatureCard | None = None
    stages: tuple[Stage, ...] = ()
    try:
        card = registry.card(name, version)
        state = registry.state(name)
        stages = tuple(stage for stage in Stage if getattr(state, stage) == version)
        registry.adapter_folder(name, version)
    except RegistryError as error:
        return ListedVersion(name, version, stages, card, error.message, error.hint)
    except OSError as error:
        return ListedVersion(name, version, stages, card, f"its files cannot be read: {error}", "Restore them.")
    return ListedVersion(name, version, stages, card)


def readable_cards(registry: Registry) -> Iterator[MiniatureCard]:
    """The cards of all versions; a damaged one is passed over, and adapters are not looked at."""
    for name in registry.names():
        for version in registry.versions(name):
            with suppress(RegistryError, OSError):
                yield registry.card(name, version)


def miniature_with(registry: Registry, adapter: str) -> tuple[str, str] | None:
    """Name and version of the miniature that has an adapter of this hash; None if none has."""
    version = adapter[:12]
    return next(((name, version) for name in registry.names() if version in registry.versions(name)), None)
