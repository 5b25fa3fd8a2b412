"""`miniatures models`: the weights that have a name, and getting them onto this machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from miniatures.cli.arguments import AsJson
from miniatures.cli.terminal import console, plain, print_json, table

if TYPE_CHECKING:
    from pathlib import Path

app = typer.Typer(no_args_is_help=True, help="List the named models and get them.")


@app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List the named models, pulled or not."""
    from miniatures.weights.pull import list_weights

    found = list_weights()
    if as_json:
        print_json(
            [
                {**entry.weights.model_dump(mode="json"), "path": str(entry.path) if entry.path else None}
                for entry in found
            ]
        )
        return
    listing = table("Name", "Here", ">Size", "Licence", "Source")
    for entry in found:
        here = "[green]yes[/]" if entry.path else "no"
        weights = entry.weights
        size = f"{weights.size_bytes / 1e6:,.0f} MB"
        listing.add_row(plain(weights.name), here, size, plain(weights.licence), plain(weights.source))
    console().print(listing)


@app.command("pull")
def pull_model(name: Annotated[str, typer.Argument(metavar="NAME", help="A name that `models list` shows.")]) -> None:
    """Get a named model: resumed if it broke off, verified before use."""
    typer.echo(_pull(name))


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
