"""`miniatures run`: runs a campaign, shows how it goes and says how it ended."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from miniatures.cli.arguments import AsJson, CampaignPath
from miniatures.datamodel.errors import ExitCode

if TYPE_CHECKING:
    from miniatures.agents.run_events import RunSummary
    from miniatures.cli.progress import ProgressView
    from miniatures.inputs.campaign import LoadedCampaign


def run(
    campaign: CampaignPath,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N prospects of the list.")] = None,
    estimate: Annotated[bool, typer.Option("--estimate", help="Say what it would take, and spend nothing.")] = False,
    redo: Annotated[
        list[str] | None, typer.Option(metavar="EMAIL", help="Do this prospect again; may be given several times.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Research, write and check an email for each prospect.

    What is done stays done: run it again after an interruption, a reached budget or new rows in the list, and it goes
    on from there.
    """
    from miniatures.inputs.campaign import load_campaign

    loaded = load_campaign(campaign)
    if estimate:
        from miniatures.cli.estimate import show_estimate

        show_estimate(loaded, limit=limit, as_json=as_json)
        return
    summary = run_and_show(
        loaded, shown_path=campaign, limit=limit, redo=_known_addresses(loaded, redo or []), as_json=as_json
    )
    raise typer.Exit(exit_code(summary))


def run_and_show(
    loaded: LoadedCampaign,
    *,
    shown_path: Path,
    limit: int | None = None,
    redo: frozenset[str] = frozenset(),
    hosts: Mapping[str, str] | None = None,
    as_json: bool = False,
    resume: str = "",
) -> RunSummary:
    """Run with progress, write the report, and show the summary. `resume` is the command that would go on."""
    import asyncio
    import shlex

    from miniatures.cli.progress import open_progress
    from miniatures.cli.summary import show_summary

    path = shlex.quote(str(shown_path))
    resume = resume or f"miniatures run {path}"
    view = open_progress(sys.stderr if as_json else sys.stdout)
    try:
        summary = asyncio.run(_run(loaded, view, resume, limit=limit, redo=redo, hosts=hosts or {}))
    finally:
        view.close()
    report = _write_report(loaded)
    show_summary(summary, loaded, report, resume=resume, drafts=f"miniatures drafts {path}", as_json=as_json)
    return summary


async def _run(
    loaded: LoadedCampaign,
    view: ProgressView,
    resume: str,
    *,
    limit: int | None,
    redo: frozenset[str],
    hosts: Mapping[str, str],
) -> RunSummary:
    import asyncio

    from miniatures.agents.runs import run_campaign
    from miniatures.cli.interrupts import drain_on_interrupt

    stop = asyncio.Event()
    with drain_on_interrupt(stop, view.say, resume):
        return await run_campaign(loaded, limit=limit, redo=redo, on_event=view.update, stop=stop, hosts=hosts)


def _write_report(loaded: LoadedCampaign) -> Path:
    from miniatures.measure.report import write_report
    from miniatures.store.open import open_store

    with open_store(loaded.store_url) as store:
        return write_report(loaded, store)


def _known_addresses(loaded: LoadedCampaign, emails: list[str]) -> frozenset[str]:
    from miniatures.cli.results import one_result

    return frozenset(one_result(loaded, email).prospect.email for email in emails)


def exit_code(summary: RunSummary) -> ExitCode:
    """What the process tells its caller about a run."""
    from miniatures.agents.runner import RunOutcome
    from miniatures.datamodel.draft import DraftStatus

    match summary.outcome:
        case RunOutcome.INTERRUPTED:
            return ExitCode.INTERRUPTED
        case RunOutcome.BUDGET_REACHED:
            return ExitCode.BUDGET_REACHED
        case RunOutcome.BACKEND_UNAVAILABLE:
            return ExitCode.BACKEND_UNAVAILABLE
        case RunOutcome.COMPLETED:
            unfinished = (DraftStatus.FAILED, DraftStatus.BLOCKED, DraftStatus.OVER_BUDGET)
            failed = any(summary.by_status.get(status, 0) for status in unfinished)
            return ExitCode.SOME_FAILED if failed else ExitCode.OK
