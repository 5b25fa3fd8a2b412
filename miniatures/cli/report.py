"""`miniatures report`: the HTML report of a campaign."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from miniatures.cli.arguments import CampaignPath
from miniatures.cli.out_file import require_no_input
from miniatures.cli.results import open_run
from miniatures.datamodel.foreign_text import visible


def report(
    campaign: CampaignPath,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Where to write it.")] = None,
) -> None:
    """Write the HTML report and print its path."""
    from miniatures.delivery.standing import email_standings
    from miniatures.measure.report import write_report

    with open_run(campaign) as (loaded, store):
        if out is not None:
            require_no_input(out, loaded)
        typer.echo(visible(str(write_report(loaded, email_standings(loaded, store), out))))
