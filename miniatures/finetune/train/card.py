"""Puts a trained adapter into the registry, with a card that says what it is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from miniatures.datamodel.miniature import MiniatureCard
from miniatures.datamodel.recipe import Recipe
from miniatures.finetune.dataset.folder import Dataset
from miniatures.finetune.dataset.trained_companies import trained_companies
from miniatures.finetune.train.prepared import Prepared
from miniatures.finetune.train.start import card_of
from miniatures.finetune.train.summary import TrainingSummary
from miniatures.finetune.train.training import ADAPTER, PICTURE
from miniatures.weights.merge import adapter_hash
from miniatures.weights.registry import Registry


def register_run(
    prepared: Prepared, dataset: Dataset, summary: TrainingSummary, out: Path, registry: Registry
) -> MiniatureCard:
    """Register what a finished run left in `out`; it becomes the name's candidate.

    Raises:
        RegistryError, BadAdapter: the adapter cannot be registered.
    """
    manifest, recipe = dataset.manifest, prepared.recipe
    adapter = out / ADAPTER
    card = MiniatureCard(
        name=recipe.name,
        base=prepared.base.name,
        base_sha256=prepared.base.sha256,
        base_licence=prepared.base.licence,
        base_parameters=prepared.base.parameters,
        adapter_sha256=adapter_hash(adapter),
        adapter_bytes=sum(file.stat().st_size for file in adapter.iterdir() if file.is_file()),
        dataset=manifest.hash,
        companies=_companies(recipe, dataset, registry),
        prompt_versions={role: version for role, version in manifest.prompt_versions.items() if role in recipe.roles},
        trust=manifest.trust,
        taxonomy=manifest.taxonomy,
        recipe=_recipe(prepared, dataset),
        training={**summary.model_dump(mode="json"), "sources": list(manifest.sources)},
    )
    picture = out / PICTURE
    registry.register(card, adapter, picture if picture.is_file() else None)
    return card


def _companies(recipe: Recipe, dataset: Dataset, registry: Registry) -> tuple[str, ...] | None:
    """Hashes of the companies that it has learned about, and whatever it went on from; None where that is not known."""
    learned = trained_companies(dataset, recipe.roles)
    if recipe.start is None:
        return learned
    before = card_of(recipe.start, registry).companies
    return None if before is None else tuple(sorted({*learned, *before}))


def _recipe(prepared: Prepared, dataset: Dataset) -> dict[str, Any]:
    """The recipe with its base as it is found from anywhere, and of its roles those that there were examples of."""
    recipe = prepared.recipe
    roles = [role for role in recipe.roles if role in dataset.manifest.roles]
    return {
        **recipe.model_dump(mode="json", exclude={"dataset", "report_to"}),
        "base": prepared.base.name,
        "roles": roles,
    }
