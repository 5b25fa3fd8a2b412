"""What speaks against a version going live; an adapter is tried on real base weights."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from miniatures.datamodel.gate import GateOutcome, GateSettings
from miniatures.measure.gate import gate_decision
from miniatures.weights.errors import PromotionRefused
from miniatures.weights.home import exclusive, file_sha256
from miniatures.weights.promotion import decided, effect_refusals, promote, refusals
from miniatures.weights.registry import Registry
from miniatures.weights.registry_state import STATE
from miniatures.weights.version_folder import write_card
from tests.weights.adapters import write_adapter
from tests.weights.miniatures_made import SCORES, card_of, compared, tiny_adapter

SERVED = {"writer": "w1", "researcher": "r1", "planner": "p1"}
DECISIVE = {"writer": "all_checks", "researcher": "researcher_right"}
LIVE = "0123456789ab"
GATE = partial(gate_decision, settings=GateSettings())


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    return tiny_adapter(tmp_path / "adapter", 1)


def said(adapter: Path, *, live: str | None = None, served: dict[str, str] = SERVED, **changes: Any) -> list[str]:
    card = card_of(adapter, **{"scores": SCORES, "prompt_versions": {"writer": "w1"}, **changes})
    decision = None if live is None else decided(card, live, DECISIVE, GATE)
    return refusals(card, live=live, served=served, decision=decision)


def test_nothing_speaks_against_a_first_version_that_was_measured(adapter: Path) -> None:
    assert said(adapter) == []
    (told,) = said(adapter, scores={})
    assert told.startswith("it was never measured: `miniatures evaluate`")
    assert said(adapter, scores={"all_checks": SCORES["all_checks"].model_copy(update={"total": 0})}) == [told]


def test_other_prompts_than_those_trained_on_are_told_one_by_one(adapter: Path) -> None:
    told = said(adapter, served={"writer": "w2"}, prompt_versions={"writer": "w1", "researcher": "r1"})
    assert told == [
        "it was trained on the writer prompt w1, and served is w2",
        "it was trained on the researcher prompt r1, and served is none",
    ]
    assert said(adapter, prompt_versions={}) == ["its card does not say which prompts it was trained on"]


@pytest.mark.parametrize("live", [None, LIVE])
def test_of_chats_it_is_said_that_nothing_measures_them(adapter: Path, live: str | None) -> None:
    (told,) = said(adapter, live=live, prompt_versions={}, recipe={"roles": ["chat"]})
    assert told == "it was trained on chats alone, and nothing here measures chats"


@pytest.mark.parametrize("against", [LIVE, LIVE[:8], f"outreach@{LIVE}", f"miniature:outreach@{LIVE[:6]}", LIVE + "cd"])
def test_a_comparison_with_the_live_version_is_needed_and_found(adapter: Path, against: str) -> None:
    assert said(adapter, live=LIVE, comparisons=(compared(against),)) == []
    (told,) = said(adapter, live=LIVE, comparisons=(compared(against, -0.05),))
    assert told == f"it is worse than the live version {LIVE}: all_checks -5.0 points on 400 cases, p = 0.001"


@pytest.mark.parametrize(
    "against", ["miniature:outreach@live", "miniature:other@0123456789ab", "litellm:x", "01234", ""]
)
def test_a_comparison_with_anything_else_does_not_count(adapter: Path, against: str) -> None:
    told = said(adapter, live=LIVE, comparisons=(compared(against, 0.3),))
    assert told == [f"it was never compared with the live version {LIVE} by all_checks"]


def test_worse_within_chance_is_not_worse(adapter: Path) -> None:
    assert said(adapter, live=LIVE, comparisons=(compared(LIVE, -0.01),)) == []


def test_one_worse_measure_is_enough(adapter: Path) -> None:
    both = compared(LIVE, 0.05), compared(LIVE, -0.08, measure="check_swap")
    (told,) = said(adapter, live=LIVE, comparisons=both)
    assert "check_swap -8.0 points" in told


def test_what_few_cases_leave_open_is_refused_and_told_how_many_would_do(adapter: Path) -> None:
    few = compared(LIVE, -0.5, cases=10, gained=0, lost=5, low=-0.8, high=-0.2, p_value=0.0625)
    (told,) = said(adapter, live=LIVE, comparisons=(few,))
    assert told.startswith(
        f"whether it is worse than the live version {LIVE} is not yet known: all_checks -50.0 points"
    )
    assert "on 10 cases; about" in told and "would show it" in told and "(margin 5 points)" in told


def test_every_role_has_to_be_shown_by_its_own_measure(adapter: Path) -> None:
    roles = {"prompt_versions": {"writer": "w1", "researcher": "r1"}}
    writer, researcher = compared(LIVE), compared(LIVE, cases=40, measure="researcher_right")
    (told,) = said(adapter, live=LIVE, comparisons=(writer, researcher), **roles)
    assert "not yet known: researcher_right" in told
    assert said(adapter, live=LIVE, comparisons=(writer, compared(LIVE, measure="researcher_right")), **roles) == []


def test_a_role_that_was_not_compared_is_not_shown(adapter: Path) -> None:
    roles = {"prompt_versions": {"writer": "w1", "researcher": "r1"}}
    (told,) = said(adapter, live=LIVE, comparisons=(compared(LIVE),), **roles)
    assert told == f"it was never compared with the live version {LIVE} by researcher_right"


def test_a_comparison_that_did_not_count_the_pairs_shows_nothing(adapter: Path) -> None:
    (told,) = said(adapter, live=LIVE, comparisons=(compared(LIVE, gained=None, lost=None),))
    assert told.endswith("measured by an earlier version of this project: evaluate it again")


def test_only_the_last_dataset_and_a_measure_that_decides_count(adapter: Path) -> None:
    never = [f"it was never compared with the live version {LIVE} by all_checks"]
    old, new = compared(LIVE, -0.1, dataset="f" * 64), compared(LIVE, 0.1)
    assert said(adapter, live=LIVE, comparisons=(old, new)) == []
    assert said(adapter, live=LIVE, comparisons=(old,)) == never
    assert said(adapter, live=LIVE, comparisons=(compared(LIVE, 0.1, measure="check_swap"),)) == never
    researcher = {"prompt_versions": {"researcher": "r1"}}
    assert said(adapter, live=LIVE, comparisons=(new,), **researcher) == [
        f"it was never compared with the live version {LIVE} by researcher_right"
    ]
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
    live = registry.register(card_of(first, scores=SCORES), first)
    asked: dict[str, Any] = {"served": SERVED, "decisive": DECISIVE, "gate": GATE}
    assert promote(registry, "outreach", "candidate", **asked).version == live
    version = registry.register(card_of(zero), zero)
    with pytest.raises(PromotionRefused) as caught:
        promote(registry, "outreach", "candidate", **{**asked, "served": {**SERVED, "writer": "w2"}})
    for reason in ("the writer prompt w1", "never compared with the live", "changes nothing"):
        assert reason in caught.value.message
    assert registry.resolve("outreach", "live") == live
    forced = promote(registry, "outreach", version, **asked, force="a drill")
    assert (forced.version, forced.replaced, forced.forced) == (version, live, "a drill")
    assert registry.state("outreach").history[-1] == forced
    assert forced.gate is not None and forced.gate.outcome is GateOutcome.NOT_YET_KNOWN
    assert forced.gate.settings == GateSettings(margin=0.05, alpha=0.05, least_cases=100)


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


def test_what_is_measured_while_a_promotion_waits_counts(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry", shipped=tmp_path / "none")
    first, second = tiny_adapter(tmp_path / "1", 1), tiny_adapter(tmp_path / "2", 2)
    live = registry.register(card_of(first, scores=SCORES), first)
    registry.promote("outreach", live)
    good = card_of(second, scores=SCORES, comparisons=(compared(live),), evaluated_on=compared(live).dataset)
    version = registry.register(good, second)
    asked: dict[str, Any] = {"served": SERVED, "decisive": DECISIVE, "gate": GATE}
    with ThreadPoolExecutor(1) as threads:
        with exclusive(registry.root / "outreach" / STATE):
            waiting = threads.submit(promote, registry, "outreach", "candidate", **asked)
            time.sleep(0.3)
            write_card(
                registry.root / "outreach" / version, good.model_copy(update={"comparisons": (compared(live, -0.1),)})
            )
        with pytest.raises(PromotionRefused, match="worse than the live version"):
            waiting.result(timeout=10)
