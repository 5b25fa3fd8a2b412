"""When a version may go live: the rules, apart from the registry that keeps the outcome."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from miniatures.datamodel.gate import GateDecision, GateOutcome, MeasureDecision
from miniatures.datamodel.miniature import Comparison, MiniatureCard, Promotion
from miniatures.weights.adapter import Adapter
from miniatures.weights.base_weights import base_weights, is_gguf
from miniatures.weights.errors import AdapterIsNoop, WeightsError
from miniatures.weights.merge import merged_weights
from miniatures.weights.registry import Assessment, Registry

Gate = Callable[[Sequence[Comparison], Collection[str]], GateDecision]
"""Judges comparisons; the second argument are the measures that have to be shown not worse (see measure/gate.py)."""


def promote(
    registry: Registry,
    name: str,
    ref: str,
    *,
    served: Mapping[str, str],
    decisive: Mapping[str, str],
    gate: Gate,
    force: str | None = None,
) -> Promotion:
    """Make a version live if nothing speaks against it, or in spite of that with `force`, a reason that is kept.

    `served` are the versions of the prompts as they are served now, by name; `decisive` names for each role the measure
    by which it has to be shown not worse.

    Raises:
        PromotionRefused: gives every reason.
        RegistryError: the registry is damaged, the version is live already, or the reason is empty.
    """
    version = registry.resolve(name, ref)

    def assess(live: str | None) -> Assessment:
        card, adapter = registry.card(name, version), registry.adapter_folder(name, version)
        decision = None if live is None else decided(card, live, decisive, gate)
        against = refusals(card, live=live, served=served, decision=decision)
        against = against if force else [*against, *effect_refusals(card, adapter)]
        return Assessment(decision, against, _READ_CHATS) if card.only_chats else Assessment(decision, against)

    return registry.promote(name, version, forced=force, assess=assess)


def decided(card: MiniatureCard, live: str, decisive: Mapping[str, str], gate: Gate) -> GateDecision:
    """What is known of a version beside the live one, from the last dataset that it was evaluated on."""
    found = [each for each in card.comparisons if _is_with(each, card.name, live)]
    comparisons = [each for each in found if each.dataset == card.evaluated_on]
    return gate(comparisons, {decisive[role] for role in card.prompt_versions if role in decisive})


def refusals(
    card: MiniatureCard, *, live: str | None, served: Mapping[str, str], decision: GateDecision | None
) -> list[str]:
    """What the card itself says against the version going live, each in one clause; empty if nothing does.

    A check that could not run is not a pass: what was never measured, or not beside the live version, is refused.
    """
    if card.only_chats:
        return [_CHATS]
    prompts = _prompt_refusals(card, served)
    if live is None:
        return prompts if any(score.total for score in card.scores.values()) else [*prompts, _UNMEASURED]
    return prompts if decision is None else [*prompts, *_gate_refusals(live, decision)]


_UNMEASURED = "it was never measured: `miniatures evaluate` on a whole test split keeps its scores on the card"

_CHATS = "it was trained on chats alone, and nothing here measures chats"
_READ_CHATS = 'Read its answers, and promote it with a reason that is kept: --force "REASON".'


def effect_refusals(card: MiniatureCard, adapter_dir: Path) -> list[str]:
    """Tries the adapter on its base: one that changes nothing, or cannot be used, is refused."""
    try:
        if is_gguf(card.base):
            merged_weights(base_weights(card), adapter_dir)
        elif not any(layer.changes for layer in Adapter(adapter_dir).layers.values()):
            raise AdapterIsNoop("every factor of it is zero")
    except AdapterIsNoop as error:
        return [f"the adapter changes nothing: {error.message}"]
    except WeightsError as error:
        return [f"the adapter could not be tried: {error.message}"]
    return []


def _prompt_refusals(card: MiniatureCard, served: Mapping[str, str]) -> list[str]:
    if not card.prompt_versions:
        return ["its card does not say which prompts it was trained on"]
    return [
        f"it was trained on the {prompt} prompt {trained}, and served is {served.get(prompt, 'none')}"
        for prompt, trained in card.prompt_versions.items()
        if served.get(prompt) != trained
    ]


def _gate_refusals(live: str, decision: GateDecision) -> list[str]:
    if decision.outcome is GateOutcome.NOT_WORSE:
        return []
    worse = [each for each in decision.measures if each.outcome is GateOutcome.WORSE]
    unknown = [each for each in decision.measures if each.decides and each.outcome is GateOutcome.NOT_YET_KNOWN]
    return [
        *(f"it was never compared with the live version {live} by {measure}" for measure in decision.missing),
        *(f"it is worse than the live version {live}: {_points(each)}, p = {each.p_worse:.2g}" for each in worse),
        *(
            f"whether it is worse than the live version {live} is not yet known: {_lack(each, decision)}"
            for each in unknown
        ),
    ]


def _lack(each: MeasureDecision, decision: GateDecision) -> str:
    if each.cases_needed is None:
        return f"{_points(each)}, measured by an earlier version of this project: evaluate it again"
    needed = f"about {each.cases_needed:,} cases would show it, if both are equally good"
    return f"{_points(each)}; {needed} (margin {100 * decision.settings.margin:g} points)"


def _is_with(comparison: Comparison, name: str, live: str) -> bool:
    """The other side is the live version, by its hash or by a spec that pins it; a moving name proves nothing."""
    pinned = comparison.against.removeprefix(f"miniature:{name}@").removeprefix(f"{name}@")
    return len(pinned) >= 6 and (live.startswith(pinned) or pinned.startswith(live))


def _points(each: MeasureDecision) -> str:
    return f"{each.measure} {100 * each.difference:+.1f} points on {each.cases:,} cases"
