"""`miniatures status`: where a campaign stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from miniatures.cli.arguments import AsJson, CampaignPath
from miniatures.cli.results import store_of
from miniatures.cli.terminal import command, console, count, plain, print_json, show_table, status_table, table
from miniatures.datamodel.money import cost_words, dollars

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from miniatures.datamodel.standing import Standing
    from miniatures.inputs.campaign import LoadedCampaign
    from miniatures.store.queries import Run
    from miniatures.store.spending import Spending

_WORKED_ON = ("pending", "changed", "failed", "blocked", "over_budget")
"""The states of whom the next run works on."""
_NEXT = (
    ("Read the drafts", ("ready", "needs_review"), "review"),
    ("Send what was approved", ("approved", "edited", "queued"), "send"),
    ("Say what became of the uncertain ones", ("uncertain",), "outbox", "--state", "uncertain"),
    ("Read what people answered", ("replied", "unsubscribed"), "inbox", "--list"),
)
"""What there is to do, for emails that stand so, and the command that does it."""


def status(
    campaign: CampaignPath,
    spending: Annotated[
        bool, typer.Option("--spending", help="Show what each role and backend used, and what ready promises here.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show where a campaign stands."""
    from miniatures.inputs.campaign import load_campaign

    loaded = load_campaign(campaign)
    figures = _figures(loaded)
    if as_json:
        print_json(figures)
        return
    _show(figures, str(campaign))
    if spending:
        _show_spending(figures)


def _figures(loaded: LoadedCampaign) -> dict[str, Any]:
    from miniatures.cli.arm_figures import ArmFigures
    from miniatures.datamodel.prospect import BadRow
    from miniatures.datamodel.redaction import without_secrets
    from miniatures.delivery.standing import follow_up_standings, standings
    from miniatures.inputs.prospects import nobody_suppressed
    from miniatures.measure.promise import promise_of
    from miniatures.store.suppressed import suppression_of

    with store_of(loaded) as store:
        enrolled = store.mail.enrolments.of(loaded.name) if store else {}
        arms = ArmFigures(enrolled, store.mail.decisions.stopped(loaded.name) if store else ())
        suppressed = suppression_of(store, loaded.name) if store else nobody_suppressed
        counted = _counted(arms.noting(standings(loaded, store)), suppressed)
        runs = store.runs(loaded.name) if store else []
        spent = store.spent_by_role(loaded.name) if store else {}
        follow_ups = _counted(follow_up_standings(loaded, store) if store else (), suppressed)
    return {
        "campaign": loaded.name,
        "sends": loaded.campaign.send is not None,
        **counted,
        "follow_ups": {
            "written": follow_ups["prospects"],
            "by_status": {state: number for state, number in follow_ups["by_status"].items() if number},
            "tokens": follow_ups["tokens"],
            "cost": follow_ups["cost"],
        },
        "arms": arms.as_data(),
        "spending": [_spent(role, backend, one) for (role, backend), one in spent.items()],
        "ready_means": list(promise_of(loaded.campaign).sentences),
        "runs": [_told(run) for run in runs],
        "store": without_secrets(loaded.store_url),
        "bad_rows": [row.model_dump(mode="json") for row in loaded.prospects(suppressed) if isinstance(row, BadRow)],
    }


def _counted(standings: Iterable[Standing], suppressed: Callable[[str], str]) -> dict[str, Any]:
    from collections import Counter

    from miniatures.datamodel.backend import Bill
    from miniatures.datamodel.draft import DraftStatus
    from miniatures.datamodel.standing import State

    by_state: Counter[State] = Counter()
    failing: Counter[str] = Counter()
    not_worked_on = 0
    bill = Bill()
    for standing in standings:
        by_state[standing.state] += 1
        not_worked_on += standing.state in _WORKED_ON and bool(suppressed(standing.prospect.email))
        if standing.result.status is not DraftStatus.PENDING:
            bill += standing.result.bill
        if standing.draft:
            failing.update(check.name.value for check in standing.draft.failed_checks)
    return {
        "prospects": by_state.total(),
        "by_status": {state.value: by_state[state] for state in State},
        "suppressed": not_worked_on,
        "failed_checks": dict(failing.most_common()),
        "tokens": bill.usage.total_tokens,
        "cost": bill.cost_usd,
    }


def _spent(role: str, backend: str, spending: Spending) -> dict[str, Any]:
    return {
        "role": role,
        "backend": backend,
        "calls": spending.calls,
        "input_tokens": spending.usage.input_tokens,
        "output_tokens": spending.usage.output_tokens,
        "cost": spending.cost_usd,
    }


def _told(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "policy": run.policy,
        "started_at": run.started_at.isoformat(),
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
        "outcome": run.outcome,
    }


def _show(figures: dict[str, Any], campaign: str) -> None:
    from miniatures.cli.arm_figures import show_arm_figures
    from miniatures.datamodel.prospect import RowFault

    screen = console()
    spent = f"{figures['tokens']:,} tokens, {cost_words(figures['cost'])}"
    screen.print(f"[bold]{plain(figures['campaign'])}[/]: {count(figures['prospects'], 'prospect')}; {spent}")
    if figures["runs"]:
        screen.print(_about_runs(figures["runs"]))
    screen.print()
    screen.print(status_table(figures["by_status"].items()))
    screen.print()
    show_arm_figures(figures["arms"])
    if (follow_ups := figures["follow_ups"])["written"]:
        stand = ", ".join(f"{number:,} {state.replace('_', ' ')}" for state, number in follow_ups["by_status"].items())
        cost = f"{follow_ups['tokens']:,} tokens, {cost_words(follow_ups['cost'])}"
        screen.print(f"{count(follow_ups['written'], 'follow-up')}: {stand}; {cost} more\n")
    failing = table("Check that did not pass", ">Drafts")
    for name, number in figures["failed_checks"].items():
        failing.add_row(name.replace("_", " "), f"{number:,}")
    show_table(failing)
    if figures["bad_rows"]:
        opted_out = sum(row["fault"] == RowFault.OPTED_OUT for row in figures["bad_rows"])
        among = f", {opted_out:,} of them opted out" if opted_out else ""
        suppressed = sum(row["fault"] == RowFault.SUPPRESSED for row in figures["bad_rows"])
        among += f", {suppressed:,} suppressed" if suppressed else ""
        screen.print(f"{count(len(figures['bad_rows']), 'row')} of the list left out{among}; the first:")
        for row in figures["bad_rows"][:5]:
            screen.print(f"  line {row['line']}: {plain(row['reason'])}")
    if sum(figures["by_status"][state] for state in _WORKED_ON) > figures["suppressed"]:
        screen.print(f"[dim]Go on with: {plain(command('run', campaign))}[/]", soft_wrap=True)
    for purpose, states, word, *options in _NEXT:
        if (figures["sends"] or word != "send") and any(_number(figures, state) for state in states):
            screen.print(f"[dim]{purpose}: {plain(command(word, campaign, *options))}[/]", soft_wrap=True)


def _number(figures: dict[str, Any], state: str) -> int:
    """How many emails stand so, follow-ups included."""
    return int(figures["by_status"][state] + figures["follow_ups"]["by_status"].get(state, 0))


def _show_spending(figures: dict[str, Any]) -> None:
    listing = table("Role", "Backend", ">Calls", ">Read", ">Written", ">Cost")
    for one in figures["spending"]:
        tokens = f"{one['input_tokens']:,}", f"{one['output_tokens']:,}"
        cost = "not known" if one["cost"] is None else dollars(one["cost"]) if one["cost"] else "none"
        listing.add_row(one["role"], plain(one["backend"]), f"{one['calls']:,}", *tokens, cost)
    show_table(listing)
    for sentence in figures["ready_means"]:
        console().print(plain(sentence), soft_wrap=True)


def _about_runs(runs: list[dict[str, Any]]) -> str:
    last = runs[-1]
    began = last["started_at"][:16].replace("T", " ")
    ended = (last["outcome"] or "not ended: going on, or killed").replace("_", " ")
    return f"{count(len(runs), 'run')}; the last began {began} UTC: {plain(ended)}"
