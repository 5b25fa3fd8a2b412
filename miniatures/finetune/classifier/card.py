"""Puts a trained classifier into the registry, with a card that says what it is made of."""

from __future__ import annotations

from pathlib import Path

from miniatures.datamodel.miniature import MiniatureCard
from miniatures.datamodel.recipe import Recipe
from miniatures.finetune.classifier.training import ClassifierSummary
from miniatures.finetune.dataset.folder import Dataset
from miniatures.finetune.dataset.trained_companies import trained_companies
from miniatures.weights.base_weights import weights_sha256
from miniatures.weights.encoders import ENCODERS, ensure_encoder
from miniatures.weights.merge import adapter_hash
from miniatures.weights.registry import Registry

_SETTINGS = {
    "name",
    "base",
    "method",
    "frozen_layers",
    "compared",
    "learning_rate",
    "weight_decay",
    "warmup",
    "epochs",
    "max_steps",
    "max_tokens",
    "seed",
}
"""What of a recipe a classifier's training goes by."""


def register_classifier(
    recipe: Recipe, dataset: Dataset, summary: ClassifierSummary, folder: Path, registry: Registry
) -> MiniatureCard:
    """Register what a run left in `folder`; it becomes the name's candidate.

    Raises:
        RegistryError, BadAdapter: it cannot be registered.
    """
    manifest, encoder = dataset.manifest, ENCODERS[recipe.base]
    roles = [role for role in recipe.roles if role in manifest.roles]
    card = MiniatureCard(
        name=recipe.name,
        base=encoder.name,
        base_sha256=weights_sha256(ensure_encoder(encoder.name)),
        base_licence=encoder.licence,
        base_parameters=encoder.parameters,
        adapter_sha256=adapter_hash(folder),
        adapter_bytes=sum(file.stat().st_size for file in folder.iterdir() if file.is_file()),
        dataset=manifest.hash,
        companies=trained_companies(dataset, recipe.roles),
        prompt_versions={role: version for role, version in manifest.prompt_versions.items() if role in roles},
        trust=manifest.trust,
        taxonomy=manifest.taxonomy,
        recipe={**recipe.model_dump(mode="json", include=_SETTINGS), "roles": roles},
        training={**summary.model_dump(mode="json"), "sources": list(manifest.sources)},
    )
    registry.register(card, folder)
    return card
