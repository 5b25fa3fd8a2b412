"""`miniatures finetune`: trains a miniature as its recipe says, and registers it as a candidate."""

from __future__ import annotations

import os
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from miniatures.cli.arguments import AsJson
from miniatures.cli.terminal import console, plain, print_json, table
from miniatures.datamodel.duration import duration

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from miniatures.datamodel.miniature import MiniatureCard
    from miniatures.finetune.train.callbacks import Progress
    from miniatures.finetune.train.preflight import Preflight
    from miniatures.finetune.train.summary import TrainingSummary
    from miniatures.weights.registry import Registry

_SECONDS_BETWEEN_LINES = 20.0


def finetune(  # noqa: PLR0915 - one statement a thing that is said
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE", help="A recipe, such as examples/recipes/*.yaml.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of the run; `runs/NAME` beside the recipe unless given.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint.")] = False,
    estimate: Annotated[bool, typer.Option("--estimate", help="Only say what it would take.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train a miniature and register it as the candidate of its name."""
    if estimate:
        _hush_libraries()
    from miniatures.datamodel.recipe import Method
    from miniatures.finetune.train.card import register_run
    from miniatures.finetune.train.checkpoints import checkpoint_to_resume, require_room
    from miniatures.finetune.train.preflight import preflight
    from miniatures.finetune.train.prepared import prepare
    from miniatures.finetune.train.recipe_file import load_recipe
    from miniatures.finetune.train.training import ADAPTER, train
    from miniatures.weights.registry import Registry

    loaded = load_recipe(recipe)
    folder = out or loaded.folder / "runs" / loaded.recipe.name
    dataset = loaded.dataset()
    if loaded.recipe.method is Method.CLASSIFIER:
        from miniatures.cli.finetune_classifier import finetune_classifier

        finetune_classifier(loaded.recipe, dataset, folder, as_json=as_json)
        return
    if not estimate:
        require_room(folder, resume)
        if resume and checkpoint_to_resume(folder, resume) is None:
            typer.echo("There is no checkpoint to go on from: training begins anew.", err=True)
    prepared = prepare(loaded.recipe, loaded.folder, dataset)
    expected = preflight(prepared)
    if estimate and as_json:
        print_json(expected.model_dump(mode="json"))
    if not as_json:
        _show_estimate(expected)
    if estimate:
        return
    view = _View()
    try:
        summary = train(prepared, folder, _ignore if as_json else view.hear, resume=resume)
    except KeyboardInterrupt:
        where = f" --out {out}" if out else ""
        again = f"miniatures finetune {recipe}{where}"
        kept = checkpoint_to_resume(folder, resume=True)
        told = "Stopped before the first checkpoint. Begin anew with" if kept is None else "Stopped. Go on with"
        typer.echo(f"\n{told}: {again}{'' if kept is None else ' --resume'}", err=True)
        raise
    finally:
        view.close()
    if loaded.recipe.method is Method.FULL:
        made = {"model": str(folder / ADAPTER)}
        told = f"The tuned model is {folder / ADAPTER}; only adapters are registered."
    else:
        registry = Registry()
        card = register_run(prepared, dataset, summary, folder, registry)
        made = {"version": card.version}
        told = f"Registered {card.name}@{card.version} as the candidate. {_next(card, registry)}"
    if as_json:
        print_json({**made, **summary.model_dump(mode="json")})
        return
    _show_summary(summary, expected)
    typer.echo(told)


def _next(card: MiniatureCard, registry: Registry) -> str:
    """What to do with a new candidate."""
    candidate = f"miniature:{card.name}@candidate"
    if card.only_chats:
        return f"""It knows chats alone, which nothing here measures. Next:
  miniatures serve {candidate}
  miniatures models promote {card.name} --force REASON"""
    live = f" miniature:{card.name}@live" if registry.state(card.name).live else ""
    return f"""Next:
  miniatures evaluate {candidate}{live} --dataset FOLDER
  miniatures models promote {card.name}"""


def _hush_libraries() -> None:
    """No bars, warnings or logs but our own: libraries read these when they are imported, so it comes first."""
    os.environ.update({"TQDM_DISABLE": "1", "TRANSFORMERS_VERBOSITY": "error", "HF_HUB_VERBOSITY": "error"})
    warnings.simplefilter("ignore")


def _show_estimate(expected: Preflight) -> None:
    rows = table("before training", ">")
    rows.add_row(
        "examples", f"{expected.examples:,}" + (f" ({expected.too_long:,} too long)" * bool(expected.too_long))
    )
    rows.add_row("tokens read", f"{expected.tokens:,}, {expected.shared:.0%} of them shared")
    rows.add_row("steps", f"{expected.steps:,}")
    rows.add_row("trained weights", f"{expected.trainable:,} of {expected.parameters:,}")
    rows.add_row("memory, estimated", _gigabytes(expected.memory_bytes))
    rows.add_row("time, estimated", duration(expected.seconds))
    console().print(rows)


def _show_summary(summary: TrainingSummary, expected: Preflight) -> None:
    rows = table("training", ">estimated", ">measured")
    rows.add_row("memory", _gigabytes(expected.memory_bytes), _gigabytes(summary.peak_memory_bytes))
    rows.add_row("time", duration(expected.seconds), duration(summary.seconds))
    rows.add_row("tokens/s", "", f"{summary.tokens_per_second:,.0f}")
    if summary.best_validation_loss is not None:
        rows.add_row("validation loss", "", f"{summary.best_validation_loss:.3f}")
    rows.add_row("spikes", "", plain(", ".join(map(str, summary.spikes)) or "none"))
    console().print(rows)


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


def _ignore(progress: Progress) -> None:
    """Nobody is told."""


class _View:
    """A bar with the time left in a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self._bar: Bar | None = None
        self._started = time.monotonic()
        self._first: int | None = None
        self._told = 0.0
        self._validation: float | None = None

    def hear(self, progress: Progress) -> None:
        """Show a step, an evaluation or a spike."""
        self._first = progress.step - 1 if self._first is None else self._first
        if progress.spike:
            typer.echo(
                f"step {progress.step}: the loss leapt to {progress.training:.3f}; the best model is kept", err=True
            )
        if progress.validation is not None:
            self._validation = progress.validation
        text = self._text(progress)
        if sys.stderr.isatty():
            self._update(progress, text)
        elif time.monotonic() - self._told > _SECONDS_BETWEEN_LINES or progress.step == progress.steps:
            self._told = time.monotonic()
            typer.echo(text, err=True)

    def _text(self, progress: Progress) -> str:
        done = progress.step - (self._first or 0)
        left = (time.monotonic() - self._started) / max(1, done) * (progress.steps - progress.step)
        parts = [f"step {progress.step:,} of {progress.steps:,}"]
        if progress.training is not None:
            parts.append(f"loss {progress.training:.3f}")
        if self._validation is not None:
            parts.append(f"validation {self._validation:.3f}")
        return ", ".join([*parts, f"{duration(left)} left"])

    def _update(self, progress: Progress, text: str) -> None:
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar

        if self._bar is None:
            self._bar = Bar(BarColumn(bar_width=30), TextColumn("{task.description}"), console=console())
            self._bar.start()
            self._bar.add_task(text, total=progress.steps)
        self._bar.update(self._bar.task_ids[0], completed=progress.step, description=text)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._bar is not None:
            self._bar.stop()
