"""`miniatures drafts`: what was written for whom, and what the checks said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from miniatures.cli.arguments import AsJson, CampaignPath
from miniatures.cli.results import one_result, reason, record, results_of_status
from miniatures.cli.terminal import (
    coloured,
    console,
    cost_words,
    count,
    plain,
    print_json,
    print_json_lines,
    show_quotes,
    show_table,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from miniatures.datamodel.result import ProspectResult

_ROWS_SHOWN = 200
_WIDE = 100
"""Columns from which on a terminal has room for the company."""


def drafts(
    campaign: CampaignPath,
    email: Annotated[str | None, typer.Argument(metavar="[EMAIL]", help="Show this prospect's draft in full.")] = None,
    status: Annotated[str | None, typer.Option(help="Only those that are ready, needs_review, failed, ...")] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Print one JSON object a line, as results are read.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the drafts, or show one in full."""
    from miniatures.inputs.campaign import load_campaign

    loaded = load_campaign(campaign)
    if email is not None:
        result = one_result(loaded, email)
        print_json(record(result)) if as_json or jsonl else _show_one(result)
        return
    results = results_of_status(loaded, status)
    if jsonl:
        print_json_lines(map(record, results))
    elif as_json:
        print_json(list(map(record, results)))
    else:
        show_all(results, str(campaign))


def show_all(results: Iterable[ProspectResult], campaign: str) -> None:
    """A table with a line for each prospect, and the totals."""
    from collections import Counter

    screen = console()
    wide = screen.width >= _WIDE
    listing = table("|Status", "|Prospect", *(("Company",) if wide else ()), "Subject or reason")
    by_status: Counter[str] = Counter()
    first = ""
    for result in results:
        by_status[result.status.value] += 1
        first = first or result.prospect.email
        if by_status.total() <= _ROWS_SHOWN:
            company = (plain(result.prospect.company),) if wide else ()
            listing.add_row(coloured(result.status), plain(result.prospect.email), *company, plain(_told(result)))
    show_table(listing)
    totals = ", ".join(f"{number:,} {coloured(status)}" for status, number in by_status.most_common())
    screen.print(f"{count(by_status.total(), 'prospect')}: {totals or 'none'}")
    if by_status.total() > _ROWS_SHOWN:
        screen.print(f"[dim]Shown are the first {_ROWS_SHOWN}; --jsonl prints them all.[/]")
    if first:
        screen.print(f"[dim]One in full: miniatures drafts {plain(campaign)} {plain(first)}[/]", soft_wrap=True)


def _told(result: ProspectResult) -> str:
    told = result.draft.subject if result.draft else reason(result)
    return told if len(told) <= 70 else told[:69] + "…"


def _show_one(result: ProspectResult) -> None:
    screen, prospect, draft = console(), result.prospect, result.draft
    name = f"{prospect.full_name} " if prospect.full_name else ""
    screen.print(
        f"[bold]{plain(name)}<{plain(prospect.email)}>[/], {plain(prospect.company)}  {coloured(result.status)}"
    )
    if draft is None:
        screen.print(plain(reason(result)) or "No draft was written yet.")
        return
    screen.print(f"\n[bold]Subject:[/] {plain(draft.subject)}\n")
    screen.print(plain(draft.body))
    screen.print("\n[bold]Evidence[/]")
    show_quotes(draft.evidence)
    checks = table("Check", "", "Reason", title="Checks")
    for check in draft.checks:
        mark = {"pass": "[green]pass[/]", "fail": "[red]fail[/]", "not_run": "[yellow]not run[/]"}[check.outcome]
        checks.add_row(check.name.replace("_", " "), mark, plain(check.reason))
    screen.print()
    show_table(checks)
    tokens = f"{result.bill.usage.total_tokens:,} tokens, {cost_words(result.bill.cost_usd)}"
    screen.print(f"[dim]{plain(draft.backend)}, {count(draft.attempts, 'attempt')}, {tokens}[/]")
    if draft.opinion:
        screen.print(f"\n[bold]The verifier's opinion[/] (it does not decide)\n{plain(draft.opinion)}")
    for problem in draft.problems:
        screen.print(f"\n[yellow]The {plain(problem.where)} was not asked:[/] {plain(problem.detail)}")
