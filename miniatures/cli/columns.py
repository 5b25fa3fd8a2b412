"""Shows what each column of the list was taken for, before anything is spent on a wrong one."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from miniatures.cli.terminal import plain
from miniatures.datamodel.prospect import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from miniatures.inputs.campaign import LoadedCampaign
    from miniatures.inputs.prospects import ProspectList

_OTHERS_SHOWN = 12


def columns_of(loaded: LoadedCampaign) -> ProspectList:
    """The list's header row, and what it was taken for."""
    from miniatures.inputs.prospects import open_list

    return open_list(loaded.prospects_path, loaded.campaign.columns)


def show_columns(listed: ProspectList, stream: TextIO) -> None:
    """A line for each column of ours, and the list's columns that no email is written from."""
    from rich.console import Console

    screen = Console(file=stream, highlight=False)
    taken = listed.columns
    width = max(map(len, taken.ours), default=0)
    screen.print("[bold]Columns of the list[/]")
    for column, place in taken.ours.items():
        spare = taken.spare.get(column, ())
        words = f"[dim], where it is empty {_named(listed, spare)}; name another: columns: {{{column}: HEADER}}[/]"
        screen.print(f"  {column:{width}}  {_named(listed, (place,))}{words if spare else ''}", soft_wrap=True)
    others = [place for place in taken.extra.values() if place not in sum(taken.spare.values(), ())]
    if others:
        more = f" and {len(others) - _OTHERS_SHOWN} more" if len(others) > _OTHERS_SHOWN else ""
        named = _named(listed, others[:_OTHERS_SHOWN])
        screen.print(f"  [dim]kept, and exported again: {named}{more}[/]", soft_wrap=True)
    screen.print()


def _named(listed: ProspectList, places: Iterable[int]) -> str:
    return ", ".join(plain(f"“{one_line(listed.headers[place])}”") for place in places)
