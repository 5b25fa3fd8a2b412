"""`miniatures accept`: what is ready at the stated risk is accepted at once, after people have read a sample."""

from __future__ import annotations

from typing import Annotated

import typer

from miniatures.cli.arguments import CampaignPath
from miniatures.cli.results import open_run
from miniatures.cli.terminal import command, count


def accept(
    campaign: CampaignPath,
    yes: Annotated[
        bool, typer.Option("--yes", help="Accept the rest unread; without it, only say how things stand.")
    ] = False,
    reviewer: Annotated[
        str | None, typer.Option(envvar="MINIATURES_REVIEWER", help="Who accepts; your login name if left out.")
    ] = None,
) -> None:
    """Accept all ready drafts at once, once people have read thirty that were drawn by lot.

    The drafts may go out then. They are marked as unread, and teach no miniature.
    """
    import asyncio

    from miniatures.cli.review import reviewer_name
    from miniatures.review.bulk import accept_rest, bulk_of
    from miniatures.review.desk import Desk
    from miniatures.store.decide import Outcome

    with open_run(campaign) as (loaded, store):
        desk = Desk(store, loaded.name)
        desk.refresh()
        bulk = bulk_of(desk, loaded.campaign.ready.risk)
        read, share = len(bulk.read), bulk.rejected
        typer.echo(
            f"Of {count(len(bulk.sample), 'ready draft')} drawn by lot, {read} were read: "
            f"{share.passed} rejected (95 %: {share.low:.0%} to {share.high:.0%}), {bulk.edited.passed} edited. "
            f"{len(bulk.rest):,} more are ready and unread."
        )
        if not yes:
            typer.echo(bulk.why_not or f"Accept them: {command('accept', campaign, '--yes')}")
            return
        outcomes = asyncio.run(accept_rest(store, bulk, reviewer_name(reviewer)))
    changed = sum(outcomes.values()) - outcomes[Outcome.KEPT]
    typer.echo(f"{outcomes[Outcome.KEPT]:,} accepted unread.")
    if changed:
        typer.echo(f"{count(changed, 'draft')} not: somebody decided about them, or they changed meanwhile.")
