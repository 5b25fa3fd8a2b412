"""A card says what a run was made of; of the machine that it ran on, only where a base in a folder lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures.datamodel.miniature import Stage
from miniatures.finetune.train.card import register_run
from miniatures.finetune.train.training import ADAPTER, train
from miniatures.weights.errors import WeightsError
from miniatures.weights.merge import adapter_hash
from miniatures.weights.registry import Registry
from tests.finetune.tiny_runs import BASE, make_workshop, one_thread

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory):
    workshop = make_workshop(tmp_path_factory.mktemp("carding"), emails=6)
    prepared = workshop.prepared(max_steps=2, evaluate_every=2)
    out = workshop.folder / "out"
    with one_thread():
        summary = train(prepared, out, lambda progress: None)
    return workshop, prepared, summary, out


def test_the_card_names_base_data_recipe_and_prompts(run, tmp_path: Path):
    workshop, prepared, summary, out = run
    registry = Registry(tmp_path / "registry", shipped=tmp_path / "none")
    card = register_run(prepared, workshop.dataset, summary, out, registry)
    manifest = workshop.dataset.manifest
    assert registry.card("tiny", Stage.CANDIDATE) == card
    assert card.adapter_sha256 == adapter_hash(registry.adapter_folder("tiny", Stage.CANDIDATE))
    assert card.dataset == manifest.hash
    assert card.prompt_versions == {"writer": manifest.prompt_versions["writer"]}, "researcher is not in the recipe"
    assert (card.base, card.base_sha256) == (str(workshop.folder / BASE), prepared.base.sha256)
    assert len(card.base_sha256) == 64
    assert card.base_parameters == prepared.base.parameters
    assert (card.trust, card.taxonomy) == (manifest.trust, manifest.taxonomy)
    assert card.training["steps"] == 2
    assert card.training["sources"] == ["gold:slice"]
    assert "dataset" not in card.recipe
    assert card.recipe["lora"]["rank"] == 8
    assert card.adapter_bytes == sum(file.stat().st_size for file in (out / ADAPTER).iterdir())
    assert registry.curve("tiny", Stage.CANDIDATE) is not None
    kept = [file for file in (tmp_path / "registry").rglob("*") if file.suffix in {".json", ".md"}]
    texts = [file.read_text(encoding="utf-8").replace(str(workshop.folder / BASE), "") for file in kept]
    assert not any(str(workshop.folder) in text for text in texts)


def test_registering_twice_is_once(run, tmp_path: Path):
    workshop, prepared, summary, out = run
    registry = Registry(tmp_path / "registry", shipped=tmp_path / "none")
    first = register_run(prepared, workshop.dataset, summary, out, registry)
    assert register_run(prepared, workshop.dataset, summary, out, registry).version == first.version
    assert registry.versions("tiny") == [first.version]


def test_a_run_without_an_adapter_is_not_registered(run, tmp_path: Path):
    workshop, prepared, summary, _ = run
    registry = Registry(tmp_path / "registry", shipped=tmp_path / "none")
    with pytest.raises(WeightsError):
        register_run(prepared, workshop.dataset, summary, tmp_path / "nothing", registry)
    assert registry.names() == []
