"""Keeps what was found on the cards of the miniatures that were measured, where promotion looks for it."""

from __future__ import annotations

from miniatures.datamodel.dataset import Split
from miniatures.datamodel.evaluation import Evaluation
from miniatures.weights.registry import Registry


def belongs_on_cards(evaluation: Evaluation) -> bool:
    """Only whole test splits do: part of the cases, or cases that were trained on, say too little or too much."""
    return evaluation.limit is None and evaluation.split is Split.TEST


def keep_on_cards(evaluation: Evaluation, registry: Registry) -> list[str]:
    """Write scores and comparisons to the card of each miniature; returns their pinned names.

    Raises:
        RegistryError: a card is damaged or gone.
    """
    kept = []
    for found in evaluation.backends:
        kind, _, rest = found.name.partition(":")
        if kind != "miniature":
            continue
        name, _, version = rest.partition("@")
        card = registry.card(name, version)
        news = {"scores": found.scores, "comparisons": found.comparisons, "evaluated_on": evaluation.dataset}
        registry.update_card(card.model_copy(update=news))
        kept.append(found.name)
    return kept
