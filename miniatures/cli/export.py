"""`miniatures export`: the list as it came, with the emails beside it, for a CRM or a spreadsheet.

A row is a person, as it is in the list, so the follow-ups to them stand in columns of their own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from miniatures.cli.arguments import CampaignPath
from miniatures.cli.out_file import TABLES, require_ending, require_no_input
from miniatures.cli.results import all_follow_ups, all_standings, named_state, record
from miniatures.cli.terminal import count

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from miniatures.datamodel.standing import Standing, State
    from miniatures.inputs.campaign import LoadedCampaign
    from miniatures.inputs.csv_rows import CellValue

ALL = "all"
COLUMNS = ("status", "sent_at", "review", "subject", "body", "evidence", "reason", "backend")
"""Ours, which stand behind the list's own, each with a prefix."""
FOLLOW_UP_COLUMNS = ("status", "sent_at", "subject", "body")
"""What stands behind them of each follow-up, if any was written: `follow_up_1_status` and so on."""


def export(
    campaign: CampaignPath,
    status: Annotated[
        list[str] | None,
        typer.Option(
            help="Only these, such as approved or replied; may be given several times. `all` is the whole list. Left "
            "out, it is what may be sent and is not in the outbox: approved, edited, and ready, which nobody has read."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The file to write, .csv or .xlsx; CSV on the terminal if left out."),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Write CSV, whatever the file is called.")] = False,
) -> None:
    """Export the emails for a CRM: every column of your list as it came, ours behind them.

    An edited email is exported in the reviewer's words; a rejected one never, whatever is asked for. Each email says
    where it stands, and has its text if that is asked for: what was sent is not among what may be sent.
    """
    from miniatures.cli.export_file import print_csv, write_csv, write_xlsx
    from miniatures.inputs.campaign import load_campaign

    loaded, wanted = load_campaign(campaign), _wanted(status)
    if out is not None:
        require_no_input(out, loaded)
    if out is not None and not as_csv:
        require_ending(out, TABLES)
    chosen = _chosen(loaded, wanted)
    table = _table(loaded, chosen)
    if out is None:
        print_csv(table)
    else:
        write = write_csv if as_csv or out.suffix.lower() == ".csv" else write_xlsx
        typer.echo(f"Wrote {out}: {count(write(table, out), 'prospect')}", err=True)
    _tell_unread(chosen.taken)
    if chosen.left_out:
        told = ", ".join(f"{number:,} {state.replace('_', ' ')}" for state, number in chosen.left_out.items())
        typer.echo(f"Left out: {told}", err=True)


@dataclass
class _Chosen:
    """The prospects (by key) of whom an email stands as was asked for, and how many emails do and do not."""

    wanted: set[str] = field(default_factory=set)
    cells: dict[str, dict[int, tuple[str, ...]]] = field(default_factory=lambda: defaultdict(dict))
    """By step: of the first email those of `COLUMNS`, of a follow-up those of `FOLLOW_UP_COLUMNS`."""
    taken: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    steps: int = 0


def _chosen(loaded: LoadedCampaign, wanted: Collection[State]) -> _Chosen:
    """The follow-ups come first, so that of the first emails only those are held that are written."""
    chosen = _Chosen()
    for standing in chain(all_follow_ups(loaded), all_standings(loaded)):
        step, key, is_wanted = standing.result.step, standing.prospect.key, standing.state in wanted
        leaves = standing.state.has_left or not standing.state.is_settled
        if is_wanted:
            chosen.wanted.add(key)
        if step or key in chosen.wanted:
            chosen.cells[key][step] = _cells(standing, with_text=is_wanted and leaves)
        chosen.steps = max(chosen.steps, step)
        (chosen.taken if is_wanted else chosen.left_out)[standing.state] += 1
    return chosen


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


def _table(loaded: LoadedCampaign, chosen: _Chosen) -> Iterator[Sequence[CellValue]]:
    """The header row, then each row of the list, in its order, whose prospect was chosen.

    What was a number or a date in a workbook still is.
    """
    from miniatures.datamodel.prospect import Prospect
    from miniatures.inputs.prospects import open_list

    listed = open_list(loaded.prospects_path, loaded.campaign.columns)
    width, prefix = len(listed.headers), own_prefix(listed.headers)
    steps = range(1, chosen.steps + 1)
    later = [f"follow_up_{step}_{column}" for step in steps for column in FOLLOW_UP_COLUMNS]
    yield [*listed.headers, *(f"{prefix}{column}" for column in (*COLUMNS, *later))]
    for row in listed.rows:
        if isinstance(row.entry, Prospect) and row.entry.key in chosen.wanted:
            own, cells = [*row.values, *[""] * width][:width], chosen.cells[row.entry.key]
            follow_ups = [cells.get(step, ("",) * len(FOLLOW_UP_COLUMNS)) for step in steps]
            yield [*own, *cells[0], *chain(*follow_ups)]


def own_prefix(headers: Sequence[str]) -> str:
    """What our columns begin with: `miniatures_`, with a number where the list has columns of that name already."""
    from itertools import count

    from miniatures.inputs.headers import OWN_PREFIX

    taken = [header.strip().lower() for header in headers]
    names = (OWN_PREFIX if number == 1 else f"{OWN_PREFIX}{number}_" for number in count(1))
    return next(name for name in names if not any(f"{name}{column}" in taken for column in COLUMNS))


def _cells(standing: Standing, *, with_text: bool) -> tuple[str, ...]:
    fields = record(standing)
    if not with_text:
        fields |= {"subject": "", "body": ""}
    fields["sent_at"] = (fields["sent_at"] or "").replace("T", " ")[:16]
    fields["evidence"] = "\n".join(f"“{item['quote']}” {item['url']}" for item in fields["evidence"])
    return tuple(str(fields[column] or "") for column in (FOLLOW_UP_COLUMNS if standing.result.step else COLUMNS))
