"""What is said of a version before anybody promotes it is what the promotion itself would say."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures.datamodel.capabilities import Variant
from miniatures.datamodel.gate import GateOutcome, GateSettings
from miniatures.measure.going_live import gate_words, go_live, outlook
from miniatures.prompts.library import PromptLibrary
from miniatures.weights.errors import PromotionRefused
from miniatures.weights.registry import Registry
from tests.weights.miniatures_made import SCORES, card_of, compared, tiny_adapter


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "own", shipped=tmp_path / "shipped")


def add(registry: Registry, folder: Path, seed: int, **changes: object) -> str:
    served = {name: PromptLibrary().version(name, Variant.COMPACT) for name in ("writer", "researcher")}
    adapter = tiny_adapter(folder / str(seed), seed)
    return registry.register(card_of(adapter, **{"name": "mine", "prompt_versions": served, **changes}), adapter)


def test_the_outlook_is_what_the_refusal_says(registry: Registry, tmp_path: Path) -> None:
    first = add(registry, tmp_path, 1, scores=SCORES)
    assert outlook(registry, registry.card("mine", first)).against == ()
    go_live(registry, "mine", first)
    second = add(registry, tmp_path, 2, comparisons=(compared(first, -0.1),))
    found = outlook(registry, registry.card("mine", second))
    assert found.gate is not None and found.gate.outcome is GateOutcome.WORSE
    assert found.gate.missing == ("researcher_right",)
    with pytest.raises(PromotionRefused) as refused:
        go_live(registry, "mine", second)
    assert refused.value.message == f"mine@{second} is not promoted: {'; '.join(found.against)}"
    assert go_live(registry, "mine", second, force="the old one is worse still").forced


def test_settings_decide_and_are_kept(registry: Registry, tmp_path: Path) -> None:
    first = add(registry, tmp_path, 1, scores=SCORES)
    go_live(registry, "mine", first)
    few = {"cases": 60, "gained": 1, "lost": 1, "p_value": 1.0}
    both = compared(first, 0.0, **few), compared(first, 0.0, measure="researcher_right", **few)
    second = add(registry, tmp_path, 2, comparisons=both)
    card, asked = registry.card("mine", second), GateSettings(margin=0.15, least_cases=50)
    assert outlook(registry, card).against and not outlook(registry, card, asked).against
    promotion = go_live(registry, "mine", second, asked)
    assert promotion.gate is not None and promotion.gate.settings == asked
    assert gate_words(promotion.gate) == (
        "beside the one before not worse (margin 15.0%, alpha 0.05, 50 cases or more)"
    )
