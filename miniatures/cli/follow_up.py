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
    first email. Whoever answered, opted out or bounced is not written to again, and nobody twice.
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
        typer.echo(f"{count(len(done.written), 'follow-up')} written. Read them: {command('review', campaign)}")
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
        hint = "Add when one is written, such as `send: {follow_ups: [{after_days: 4, hint: ...}]}`."
        raise InputError(f"{loaded.path} names no follow-ups", hint=hint)


def _write(loaded: LoadedCampaign, campaign: Path, *, as_json: bool) -> WrittenFollowUps:
    import asyncio

    from miniatures.cli.interrupts import drain_on_interrupt
    from miniatures.datamodel.errors import described
    from miniatures.delivery.follow_up_run import write_follow_ups

    def say(line: str) -> None:
        typer.echo(visible(line), err=as_json)

    def tell(prospect: Prospect, error: Exception | None) -> None:
        say(f"{prospect.email}: {'written' if error is None else described(error)}")

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
        "failed": [{"email": prospect.email, "error": described(error)} for prospect, error in done.failed],
        "trouble": None if done.trouble is None else done.trouble.told,
    }
