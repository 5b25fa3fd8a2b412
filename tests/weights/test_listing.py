"""A list of all versions in which nothing is missing: what is damaged or gone is in it, and says so."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from miniatures.datamodel.miniature import Stage
from miniatures.weights.listing import ListedVersion, listed_versions, miniature_with, readable_cards
from miniatures.weights.registry import Registry
from tests.weights.miniatures_made import card_of, tiny_adapter


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "own", shipped=tmp_path / "shipped")


def add(registry: Registry, folder: Path, seed: int, name: str = "mine") -> str:
    adapter = tiny_adapter(folder / f"{name}{seed}", seed)
    return registry.register(card_of(adapter, name=name), adapter)


def listed(registry: Registry) -> dict[tuple[str, str], ListedVersion]:
    return {(one.name, one.version): one for one in listed_versions(registry)}


def test_all_versions_with_their_stages(registry: Registry, tmp_path: Path) -> None:
    first, second, other = add(registry, tmp_path, 1), add(registry, tmp_path, 2), add(registry, tmp_path, 3, "other")
    registry.promote("mine", first)
    found = listed(registry)
    assert list(found) == [("mine", first), ("mine", second), ("other", other)]
    assert [one.stages for one in found.values()] == [(Stage.LIVE,), (Stage.CANDIDATE,), (Stage.CANDIDATE,)]
    assert not any(one.error for one in found.values())


def test_damaged_files_are_told_with_their_cure(registry: Registry, tmp_path: Path) -> None:
    card, adapter, intact = (add(registry, tmp_path, seed) for seed in (1, 2, 3))
    home = registry.root / "mine"
    (home / card / "card.json").write_text("{")
    (home / adapter / "adapter" / "adapter_model.safetensors").unlink()
    found = listed(registry)
    assert found["mine", card].card is None
    assert "card.json cannot be read" in found["mine", card].error and "Restore" in found["mine", card].hint
    assert found["mine", adapter].card is not None
    assert "has no adapter_model.safetensors" in found["mine", adapter].error and found["mine", adapter].hint
    assert found["mine", intact] == ListedVersion("mine", intact, (Stage.CANDIDATE,), registry.card("mine", intact))
    assert {one.version for one in readable_cards(registry)} == {adapter, intact}


def test_a_version_that_is_live_and_gone_is_listed(registry: Registry, tmp_path: Path) -> None:
    gone, here = add(registry, tmp_path, 1), add(registry, tmp_path, 2)
    registry.promote("mine", gone)
    shutil.rmtree(registry.root / "mine" / gone)
    told = listed(registry)["mine", gone]
    assert (told.stages, told.error) == ((Stage.LIVE,), f"the live version mine@{gone} is gone")
    assert told.hint == f"Restore its folder, or promote one of {here}."
    shutil.rmtree(registry.root / "mine" / here)
    assert {one.error for one in listed_versions(registry)} == {
        f"the live version mine@{gone} is gone",
        f"the candidate version mine@{here} is gone",
    }


def test_what_was_removed_is_not_listed(registry: Registry, tmp_path: Path) -> None:
    registry.remove("mine", add(registry, tmp_path, 1))
    assert listed(registry) == {}


def test_a_state_that_cannot_be_read_hides_no_card(registry: Registry, tmp_path: Path) -> None:
    version = add(registry, tmp_path, 1)
    (registry.root / "mine" / "state.json").write_text("[")
    told = listed(registry)["mine", version]
    assert told.card is not None and told.stages == () and "state.json cannot be read" in told.error
    shutil.rmtree(registry.root / "mine" / version)
    [left] = listed_versions(registry)
    assert (left.name, left.version) == ("mine", "") and "state.json cannot be read" in left.error


def test_a_miniature_is_found_by_its_adapter(registry: Registry, tmp_path: Path) -> None:
    version = add(registry, tmp_path, 1)
    assert miniature_with(registry, registry.card("mine", version).adapter_sha256) == ("mine", version)
    assert miniature_with(registry, "0" * 64) is None
