"""Cards that earlier versions wrote are read in today's form: the shipped one, as it was, is the example."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from miniatures.agents.roles.role import role_named
from miniatures.datamodel.capabilities import SMALL, Capabilities, Trust
from miniatures.prompts.library import PromptLibrary
from miniatures.prompts.taxonomy import known_taxonomy
from miniatures.weights.card_upgrade import upgraded
from miniatures.weights.errors import RegistryError
from miniatures.weights.registry import Registry
from tests.weights.miniatures_made import card_of, tiny_adapter

OLD: dict[str, Any] = {
    "name": "outreach",
    "base": "smollm2-135m-instruct",
    "base_sha256": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    "base_licence": "Apache-2.0",
    "base_parameters": 144283968,
    "adapter_sha256": "90a15197c8fbc4d56494f950f0ff9283493572cc09cb15a508f0f334ad789f3a",
    "adapter_bytes": 19594188,
    "dataset": "25be7e3d670dd45dccb8a50aa5e40a927de75d02764269148ccb7af98559b501",
    "companies": ["05f09cc92ff5", "07aafa3ec333"],
    "prompt_versions": {"researcher": "deb51fbc010df6f0", "writer": "87b2318ed15ca24c"},
    "profile": "compact",
    "recipe": {"name": "outreach", "roles": ["researcher", "writer"], "lora": {"rank": 32, "alpha": 64.0}},
    "training": {"steps": 355, "examples": 12397, "best_validation_loss": 0.5603855638841306},
    "scores": {"researcher_precision": {"passed": 447, "total": 499, "low": 0.8658926, "high": 0.9196432}},
    "comparisons": [
        {
            "against": "bm25",
            "dataset": "65f7357d4f2d55d443d088735af27cd033073c2f416db5ccbd5e02af92a97bc9",
            "measure": "researcher_must_found",
            "cases": 301,
            "difference": 0.43853820598006643,
            "low": 0.3694915254237288,
            "high": 0.50814332247557,
            "p_value": 1.9030709288774035e-30,
        }
    ],
    "evaluated_on": "65f7357d4f2d55d443d088735af27cd033073c2f416db5ccbd5e02af92a97bc9",
    "created_at": "2026-11-22T21:23:18.472350Z",
}


def registered_with(card: dict[str, Any], folder: Path) -> tuple[Registry, str]:
    """A registry with one version, whose card is exchanged for this one, of its own adapter."""
    registry = Registry(folder / "registry", shipped=folder / "none")
    adapter = tiny_adapter(folder / "adapter", 1)
    made = card_of(adapter)
    version = registry.register(made, adapter)
    path = registry.root / "outreach" / version / "card.json"
    path.write_text(json.dumps({**card, "adapter_sha256": made.adapter_sha256}), encoding="utf-8")
    return registry, version


def test_an_old_card_is_read_in_its_present_form(tmp_path: Path) -> None:
    registry, version = registered_with(OLD, tmp_path)
    card = registry.card("outreach", version)
    assert (card.trust, card.taxonomy) == (SMALL, known_taxonomy().hash)
    new = {"trust", "taxonomy", "prompt_versions", "adapter_sha256", "readings", "sure_readings"}
    told = card.model_dump(mode="json", exclude=new)
    for comparison in told["comparisons"]:
        assert [comparison.pop(name) for name in ("gained", "lost", "design_effect")] == [None, None, 1.0]
    assert told == {name: OLD[name] for name in told}
    assert card.readings == card.sure_readings == ()


def test_a_prompt_that_renders_the_same_text_is_still_the_one_that_was_trained_on(tmp_path: Path) -> None:
    registry, version = registered_with(OLD, tmp_path)
    prompts, small = PromptLibrary(), Capabilities().with_trust(SMALL)
    served = {name: role_named(name).version(prompts, small) for name in OLD["prompt_versions"]}
    assert registry.card("outreach", version).prompt_versions == served
    assert upgraded({**OLD, "prompt_versions": {"writer": "w0"}})["prompt_versions"] == {"writer": "w0"}


def test_an_old_card_can_be_kept_and_is_then_written_in_its_present_form(tmp_path: Path) -> None:
    registry, version = registered_with(OLD, tmp_path)
    card = registry.card("outreach", version)
    registry.update_card(card)
    written = json.loads((registry.root / "outreach" / version / "card.json").read_text(encoding="utf-8"))
    assert "profile" not in written
    assert registry.card("outreach", version) == card


def test_a_large_models_card_is_trusted_as_one() -> None:
    assert upgraded({**OLD, "profile": "full"})["trust"] == Trust().model_dump(mode="json")


@pytest.mark.parametrize(
    "card", [None, [], "card", {}, {"name": "outreach", "trust": {"held": True, "languages": ["de"]}}]
)
def test_what_is_no_old_card_stays_as_it_is(card: Any) -> None:
    assert upgraded(card) == card


@pytest.mark.parametrize(
    "damage", [{"profile": "tiny"}, {"profile": []}, {"prompt_versions": None}, {"prompt_versions": {"writer": []}}]
)
def test_a_damaged_old_card_is_told(damage: dict[str, Any], tmp_path: Path) -> None:
    registry, version = registered_with({**OLD, **damage}, tmp_path)
    with pytest.raises(RegistryError, match=r"the card .*card\.json cannot be read"):
        registry.card("outreach", version)


def test_what_was_held_to_english_spelling_was_taught_english() -> None:
    before_languages = {name: value for name, value in SMALL.model_dump(mode="json").items() if name != "languages"}
    assert upgraded({"name": "outreach", "trust": before_languages})["trust"] == SMALL.model_dump(mode="json")
    assert upgraded({"trust": {"held": False}}) == {"trust": {"held": False}}
