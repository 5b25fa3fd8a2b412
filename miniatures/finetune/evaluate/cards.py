"""Keeps what was found on the cards of the miniatures that were measured, where promotion looks for it."""

from __future__ import annotations

from miniatures.agents.roles.role import known_roles
from miniatures.backends.cards import KIND
from miniatures.datamodel.dataset import Split
from miniatures.datamodel.evaluation import Evaluation
from miniatures.datamodel.miniature import MiniatureCard
from miniatures.finetune.dataset.trained_companies import was_trained_on
from miniatures.weights.registry import Registry


def keep_on_cards(evaluation: Evaluation, registry: Registry) -> dict[str, str]:
    """Write scores and comparisons to the card of each miniature, unless they say too little or too much.

    Returns why not, by the pinned name; an empty reason where they were kept.

    Raises:
        RegistryError: a card is damaged or gone.
    """
    reasons = {}
    for found in evaluation.backends:
        kind, _, rest = found.name.partition(":")
        if kind != KIND:
            continue
        name, _, version = rest.partition("@")
        card = registry.card(name, version)
        reasons[found.name] = _against_keeping(evaluation, card)
        if not reasons[found.name]:
            news = {"scores": found.scores, "comparisons": found.comparisons, "evaluated_on": evaluation.dataset}
            registry.update_card(card.model_copy(update=news))
    return reasons


def _against_keeping(evaluation: Evaluation, card: MiniatureCard) -> str:
    companies = {case.company for case in evaluation.writer_cases}
    companies |= {case.company for case in evaluation.research_cases}
    seen = {company for company in companies if was_trained_on(company, card.companies or ())}
    if seen:
        return f"it was trained on {len(seen)} of the {len(companies)} companies: its figures say nothing of new ones"
    if evaluation.limit is not None or evaluation.split is not Split.TEST:
        return "only a whole test split is kept"
    measured = {name for name, role in known_roles().items() if role.measure}
    unasked = [role for role in card.prompt_versions if role in measured and role not in evaluation.roles]
    return f"it was trained as {unasked[0]} too, and not asked as one" if unasked else ""
