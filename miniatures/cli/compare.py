"""`miniatures compare`: two arms beside each other without their names, and what people preferred."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from miniatures.cli.arguments import AsJson, CampaignPath
from miniatures.cli.results import open_run
from miniatures.cli.review import reviewer_name
from miniatures.cli.terminal import console, count, plain, print_json, table
from miniatures.datamodel.errors import InputError

if TYPE_CHECKING:
    from miniatures.measure.preferences import PreferenceShares
    from miniatures.review.arms import Arms
    from miniatures.review.makers import Outcomes
    from miniatures.store.store import Store

_LISTED = "`--arms` lists what can be compared."
_ARM = "A policy's hash, or a backend's identity; --arms lists them."


def compare(
    campaign: CampaignPath,
    first: Annotated[str, typer.Option(help=_ARM)] = "",
    second: Annotated[str, typer.Option(help="The other one.")] = "",
    reviewer: Annotated[
        str | None, typer.Option(envvar="MINIATURES_REVIEWER", help="Who compares; your login name if left out.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Show this many at most.")] = None,
    arms: Annotated[bool, typer.Option("--arms", help="List what can be compared, and compare nothing.")] = False,
    results: Annotated[bool, typer.Option("--results", help="Show whose answers were preferred, by name.")] = False,
    as_json: AsJson = False,
) -> None:
    """Choose between the emails of two arms to the same person; names are hidden until you ask for the results.

    Without --first and --second it compares each first answer with its shadow's and its fallback's.
    """
    from miniatures.cli.review_session import Sitting
    from miniatures.review.arms import unknown_arm
    from miniatures.review.done import Done
    from miniatures.review.makers import outcomes
    from miniatures.review.pair_desk import PairDesk

    asked, name = _arms(first, second), reviewer_name(reviewer)
    with open_run(campaign) as (loaded, store):
        if arms:
            _show_arms(store, loaded.name, as_json=as_json)
            return
        if results:
            found = outcomes(store, loaded.name)
            print_json(found.as_data()) if as_json else _show(found)
            return
        if unknown := unknown_arm(store, loaded.name, asked):
            raise InputError(f"no policy and no backend of this campaign is called {unknown}", hint=_LISTED)
        pairs = PairDesk(store, loaded, asked, Done(store, loaded.name)).all_for(name)
        if as_json:
            from miniatures.cli.review_screen import pair_row

            print_json([pair_row(pair) for pair in pairs[:limit]])
            return
        if not pairs:
            typer.echo("Nothing to compare: no two different emails to one prospect on the list wait for you.")
            return
        sitting = Sitting(store, loaded, name)
        sitting.hold(lambda: sitting.review_pairs(pairs, limit), len(pairs))


def _arms(first: str, second: str) -> Arms:
    """The two arms that were named.

    Raises:
        InputError: only one was, or one twice.
    """
    from pydantic import ValidationError

    from miniatures.datamodel.mistakes import mistakes
    from miniatures.review.arms import Arms

    try:
        return Arms(first=first, second=second)
    except ValidationError as error:
        raise InputError(mistakes(error), hint=_LISTED) from error


def _show_arms(store: Store, campaign: str, *, as_json: bool) -> None:
    from miniatures.review.arms import arms_of

    found = arms_of(store, campaign)
    if as_json:
        print_json([arm.model_dump() for arm in found])
        return
    if not found:
        typer.echo("There is one policy and one backend: nothing to compare it with.")
        return
    listing = table("|Arm", "What it is")
    for arm in found:
        listing.add_row(plain(arm.name), plain(arm.words))
    console().print(listing)


def _show(found: Outcomes) -> None:
    from itertools import groupby

    shares = [*found.by_backend, *found.by_policy]
    if not shares:
        console().print("Nobody has compared two answers yet.")
    for (first, second), rows in groupby(shares, key=lambda one: (one.first, one.second)):
        title = f"{plain(first)} (first) against {plain(second)} (second)"
        listing = table("By", ">Pairs", ">First won", ">Ties", ">Second won", ">First, of those decided", title=title)
        for one in rows:
            listing.add_row(*_row(one))
        console().print(listing)
    for agreed in found.agreement:
        names, pairs = plain(" and ".join(agreed.reviewers)), agreed.preferences
        console().print(f"{names} said the same of {pairs.share:.0%} of {count(pairs.n, 'pair')}.")
    if found.unknown:
        console().print(f"{count(found.unknown, 'comparison')} left out: the answers are not kept any more.")


def _row(one: PreferenceShares) -> tuple[str, ...]:
    counts = (f"{number:,}" for number in (one.pairs, one.won, one.ties, one.lost))
    share = one.share.share
    told = "-" if share is None else f"{share:.0%} ({one.share.low:.0%} to {one.share.high:.0%})"
    return plain(one.reviewer), *counts, told
