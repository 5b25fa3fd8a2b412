"""What speaks against a version going live; an adapter is tried on real base weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from miniatures.weights.errors import PromotionRefused
from miniatures.weights.home import file_sha256
from miniatures.weights.promotion import effect_refusals, promote, refusals
from miniatures.weights.registry import Registry
from tests.weights.adapters import write_adapter
from tests.weights.miniatures_made import card_of, compared, tiny_adapter

SERVED = {"writer": "w1", "researcher": "r1", "planner": "p1"}
DECISIVE = {"writer": "all_checks", "researcher": "researcher_right"}
LIVE = "0123456789ab"


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    return tiny_adapter(tmp_path / "adapter", 1)


def said(adapter: Path, *, live: str | None = None, served: dict[str, str] = SERVED, **changes: Any) -> list[str]:
    return refusals(card_of(adapter, **changes), live=live, served=served, decisive=DECISIVE)


def test_nothing_speaks_against_a_first_version(adapter: Path) -> None:
    assert said(adapter) == []


def test_other_prompts_than_those_trained_on_are_told_one_by_one(adapter: Path) -> None:
    told = said(adapter, served={"writer": "w2"})
    assert told == [
        "it was trained on the writer prompt w1, and served is w2",
        "it was trained on the researcher prompt r1, and served is none",
    ]
    assert said(adapter, prompt_versions={}) == ["its card does not say which prompts it was trained on"]


@pytest.mark.parametrize("against", [LIVE, LIVE[:8], f"outreach@{LIVE}", f"miniature:outreach@{LIVE[:6]}", LIVE + "cd"])
def test_a_comparison_with_the_live_version_is_needed_and_found(adapter: Path, against: str) -> None:
    assert said(adapter, live=LIVE, comparisons=(compared(against),)) == []
    (told,) = said(adapter, live=LIVE, comparisons=(compared(against, -0.05),))
    assert told.startswith(
        f"it is significantly worse than the live version {LIVE}: all_checks -5.0 points [-7.0, -3.0]"
    )


@pytest.mark.parametrize(
    "against", ["miniature:outreach@live", "miniature:other@0123456789ab", "litellm:x", "01234", ""]
)
def test_a_comparison_with_anything_else_does_not_count(adapter: Path, against: str) -> None:
    told = said(adapter, live=LIVE, comparisons=(compared(against, 0.3),))
    assert told == [f"it was never compared with the live version {LIVE}"]


def test_worse_within_chance_is_not_worse(adapter: Path) -> None:
    assert said(adapter, live=LIVE, comparisons=(compared(LIVE, -0.01),)) == []


def test_one_significantly_worse_measure_is_enough(adapter: Path) -> None:
    both = compared(LIVE, 0.05), compared(LIVE, -0.08, measure="researcher_precision")
    assert len(said(adapter, live=LIVE, comparisons=both)) == 1


def test_only_the_last_dataset_and_a_measure_that_decides_count(adapter: Path) -> None:
    never = [f"it was never compared with the live version {LIVE}"]
    old, new = compared(LIVE, -0.1, dataset="f" * 64), compared(LIVE, 0.1)
    assert said(adapter, live=LIVE, comparisons=(old, new)) == []
    assert said(adapter, live=LIVE, comparisons=(old,)) == never
    assert said(adapter, live=LIVE, comparisons=(compared(LIVE, 0.1, measure="check_swap"),)) == never
    researcher = {"prompt_versions": {"researcher": "r1"}}
    assert said(adapter, live=LIVE, comparisons=(new,), **researcher) == never
    assert said(adapter, live=LIVE, comparisons=(compared(LIVE, measure="researcher_right"),), **researcher) == []


def test_an_adapter_without_effect_is_refused_on_a_base_that_is_no_gguf_too(adapter: Path, tmp_path: Path) -> None:
    zero = tiny_adapter(tmp_path / "zero", 1, scale=0.0)
    assert effect_refusals(card_of(adapter), adapter) == []
    assert effect_refusals(card_of(zero), zero) == ["the adapter changes nothing: every factor of it is zero"]


def test_an_adapter_that_could_not_be_tried_is_refused(adapter: Path, tmp_path: Path) -> None:
    (told,) = effect_refusals(card_of(adapter, base=str(tmp_path / "none.gguf")), adapter)
    assert told.startswith("the adapter could not be tried: there is no weights file")


def test_a_promotion_is_refused_with_every_reason_and_overruled_with_one(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry", shipped=tmp_path / "none")
    first, zero = tiny_adapter(tmp_path / "1", 1), tiny_adapter(tmp_path / "0", 0, scale=0.0)
    live = registry.register(card_of(first), first)
    assert promote(registry, "outreach", "candidate", served=SERVED, decisive=DECISIVE).version == live
    version = registry.register(card_of(zero), zero)
    with pytest.raises(PromotionRefused) as caught:
        promote(registry, "outreach", "candidate", served={**SERVED, "writer": "w2"}, decisive=DECISIVE)
    for reason in ("the writer prompt w1", "never compared with the live", "changes nothing"):
        assert reason in caught.value.message
    assert registry.resolve("outreach", "live") == live
    forced = promote(registry, "outreach", version, served=SERVED, decisive=DECISIVE, force="a drill")
    assert (forced.version, forced.replaced, forced.forced) == (version, live, "a drill")
    assert registry.state("outreach").history[-1] == forced


@pytest.mark.slow
def test_the_adapter_is_merged_into_the_exact_base(
    short_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    base = {"base": str(short_weights), "base_sha256": file_sha256(short_weights)}
    good, zero = write_adapter(tmp_path / "good", layers=1), write_adapter(tmp_path / "zero", scale=0.0)
    assert effect_refusals(card_of(good, **base), good) == []
    (told,) = effect_refusals(card_of(zero, **base), zero)
    assert told.startswith("the adapter changes nothing")
    (told,) = effect_refusals(card_of(good, **{**base, "base_sha256": "0" * 64}), good)
    assert "of SHA-256 000000000000" in told
