"""Shows what each column of the list was taken for, before anything is spent on a wrong one."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, TextIO

from miniatures.cli.terminal import plain
from miniatures.datamodel.prospect import one_line
from miniatures.inputs.headers import COLUMNS
from miniatures.inputs.opt_out import unclear

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from miniatures.inputs.campaign import LoadedCampaign
    from miniatures.inputs.prospects import ProspectList

_KEPT_SHOWN = 12
_UNCLEAR_SHOWN = 5


def columns_of(loaded: LoadedCampaign) -> ProspectList:
    """The list's header row, and what it was taken for."""
    from miniatures.inputs.prospects import open_list

    return open_list(loaded.prospects_path, loaded.campaign.columns)


def show_columns(listed: ProspectList, stream: TextIO) -> None:
    """A line for each column of ours, and the list's columns that no email is written from."""
    from rich.console import Console

    screen = Console(file=stream, highlight=False)
    taken, spare = listed.columns, listed.columns.spare
    screen.print("[bold]Columns of the list[/]")
    columns = sorted(taken.ours, key=COLUMNS.index)
    by_name = [name for name in columns if name not in spare and listed.headers[taken.ours[name]] == name]
    if by_name:
        screen.print(f"  {'by name':12}{', '.join(by_name)}", soft_wrap=True)
    for column in (name for name in columns if name not in by_name):
        others = f"[dim], where it is empty {_named(listed, spare[column])}[/]" if column in spare else ""
        screen.print(f"  {column:12}{_named(listed, (taken.ours[column],))}{others}", soft_wrap=True)
    if taken.opt_outs:
        screen.print(
            f"  {'opt_out':12}{_named(listed, taken.opt_outs.values())}[dim], who is left out[/]", soft_wrap=True
        )
        _show_unclear(listed, screen)
    shown = {*chain(*spare.values()), *taken.opt_outs.values()}
    kept = [place for place in taken.extra.values() if place not in shown]
    if kept:
        more = f" and {len(kept) - _KEPT_SHOWN} more" if len(kept) > _KEPT_SHOWN else ""
        named = _named(listed, kept[:_KEPT_SHOWN])
        screen.print(f"  [dim]kept, and exported again: {named}{more}[/]", soft_wrap=True)
    if spare:
        line = f"columns: {{{next(iter(spare))}: HEADER}}"
        screen.print(f"  [dim]Another column is taken if the campaign file names it: {line}[/]", soft_wrap=True)
    screen.print()


def _show_unclear(listed: ProspectList, screen: Console) -> None:
    """What opt-out columns say that is neither yes nor no, each such word once with the first line that has it."""
    first: dict[tuple[str, str], int] = {}
    for row in listed.rows:
        for said in unclear(row.cells, listed.columns.opt_outs):
            first.setdefault(said, row.line)
    for (header, cell), line in list(first.items())[:_UNCLEAR_SHOWN]:
        told = f"line {line}: “{cell}” in “{header}” is neither yes nor no, and is taken for no opt-out"
        screen.print(f"  [yellow]{plain(told)}[/]", soft_wrap=True)
    if len(first) > _UNCLEAR_SHOWN:
        screen.print(f"  [yellow]and {len(first) - _UNCLEAR_SHOWN} more such words[/]")


def _named(listed: ProspectList, places: Iterable[int]) -> str:
    return ", ".join(plain(f"“{one_line(listed.headers[place])}”") for place in places)
