"""`miniatures drafts`: what was written for whom, and what the checks said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from miniatures.cli.arguments import AsJson, CampaignPath
from miniatures.cli.terminal import coloured, console, cost_words, count, plain, print_json, print_json_lines, table

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
    from miniatures.cli.results import all_results, one_result, record
    from miniatures.inputs.campaign import load_campaign

    loaded = load_campaign(campaign)
    if email is not None:
        result = one_result(loaded, email)
        print_json(record(result)) if as_json or jsonl else _show_one(result)
        return
    results = (result for result in all_results(loaded) if _wanted(result, known_status(status)))
    if jsonl:
        print_json_lines(record(result) for result in results)
    elif as_json:
        print_json([record(result) for result in results])
    else:
        show_all(results, str(campaign))


def known_status(status: str | None) -> str | None:
    """The status as given; raises `InputError` if there is no such one."""
    from miniatures.datamodel.draft import DraftStatus
    from miniatures.datamodel.errors import InputError

    if status is not None and status not in set(DraftStatus):
        raise InputError(f"--status {status}: there is no such status", hint=f"Known: {', '.join(DraftStatus)}.")
    return status


def _wanted(result: ProspectResult, status: str | None) -> bool:
    return status is None or result.status == status


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
    if listing.row_count:
        screen.print(listing)
        screen.print()
    totals = ", ".join(f"{number:,} {coloured(status)}" for status, number in by_status.most_common())
    screen.print(f"{count(by_status.total(), 'prospect')}: {totals or 'none'}")
    if by_status.total() > _ROWS_SHOWN:
        screen.print(f"[dim]Shown are the first {_ROWS_SHOWN}; --jsonl prints them all.[/]")
    if first:
        screen.print(f"[dim]One in full: miniatures drafts {plain(campaign)} {plain(first)}[/]", soft_wrap=True)


def _told(result: ProspectResult) -> str:
    from miniatures.cli.results import reason

    told = result.draft.subject if result.draft else reason(result)
    return told if len(told) <= 70 else told[:69] + "…"


def _show_one(result: ProspectResult) -> None:
    from miniatures.cli.results import reason

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
    _show_evidence(result)
    checks = table("Check", "", "Reason", title="Checks")
    for check in draft.checks:
        mark = {"pass": "[green]pass[/]", "fail": "[red]fail[/]", "not_run": "[yellow]not run[/]"}[check.outcome]
        checks.add_row(check.name.replace("_", " "), mark, plain(check.reason))
    screen.print()
    screen.print(checks)
    screen.print()
    tokens = f"{result.bill.usage.total_tokens:,} tokens, {cost_words(result.bill.cost_usd)}"
    screen.print(f"[dim]{plain(draft.backend)}, {count(draft.attempts, 'attempt')}, {tokens}[/]")
    if draft.opinion:
        screen.print(f"\n[bold]The verifier's opinion[/] (it does not decide)\n{plain(draft.opinion)}")
    for problem in draft.problems:
        screen.print(f"\n[yellow]The {plain(problem.where)} was not asked:[/] {plain(problem.detail)}")


def _show_evidence(result: ProspectResult) -> None:
    screen = console()
    screen.print("\n[bold]Evidence[/]")
    for item in result.draft.evidence if result.draft else ():
        published = f", {item.published:%d %b %Y}" if item.published else ""
        screen.print(f"  “{plain(item.quote)}”")
        screen.print(f"    [dim]{plain(item.where)}{published}[/]", soft_wrap=True)
