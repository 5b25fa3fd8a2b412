"""Shows what a run would take, before anything is spent."""

from __future__ import annotations

import asyncio
import sys

from miniatures.agents.estimate import estimate_campaign
from miniatures.agents.runs import first_prospects
from miniatures.cli.columns import columns_of, show_columns
from miniatures.cli.summary import show_bad_rows
from miniatures.cli.terminal import console, count, plain, print_json, show_table, table
from miniatures.datamodel.duration import duration
from miniatures.datamodel.money import cost_words, dollars
from miniatures.datamodel.prospect import BadRow
from miniatures.inputs.campaign import LoadedCampaign


def show_estimate(loaded: LoadedCampaign, *, limit: int | None, as_json: bool) -> None:
    """Estimate the run and show it as JSON or as a table with a line for each role."""
    estimate = asyncio.run(estimate_campaign(loaded, limit=limit))
    left_out = [row for row in first_prospects(loaded, limit) if isinstance(row, BadRow)]
    if as_json:
        print_json({**estimate.model_dump(mode="json"), "bad_rows": [row.model_dump(mode="json") for row in left_out]})
        return
    show_columns(columns_of(loaded), sys.stdout)
    listing = table("Role", ">Calls", ">Tokens in", ">Tokens out", ">Time", ">Cost")
    for role in estimate.roles:
        usage = role.bill.usage
        tokens = f"{usage.input_tokens:,}", f"{usage.output_tokens:,}"
        time = "unknown" if role.seconds is None else duration(role.seconds)
        listing.add_row(plain(role.role), f"{role.calls:,}", *tokens, time, dollars(role.bill.cost_usd))
    screen = console()
    screen.print(f"[bold]{plain(loaded.name)}[/]: an estimate for {count(estimate.prospects, 'prospect')}\n")
    show_table(listing)
    took = f"about {duration(estimate.seconds)}, " if estimate.seconds is not None else ""
    screen.print(f"In all {took}{cost_words(estimate.bill.cost_usd)}")
    show_bad_rows(screen, len(left_out), left_out, loaded)
    screen.print()
    for note in estimate.notes:
        screen.print(f"[dim]{plain(note)}[/]")
