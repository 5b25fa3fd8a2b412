"""`miniatures init`: a commented campaign folder to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from miniatures.cli.terminal import command


def init(
    name: Annotated[Path, typer.Argument(metavar="NAME", help="The folder to write, and the campaign's name.")],
) -> None:
    """Write a campaign folder to start from."""
    from miniatures.inputs.scaffold import create_campaign

    purposes = {
        "campaign.yaml": "which model does which job, where to look",
        "brief.md": "what is offered, by whom, with which claims",
        "prospects.csv": "who is written to (three fictional contacts)",
        "prompts/README.md": "how to change the prompts",
    }
    create_campaign(name)
    width = max(len(str(name / file)) for file in purposes)
    for file, purpose in purposes.items():
        typer.echo(f"  {name / file!s:{width}}  {purpose}")
    typer.echo(f"\nEdit them, then:\n  {command('run', name, '--limit', 3)}")
