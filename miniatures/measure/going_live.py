"""Makes a miniature live, held to the prompts as they are served now and to the measures of its roles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from miniatures.agents.roles.role import known_roles, role_named
from miniatures.datamodel.capabilities import Capabilities
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.gate import GateDecision, GateSettings
from miniatures.datamodel.miniature import MiniatureCard, Promotion
from miniatures.measure.gate import gate_decision
from miniatures.prompts.library import PromptLibrary
from miniatures.weights.promotion import decided, promote, refusals
from miniatures.weights.registry import Registry


@dataclass(frozen=True)
class Outlook:
    """How a version stands before anybody promotes it: beside the live one, and what its card says against it."""

    gate: GateDecision | None
    against: tuple[str, ...]


def go_live(
    registry: Registry, name: str, ref: str, settings: GateSettings | None = None, *, force: str | None = None
) -> Promotion:
    """Make a version live if nothing speaks against it, or in spite of that with `force`, a reason that is kept.

    Raises:
        PromotionRefused: gives every reason.
        RegistryError: the registry is damaged, the version is live already, or the reason is empty.
    """
    gate = partial(gate_decision, settings=settings or GateSettings())
    served = served_prompts(registry.card(name, ref))
    return promote(registry, name, ref, served=served, decisive=_decisive(), gate=gate, force=force)


def outlook(registry: Registry, card: MiniatureCard, settings: GateSettings | None = None) -> Outlook:
    """What `go_live` would say of a version, as far as its card tells: the adapter itself is not tried."""
    live = registry.state(card.name).live
    gate = partial(gate_decision, settings=settings or GateSettings())
    decision = None if live is None else decided(card, live, _decisive(), gate)
    return Outlook(decision, tuple(refusals(card, live=live, served=served_prompts(card), decision=decision)))


def served_prompts(card: MiniatureCard) -> dict[str, str]:
    """The versions of the prompts that a card names, as they are served now."""
    library, served, asked = PromptLibrary(), {}, Capabilities().with_trust(card.trust)
    for role in card.prompt_versions:
        try:
            served[role] = role_named(role).version(library, asked)
        except InputError:  # The role or its template is gone: nothing is served, and that is what the refusal says.
            continue
    return served


def gate_words(gate: GateDecision) -> str:
    """What was found beside the version before, and what was asked for."""
    asked = (
        f"margin {gate.settings.margin:.1%}, alpha {gate.settings.alpha:g}, {gate.settings.least_cases:,} cases or more"
    )
    return f"beside the one before {gate.outcome.value} ({asked})"


def _decisive() -> dict[str, str]:
    """The measure by which each role has to be shown not worse."""
    return {name: role.measure for name, role in known_roles().items() if role.measure}
