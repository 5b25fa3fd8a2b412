"""`miniatures follow-up`: emails to those who did not answer are written; they wait for reviewers like all others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from miniatures.cli.arguments import AsJson, CampaignPath
from miniatures.cli.results import open_run
from miniatures.cli.terminal import command, count, print_json
from miniatures.datamodel.errors import ExitCode
from miniatures.datamodel.foreign_text import visible

if TYPE_CHECKING:
    from pathlib import Path

    from miniatures.datamodel.prospect import Prospect
    from miniatures.delivery.follow_up_run import Plan, WrittenFollowUps
    from miniatures.inputs.campaign import LoadedCampaign


def follow_up(
    campaign: CampaignPath,
    dry: Annotated[bool, typer.Option("--dry", help="Only say who is due, and why others are not.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the follow-ups that are due, by the days and conditions of `send: {follow_ups: ...}`.

    They wait for reviewers like any draft; what is approved then leaves with `miniatures send`, in the thread of the
    first email. Whoever answered, opted out or bounced is not written to again, and nobody twice; and where neither the
    news nor the brief gives anything new to say, none is written.
    """
    from miniatures.delivery.follow_up_run import planned

    with open_run(campaign) as (loaded, store):
        _require_follow_ups(loaded)
        plan = planned(loaded, store, store.now())
    if dry or not plan.due:
        print_json(_record(plan)) if as_json else _show(plan, "due")
        return
    done = _write(loaded, campaign, as_json=as_json)
    if as_json:
        print_json(_record(done.plan) | _outcome(done))
    else:
        _show(done.plan, "due")
        read = f" Read them: {command('review', campaign)}" if done.written else ""
        typer.echo(f"{count(len(done.written), 'follow-up')} written.{read}")
        if done.nothing_new:
            typer.echo(f"{len(done.nothing_new):,} not, as there is nothing new to say: their threads end here.")
        if done.trouble is not None:
            typer.echo(f"It ended early: {visible(done.trouble.told)}", err=True)
    if done.failed or done.trouble is not None:
        raise typer.Exit(ExitCode.SOME_FAILED)


def _require_follow_ups(loaded: LoadedCampaign) -> None:
    """Refuse a campaign that sends one email only.

    Raises:
        InputError: its file names no follow-ups, or does not say how it sends.
    """
    from miniatures.datamodel.errors import InputError
    from miniatures.delivery.settings import required_settings

    if not required_settings(loaded).follow_ups:
        hint = "Under `send:`, say when one is written, such as: follow_ups: [{after_days: 4}]"
        raise InputError(f"{loaded.path} names no follow-ups", hint=hint)


def _write(loaded: LoadedCampaign, campaign: Path, *, as_json: bool) -> WrittenFollowUps:
    import asyncio

    from miniatures.cli.interrupts import drain_on_interrupt
    from miniatures.datamodel.errors import described
    from miniatures.datamodel.result import ProspectResult
    from miniatures.delivery.follow_up_run import write_follow_ups

    def say(line: str) -> None:
        typer.echo(visible(line), err=as_json)

    def tell(prospect: Prospect, done: ProspectResult | Exception) -> None:
        became = done.error or "written" if isinstance(done, ProspectResult) else described(done)
        say(f"{prospect.email}: {became}")

    async def work() -> WrittenFollowUps:
        with drain_on_interrupt(say, command("follow-up", campaign)) as stop:
            return await write_follow_ups(loaded, stop=stop, on_done=tell)

    return asyncio.run(work())


def _show(plan: Plan, word: str) -> None:
    typer.echo(f"{count(len(plan.due), 'follow-up')} {word}.")
    for why, number in plan.hindered.most_common():
        typer.echo(f"  {number:,} not: {why.value}")


def _record(plan: Plan) -> dict[str, Any]:
    due = [{"email": one.prospect.email, "step": one.step, "arm": one.arm} for one in plan.due]
    return {"due": due, "not_due": {why.name.lower(): number for why, number in plan.hindered.most_common()}}


def _outcome(done: WrittenFollowUps) -> dict[str, Any]:
    from miniatures.datamodel.errors import described

    return {
        "written": [
            {"email": one.prospect.email, "step": one.step, "status": one.status.value} for one in done.written
        ],
        "nothing_new": [{"email": one.prospect.email, "step": one.step} for one in done.nothing_new],
        "failed": [{"email": prospect.email, "error": described(error)} for prospect, error in done.failed],
        "trouble": None if done.trouble is None else done.trouble.told,
    }
