"""Shows what each column of the list was taken for, before anything is spent on a wrong one."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, TextIO

from miniatures.cli.terminal import plain
from miniatures.datamodel.prospect import one_line
from miniatures.inputs.headers import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from miniatures.inputs.campaign import LoadedCampaign
    from miniatures.inputs.prospects import ProspectList

_KEPT_SHOWN = 12


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
    kept = [place for place in taken.extra.values() if place not in chain(*spare.values())]
    if kept:
        more = f" and {len(kept) - _KEPT_SHOWN} more" if len(kept) > _KEPT_SHOWN else ""
        named = _named(listed, kept[:_KEPT_SHOWN])
        screen.print(f"  [dim]kept, and exported again: {named}{more}[/]", soft_wrap=True)
    if spare:
        line = f"columns: {{{next(iter(spare))}: HEADER}}"
        screen.print(f"  [dim]Another column is taken if the campaign file names it: {line}[/]", soft_wrap=True)
    screen.print()


def _named(listed: ProspectList, places: Iterable[int]) -> str:
    return ", ".join(plain(f"“{one_line(listed.headers[place])}”") for place in places)
