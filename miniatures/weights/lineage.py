"""One adapter has one lineage: what a card says of it is fixed when it is registered, and only findings are added."""

from __future__ import annotations

from miniatures.datamodel.miniature import MiniatureCard
from miniatures.weights.errors import RegistryError

_LINEAGE = ("base_sha256", "dataset", "prompt_versions", "trust", "recipe")


def require_same_lineage(known: MiniatureCard, card: MiniatureCard) -> None:
    """Compare what two cards say of one adapter's making.

    Raises:
        RegistryError: they differ; says in what.
    """
    differing = [name for name in _LINEAGE if getattr(known, name) != getattr(card, name)]
    if differing:
        raise RegistryError(
            f"{known.name}@{known.version} is registered already with another {' and '.join(differing)}",
            hint="One adapter has one lineage: register it under another name, or mend the card you give.",
        )


def with_scores(known: MiniatureCard, card: MiniatureCard) -> MiniatureCard:
    """The known card with the other's findings; scores of another dataset give way."""
    same_cases = known.evaluated_on == card.evaluated_on
    found = {(each.against, each.dataset, each.measure): each for each in (*known.comparisons, *card.comparisons)}
    return known.model_copy(
        update={
            "scores": {**known.scores, **card.scores} if same_cases else card.scores,
            "comparisons": tuple(found.values()),
            "evaluated_on": card.evaluated_on,
            "sure_readings": card.sure_readings or known.sure_readings,
        }
    )
