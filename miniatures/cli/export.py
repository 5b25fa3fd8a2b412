"""`miniatures export`: the list as it came, with the emails beside it, for a CRM or a spreadsheet."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from miniatures.cli.arguments import CampaignPath
from miniatures.cli.out_file import TABLES, require_ending, require_no_input
from miniatures.cli.results import all_standings, named_state, record
from miniatures.cli.terminal import count

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from miniatures.datamodel.standing import Standing, State
    from miniatures.inputs.campaign import LoadedCampaign
    from miniatures.inputs.csv_rows import CellValue

ALL = "all"
COLUMNS = ("status", "review", "subject", "body", "evidence", "reason", "backend")
"""Ours, which stand behind the list's own, each with a prefix."""


def export(
    campaign: CampaignPath,
    status: Annotated[
        list[str] | None,
        typer.Option(
            help="Only these, such as approved or needs_review; may be given several times. `all` is the whole list. "
            "Left out, it is what may be sent: approved, edited, and ready, which nobody has read yet."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The file to write, .csv or .xlsx; CSV on the terminal if left out."),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Write CSV, whatever the file is called.")] = False,
) -> None:
    """Export the emails for a CRM: every column of your list as it came, ours behind them.

    An edited email is exported in the reviewer's words; a rejected one never, whatever is asked for.
    """
    from miniatures.cli.export_file import print_csv, write_csv, write_xlsx
    from miniatures.inputs.campaign import load_campaign

    loaded, wanted = load_campaign(campaign), _wanted(status)
    if out is not None:
        require_no_input(out, loaded)
    if out is not None and not as_csv:
        require_ending(out, TABLES)
    kept: dict[str, tuple[str, ...]] = {}
    taken: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    for standing in all_standings(loaded):
        if standing.state in wanted:
            kept[standing.prospect.key] = _cells(standing)
        (taken if standing.state in wanted else left_out)[standing.state] += 1
    table = _table(loaded, kept)
    if out is None:
        print_csv(table)
    else:
        write = write_csv if as_csv or out.suffix.lower() == ".csv" else write_xlsx
        typer.echo(f"Wrote {out}: {count(write(table, out), 'prospect')}", err=True)
    _tell_unread(taken)
    if left_out:
        told = ", ".join(f"{number:,} {state.replace('_', ' ')}" for state, number in left_out.items())
        typer.echo(f"Left out: {told}", err=True)


def _tell_unread(taken: Mapping[str, int]) -> None:
    from miniatures.datamodel.standing import State

    if unread := taken.get(State.READY):
        words = "which nobody has read yet: --status approved --status edited leaves them out"
        typer.echo(f"{unread:,} of them ready, {words}", err=True)


def _wanted(status: Sequence[str] | None) -> Collection[State]:
    from miniatures.datamodel.standing import TO_SEND, State

    if not status:
        return TO_SEND
    return tuple(State) if ALL in status else tuple(map(named_state, status))


def _table(loaded: LoadedCampaign, kept: Mapping[str, Sequence[str]]) -> Iterator[Sequence[CellValue]]:
    """The header row, then each row of the list, in its order, whose prospect has cells of ours.

    What was a number or a date in a workbook still is.
    """
    from miniatures.datamodel.prospect import Prospect
    from miniatures.inputs.prospects import open_list

    listed = open_list(loaded.prospects_path, loaded.campaign.columns)
    width, prefix = len(listed.headers), own_prefix(listed.headers)
    yield [*listed.headers, *(f"{prefix}{column}" for column in COLUMNS)]
    for row in listed.rows:
        if isinstance(row.entry, Prospect) and row.entry.key in kept:
            own = [*row.values, *[""] * width][:width]
            yield [*own, *kept[row.entry.key]]


def own_prefix(headers: Sequence[str]) -> str:
    """What our columns begin with: `miniatures_`, with a number where the list has columns of that name already."""
    from itertools import count

    from miniatures.inputs.headers import OWN_PREFIX

    taken = [header.strip().lower() for header in headers]
    names = (OWN_PREFIX if number == 1 else f"{OWN_PREFIX}{number}_" for number in count(1))
    return next(name for name in names if not any(f"{name}{column}" in taken for column in COLUMNS))


def _cells(standing: Standing) -> tuple[str, ...]:
    fields = record(standing)
    fields["evidence"] = "\n".join(f"“{item['quote']}” {item['url']}" for item in fields["evidence"])
    return tuple(str(fields[column] or "") for column in COLUMNS)
