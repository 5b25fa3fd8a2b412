"""`miniatures forget`: shows what is known of a person, asks, erases it, and says what is left to do by hand."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from miniatures.cli.arguments import AsJson
from miniatures.cli.terminal import command, console, count, plain, print_json, show_table, table
from miniatures.datamodel.errors import InputError

if TYPE_CHECKING:
    from miniatures.erasure.forgetting import Forgetting, Found
    from miniatures.erasure.left import Left
    from miniatures.inputs.campaign import LoadedCampaign


def forget(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The address of whoever is to be forgotten.")],
    campaign: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[CAMPAIGN]...", help="Campaigns; those of this folder if none is named."),
    ] = None,
    dataset: Annotated[
        list[Path] | None,
        typer.Option(metavar="PATH", help="A dataset, or a folder of some, outside the campaigns; repeat."),
    ] = None,
    remove_from_datasets: Annotated[
        bool, typer.Option("--remove-from-datasets", help="Take their examples out of the datasets as well.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase a person from stores, caches and reports, flag what learned from them, and never write to them again.

    Interrupted at any point, the same command finishes it. A keyed hash of the address stays in the suppression list.
    """
    import asyncio
    from datetime import UTC, datetime

    from miniatures.erasure.forgetting import Forgetting
    from miniatures.erasure.left import left_to_do
    from miniatures.weights.registry import Registry

    campaigns, datasets = _campaigns(campaign or []), _folders(dataset or [])
    forgetting = Forgetting(_address(email), campaigns, datasets, Registry(), lambda: datetime.now(UTC))
    found = forgetting.find()
    if not as_json:
        _show(forgetting, found)
    asked = "Erase all this for ever?" if _lines(found) else "Put them on the list for ever?"
    if not yes and not (sys.stdin.isatty() and typer.confirm(asked, err=True)):
        raise InputError("nothing was erased", hint="Answer y, or give --yes.")
    with forgetting.held(found):
        found = forgetting.find()
        asyncio.run(forgetting.erase(found, from_datasets=remove_from_datasets))
    left = list(left_to_do(forgetting, found, from_datasets=remove_from_datasets))
    if as_json:
        print_json({**_record(found), "left": [_told(one) for one in left]})
        return
    _show_left(left)


def _address(email: str) -> str:
    from pydantic import TypeAdapter, ValidationError
    from pydantic.networks import EmailStr

    try:
        return TypeAdapter(EmailStr).validate_python(email.strip())
    except ValidationError as error:
        raise InputError(f"{email[:100]!r} is no e-mail address", hint="Write it as the list has it.") from error


def _campaigns(named: list[Path]) -> list[LoadedCampaign]:
    """The campaigns that are named, or those of this folder and of the folders in it."""
    from miniatures.inputs.campaign import CAMPAIGN_FILE, load_campaign

    here = Path.cwd()
    files = named or sorted({*here.glob(CAMPAIGN_FILE), *here.glob(f"*/{CAMPAIGN_FILE}")})
    if not files:
        raise InputError("there is no campaign in this folder", hint="Name each: miniatures forget EMAIL CAMPAIGN...")
    return [load_campaign(file) for file in files]


def _folders(named: list[Path]) -> list[Path]:
    for folder in named:
        if not folder.is_dir():
            hint = "Name a dataset's folder, or one that has datasets in it."
            raise InputError(f"--dataset {folder} is no folder", hint=hint)
    return named


def _show(forgetting: Forgetting, found: Found) -> None:
    from miniatures.erasure.words import in_words

    listing = table(f"Known of {plain(forgetting.email)}", ">Number", "Where")
    for what, number, where in _lines(found):
        listing.add_row(in_words(what), f"{number:,}", plain(where))
    show_table(listing)
    if not listing.rows:
        stand = "are" if _is_suppressed(forgetting) else "will be"
        console().print(f"Nothing is known of them here; they {stand} on the list of those who are not written to.")


def _is_suppressed(forgetting: Forgetting) -> bool:
    """Whether every campaign knows already that they are not written to."""
    from miniatures.cli.results import store_of

    for loaded in forgetting.campaigns:
        with store_of(loaded) as store:
            if store is None or store.mail.suppressions.listed(forgetting.email, loaded.name) is None:
                return False
    return True


def _lines(found: Found) -> list[tuple[str, int, str]]:
    from miniatures.erasure.forgetting import shown_url

    rows = [
        (name, number, f"{campaign or 'no campaign'}, {shown_url(url)}")
        for url, known in found.stores.items()
        for campaign, counted in known.rows.items()
        for name, number in counted.items()
    ]
    rows += [("texts about others", known.redacted, shown_url(url)) for url, known in found.stores.items()]
    rows += [("emails to others", known.rewritten, shown_url(url)) for url, known in found.stores.items()]
    rows += [("cached pages", number, str(path)) for path, number in found.pages.items()]
    rows += [("previews", 1, str(path)) for path in found.previews]
    rows += [("reports", 1, str(loaded.work_folder / "report.html")) for loaded in found.reports]
    rows += [("examples", len(one.examples), f"{one.dataset.folder}: {one.kind}") for one in found.datasets.seen]
    rows += [("versions", 1, f"{one} ({one.saw.value})") for one in found.versions]
    return [row for row in rows if row[1]]


def _record(found: Found) -> dict[str, Any]:
    return {"known": [{"what": what, "number": number, "where": where} for what, number, where in _lines(found)]}


def _told(left: Left) -> dict[str, Any]:
    return {"what": left.what, "command": command(*left.command) if left.command else None}


def _show_left(left: list[Left]) -> None:
    screen = console()
    screen.print(f"[bold]Forgotten.[/] {count(len(left), 'thing')} to do or to know:")
    for one in left:
        screen.print(f"- {plain(one.what)}", soft_wrap=True)
        if one.command:
            screen.print(f"  {plain(command(*one.command))}", soft_wrap=True)
