"""`miniatures outbox`: what waits, what left, what is uncertain; pauses, and a person's word on what nobody knows."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from miniatures.cli.arguments import AsJson, CampaignPath
from miniatures.cli.terminal import command, console, count, cut, plain, print_json, table

if TYPE_CHECKING:
    from miniatures.datamodel.message import MessageState, OutboxRow
    from miniatures.inputs.campaign import LoadedCampaign
    from miniatures.store.store import Store

_SHOWN = 200
_GAP = 3
"""Columns between two cells."""
_CODE_WIDTH = len("Server or reason")
"""A server's words have this many columns at least: they begin with its code and enhanced code."""


def outbox(
    campaign: CampaignPath,
    state: Annotated[str | None, typer.Option(help="Only those that stand so, such as uncertain.")] = None,
    left: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="This uncertain email did leave: you saw it.")
    ] = None,
    not_left: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="This uncertain email did not leave: queue it again.")
    ] = None,
    pause: Annotated[str | None, typer.Option(metavar="WHY", help="Send nothing more until it is resumed.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Send again, whatever was paused.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the outbox, pause and resume it, and settle what is uncertain.

    An uncertain email may have left: its server took the text and did not answer. It is never sent again by itself.
    """
    import asyncio

    from miniatures.cli.results import open_run

    with open_run(campaign, flushed=True) as (loaded, store):
        wanted = _named(state)
        keys = loaded.campaign.send.keys if loaded.campaign.send else []
        resumed = asyncio.run(_change(store, loaded.name, left or [], not_left or [], pause, keys if resume else None))
        rows = store.mail.outbox.stream(loaded.name, *wanted)
        if as_json:
            print_json([_record(row) for row in rows])
            return
        if resume:
            typer.echo(f"Resumed: {count(resumed, 'pause')} ended." if resumed else "Nothing was paused.")
        _show_counts(store, loaded, campaign)
        counts = store.mail.outbox.counts(loaded.name)
        shown = list(islice(rows, _SHOWN))
        if wanted and not shown:
            typer.echo(f"None is {wanted[0].value}.")
        came = store.mail.listing.came_there([row.message.id for row in shown])
        _show_rows(shown, came, sum(counts[one] for one in wanted or counts), listed=bool(wanted))


async def _change(
    store: Store, campaign: str, left: list[str], not_left: list[str], pause: str | None, resume: list[str] | None
) -> int:
    """Settle, pause, and resume what holds back the campaign or one of these mailboxes (by key); returns how many
    pauses were ended."""
    from miniatures.datamodel.message import MessageState

    for ids, state, why in (
        (left, MessageState.ACCEPTED, "a person saw that it had left"),
        (not_left, MessageState.QUEUED, "a person knows that it had not left"),
    ):
        for id in ids:
            await _settle(store, campaign, id, state, why)
    if pause is not None:
        await store.mail.pauses.pause(campaign, why=pause)
    standing = [] if resume is None else store.mail.pauses.standing(campaign, store.now(), resume)
    for one in standing:
        await store.mail.pauses.resume(one.campaign, mailbox=one.mailbox, provider=one.provider)
    return len(standing)


async def _settle(store: Store, campaign: str, id: str, state: MessageState, why: str) -> None:
    from miniatures.datamodel.errors import InputError

    row = store.mail.outbox.row(id)
    row = row if row is not None and row.message.campaign == campaign else None
    if row is None or not await store.mail.outbox.settle_uncertain(id, state, why):
        found = f"is {row.state.value}, not uncertain" if row else "is not in this outbox"
        raise InputError(
            f"the email {id[:40]} {found}", hint="`--state uncertain` lists those that are, with their ids."
        )


def _named(word: str | None) -> tuple[MessageState, ...]:
    from miniatures.datamodel.errors import InputError
    from miniatures.datamodel.message import MessageState

    if word is None:
        return ()
    if word not in set(MessageState):
        raise InputError(f"--state {word}: there is no such state", hint=f"Known: {', '.join(MessageState)}.")
    return (MessageState(word),)


def _show_counts(store: Store, loaded: LoadedCampaign, campaign: Path) -> None:
    counts = store.mail.outbox.counts(loaded.name)
    words = ", ".join(f"{number:,} {state.value}" for state, number in counts.items() if number)
    typer.echo(words or f"Nothing was queued yet: {command('send', campaign)}")
    settings = loaded.campaign.send
    for pause in store.mail.pauses.standing(loaded.name, store.now(), settings.keys if settings else []):
        named = settings.name_of(pause.mailbox) if settings else pause.mailbox
        what = " to ".join(word for word in (pause.mailbox and f"mailbox {named}", pause.provider) if word)
        where = "" if pause.campaign else " (for every campaign)"
        until = f"{pause.until:%Y-%m-%d %H:%M} UTC" if pause.until else command("outbox", campaign, "--resume")
        typer.echo(f"Paused: {what or 'everything'}{where}, until {until}: {plain(pause.why)}")


def _show_rows(rows: list[OutboxRow], came: dict[str, datetime], number: int, *, listed: bool) -> None:
    """A table; with `listed` all are in one state, which makes room for their ids. What is longer than the screen is
    wrapped by it, so that addresses and ids stay whole."""
    from rich.cells import cell_len
    from rich.console import Console

    if not rows:
        return
    lines = [_cells(row, came, listed) for row in rows]
    columns = [*(() if listed else ("State",)), "To", "Step", "When (UTC)", *(("Id",) if listed else ())]
    taken = sum(max(len(name), *(cell_len(line[place]) for line in lines)) + _GAP for place, name in enumerate(columns))
    width = max(console().width, taken + _CODE_WIDTH)
    shown = table(*(">Step" if name == "Step" else f"|{name}" for name in columns), "|Server or reason")
    for line, row in zip(lines, rows, strict=True):
        shown.add_row(*(plain(cell) for cell in line), plain(cut(_said(row), min(60, width - taken))))
    Console(highlight=False, width=width).print(shown, "")
    if number > _SHOWN:
        typer.echo(f"{number - _SHOWN:,} more; --json prints all.")


def _cells(row: OutboxRow, came: dict[str, datetime], listed: bool) -> list[str]:
    """What is never cut."""
    message = row.message
    cells = [message.address, str(message.step), _when(row, came)]
    return [*cells, message.id] if listed else [row.state.value, *cells]


def _said(row: OutboxRow) -> str:
    """What the server said, its codes first, or why the email stands as it does."""
    return row.why if row.answer is None else row.answer.words


def _when(row: OutboxRow, came: dict[str, datetime]) -> str:
    """When a queued email is due, when one left, or when it came to stand as it does."""
    from miniatures.datamodel.message import MessageState

    if row.state is MessageState.QUEUED:
        return f"due {row.due_at:%m-%d %H:%M}"
    return f"{row.sent_at or came.get(row.message.id, row.queued_at):%m-%d %H:%M}"


def _record(row: OutboxRow) -> dict[str, Any]:
    kept = row.model_dump(mode="json", exclude={"mime", "message"})
    return {**row.message.model_dump(mode="json"), **kept}
