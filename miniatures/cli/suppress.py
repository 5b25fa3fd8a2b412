"""`miniatures suppress`: who is never written to again. The list holds keyed hashes: whom it names it cannot tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from miniatures.cli.arguments import AsJson
from miniatures.cli.terminal import console, plain, print_json, table
from miniatures.datamodel.foreign_text import visible

if TYPE_CHECKING:
    from miniatures.datamodel.suppression import Suppression
    from miniatures.store.mail.suppressions import Suppressions

app = typer.Typer(no_args_is_help=True, help="Say who is never written to again, and look whether somebody is.")

Campaign = Annotated[
    Path | None,
    typer.Option(metavar="CAMPAIGN", help="For this campaign alone; without it, for all whose stores are files."),
]
Everywhere = Annotated[
    bool, typer.Option("--everywhere", help="With --campaign: for all campaigns that share its database.")
]
_MOST_TOLD = 20
"""Bad lines that are named one by one."""


@app.command("add")
def add(
    addresses: Annotated[
        list[str], typer.Argument(metavar="EMAIL|@DOMAIN...", help="Addresses, or whole domains as @example.com.")
    ],
    campaign: Campaign = None,
    everywhere: Everywhere = False,
) -> None:
    """Never write to these addresses again. Nothing takes one off the list."""
    import asyncio

    from miniatures.datamodel.suppression import SuppressionReason
    from miniatures.inputs.suppression_list import checked

    known = [checked(address) for address in addresses]
    with _list_of(campaign, everywhere) as (scope, listing):
        asyncio.run(listing.add_all(known, SuppressionReason.BY_HAND, campaign=scope))
    typer.echo(visible(f"{_whom(known)} will not be written to again {_where(scope)}"))


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV with a column of addresses, or one a line.")],
    campaign: Campaign = None,
    everywhere: Everywhere = False,
) -> None:
    """Never write to the addresses of a list again, such as another sender's opt-outs. Bad lines are named."""
    import asyncio

    from miniatures.datamodel.errors import ExitCode
    from miniatures.datamodel.suppression import SuppressionReason
    from miniatures.inputs.suppression_list import BadLine, read_suppressions

    rows = list(read_suppressions(file))
    good = list(dict.fromkeys(row for row in rows if isinstance(row, str)))
    bad = [row for row in rows if isinstance(row, BadLine)]
    with _list_of(campaign, everywhere) as (scope, listing):
        asyncio.run(listing.add_all(good, SuppressionReason.IMPORTED, campaign=scope))
    typer.echo(f"{_addresses(len(good))} will not be written to again {_where(scope)}")
    for one in bad[:_MOST_TOLD]:
        typer.echo(visible(f"{file}, line {one.line}: {one.reason}"), err=True)
    if bad:
        typer.echo(f"Lines that were not taken: {len(bad):,}. Put them right and import the file again.", err=True)
        raise typer.Exit(ExitCode.SOME_FAILED)


@app.command("check")
def check(
    address: Annotated[str, typer.Argument(metavar="EMAIL", help="Whose address, or a domain as @example.com.")],
    campaign: Campaign = None,
) -> None:
    """Say whether an address may be written to."""
    from miniatures.inputs.suppression_list import checked

    known = checked(address)
    with _list_of(campaign, everywhere=False) as (scope, listing):
        entry = listing.listed(known, scope)
    if entry is None:
        typer.echo(visible(f"{known} is not on the list"))
        return
    since = f"since {entry.since:%Y-%m-%d}"
    typer.echo(visible(f"{known} is not written to {_where(entry.scope)}: {_reason(entry)}, {since}"))


@app.command("list")
def show(campaign: Campaign = None, as_json: AsJson = False) -> None:
    """List the entries: keyed hashes, why and since when; and how many there are for each reason."""
    with _list_of(campaign, everywhere=False) as (scope, listing):
        entries = list(listing.entries(scope))
    if as_json:
        print_json([entry.model_dump(mode="json") for entry in entries])
        return
    shown = table("|Keyed hash", "For", "Reason", "|Since")
    for entry in entries:
        where = visible(entry.scope) or "all campaigns"
        shown.add_row(entry.address[:16], plain(where), _reason(entry), f"{entry.since:%Y-%m-%d}")
    counts = Counter(_reason(entry) for entry in entries)
    told = ", ".join(f"{count:,} {reason}" for reason, count in counts.most_common())
    if entries:
        console().print(shown)
    typer.echo(f"Entries: {len(entries):,} ({told})" if entries else "Nobody is on the list.")


@contextmanager
def _list_of(campaign: Path | None, everywhere: bool) -> Iterator[tuple[str, Suppressions]]:
    """The scope that is meant, and a list that reaches it.

    What holds for all campaigns whose stores are files lies in the user's own folder: any such store leads there, so
    without a campaign one is made for the moment.

    Raises:
        InputError: the campaign cannot be read.
        StoreError: its store cannot be opened.
    """
    from tempfile import TemporaryDirectory

    from miniatures.datamodel.suppression import EVERYWHERE
    from miniatures.inputs.campaign import load_campaign
    from miniatures.store.open import open_store

    if campaign is not None:
        loaded = load_campaign(campaign)
        with open_store(loaded.store_url) as store:
            yield EVERYWHERE if everywhere else loaded.name, store.mail.suppressions
        return
    with TemporaryDirectory() as folder, open_store(f"{folder}/any.sqlite") as store:
        yield EVERYWHERE, store.mail.suppressions


def _whom(known: list[str]) -> str:
    """Such as `2 addresses and everybody at depot.example`."""
    domains = [one for one in known if one.startswith("@")]
    addresses = len(known) - len(domains)
    told = [_addresses(addresses)] if addresses else []
    return " and ".join([*told, *(f"everybody at {domain[1:]}" for domain in domains)])


def _addresses(count: int) -> str:
    return f"{count:,} address" if count == 1 else f"{count:,} addresses"


def _where(scope: str) -> str:
    return f"by {visible(scope)}" if scope else "by any campaign"


def _reason(entry: Suppression) -> str:
    return entry.reason.value.replace("_", " ")
