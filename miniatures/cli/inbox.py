"""`miniatures inbox`: takes in what came back, acts on it, and shows what people wrote."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from miniatures.cli.arguments import AsJson, CampaignPath
from miniatures.cli.terminal import command, console, cut, plain, print_json, show_table, table

if TYPE_CHECKING:
    from asyncio import Event
    from collections.abc import Callable, Iterator

    from miniatures.datamodel.inbound import Inbound, ReplyClass
    from miniatures.delivery.inbound.hear import Heard
    from miniatures.inputs.campaign import LoadedCampaign
    from miniatures.store.store import Store

_ROUND_S = 60
_SHOWN_OF_ID = 8
_WIDTH = 60


def inbox(
    campaign: CampaignPath,
    watch: Annotated[bool, typer.Option("--watch", help="Look again each minute, until it is stopped.")] = False,
    correct: Annotated[
        list[str] | None,
        typer.Option("--correct", metavar="ID=CLASS", help="What a reply really means, such as 3f9a01c2=positive."),
    ] = None,
    listing: Annotated[
        bool, typer.Option("--list", help="Only show what people wrote so far, with ids; no mailbox is read.")
    ] = False,
    reviewer: Annotated[
        str | None, typer.Option(envvar="MINIATURES_REVIEWER", help="Who corrects; your login name if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take in replies, bounces, opt-outs, complaints and absences, and do what follows from them.

    A reply stops the sequence; whoever opts out, complains, has left or cannot be reached is never written to again; an
    absence makes the next email wait. Mailboxes stay as they are: nothing is marked as read, moved or deleted.
    """
    from miniatures.cli.results import open_run

    with open_run(campaign, flushed=True) as (loaded, store):
        if correct:
            _correct(store, loaded.name, correct, reviewer, hint=f"See {command('inbox', campaign, '--list')}")
            return
        if listing:
            _list(store, loaded.name, campaign, as_json=as_json)
            return
        _take_in(loaded, store, shown_path=campaign, watch=watch, as_json=as_json)


def _list(store: Store, name: str, campaign: Path, *, as_json: bool) -> None:
    """The newest first."""
    mails = list(_of_people(store, name))
    if as_json:
        print_json([_record(one) for one in mails])
        return
    for one in mails:
        _show_reply(one)
    typer.echo(_how_to_correct(campaign) if mails else "Nobody has written yet.")


def _of_people(store: Store, campaign: str) -> Iterator[Inbound]:
    return (one for one in store.mail.inbox.stream(campaign) if one.kind.is_of_a_person)


def _take_in(loaded: LoadedCampaign, store: Store, *, shown_path: Path, watch: bool, as_json: bool) -> None:
    import asyncio

    from miniatures.cli.interrupts import drain_on_interrupt

    def say(line: str) -> None:
        typer.echo(line, err=as_json)

    async def work() -> None:
        with drain_on_interrupt(say, command("inbox", shown_path)) as stop:
            await _rounds(loaded, store, lambda heard: _show(heard, shown_path, as_json), say, stop if watch else None)

    asyncio.run(work())


async def _rounds(
    loaded: LoadedCampaign,
    store: Store,
    show: Callable[[Heard], None],
    say: Callable[[str], None],
    stop: Event | None,
) -> None:
    """Look once; with an event, again each minute until it is set, also while a mailbox cannot be read.

    Raises:
        InboxUnavailable: one cannot be read, without an event; what came to the others is taken in and shown.
    """
    import asyncio
    from contextlib import suppress

    from miniatures.delivery.inbound.hearing import hearing
    from miniatures.delivery.settings import required_settings

    listen, settings = hearing(loaded, store, say), required_settings(loaded)
    told: set[str] = set()
    while True:
        heard = await listen()
        if heard.counts or not heard.unread:
            show(heard)
        unread = {f"mailbox {settings.name_of(key)}: {one}": one.told for key, one in heard.unread.items()}
        if stop is None:
            _require_read(set(unread.values()))
            return
        for line in unread.keys() - told:
            say(f"{store.now():%H:%M:%S}  {line}")
        told = set(unread)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _ROUND_S)
        if stop.is_set():
            return


def _require_read(told: set[str]) -> None:
    from miniatures.delivery.inbound.source import InboxUnavailable

    if told:
        raise InboxUnavailable(" ".join(sorted(told)))


def _show(heard: Heard, campaign: Path, as_json: bool) -> None:
    if as_json:
        counts = {kind.value: number for kind, number in heard.counts.items()}
        replies, strangers = ([_record(one) for one in mails] for mails in (heard.written, heard.strangers))
        print_json({"counts": counts, "replies": replies, "strangers": strangers})
        return
    if not heard.counts:
        typer.echo("Nothing new.")
        return
    kinds = table("What came", ">Mails")
    for kind, number in heard.counts.most_common():
        kinds.add_row(kind.value.replace("_", " "), f"{number:,}")
    show_table(kinds)
    for one in heard.written:
        _show_reply(one)
    for one in heard.strangers:
        console().print(f"{plain(one.sender)} asks to be left alone, and no email to them is known.", soft_wrap=True)
        typer.echo(f"  So that none ever leaves: {command('suppress', 'add', one.sender)}")
    if heard.written:
        typer.echo(_how_to_correct(campaign))


def _how_to_correct(campaign: Path) -> str:
    return f"A class that is wrong: {command('inbox', campaign, '--correct', 'ID=positive')}"


def _show_reply(one: Inbound) -> None:
    meaning = (one.reply_class.value if one.reply_class else "not classified").replace("_", " ")
    screen = console()
    screen.print(f"[bold]{one.id[:_SHOWN_OF_ID]}[/]  {plain(one.sender)}  [cyan]{meaning}[/]", soft_wrap=True)
    screen.print(f"  {plain(cut(one.text or one.subject, 2 * _WIDTH))}", soft_wrap=True)
    if one.refers_to:
        screen.print(f"  names {plain(one.refers_to)}", soft_wrap=True)


def _record(one: Inbound) -> dict[str, Any]:
    kept = {"id", "kind", "received_at", "sender", "subject", "text", "refers_to", "reply_class", "classified_by"}
    return one.model_dump(mode="json", include=kept)


def _correct(store: Store, campaign: str, corrections: list[str], reviewer: str | None, *, hint: str) -> None:
    import asyncio

    from miniatures.cli.review import reviewer_name
    from miniatures.delivery.inbound.consequence import correct_class

    named = [(_one_named(store, campaign, id, hint), _class_named(word)) for id, word in map(_halves, corrections)]
    person = reviewer_name(reviewer)

    async def work() -> None:
        for one, reply_class in named:
            await correct_class(store.mail, one, reply_class, person)

    asyncio.run(work())
    for one, reply_class in named:
        typer.echo(f"{one.id[:_SHOWN_OF_ID]}  {one.sender} is now {reply_class.value.replace('_', ' ')}.")


def _halves(correction: str) -> tuple[str, str]:
    """The id and the class.

    Raises:
        InputError: one of them is missing.
    """
    from miniatures.datamodel.errors import InputError

    id, _, word = (part.strip() for part in correction.partition("="))
    if not id or not word:
        raise InputError(f"--correct {correction}: it names no id and class", hint="Write ID=CLASS: 3f9a01c2=positive")
    return id, word


def _one_named(store: Store, campaign: str, id: str, hint: str) -> Inbound:
    """The person's mail whose id begins so.

    Raises:
        InputError: there is none, or several.
    """
    from miniatures.datamodel.errors import InputError

    found = [one for one in _of_people(store, campaign) if one.id.startswith(id)]
    if len(found) != 1:
        told = f"{len(found)} replies have an id" if found else "no reply of this campaign has an id"
        raise InputError(f"--correct {id}: {told} that begins so", hint=hint)
    return found[0]


def _class_named(word: str) -> ReplyClass:
    """The class of this name.

    Raises:
        InputError: there is none.
    """
    from miniatures.datamodel.errors import InputError
    from miniatures.datamodel.inbound import ReplyClass

    name = "_".join(word.lower().split())
    if name not in set(ReplyClass):
        raise InputError(f"--correct: there is no class {word!r}", hint=f"Classes are {', '.join(ReplyClass)}.")
    return ReplyClass(name)
