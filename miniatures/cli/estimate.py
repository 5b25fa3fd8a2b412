"""Shows what a run would take, before anything is spent."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping

from miniatures.agents.arms import loaded_arms
from miniatures.agents.estimate import Estimate, estimate_campaign
from miniatures.agents.runs import count_prospects, first_prospects
from miniatures.cli.columns import columns_of, show_columns
from miniatures.cli.summary import show_bad_rows
from miniatures.cli.terminal import console, count, plain, print_json, show_table, table
from miniatures.datamodel.backend import Bill
from miniatures.datamodel.duration import duration
from miniatures.datamodel.money import cost_words, dollars
from miniatures.datamodel.prospect import BadRow
from miniatures.inputs.campaign import LoadedCampaign


def show_estimate(loaded: LoadedCampaign, *, limit: int | None, as_json: bool) -> None:
    """Estimate the run and show it as JSON or as a table with a line for each role, of each arm."""
    estimate = asyncio.run(_estimated(loaded, limit))
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


async def _estimated(loaded: LoadedCampaign, limit: int | None) -> Estimate:
    """Of an A/B test, all arms together: each with as many prospects as is its share of them."""
    if not loaded.campaign.arms:
        return await estimate_campaign(loaded, limit=limit)
    people, share, found = count_prospects(loaded, limit), 0.0, {}
    for name, arm in loaded_arms(loaded).items():
        before, share = round(people * share), share + loaded.campaign.shares[name]
        found[name] = await estimate_campaign(arm, limit=round(people * share) - before)
    return _together(found)


def _together(arms: Mapping[str, Estimate]) -> Estimate:
    seconds = [one.seconds for one in arms.values() if one.seconds is not None]
    return Estimate(
        prospects=sum(one.prospects for one in arms.values()),
        roles=tuple(
            role.model_copy(update={"role": f"{arm}: {role.role}"}) for arm, one in arms.items() for role in one.roles
        ),
        bill=Bill.total(one.bill for one in arms.values()),
        seconds=sum(seconds) if len(seconds) == len(arms) else None,
        notes=tuple(dict.fromkeys(note for one in arms.values() for note in one.notes)),
    )
