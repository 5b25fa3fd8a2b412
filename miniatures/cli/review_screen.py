"""What a reviewer sees: the person, the quotes with their sources, the email, and what the checks found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.markdown import Markdown
from rich.panel import Panel

from miniatures.cli.terminal import coloured, console, count, plain, show_quotes, show_table, table
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.check import CheckResult
from miniatures.datamodel.draft import Draft, EmailText
from miniatures.datamodel.evidence import Quote
from miniatures.datamodel.prospect import Prospect, Recipient
from miniatures.review.email_text import email_of
from miniatures.review.queue import DraftToReview, PairToReview
from miniatures.review.rubric import reason_texts, rubric_text

_ROWS_SHOWN = 200
_WIDEST = 100
"""Columns of a panel at most: longer lines are hard to read."""


def show_brief(brief: Brief) -> None:
    """What every email of the campaign is to offer and to ask."""
    lines = [f"[bold]Offer[/]  {plain(brief.offer)}"]
    lines += [f"[bold]Claim[/]  {plain(claim)}" for claim in brief.claims]
    lines += [f"[bold]Tone[/]   {plain(brief.tone)}", f"[bold]Ask[/]    {plain(brief.call_to_action)}"]
    _panel("\n".join(lines), "Brief")


def show_draft(waiting: DraftToReview, place: str) -> None:
    """One draft with everything that was found out about it."""
    draft = waiting.draft
    _show_situation(waiting.recipient, draft.evidence, f"{place}  {coloured(draft.status)}")
    _show_email(draft, "Email")
    show_failed(draft.failed_checks)
    for statement in draft.statements:
        if statement.unsupported:
            pieces = ", ".join(statement.unsupported)
            console().print(f"[red]unsupported[/] {plain(pieces)}  [dim]in[/] “{plain(statement.text)}”")


def show_edit(waiting: DraftToReview) -> None:
    """What a person made of it before, and what an acceptance of the draft does to that."""
    if waiting.edit is None or waiting.edited_text is None:
        return
    who = plain(waiting.edit.reviewer)
    _show_email(waiting.edited_text, f"Edited by {who}")
    if waiting.edit_stands:
        told = f"{who} edited this draft: that text goes out in its place, also if somebody else accepts the draft."
    else:
        told = f"{who} edited an earlier draft; this one was written anew, and that text goes out only if you take it."
    console().print(f"[yellow]{told}[/]", soft_wrap=True)


def show_failed(checks: Iterable[CheckResult], whose: str = "") -> None:
    """The checks that did not pass, and why."""
    for check in checks:
        console().print(f"{whose}[red]{check.name.replace('_', ' ')}[/]: {plain(check.reason)}")


def show_pair(waiting: PairToReview, place: str, *, swapped: bool) -> None:
    """Two emails without a word on who wrote them."""
    _show_situation(waiting.recipient, waiting.quotes, place)
    shown = (waiting.second, waiting.first) if swapped else (waiting.first, waiting.second)
    for number, item in enumerate(shown, start=1):
        _show_email(email_of(item.answer), str(number))


def show_reasons() -> None:
    """The reasons to reject, numbered as they are chosen."""
    for number, (reason, text) in enumerate(reason_texts().items(), start=1):
        meaning = text.partition(" Example:")[0]
        console().print(f"  [bold]{number}[/] {reason.replace('_', ' ')}: [dim]{plain(meaning)}[/]")


def show_rubric() -> None:
    """The whole rubric."""
    console().print(Markdown(rubric_text()))


def draft_row(waiting: DraftToReview) -> dict[str, Any]:
    """One draft of the list of what waits, as programs read it."""
    draft = waiting.draft
    return {
        "email": _address_of(waiting.recipient),
        "company": waiting.recipient.company,
        "status": draft.status.value,
        "subject": draft.subject,
        "body": draft.body,
        "failed_checks": [check.name.value for check in draft.failed_checks],
        "draft": draft.id,
        "trace": draft.trace,
        "edited_by": waiting.edit.reviewer if waiting.edit else None,
        "edited": waiting.edited_text.model_dump() if waiting.edited_text else None,
    }


def pair_row(pair: PairToReview) -> dict[str, Any]:
    """One comparison of the list of what waits, as programs read it."""
    return {
        "email": _address_of(pair.recipient),
        "company": pair.recipient.company,
        "traces": [pair.first.trace, pair.second.trace],
    }


def show_rows(rows: Sequence[dict[str, Any]]) -> None:
    """The list of what waits."""
    listing = table("|Prospect", "Company", "Status", "Subject")
    for row in rows[:_ROWS_SHOWN]:
        status = coloured(row["status"]) if "status" in row else "to compare"
        if row.get("edited_by"):
            status += f", edited by {plain(row['edited_by'])}"
        listing.add_row(plain(row["email"]), plain(row["company"]), status, plain(row.get("subject", "")))
    show_table(listing)
    console().print(f"{count(len(rows), 'answer')} to review" if rows else "Nothing waits for review.")


def _address_of(recipient: Recipient) -> str:
    """Their address; empty for somebody who was invented for synthesis."""
    return recipient.email if isinstance(recipient, Prospect) else ""


def _show_situation(recipient: Recipient, quotes: Iterable[Quote], about: str) -> None:
    screen = console()
    title = f", {plain(recipient.title)}" if recipient.title else ""
    screen.print()
    screen.rule(about, style="dim", align="left")
    screen.print(
        f"[bold]{plain(recipient.full_name or _address_of(recipient))}[/]{title} at [bold]{plain(recipient.company)}[/]"
    )
    show_quotes(quotes)


def _show_email(email: EmailText | Draft, title: str) -> None:
    _panel(f"[bold]{plain(email.subject)}[/]\n\n{plain(email.body.strip())}", title)


def _panel(content: str, title: str) -> None:
    screen = console()
    screen.print(Panel(content, title=title, title_align="left", width=min(screen.width, _WIDEST)))
