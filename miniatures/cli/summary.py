"""Says how a run ended and what to do next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console

from miniatures.agents.run_events import RunSummary, StoppedArm
from miniatures.agents.runner import RunOutcome
from miniatures.cli.terminal import command, console, count, plain, print_json, show_table, status_table, table
from miniatures.datamodel.duration import duration
from miniatures.datamodel.errors import ExitCode
from miniatures.datamodel.money import cost_words, dollars
from miniatures.datamodel.prospect import BadRow
from miniatures.datamodel.standing import State
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.measure.field_readings import READY_MEANS

_BAD_ROWS_SHOWN = 5


def show_summary(
    summary: RunSummary,
    loaded: LoadedCampaign,
    report: Path,
    *,
    by_state: Mapping[State, int],
    resume: str,
    next_steps: Mapping[str, str],
    unreached: str = "",
    between: Callable[[], None] | None = None,
    as_json: bool = False,
) -> None:
    """Show the summary as JSON, or as words and a table, and at the end the commands that go on or look at the drafts.

    `by_state` counts where everybody of the campaign stands by now, reviews included, as `miniatures status` does.
    `unreached` says why nothing could be reached, if that is so; `between` shows what stands before these commands.
    """
    if as_json:
        print_json({**summary.model_dump(mode="json"), "by_state": by_state, "report": str(report)})
        return
    screen = console()
    screen.print(f"\n[bold]{plain(summary.campaign)}[/] {_ending(summary)} in {duration(summary.seconds)}")
    if any(by_state.values()):
        screen.print()
        show_table(status_table(by_state.items()))
    _show_work(screen, summary)
    _show_arms(summary.arms)
    show_bad_rows(screen, summary.bad_row_count, summary.bad_rows, loaded)
    if unreached:
        screen.print(f"\n[red]{plain(unreached)}[/]", soft_wrap=True)
    if between is not None:
        screen.print()
        between()
    if by_state.get(State.READY):
        screen.print(f"\n{READY_MEANS}")
    _show_next(screen, summary, report, resume, next_steps)


def code_of_end(outcome: RunOutcome, *, some_failed: bool) -> ExitCode:
    """What the process tells its caller: an end before its time has a code of the same name."""
    if outcome is not RunOutcome.COMPLETED:
        return ExitCode[outcome.name]
    return ExitCode.SOME_FAILED if some_failed else ExitCode.OK


def _ending(summary: RunSummary) -> str:
    match summary.outcome:
        case RunOutcome.COMPLETED:
            return "[green]finished[/]"
        case RunOutcome.BUDGET_REACHED:
            return "[yellow]stopped at its budget[/]"
        case RunOutcome.INTERRUPTED:
            return "[yellow]was interrupted[/]"
        case RunOutcome.BACKEND_UNAVAILABLE:
            return "[red]stopped, because a backend cannot be used,[/]"


def _show_work(screen: Console, summary: RunSummary) -> None:
    if not summary.new and summary.reused:
        screen.print(f"Nothing was left to do: {count(summary.reused, 'prospect')} done before, none worked on again.")
        return
    before = f"{summary.new:,} new, {summary.reused:,} done before. " if summary.reused else ""
    tokens = summary.bill.usage.total_tokens
    rate = f" ({tokens / summary.seconds:,.0f}/s)" if summary.seconds > 0 else ""
    screen.print(f"{before}{tokens:,} tokens{rate}, {cost_words(summary.bill.cost_usd)}")


def _show_arms(arms: Mapping[str, RunSummary]) -> None:
    """Of an A/B test: how each arm ended."""
    listing = table("Arm", "How it ended", ">New", ">Done before", ">Tokens", ">Cost")
    for arm, summary in arms.items():
        bill = summary.bill
        counts = f"{summary.new:,}", f"{summary.reused:,}", f"{bill.usage.total_tokens:,}"
        ended = "stopped by a guardrail" if summary.stopped else summary.outcome.value.replace("_", " ")
        listing.add_row(plain(arm), ended, *counts, dollars(bill.cost_usd))
    if not arms:
        return
    screen = console()
    screen.print()
    show_table(listing)
    for arm, summary in arms.items():
        if summary.stopped is not None:
            screen.print(plain(_left_out(arm, summary.stopped)), soft_wrap=not screen.is_terminal)


def _left_out(arm: str, stopped: StoppedArm) -> str:
    """Such as `12 prospects left out: their arm small was stopped on 2026-03-03 by guardrail: bounced ...`."""
    from miniatures.delivery.ab_words import hits_words

    who = f"their arm {arm} was stopped on {stopped.stopped_at:%Y-%m-%d} by {stopped.stopped_by}"
    return f"{count(stopped.left_out, 'prospect')} left out: {who}: {hits_words(stopped.hits)}."


def show_bad_rows(screen: Console, number: int, first: Sequence[BadRow], loaded: LoadedCampaign) -> None:
    """How many rows of the list are left out, and why the first of them are."""
    if not number:
        return
    screen.print(f"\n{count(number, 'row')} of {plain(loaded.campaign.prospects)} left out:")
    for row in first[:_BAD_ROWS_SHOWN]:
        screen.print(f"  line {row.line}: {plain(row.reason)}", soft_wrap=True)
    if number > _BAD_ROWS_SHOWN:
        screen.print(f"  [dim]All of them: {plain(command('status', loaded.path, '--json'))}[/]", soft_wrap=True)


def _show_next(screen: Console, summary: RunSummary, report: Path, resume: str, steps: Mapping[str, str]) -> None:
    if summary.message:
        screen.print(f"\n{plain(summary.message)}")
    if summary.hint:
        screen.print(f"[dim]{plain(summary.hint)}[/]")
    screen.print(f"\nReport: {plain(report)}", soft_wrap=True)
    if summary.outcome is not RunOutcome.COMPLETED:
        screen.print(f"Go on with: {plain(resume)}", soft_wrap=True)
        return
    width = max(map(len, steps), default=0)
    for purpose, line in steps.items():
        screen.print(f"{purpose}:{' ' * (width - len(purpose))} {plain(line)}", soft_wrap=True)
