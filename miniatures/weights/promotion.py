"""When a version may go live: the rules, apart from the registry that keeps the outcome."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from miniatures.datamodel.miniature import Comparison, MiniatureCard, Promotion
from miniatures.weights.adapter import Adapter
from miniatures.weights.base_weights import base_weights, is_gguf
from miniatures.weights.errors import AdapterIsNoop, WeightsError
from miniatures.weights.merge import merged_weights
from miniatures.weights.registry import Registry


def promote(
    registry: Registry,
    name: str,
    ref: str,
    *,
    served: Mapping[str, str],
    decisive: Mapping[str, str],
    force: str | None = None,
) -> Promotion:
    """Make a version live if nothing speaks against it, or in spite of that with `force`, a reason that is kept.

    `served` are the versions of the prompts as they are served now, by name; `decisive` names for each role the measure
    without which two versions were not compared.

    Raises:
        PromotionRefused: gives every reason.
        RegistryError: the registry is damaged, the version is live already, or the reason is empty.
    """
    card = registry.card(name, ref)
    adapter = registry.adapter_folder(name, card.version)

    def objections(live: str | None) -> list[str]:
        return [*refusals(card, live=live, served=served, decisive=decisive), *effect_refusals(card, adapter)]

    return registry.promote(name, card.version, forced=force, objections=objections)


def refusals(
    card: MiniatureCard, *, live: str | None, served: Mapping[str, str], decisive: Mapping[str, str]
) -> list[str]:
    """What the card itself says against the version going live, each in one clause; empty if nothing does."""
    return [*_prompt_refusals(card, served), *_comparison_refusals(card, live, decisive)]


def effect_refusals(card: MiniatureCard, adapter_dir: Path) -> list[str]:
    """Tries the adapter on its base: one that changes nothing, or cannot be used, is refused."""
    try:
        if is_gguf(card.base):
            merged_weights(base_weights(card), adapter_dir)
        elif not any(layer.delta().any() for layer in Adapter(adapter_dir).layers.values()):
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


def _comparison_refusals(card: MiniatureCard, live: str | None, decisive: Mapping[str, str]) -> list[str]:
    """A check that could not run is not a pass: without a comparison with the live version there is no promotion.

    What counts is the last dataset that it was evaluated on, and there a measure that decides for one of its roles.
    """
    if live is None or live == card.version:
        return []
    found = [each for each in card.comparisons if _is_with(each, card.name, live)]
    comparisons = [each for each in found if each.dataset == card.evaluated_on]
    deciding = {decisive[role] for role in card.prompt_versions if role in decisive}
    if deciding.isdisjoint(each.measure for each in comparisons):
        return [f"it was never compared with the live version {live}"]
    return [
        f"it is significantly worse than the live version {live}: {each.measure} {_points(each)} on {each.cases} cases"
        for each in comparisons
        if each.significantly_worse
    ]


def _is_with(comparison: Comparison, name: str, live: str) -> bool:
    """The other side is the live version, by its hash or by a spec that pins it; a moving name proves nothing."""
    pinned = comparison.against.removeprefix(f"miniature:{name}@").removeprefix(f"{name}@")
    return len(pinned) >= 6 and (live.startswith(pinned) or pinned.startswith(live))


def _points(comparison: Comparison) -> str:
    bounds = f"[{100 * comparison.low:+.1f}, {100 * comparison.high:+.1f}]"
    return f"{100 * comparison.difference:+.1f} points {bounds}, p = {comparison.p_value:.2g}"
