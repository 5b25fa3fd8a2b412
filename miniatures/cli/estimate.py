"""Shows what a run would take, before anything is spent."""

from __future__ import annotations

import asyncio
import sys

from miniatures.agents.estimate import estimate_campaign
from miniatures.cli.columns import columns_of, show_columns
from miniatures.cli.terminal import console, cost_words, count, dollars, duration, plain, print_json, show_table, table
from miniatures.inputs.campaign import LoadedCampaign


def show_estimate(loaded: LoadedCampaign, *, limit: int | None, as_json: bool) -> None:
    """Estimate the run and show it as JSON or as a table with a line for each role."""
    estimate = asyncio.run(estimate_campaign(loaded, limit=limit))
    if as_json:
        print_json(estimate.model_dump(mode="json"))
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
    for note in estimate.notes:
        screen.print(f"[dim]{plain(note)}[/]")
