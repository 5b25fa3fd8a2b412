"""The datasets and versions that learned from a person: found, flagged, and the examples taken out where that is asked.

What a trace taught has invented names, so such a set holds no contact; it is flagged all the same, because it was made
of what a person did and of what was written to them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.mention import Mentions
from miniatures.datamodel.miniature import MiniatureCard
from miniatures.finetune.dataset.folder import MANIFEST, Dataset, is_manifest, open_dataset
from miniatures.finetune.dataset.forgotten import (
    DatasetFlag,
    add_flag,
    examples_naming,
    examples_of,
    finish_taking_out,
    flags_of,
    remembered_hashes,
    take_out,
)
from miniatures.finetune.dataset.trained_companies import was_trained_on
from miniatures.weights import forgotten
from miniatures.weights.forgotten import ForgottenFlag, Saw
from miniatures.weights.listing import readable_cards
from miniatures.weights.registry import Registry


@dataclass(frozen=True)
class SeenDataset:
    """A dataset that has or had examples of the person: `made` of their traces, and those that `name` them as they are
    called."""

    dataset: Dataset
    made: frozenset[str]
    naming: frozenset[str]
    hashes: frozenset[str]

    @property
    def examples(self) -> frozenset[str]:
        return self.made | self.naming

    @property
    def kind(self) -> str:
        """Whether it holds a real contact, in words."""
        return "names them as they are called" if self.naming else "has invented names, no contact of theirs"


@dataclass(frozen=True)
class SeenDatasets:
    """What was looked into: the sets that saw the person, the hashes of all, and the folders that cannot be read."""

    seen: tuple[SeenDataset, ...]
    hashes: frozenset[str]
    unreadable: tuple[str, ...]


@dataclass(frozen=True)
class SeenVersion:
    """A version of a miniature that learned from the person, and how that is known."""

    name: str
    version: str
    saw: Saw
    source: str = ""

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


def dataset_folders(places: Sequence[Path]) -> list[Path]:
    """The datasets in these folders and below them, each once."""
    found = (path.parent for place in places for path in [*place.rglob(MANIFEST), place / MANIFEST])
    folders = {folder.resolve(): folder for folder in found if not folder.name.startswith(".")}
    return [folder for _, folder in sorted(folders.items()) if is_manifest(folder / MANIFEST)]


def datasets_that_saw(
    folders: Sequence[Path], person: str, lineage: Collection[str], mentions: Mentions
) -> SeenDatasets:
    """Look through datasets; one from which rows were being taken is finished first.

    Args:
        folders: where they lie.
        person: keyed hash of the address, as flags have it.
        lineage: the person's calls and reviews, as a manifest names them.
        mentions: what their address and name look like.
    """
    seen, hashes, unreadable = [], set(), []
    for folder in folders:
        finish_taking_out(folder)
        try:
            dataset = open_dataset(folder)
            known = remembered_hashes(dataset)
            made, naming = examples_of(dataset, person, lineage), examples_naming(dataset, mentions)
            flagged = {flag.manifest for flag in flags_of(folder) if flag.person == person}
        except InputError as error:
            unreadable.append(error.told)
            continue
        hashes |= known
        if made or naming:
            seen.append(SeenDataset(dataset, frozenset(made), frozenset(naming), frozenset(known)))
        elif flagged:
            seen.append(SeenDataset(dataset, frozenset(), frozenset(), frozenset(flagged)))
    return SeenDatasets(tuple(seen), frozenset(hashes), tuple(unreadable))


def versions_that_saw(
    registry: Registry, datasets: SeenDatasets, companies: Collection[str], person: str
) -> list[SeenVersion]:
    """The user's own versions that learned from the person, those that go on from one among them."""
    cards = [card for card in readable_cards(registry) if (registry.root / card.name / card.version).is_dir()]
    found = {
        (one.name, one.version): one for card in cards for one in _seen(registry, card, datasets, companies, person)
    }
    grown = True
    while grown:
        starts = {str(one) for one in found.values()}
        later = [
            card for card in cards if (card.name, card.version) not in found and card.recipe.get("start") in starts
        ]
        found |= {(c.name, c.version): SeenVersion(c.name, c.version, Saw.START, c.recipe["start"]) for c in later}
        grown = bool(later)
    return sorted(found.values(), key=str)


def flag_all(
    registry: Registry, datasets: SeenDatasets, versions: Sequence[SeenVersion], person: str, now: datetime
) -> None:
    """Flag sets and versions; whoever is flagged already stays as they are."""
    for one in datasets.seen:
        if one.examples:
            flag = DatasetFlag(
                person=person, manifest=one.dataset.manifest.hash, examples=tuple(one.examples), since=now
            )
            add_flag(one.dataset.folder, flag)
    for version in versions:
        flag_of = ForgottenFlag(person=person, saw=version.saw, source=version.source, since=now)
        forgotten.flag(registry, version.name, version.version, flag_of)


def take_out_of(datasets: SeenDatasets) -> None:
    """Take the person's examples out of every set."""
    for one in datasets.seen:
        if one.examples:
            take_out(one.dataset, one.examples)


def _seen(
    registry: Registry, card: MiniatureCard, datasets: SeenDatasets, companies: Collection[str], person: str
) -> Iterator[SeenVersion]:
    """How a version is known to have learned from the person; nothing if it is not."""
    for flag in forgotten.flags_of(registry, card.name, card.version):
        if flag.person == person:
            yield SeenVersion(card.name, card.version, flag.saw, flag.source)
            return
    if card.dataset in {name for one in datasets.seen for name in one.hashes}:
        yield SeenVersion(card.name, card.version, Saw.DATASET, card.dataset or "")
    elif card.dataset not in datasets.hashes and any(was_trained_on(one, card.companies or ()) for one in companies):
        yield SeenVersion(card.name, card.version, Saw.COMPANY)
