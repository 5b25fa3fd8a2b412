"""What a reviewer sees: the person, the quotes with their sources, the email, and what the checks found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.panel import Panel

from miniatures.cli.terminal import coloured, console, plain
from miniatures.datamodel.prospect import Prospect

if TYPE_CHECKING:
    from collections.abc import Iterable

    from miniatures.datamodel.brief import Brief
    from miniatures.datamodel.check import CheckResult
    from miniatures.datamodel.draft import Draft, EmailText
    from miniatures.datamodel.evidence import Quote
    from miniatures.datamodel.prospect import Recipient
    from miniatures.review.queue import DraftToReview, PairToReview

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


def show_failed(checks: Iterable[CheckResult], whose: str = "") -> None:
    """The checks that did not pass, and why."""
    for check in checks:
        console().print(f"{whose}[red]{check.name.replace('_', ' ')}[/]: {plain(check.reason)}")


def show_pair(waiting: PairToReview, place: str, *, swapped: bool) -> None:
    """Two emails without a word on who wrote them."""
    from miniatures.review.email_text import email_of

    _show_situation(waiting.recipient, waiting.quotes, place)
    shown = (waiting.second, waiting.first) if swapped else (waiting.first, waiting.second)
    for number, item in enumerate(shown, start=1):
        _show_email(email_of(item.answer), str(number))


def show_reasons() -> None:
    """The reasons to reject, numbered as they are chosen."""
    from miniatures.review.rubric import reason_texts

    for number, (reason, text) in enumerate(reason_texts().items(), start=1):
        meaning = text.partition(" Example:")[0]
        console().print(f"  [bold]{number}[/] {reason.replace('_', ' ')}: [dim]{plain(meaning)}[/]")


def show_rubric() -> None:
    """The whole rubric."""
    from rich.markdown import Markdown

    from miniatures.review.rubric import rubric_text

    console().print(Markdown(rubric_text()))


def address_of(recipient: Recipient) -> str:
    """Their address; empty for somebody who was invented for synthesis."""
    return recipient.email if isinstance(recipient, Prospect) else ""


def _show_situation(recipient: Recipient, quotes: Iterable[Quote], about: str) -> None:
    screen = console()
    title = f", {plain(recipient.title)}" if recipient.title else ""
    screen.print()
    screen.rule(about, style="dim", align="left")
    screen.print(
        f"[bold]{plain(recipient.full_name or address_of(recipient))}[/]{title} at [bold]{plain(recipient.company)}[/]"
    )
    for quote in quotes:
        published = f", {quote.published:%d %b %Y}" if quote.published else ""
        screen.print(f"  “{plain(quote.quote)}”")
        screen.print(f"    [dim]{plain(quote.where) or 'source not kept'}{published}[/]", soft_wrap=True)


def _show_email(email: EmailText | Draft, title: str) -> None:
    _panel(f"[bold]{plain(email.subject)}[/]\n\n{plain(email.body.strip())}", title)


def _panel(content: str, title: str) -> None:
    screen = console()
    screen.print(Panel(content, title=title, title_align="left", width=min(screen.width, _WIDEST)))
