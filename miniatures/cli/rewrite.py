"""`miniatures rewrite`: drafts that reviewers sent back are written again, with the reviewers' hints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from miniatures.cli.arguments import CampaignPath
from miniatures.cli.results import open_run
from miniatures.cli.terminal import count
from miniatures.datamodel.errors import ExitCode
from miniatures.datamodel.foreign_text import visible

if TYPE_CHECKING:
    from miniatures.inputs.campaign import LoadedCampaign
    from miniatures.review.rewrites import Wish


def rewrite(campaign: CampaignPath) -> None:
    """Write the drafts again that reviewers sent back, with their hints. What was written then waits for reviewers."""
    import asyncio

    from miniatures.review.rewrites import open_wishes

    with open_run(campaign) as (loaded, store):
        wishes = list(open_wishes(store, loaded.name))
    if not wishes:
        typer.echo("Nothing was sent back.")
        return
    failed = asyncio.run(_grant(loaded, wishes))
    typer.echo(f"{count(len(wishes) - failed, 'draft')} written again.")
    if failed:
        raise typer.Exit(ExitCode.SOME_FAILED)


async def _grant(loaded: LoadedCampaign, wishes: list[Wish]) -> int:
    """Have them written, telling each; returns how many were not."""
    from miniatures.review.rewrites import grant_wishes

    failed = 0
    async for wish, error in grant_wishes(loaded, wishes):
        failed += error is not None
        typer.echo(visible(f"{wish.result.prospect.email}: {error.told if error else 'written again'}"))
    return failed
