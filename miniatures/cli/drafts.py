"""`miniatures drafts`: what was written for whom, and what the checks said of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from miniatures.cli.arguments import AsJson, CampaignPath
from miniatures.cli.results import follow_ups_to, named_state, one_standing, record, standings_of
from miniatures.cli.terminal import (
    coloured,
    command,
    console,
    count,
    cut,
    plain,
    print_json,
    print_json_lines,
    show_quotes,
    show_table,
    table,
)
from miniatures.datamodel.money import cost_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.table import Table

    from miniatures.datamodel.draft import Draft, EmailText
    from miniatures.datamodel.result import ProspectResult
    from miniatures.datamodel.standing import Standing, State

_ROWS_SHOWN = 200
_REASONS_SHOWN = 20
_GAP = 3
"""Between two columns of a table."""
_COMPANY_WIDTH, _LEAST_ROOM = 24, 16
_ROOM_BESIDE_COMPANY = 40
"""The company is shown where that leaves so much for the subject."""


_TOLD_WHY = frozenset({"uncertain", "refused", "suppressed", "cancelled", "bounced"})
"""The states of an email of which the listing says why, in the place of its subject."""


def drafts(
    campaign: CampaignPath,
    email: Annotated[
        str | None, typer.Argument(metavar="[EMAIL]", help="Show in full what was written to this prospect.")
    ] = None,
    status: Annotated[str | None, typer.Option(help="Only those that are approved, sent, replied, ...")] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Print one JSON object a line, as results are read.")] = False,
    as_json: AsJson = False,
) -> None:
    """List drafts and follow-ups with where each stands by now, or show what was written to one prospect in full."""
    from miniatures.inputs.campaign import load_campaign

    loaded = load_campaign(campaign)
    if email is not None:
        standing = one_standing(loaded, email)
        thread = follow_ups_to(loaded, standing)
        if as_json or jsonl:
            print_json({**record(standing), "follow_ups": list(map(record, thread))})
        else:
            _show_thread(standing, thread)
        return
    found = standings_of(loaded, None if status is None else {named_state(status)})
    if jsonl:
        print_json_lines(map(record, found))
    elif as_json:
        print_json(list(map(record, found)))
    else:
        show_all(found, str(campaign))


def show_all(standings: Iterable[Standing], campaign: str) -> None:
    """A table with a line for each prospect, another for the follow-ups, and the totals."""
    from miniatures.datamodel.standing import MEANINGS, State

    screen, firsts, follow_ups = (
        console(),
        _Listing("prospect", "Subject or reason"),
        _Listing("follow-up", "Follow-up"),
    )
    for standing in standings:
        (follow_ups if standing.result.step else firsts).add(standing)
    firsts.show()
    if follow_ups.total:
        screen.print()
        follow_ups.show()
    for state in (State.READY, State.CHANGED, State.REMOVED):
        if firsts.by_state[state]:
            screen.print(f"[dim]{state.value}: {MEANINGS[state]}[/]")
    if max(firsts.total, follow_ups.total) > _ROWS_SHOWN:
        screen.print(f"[dim]Shown are the first {_ROWS_SHOWN}; --jsonl prints them all.[/]")
    if first := firsts.first or follow_ups.first:
        screen.print(f"[dim]One in full: {plain(command('drafts', campaign, first))}[/]", soft_wrap=True)


class _Listing:
    """The first lines of a table, and what is counted of all."""

    def __init__(self, noun: str, header: str) -> None:
        self._noun, self._header = noun, header
        self.by_state: Counter[State] = Counter()
        self.first = ""
        self._shown: list[tuple[State, str, str, str]] = []
        self._unwritten: list[Standing] = []

    @property
    def total(self) -> int:
        return self.by_state.total()

    def add(self, standing: Standing) -> None:
        prospect = standing.prospect
        self.by_state[standing.state] += 1
        self.first = self.first or prospect.email
        if self.total <= _ROWS_SHOWN:
            self._shown.append((standing.state, prospect.email, prospect.company, _told(standing)))
            if standing.draft is None and standing.reason:
                self._unwritten.append(standing)

    def show(self) -> None:
        screen = console()
        show_table(_table(self._shown, self._header, screen.width))
        _show_reasons(self._unwritten)
        totals = ", ".join(f"{number:,} {coloured(state)}" for state, number in self.by_state.most_common())
        screen.print(f"{count(self.total, self._noun)}: {totals or 'none'}")


def _table(rows: Sequence[tuple[State, str, str, str]], header: str, width: int) -> Table:
    """A line for each prospect, whose address is never broken; the subject takes the room that is left."""
    statuses, emails, companies, _ = zip(*rows, strict=True) if rows else ((), (), (), ())
    room = width - _widest(statuses, "Status") - _widest(emails, "Prospect") - 2 * _GAP
    beside = room - min(_widest(companies, "Company"), _COMPANY_WIDTH) - _GAP
    wide = beside >= _ROOM_BESIDE_COMPANY
    listing = table("|Status", "|Prospect", *(("Company",) if wide else ()), header)
    for state, email, name, told in rows:
        names = (plain(cut(name, _COMPANY_WIDTH)),) if wide else ()
        subject = plain(cut(told, beside if wide else max(_LEAST_ROOM, room)))
        listing.add_row(coloured(state), plain(email), *names, subject)
    return listing


def _widest(texts: Iterable[str], header: str) -> int:
    """Columns of a terminal that the widest of the texts takes, or the header above them."""
    from rich.cells import cell_len

    return max(map(cell_len, (*texts, header)))


def _show_reasons(unwritten: Sequence[Standing]) -> None:
    """Why there is no email for some, in full: the table has no room for it."""
    screen = console()
    if unwritten:
        screen.print("Why there is no email:")
    for standing in unwritten[:_REASONS_SHOWN]:
        screen.print(f"  {plain(standing.prospect.email)}: {plain(standing.reason)}")
    if len(unwritten) > _REASONS_SHOWN:
        screen.print(f"  [dim]and {len(unwritten) - _REASONS_SHOWN} more; each has its own in --jsonl[/]")
    if unwritten:
        screen.print()


def _told(standing: Standing) -> str:
    from miniatures.datamodel.standing import MEANINGS

    step = f"{standing.result.step}: " if standing.result.step else ""
    if standing.text is not None and standing.state not in _TOLD_WHY:
        return f"{step}{standing.text.subject}"
    if standing.dispatch:
        return f"{step}{standing.dispatch.detail or standing.dispatch.told}"
    return f"{step}{standing.review or standing.reason or MEANINGS[standing.state]}"


def _show_thread(standing: Standing, follow_ups: Sequence[Standing]) -> None:
    """What was written to one prospect."""
    screen, prospect = console(), standing.prospect
    name = f"{prospect.full_name} " if prospect.full_name else ""
    heading = f"[bold]{plain(name)}<{plain(prospect.email)}>[/], {plain(prospect.company)}"
    _show_one(standing, heading)
    for one in follow_ups:
        screen.print()
        _show_one(one, f"[bold]Follow-up {one.result.step}[/]")


def _show_one(standing: Standing, heading: str) -> None:
    from miniatures.datamodel.standing import MEANINGS

    screen, draft = console(), standing.draft
    screen.print(f"{heading}  {coloured(standing.state)}")
    came_of_it = standing.dispatch.told if standing.dispatch else ""
    told = "; ".join(filter(None, (standing.review, came_of_it))) or MEANINGS[standing.state]
    screen.print(f"[dim]{plain(told)}[/]", soft_wrap=True)
    if draft is None:
        screen.print(plain(standing.reason) or "No draft was written yet.")
        _show_problems(standing.result)
        return
    if standing.text is not None and standing.text != draft.text:
        _show_text("The text that left" if standing.state.has_left else "The reviewer's text", standing.text)
    _show_text("" if standing.text == draft.text else "The model's draft, which does not stand", draft.text)
    _show_ground(draft)
    bill = standing.result.bill
    tokens = f"{bill.usage.total_tokens:,} tokens, {cost_words(bill.cost_usd)}"
    screen.print(f"[dim]{plain(draft.backend)}, {count(draft.attempts, 'attempt')}, {tokens}[/]")
    if draft.opinion:
        screen.print(f"\n[bold]The verifier's opinion[/] (it does not decide)\n{plain(draft.opinion)}")
    for problem in draft.problems:
        screen.print(f"\n[yellow]The {plain(problem.where)} was not asked:[/] {plain(problem.detail)}")


def _show_problems(result: ProspectResult) -> None:
    """Each page and search that could not be read, in the network's own words."""
    for problem in result.dossier.problems[:_REASONS_SHOWN] if result.dossier else ():
        detail = f" ({problem.detail})" if problem.detail else ""
        console().print(
            f"  [dim]{plain(problem.kind.replace('_', ' '))}:[/] {plain(problem.where + detail)}", soft_wrap=True
        )


def _show_text(title: str, text: EmailText) -> None:
    screen = console()
    if title:
        screen.print(f"\n[bold]{title}[/]")
    screen.print(f"\n[bold]Subject:[/] {plain(text.subject)}\n")
    screen.print(plain(text.body))


def _show_ground(draft: Draft) -> None:
    screen = console()
    screen.print("\n[bold]Evidence[/]")
    show_quotes(draft.evidence)
    checks = table("Check", "", "Reason", title="Checks of the model's draft")
    for check in draft.checks:
        mark = {"pass": "[green]pass[/]", "fail": "[red]fail[/]", "not_run": "[yellow]not run[/]"}[check.outcome]
        checks.add_row(check.name.replace("_", " "), mark, plain(check.reason))
    screen.print()
    show_table(checks)
