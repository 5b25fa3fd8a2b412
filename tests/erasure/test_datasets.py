"""Which versions learned from a person: by their dataset, by what they go on from, or perhaps by the company."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from miniatures.erasure.datasets import SeenDataset, SeenDatasets, SeenVersion, versions_that_saw
from miniatures.finetune.dataset.folder import Dataset
from miniatures.finetune.dataset.trained_companies import company_hash
from miniatures.weights.forgotten import Saw
from miniatures.weights.registry import Registry
from tests.weights.miniatures_made import card_of, tiny_adapter

COMPANY = "Dunholm Cold Storage Ltd"


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "registry", shipped=tmp_path / "shipped")


def add(registry: Registry, folder: Path, seed: int, **changes: Any) -> str:
    adapter = tiny_adapter(folder / str(seed), seed)
    return registry.register(card_of(adapter, **changes), adapter)


def datasets(*seen: str, known: tuple[str, ...] = ()) -> SeenDatasets:
    dataset: Any = Dataset(Path("d"), None)  # type: ignore[arg-type] - nobody looks into it
    sets = tuple(SeenDataset(dataset, frozenset("e"), frozenset(), frozenset({one})) for one in seen)
    return SeenDatasets(sets, frozenset({*seen, *known}), ())


def test_versions_are_found_by_dataset_and_by_what_they_go_on_from(registry: Registry, tmp_path: Path) -> None:
    first = add(registry, tmp_path, 1, dataset="a")
    second = add(registry, tmp_path, 2, dataset="b", recipe={"start": f"outreach@{first}"})
    third = add(registry, tmp_path, 3, dataset="c", recipe={"start": f"outreach@{second}"})
    add(registry, tmp_path, 4, dataset="b")
    found = {one.version: one.saw for one in versions_that_saw(registry, datasets("a"), [], "p")}
    assert found == {first: Saw.DATASET, second: Saw.START, third: Saw.START}


def test_a_company_that_was_learned_counts_where_the_dataset_is_not_at_hand(registry: Registry, tmp_path: Path) -> None:
    learned = (company_hash("Dunholm Cold Storage"),)
    unknown = add(registry, tmp_path, 1, dataset="gone", companies=learned)
    add(registry, tmp_path, 2, dataset="here", companies=learned)
    add(registry, tmp_path, 3, dataset="gone", companies=(company_hash("Another"),))
    found = versions_that_saw(registry, datasets(known=("here",)), [COMPANY], "p")
    assert found == [SeenVersion("outreach", unknown, Saw.COMPANY)]
