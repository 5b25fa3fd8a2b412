"""`miniatures ab`: what is known of the arms of a live test, and what follows from it by the rule settled before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from miniatures.cli.arguments import AsJson, CampaignPath
from miniatures.cli.terminal import command, plain, print_json

if TYPE_CHECKING:
    from miniatures.datamodel.ab_decision import AbDecision
    from miniatures.delivery.ab_plan import Plan
    from miniatures.delivery.ab_report import AbReport
    from miniatures.inputs.campaign import LoadedCampaign
    from miniatures.store.store import Store

app = typer.Typer(no_args_is_help=True, help="Compare the arms of a live test by what people did, and act on it.")


@app.command("report")
def report(campaign: CampaignPath, as_json: AsJson = False) -> None:
    """Show what people did in each arm, and what is known of each challenger beside the reference."""
    from miniatures.cli.ab_screen import show_report
    from miniatures.cli.results import open_run
    from miniatures.delivery.ab_record import report_record
    from miniatures.delivery.ab_report import ab_report

    with open_run(campaign) as (loaded, store):
        found = ab_report(loaded, store, store.now())
        follows = not as_json and _something_follows(loaded, store, found)
    if as_json:
        print_json(report_record(found))
        return
    show_report(found)
    if follows:
        typer.echo(f"What follows from it: {command('ab', 'decide', campaign)}")


def _something_follows(loaded: LoadedCampaign, store: Store, found: AbReport) -> bool:
    """Whether there is something to decide; a damaged registry hides no figure, and `ab decide` says what it has."""
    from miniatures.delivery.ab_decide import plan_for
    from miniatures.weights.errors import RegistryError
    from miniatures.weights.registry import Registry

    try:
        return bool(plan_for(loaded, store, found, Registry()).changes)
    except RegistryError:
        return True


@app.command("decide")
def decide(
    campaign: CampaignPath,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this it is only shown.")] = False,
    reviewer: Annotated[
        str | None, typer.Option(envvar="MINIATURES_REVIEWER", help="Who decides; your login name if left out.")
    ] = None,
) -> None:
    """Promote, roll back or stop, by the rule settled before the start. Each decision is made once, and kept."""
    import asyncio

    from miniatures.cli.results import open_run
    from miniatures.cli.review import reviewer_name
    from miniatures.delivery.ab_decide import decide as do
    from miniatures.delivery.ab_decide import plan_for
    from miniatures.delivery.ab_report import ab_report
    from miniatures.weights.registry import Registry

    by, registry = reviewer_name(reviewer), Registry()
    with open_run(campaign, flushed=True) as (loaded, store):
        found = ab_report(loaded, store, store.now())
        plan = plan_for(loaded, store, found, registry)
        if yes:
            _show_done(asyncio.run(do(plan, found, store, registry, by)), plan)
        else:
            _show_plan(plan, campaign)


def _show_plan(plan: Plan, campaign: Path) -> None:
    for change in plan.changes:
        typer.echo(f"{plain(change.will)}\n  {plain(change.why)}")
    _show_rest(plan)
    if plan.changes:
        typer.echo(f"Nothing was changed. To do it: {command('ab', 'decide', campaign, '--yes')}")


def _show_done(made: list[AbDecision], plan: Plan) -> None:
    for decision in made:
        cancelled = f" {decision.cancelled:,} cancelled." if decision.cancelled else ""
        typer.echo(f"Done: {plain(decision.why)}{cancelled}")
    _show_rest(plan)


def _show_rest(plan: Plan) -> None:
    """What was decided before, and why the rest is not decided."""
    for decision in plan.before:
        when = f"{decision.decided_at:%Y-%m-%d} by {decision.decided_by}"
        typer.echo(f"Decided on {plain(when)}: {plain(decision.why)}")
    for line in plan.missing:
        typer.echo(plain(line))
    if not plan.changes:
        typer.echo("Nothing changes.")
