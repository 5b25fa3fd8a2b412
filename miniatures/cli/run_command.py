"""`miniatures run`: runs a campaign, shows how it goes and says how it ended."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from miniatures.cli.arguments import AsJson, CampaignPath
from miniatures.cli.results import all_standings, one_standing
from miniatures.cli.terminal import command

if TYPE_CHECKING:
    from asyncio import Event

    from miniatures.agents.run_events import OnEvent, RunSummary
    from miniatures.datamodel.errors import ExitCode
    from miniatures.datamodel.standing import Standing, State
    from miniatures.inputs.campaign import LoadedCampaign


def run(
    campaign: CampaignPath,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N prospects of the list.")] = None,
    estimate: Annotated[bool, typer.Option("--estimate", help="Say what it would take, and spend nothing.")] = False,
    redo: Annotated[
        list[str] | None, typer.Option(metavar="EMAIL", help="Do this prospect again; may be given several times.")
    ] = None,
    trust: Annotated[
        bool, typer.Option("--trust", help="Allow it what lies beyond its folder, this time; `trust` remembers.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Research, write and check an email for each prospect.

    What is done stays done: run it again after an interruption, a reached budget or new rows in the list, and it goes
    on from there.
    """
    from miniatures.inputs.campaign import load_campaign

    loaded = load_campaign(campaign, trusted=trust)
    _require_rows(loaded)
    if estimate:
        from miniatures.cli.estimate import show_estimate

        show_estimate(loaded, limit=limit, as_json=as_json)
        return
    again = frozenset(one_standing(loaded, email).prospect.email for email in redo or ())
    summary = run_and_show(loaded, shown_path=campaign, limit=limit, redo=again, as_json=as_json)
    raise typer.Exit(exit_code(summary))


def _require_rows(loaded: LoadedCampaign) -> None:
    """Refuse a list of nobody.

    Raises:
        InputError: it has a header line at most.
    """
    from miniatures.datamodel.errors import InputError

    if next(loaded.prospects(), None) is None:
        hint = "Write a row a person below the line that names the columns."
        raise InputError(f"{loaded.campaign.prospects} lists nobody: there is no row to write to", hint=hint)


def run_and_show(
    loaded: LoadedCampaign,
    *,
    shown_path: Path,
    limit: int | None = None,
    redo: frozenset[str] = frozenset(),
    hosts: Mapping[str, str] | None = None,
    as_json: bool = False,
    resume: str = "",
    listing: bool = False,
) -> RunSummary:
    """Run with progress, write the report, and show the summary, with a `listing` of the drafts if that is wanted.

    `resume` is the command that would go on.
    """
    from miniatures.cli.columns import columns_of, show_columns
    from miniatures.cli.interrupts import carry_out
    from miniatures.cli.summary import show_summary
    from miniatures.cli.unreached import why_unreached, wrote_nothing
    from miniatures.datamodel.standing import State
    from miniatures.delivery.standing import email_standings, standings
    from miniatures.measure.report import write_report
    from miniatures.store.open import open_store

    async def work(on_event: OnEvent, stop: Event) -> RunSummary:
        from miniatures.agents.runs import run_campaign  # It takes a while to load; progress is shown by now.
        from miniatures.delivery.providers import Providers, mx_lookup

        gateway_of = Providers(mx_lookup()).told if loaded.campaign.arms else None
        return await run_campaign(
            loaded, limit=limit, redo=redo, on_event=on_event, stop=stop, hosts=hosts, gateway_of=gateway_of
        )

    resume = resume or command("run", shown_path)
    stream = sys.stderr if as_json else sys.stdout
    show_columns(columns_of(loaded), stream)
    summary = carry_out(work, stream, resume)
    by_state: Counter[State] = Counter()
    with open_store(loaded.store_url) as store:
        report = write_report(loaded, _counted(email_standings(loaded, store), by_state))
        unreached = why_unreached(summary.by_status, standings(loaded, store))
    show_summary(
        summary,
        loaded,
        report,
        by_state={state: by_state[state] for state in State},
        resume=resume,
        next_steps=_next_steps(
            shown_path, nothing_written=wrote_nothing(summary.by_status), sends=loaded.campaign.send is not None
        ),
        unreached=unreached,
        between=partial(_list_drafts, loaded, shown_path) if listing else None,
        as_json=as_json,
    )
    return summary


def _counted(standings: Iterable[Standing], by_state: Counter[State]) -> Iterator[Standing]:
    """The same; prospects are counted while they pass."""
    for standing in standings:
        by_state[standing.state] += not standing.result.step
        yield standing


def _list_drafts(loaded: LoadedCampaign, shown_path: Path) -> None:
    """Those whom a run has reached."""
    from miniatures.cli.drafts import show_all
    from miniatures.datamodel.standing import State

    show_all((one for one in all_standings(loaded) if one.state is not State.PENDING), str(shown_path))


def _next_steps(campaign: Path, *, nothing_written: bool, sends: bool) -> dict[str, str]:
    """What one does after a run, and the commands that do it."""
    listing = {"List the drafts": command("drafts", campaign)}
    if nothing_written:
        return listing
    onward = (
        {"Send what was approved": command("send", campaign)}
        if sends
        else {"Take them to a CRM": command("export", campaign, "--out", "emails.csv")}
    )
    return {**listing, **onward, "Read and judge them in the browser": command("app", campaign)}


def exit_code(summary: RunSummary) -> ExitCode:
    """What the process tells its caller about a run."""
    from miniatures.cli.summary import code_of_end
    from miniatures.datamodel.draft import DraftStatus

    unfinished = (DraftStatus.FAILED, DraftStatus.BLOCKED, DraftStatus.OVER_BUDGET)
    return code_of_end(summary.outcome, some_failed=any(summary.by_status.get(status, 0) for status in unfinished))
