"""The part of `miniatures finetune` that trains an encoder: minutes, so it begins anew instead of going on."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from miniatures.cli.terminal import console, print_json, table
from miniatures.datamodel.duration import duration

if TYPE_CHECKING:
    from miniatures.datamodel.recipe import Recipe
    from miniatures.finetune.classifier.training import ClassifierSummary
    from miniatures.finetune.dataset.folder import Dataset

_SECONDS_BETWEEN_LINES = 20.0


def finetune_classifier(recipe: Recipe, dataset: Dataset, folder: Path, *, as_json: bool) -> None:
    """Train a classifier and register it as the candidate of its name."""
    from miniatures.finetune.classifier.card import register_classifier
    from miniatures.finetune.classifier.training import train_classifier
    from miniatures.finetune.train.training import ADAPTER
    from miniatures.weights.encoders import ENCODERS, ensure_encoder
    from miniatures.weights.registry import Registry

    base = ensure_encoder(recipe.base)
    heads = ENCODERS[recipe.base].attention_heads
    told = (lambda *_: None) if as_json else _Lines()
    if not as_json:
        typer.echo("Reading the examples once with the layers that stay; then the steps begin.")
    summary = train_classifier(recipe, base, heads, dataset, folder / ADAPTER, told)
    card = register_classifier(recipe, dataset, summary, folder / ADAPTER, Registry())
    if as_json:
        print_json({"version": card.version, **summary.model_dump(mode="json")})
        return
    _show(summary)
    typer.echo(f"Registered {card.name}@{card.version} as the candidate.")


class _Lines:
    """A line now and then: where training is, and how long it will take."""

    def __init__(self) -> None:
        self._begun = self._last = time.monotonic()

    def __call__(self, step: int, steps: int, loss: float) -> None:
        now = time.monotonic()
        if step == 1:
            self._begun = now
        if now - self._last < _SECONDS_BETWEEN_LINES and step < steps:
            return
        self._last = now
        left = (now - self._begun) / max(1, step - 1) * (steps - step)
        typer.echo(f"step {step} of {steps}, loss {loss:.3f}, {duration(left)} left")


def _show(summary: ClassifierSummary) -> None:
    rows = table("field", ">right, validation", ">temperature")
    for field, share in summary.validation_right.items():
        rows.add_row(field, f"{share:.1%}", f"{summary.temperatures[field]:.2f}")
    console().print(rows)
    typer.echo(f"{summary.steps} steps over {summary.examples:,} examples in {duration(summary.seconds)}.")
