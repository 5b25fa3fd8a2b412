"""What the page of a miniature tells beyond its card: how it stands, where it works, and what it was trained on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from miniatures.app.web.desks import OpenDesk
from miniatures.app.web.shelf import Shelved, shelved_as
from miniatures.app.web.site import Site
from miniatures.backends.cards import miniatures_in
from miniatures.datamodel.dataset import Split
from miniatures.datamodel.errors import MiniaturesError
from miniatures.datamodel.gate import GateSettings
from miniatures.datamodel.miniature import MiniatureCard, Promotion
from miniatures.measure.going_live import Outlook, outlook, served_prompts
from miniatures.store.call_links import Held
from miniatures.weights.errors import RegistryError
from miniatures.weights.listing import ListedVersion, listed_version, versions_of
from miniatures.weights.registry import Registry

_LOOKED_AT = (Split.TRAIN, Split.VALIDATION)
"""The sides of a dataset that training sees."""


@dataclass(frozen=True)
class Origin:
    """The calls and reviews of one open campaign that a miniature was trained on."""

    campaign: str
    held: Held


@dataclass(frozen=True)
class Lineage:
    """What is known here of the data that a miniature was trained on."""

    dataset: Shelved | None = None
    examples: int = 0
    origins: tuple[Origin, ...] = ()
    trouble: str = ""


@dataclass(frozen=True)
class VersionFacts:
    """All that the page of a version shows. What cannot be found out is left empty."""

    listed: ListedVersion
    live: str | None = None
    earlier: str | None = None
    history: tuple[Promotion, ...] = ()
    others: tuple[ListedVersion, ...] = ()
    has_curve: bool = False
    outlook: Outlook | None = None
    served: dict[str, str] = field(default_factory=dict)
    evaluated: str = ""
    """The dataset that it was evaluated on, as addresses call it, if that is known here."""
    lineage: Lineage = field(default_factory=Lineage)
    used: tuple[tuple[OpenDesk, tuple[str, ...]], ...] = ()

    @property
    def is_live(self) -> bool:
        return self.live == self.listed.version


def version_facts(site: Site, registry: Registry, name: str, version: str, settings: GateSettings) -> VersionFacts:
    """Find out all about a version; `version` is one that the registry has or its state names."""
    others = tuple(versions_of(registry, name))
    listed = next((one for one in others if one.version == version), None) or listed_version(registry, name, version)
    card = listed.card
    facts = VersionFacts(listed, others=others, lineage=_lineage(site, card))
    try:
        state = registry.state(name)
    except RegistryError:
        return facts
    facts = replace(facts, live=state.live, earlier=state.earlier, history=state.history[::-1])
    if card is None:
        return facts
    return replace(
        facts,
        has_curve=registry.curve(name, version) is not None,
        outlook=None if state.live == version else outlook(registry, card, settings),
        served=served_prompts(card),
        evaluated=_short(site, card.evaluated_on),
        used=tuple(_used(site.desks, registry, name, version)),
    )


def _used(
    desks: Iterable[OpenDesk], registry: Registry, name: str, version: str
) -> Iterable[tuple[OpenDesk, tuple[str, ...]]]:
    """The open campaigns that ask this version, each with the roles and seats that it does."""
    for opened in desks:
        named = miniatures_in(opened.loaded.campaign)
        labels = tuple(
            label for label, (who, ref) in named.items() if who == name and _means(registry, name, ref, version)
        )
        if labels:
            yield opened, labels


def _means(registry: Registry, name: str, ref: str, version: str) -> bool:
    try:
        return registry.resolve(name, ref) == version
    except RegistryError:
        return False


def _short(site: Site, hash: str | None) -> str:
    dataset = shelved_as(site, hash) if hash else None
    return dataset.short if dataset else ""


def _lineage(site: Site, card: MiniatureCard | None) -> Lineage:
    """The dataset of a card, if it is known here, and which of its examples came from campaigns that are open here."""
    if card is None or card.dataset is None:
        return Lineage()
    dataset = shelved_as(site, card.dataset)
    if dataset is None:
        return Lineage()
    try:
        index = dataset.index
        named = set(index.lineage(_LOOKED_AT, card.roles))
        examples = sum(place.split in _LOOKED_AT and place.role in card.roles for place in index.places)
        return Lineage(dataset, examples, tuple(origins(site.desks, named)))
    except MiniaturesError as error:
        return Lineage(dataset, trouble=f"{error.message}. {error.hint}")


def origins(desks: Iterable[OpenDesk], named: Iterable[str]) -> Iterable[Origin]:
    """Of what examples were made from, the calls and reviews that open campaigns hold."""
    calls, reviews = parts_of(named)
    for opened in desks:
        if opened.was_run and (calls or reviews):
            held = opened.store.held(opened.name, calls, reviews)
            if held.calls or held.reviews:
                yield Origin(opened.name, held)


def parts_of(named: Iterable[str]) -> tuple[Sequence[str], Sequence[str]]:
    """The ids of calls and of reviews in an example's lineage."""
    split = [one.split(":") for one in named]
    ids = {
        kind: sorted({parts[1] for parts in split if parts[0] == kind and len(parts) > 1})
        for kind in ("trace", "review")
    }
    return ids["trace"], ids["review"]
