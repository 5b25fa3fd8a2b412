"""`miniatures send`: lets the approved emails leave, each once, at the pace and in the hours that the campaign says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from miniatures.cli.arguments import AsJson, CampaignPath
from miniatures.cli.terminal import command, count, print_json

if TYPE_CHECKING:
    from miniatures.datamodel.ab_decision import AbDecision
    from miniatures.datamodel.message import MessageState, OutboxRow
    from miniatures.delivery.job import SendingReport
    from miniatures.delivery.send import Sent
    from miniatures.inputs.campaign import LoadedCampaign
    from miniatures.store.store import Store


def send(
    campaign: CampaignPath,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on for days: wait for the pace, for morning and for new approvals.")
    ] = False,
    dry_run: Annotated[
        Path | None, typer.Option("--dry-run", metavar="DIR", help="Write .eml files there; nothing leaves.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send what people approved, each email once.

    A killed process sends nothing twice: what it was sending just then is uncertain, and waits until the Sent folder, a
    delivery report or a person tells (`miniatures outbox`). What came back to the mailboxes is taken in first, and
    opt-outs, replies and decisions are looked at again in the moment before an email leaves.
    """
    from miniatures.cli.results import open_run
    from miniatures.datamodel.errors import ExitCode
    from miniatures.delivery.settings import required_settings

    with open_run(campaign, flushed=dry_run is None) as (loaded, store):
        required_settings(loaded)
        if dry_run is not None:
            _write_emails(loaded, store, dry_run, campaign)
            return
        sent = _send(loaded, store, shown_path=campaign, watch=watch, as_json=as_json)
        _show(sent, store, loaded.name, campaign, as_json)
        if not as_json and all(_had_nothing(report) for report in sent.mailboxes.values()):
            _show_held_up(loaded, store, campaign)
    if any(report.trouble for report in sent.mailboxes.values()):
        raise typer.Exit(ExitCode.SOME_FAILED)


def _send(loaded: LoadedCampaign, store: Store, *, shown_path: Path, watch: bool, as_json: bool) -> Sent:
    import asyncio

    from miniatures.cli.interrupts import drain_on_interrupt
    from miniatures.delivery.inbound.hearing import hearing
    from miniatures.delivery.send import send_campaign
    from miniatures.delivery.settings import required_settings

    def say(line: str) -> None:
        typer.echo(line, err=as_json)

    settings = required_settings(loaded)
    waits: dict[str, datetime] = {}

    def waiting(mailbox: str, moment: datetime, number: int) -> None:
        now = store.now()
        if waits.get(mailbox, now) <= now:
            waits[mailbox] = moment
            shown = f"{moment:%H:%M}" if moment.date() == now.date() else f"{moment:%m-%d %H:%M}"
            say(f"{now:%H:%M:%S}  {mailbox}: next at {shown}, {number:,} wait{'s' if number == 1 else ''}")

    def settled(row: OutboxRow, state: MessageState) -> None:
        mailbox = settings.name_of(row.message.mailbox)
        waits.pop(mailbox, None)
        say(f"{store.now():%H:%M:%S}  {state.value:9} {row.message.address}  by {mailbox}")

    def troubled(what: str, trouble: str) -> None:
        typer.echo(f"{store.now():%H:%M:%S}  {what} is stopped: {trouble}", err=True)

    has_inbox = any(box.inbox is not None for box in settings.mailboxes.values())
    listen = hearing(loaded, store, say) if has_inbox else None
    telling: dict[str, Any] = {"on_settled": settled, "on_trouble": troubled, "on_wait": waiting}

    async def work() -> Sent:
        with drain_on_interrupt(say, command("send", shown_path)) as stop:
            return await send_campaign(loaded, store, watch=watch, stop=stop, listen=listen, **telling)

    return asyncio.run(work())


def _write_emails(loaded: LoadedCampaign, store: Store, folder: Path, campaign: Path) -> None:
    import re

    from miniatures.datamodel.errors import writing
    from miniatures.delivery.send import dry_emails

    number = 0
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for message, composed in dry_emails(loaded, store):
            name = re.sub(r"[^\w.@+-]", "_", message.address)
            (folder / f"{name}-{message.step}.eml").write_bytes(composed.mime)
            number += 1
    typer.echo(f"{count(number, 'email')} written to {folder}. Nothing was sent.")
    if not number:
        _show_held_up(loaded, store, campaign)


def _had_nothing(report: SendingReport) -> bool:
    return not (report.counts or report.put_off or report.trouble or report.next_at)


def _show_held_up(loaded: LoadedCampaign, store: Store, campaign: Path) -> None:
    """Why nothing leaves, where it is for want of approval or because people are not to be written to."""
    from miniatures.delivery.ab_words import stopped_words
    from miniatures.delivery.queueing import held_up

    for decision in store.mail.decisions.of_stopped(loaded.name).values():
        typer.echo(f"Nothing leaves in an arm that was stopped: {stopped_words(decision)}.")
    found = held_up(loaded, store)
    if found.to_review:
        typer.echo(f"{count(found.to_review, 'draft')} to review: {command('review', campaign)}")
    if found.suppressed:
        typer.echo(f"{count(found.suppressed, 'approved email')} skipped: the address is suppressed.")


def _show(sent: Sent, store: Store, name: str, campaign: Path, as_json: bool) -> None:
    counts = store.mail.outbox.counts(name)
    if as_json:
        outbox = {state.value: number for state, number in counts.items()}
        print_json(_record(sent, outbox, store.mail.decisions.of_stopped(name)))
        return
    for mailbox, report in sent.mailboxes.items():
        if _had_nothing(report):
            typer.echo(f"mailbox {mailbox}: nothing to send")
            continue
        done = ", ".join(f"{number:,} {state.value}" for state, number in report.counts.items()) or "nothing left"
        put_off = f", {report.put_off:,} put off" if report.put_off else ""
        typer.echo(f"{mailbox}: {done}{put_off}")
        if report.trouble:
            typer.echo(f"  stopped: {report.trouble}", err=True)
        elif report.next_at is not None:
            typer.echo(f"  the next may leave at {report.next_at:%Y-%m-%d %H:%M} UTC: {command('send', campaign)}")
    if counts_uncertain := counts[_uncertain()]:
        typer.echo(
            f"{count(counts_uncertain, 'email')} uncertain: {command('outbox', campaign, '--state', 'uncertain')}"
        )


def _uncertain() -> MessageState:
    from miniatures.datamodel.message import MessageState

    return MessageState.UNCERTAIN


def _record(sent: Sent, outbox: dict[str, int], stopped: Mapping[str, AbDecision]) -> dict[str, Any]:
    mailboxes = {
        name: {
            "counts": {state.value: number for state, number in report.counts.items()},
            "put_off": report.put_off,
            "trouble": report.trouble,
            "next_at": report.next_at.isoformat() if report.next_at else None,
        }
        for name, report in sent.mailboxes.items()
    }
    return {
        "mailboxes": mailboxes,
        "returned": sent.returned,
        "uncertain": sent.uncertain,
        "outbox": outbox,
        "stopped_arms": {arm: decision.why for arm, decision in stopped.items()},
    }
