"""`miniatures report`: the HTML report of a campaign."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from miniatures.cli.arguments import CampaignPath


def report(
    campaign: CampaignPath,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Where to write it.")] = None,
) -> None:
    """Write the HTML report and print its path."""
    from miniatures.cli.results import require_run
    from miniatures.inputs.campaign import load_campaign
    from miniatures.measure.report import write_report
    from miniatures.store.open import open_store

    loaded = load_campaign(campaign)
    require_run(loaded, str(campaign))
    with open_store(loaded.store_url) as store:
        typer.echo(write_report(loaded, store, out))
