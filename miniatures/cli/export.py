"""`miniatures export`: the drafts as a table that a CRM or a spreadsheet imports."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from miniatures.cli.arguments import CampaignPath
from miniatures.cli.results import record, results_of_status
from miniatures.datamodel.files import written_whole

if TYPE_CHECKING:
    from miniatures.datamodel.result import ProspectResult

_COLUMNS = ("email", "first_name", "last_name", "company", "status", "subject", "body", "evidence", "reason", "backend")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001


def export(
    campaign: CampaignPath,
    as_csv: Annotated[bool, typer.Option("--csv", help="Write CSV, the only format so far.")] = True,
    status: Annotated[str | None, typer.Option(help="Only those that are ready, needs_review, failed, ...")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The file to write; the terminal if left out.")
    ] = None,
) -> None:
    """Export the drafts as CSV for a CRM."""
    from miniatures.inputs.campaign import load_campaign

    results = results_of_status(load_campaign(campaign), status)
    # The mark of utf-8-sig tells spreadsheets that it is UTF-8.
    whole = written_whole(out, encoding="utf-8-sig", newline="") if out else nullcontext(sys.stdout)
    with whole as file:
        _write(file, results)
    if out:
        typer.echo(f"Wrote {out}", err=True)


def _write(file: TextIO, results: Iterable[ProspectResult]) -> None:
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for result in results:
        fields = record(result)
        fields["evidence"] = "\n".join(f"“{item['quote']}” {item['url']}" for item in fields["evidence"])
        writer.writerow(safe_cell(fields[column]) for column in _COLUMNS)


def safe_cell(value: object) -> str:
    """The value as a cell that no spreadsheet runs as a formula: an apostrophe goes before what would start one."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" \ufeff").startswith(_FORMULA_STARTS) else text
