"""`miniatures models`: named weights and trained miniatures: listed, shown, pulled, promoted, rolled back, removed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from miniatures.cli.arguments import AsJson
from miniatures.cli.terminal import console, plain, print_json, table
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.foreign_text import visible

if TYPE_CHECKING:
    from pathlib import Path

    from miniatures.datamodel.miniature import Promotion
    from miniatures.weights.listing import ListedVersion
    from miniatures.weights.pull import WeightsStatus
    from miniatures.weights.registry import Registry

app = typer.Typer(
    no_args_is_help=True, help="List the named models and miniatures; get, show, promote and remove them."
)

Reference = Annotated[
    str, typer.Argument(metavar="NAME[@REF]", help="A miniature; REF is live, candidate or a hash's beginning.")
]


@app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List the named models, pulled or not, and every version of every miniature."""
    from miniatures.weights.listing import listed_versions
    from miniatures.weights.pull import list_weights
    from miniatures.weights.registry import Registry

    registry = Registry()
    weights = list_weights()
    miniatures = [_row(one, _flags(registry, one.name, one.version)) for one in listed_versions(registry)]
    if as_json:
        facts = [{**w.weights.model_dump(mode="json"), "path": str(w.path) if w.path else None} for w in weights]
        print_json({"weights": facts, "miniatures": miniatures})
        return
    _show_weights(weights)
    console().print()
    _show_miniatures(miniatures)
    console().print(f"\n[dim]Yours are kept in {plain(registry.root)}[/]", soft_wrap=True)


@app.command("pull")
def pull_model(name: Annotated[str, typer.Argument(metavar="NAME", help="A name that `models list` shows.")]) -> None:
    """Get a named model: resumed if it broke off, verified before use."""
    typer.echo(_pull(name))


@app.command("show")
def show_miniature(reference: Reference, as_json: AsJson = False) -> None:
    """Show a miniature's card and each promotion; Markdown where the output is no terminal."""
    from miniatures.weights.card_markdown import card_markdown
    from miniatures.weights.forgotten import flags_markdown, flags_of
    from miniatures.weights.registry import Registry

    registry = Registry()
    name, ref = _split(reference, "")
    card = registry.card(name, ref or registry.foremost(name))
    history, flags = registry.state(name).history, flags_of(registry, name, card.version)
    if as_json:
        promotions = [promotion.model_dump(mode="json") for promotion in history]
        told = {"card": card.model_dump(mode="json"), "version": card.version, "history": promotions}
        print_json({**told, "forgotten": [flag.model_dump(mode="json") for flag in flags]})
        return
    page = card_markdown(card, has_curve=registry.curve(name, card.version) is not None)
    sections = [page, *_history(history), flags_markdown(name, card.version, flags)]
    page = visible("\n".join(filter(None, sections)))
    if not sys.stdout.isatty():
        typer.echo(page)
        return
    from rich.markdown import Markdown

    console().print(Markdown(page))


@app.command("promote")
def promote_miniature(
    reference: Reference,
    force: Annotated[
        str | None, typer.Option("--force", metavar="REASON", help="Overrule a refusal; the reason is kept.")
    ] = None,
    margin: Annotated[
        float, typer.Option(min=0.001, max=0.5, help="Loss of share against the live version that is still not worse.")
    ] = 0.05,
    alpha: Annotated[
        float, typer.Option(min=0.0001, max=0.25, help="Chance of a wrong word, over all measures together.")
    ] = 0.05,
    least_cases: Annotated[int, typer.Option(min=1, help="Fewer cases that both versions answered say nothing.")] = 100,
) -> None:
    """Make a version live, the candidate unless another is named, if it is shown not worse than the live one.

    The settings and what was found are kept with the promotion.
    """
    from miniatures.datamodel.gate import GateSettings
    from miniatures.measure.going_live import go_live
    from miniatures.weights.registry import Registry

    name, ref = _split(reference, "candidate")
    settings = GateSettings(margin=margin, alpha=alpha, least_cases=least_cases)
    _say_live(name, go_live(Registry(), name, ref, settings, force=force))


@app.command("remove")
def remove_miniature(
    reference: Annotated[str, typer.Argument(metavar="NAME@REF", help="A version of your own.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also if it is live.")] = False,
) -> None:
    """Take a version out of the registry, its adapter and card with it. What it wrote stays where it is."""
    from miniatures.weights.registry import Registry

    registry, (name, ref) = Registry(), _split(reference, "")
    if not ref:
        raise InputError(f"{reference} names no version", hint=f"Write {name}@candidate or {name}@HASH.")
    version = registry.resolve(name, ref)
    if not yes and not _agreed(f"Remove {name}@{version} for ever?"):
        raise InputError(f"{name}@{version} was not removed", hint="Answer y, or give --yes.")
    registry.remove(name, version, force=force)
    typer.echo(f"{name}@{version} is removed")


@app.command("rollback")
def rollback_miniature(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A miniature.")],
    reason: Annotated[str | None, typer.Option(help="Why; it is kept in the history.")] = None,
) -> None:
    """Make live again what was live before the last promotion."""
    from miniatures.weights.registry import Registry

    _say_live(name, Registry().rollback(name, reason=reason))


def _agreed(question: str) -> bool:
    """Whether a person says yes; nobody is asked where there is no terminal."""
    return sys.stdin.isatty() and typer.confirm(question)


def _split(reference: str, otherwise: str) -> tuple[str, str]:
    name, _, ref = reference.partition("@")
    return name, ref or otherwise


def _history(history: tuple[Promotion, ...]) -> list[str]:
    from miniatures.measure.going_live import gate_words

    entries = []
    for promotion in history:
        verb = "rolled back to" if promotion.rolled_back else "promoted"
        forced = f" (forced: {promotion.forced})" if promotion.forced else ""
        reason = f" ({promotion.reason})" if promotion.reason else ""
        found = f", {gate_words(promotion.gate)}" if promotion.gate else ""
        entries.append(f"- {promotion.at:%Y-%m-%d %H:%M} {verb} {promotion.version}{forced}{reason}{found}")
    return ["## What was live", *entries] if entries else []


def _say_live(name: str, promotion: Promotion) -> None:
    before = f", in place of {promotion.replaced}" if promotion.replaced else ""
    typer.echo(visible(f"{name}@{promotion.version} is live{before}"))


def _show_weights(found: list[WeightsStatus]) -> None:
    listing = table("|Name", "Here", ">Size", "Licence", "Source", title="Named weights")
    for entry in found:
        weights, here = entry.weights, "[green]yes[/]" if entry.path else "no"
        size = f"{weights.size_bytes / 1e6:,.0f} MB"
        listing.add_row(plain(weights.name), here, size, plain(weights.licence), plain(weights.source))
    console().print(listing)


def _flags(registry: Registry, name: str, version: str) -> int | None:
    """How many people a version learned from who are forgotten; None where the file of flags cannot be read."""
    from miniatures.weights.errors import RegistryError
    from miniatures.weights.forgotten import flags_of

    try:
        return len(flags_of(registry, name, version))
    except RegistryError:
        return None


def _row(one: ListedVersion, forgotten: int | None) -> dict[str, Any]:
    """One version. A damaged file is told in its row, and hides nothing else."""
    from miniatures.datamodel.miniature import Stage

    row: dict[str, Any] = {"name": one.name, "version": one.version, "stages": [], "error": one.error or None}
    row["forgotten"] = forgotten
    if one.error or one.card is None:
        return row
    card = one.card
    stages = [stage.value for stage in (Stage.LIVE, Stage.CANDIDATE) if stage in one.stages]
    scores = {measure: score.model_dump() for measure, score in card.scores.items()}
    facts = {"base": card.base, "base_licence": card.base_licence, "adapter_bytes": card.adapter_bytes}
    return {**row, "stages": stages, **facts, "scores": scores, "created_at": card.created_at.isoformat()}


def _show_miniatures(rows: list[dict[str, Any]]) -> None:
    if not rows:
        console().print("No miniatures yet: `miniatures finetune RECIPE` trains one.")
        return
    listing = table("|Name", "Stage", "Base", ">Adapter", "|All checks", title="Miniatures")
    for row in rows:
        name = plain(f"{row['name']}@{row['version']}")
        if row["error"]:
            listing.add_row(name, "[red]damaged[/]", plain(row["error"]), "", "")
        else:
            size = f"{row['adapter_bytes'] / 1e6:,.1f} MB"
            listing.add_row(
                name, _stages(row["stages"], row["forgotten"]), plain(row["base"]), size, _all_checks(row["scores"])
            )
    console().print(listing)


def _stages(stages: list[str], forgotten: int | None) -> str:
    """The stages, and a word where somebody whom it learned from is forgotten, or where nobody can tell."""
    named = [f"[green]{stage}[/]" if stage == "live" else stage for stage in stages]
    return ", ".join(named if forgotten == 0 else [*named, "[red]flagged[/]"])


def _all_checks(scores: dict[str, Any]) -> str:
    score = scores.get("all_checks")
    if not score or not score["total"]:
        return "not measured"
    return f"{100 * score['passed'] / score['total']:.1f} % of {score['total']:,}"


def _pull(name: str) -> Path:
    from miniatures.weights.pull import pull

    if not sys.stderr.isatty():
        return pull(name)
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = TextColumn(name), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(name, total=None)
        return pull(name, lambda done, total: bar.update(task, completed=done, total=total))
