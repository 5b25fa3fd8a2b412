"""`miniatures readings`: what blind readers say of drafts, from the sheet that they are given to the shares."""

from __future__ import annotations

from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from miniatures.cli.arguments import AsJson
from miniatures.cli.results import open_run
from miniatures.cli.terminal import console, count, plain, print_json, table
from miniatures.datamodel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from miniatures.datamodel.draft import DraftStatus
    from miniatures.datamodel.miniature import Score
    from miniatures.datamodel.result import ProspectResult
    from miniatures.datamodel.review import Review
    from miniatures.inputs.campaign import LoadedCampaign
    from miniatures.review.reading_sheet import GivenReading, SheetEntry
    from miniatures.store.store import Store

app = typer.Typer(no_args_is_help=True, help="Let blind readers judge drafts beside all pages; add up what they say.")

Campaigns = Annotated[
    list[Path], typer.Argument(metavar="CAMPAIGN...", help="Campaign files or folders; several are mixed.")
]


@app.command("sheet")
def sheet(
    campaigns: Campaigns,
    out: Annotated[Path, typer.Option(help="A new folder for the sheet.")],
    status: Annotated[str, typer.Option(help="Which drafts: ready, or needs_review.")] = "ready",
    limit: Annotated[int | None, typer.Option(min=1, help="This many of each campaign at most, drawn.")] = None,
    seed: Annotated[int, typer.Option(help="Draws the order, and which ones.")] = 0,
) -> None:
    """Write what a reader needs: the rubric, and each email with the offer and all pages, but not how it was made."""
    import asyncio

    from miniatures.review.reading_sheet import ANSWERS, write_sheet

    wanted = _named(status)
    with _opened(campaigns) as opened:
        entries = [entry for one in opened for entry in asyncio.run(_entries(*one, wanted, limit, seed))]
    if not entries:
        raise InputError(f"no draft is {status}", hint="Run the campaign first, or name another --status.")
    write_sheet(out, entries, seed)
    typer.echo(f"{count(len(entries), 'email')} in {out}. Read {out}/README.md first; answers go into {out}/{ANSWERS}.")


@app.command("import")
def import_readings(
    file: Annotated[Path, typer.Argument(metavar="SHEET", help="The sheet's folder, or its readings.yaml.")],
    campaigns: Campaigns,
    reader: Annotated[str, typer.Option(help="Who read: a name, or the name of a model.")],
) -> None:
    """Keep what a reader filled in. The same readings given twice are kept once."""
    import asyncio

    from miniatures.review.reading_sheet import read_sheet

    given = [one for one in read_sheet(file) if one.reading is not None]
    if not given:
        raise InputError(f"{file} holds no verdict", hint="Fill in `verdict:` for the emails that were read.")
    with _opened(campaigns) as opened:
        drafted, names = _by_draft(opened), ", ".join(loaded.name for loaded, _ in opened)
        made = [_review(one, drafted, names, reader) for one in given]
        known = {_said(review) for loaded, store in opened for review in store.reviews(loaded.name)}
        new = [(store, review) for store, review in made if _said(review) not in known]
        asyncio.run(_keep(new))
    again = f", {len(made) - len(new)} known already" if len(new) < len(made) else ""
    typer.echo(f"{count(len(new), 'reading')} of {reader} kept{again}.")


@app.command("report")
def report(campaigns: Campaigns, as_json: AsJson = False) -> None:
    """Show for each campaign what readers would send, with 95 % Wilson intervals, and how far they agree."""
    from miniatures.measure.reading_shares import readers_agreement, reading_shares

    with _opened(campaigns) as opened:
        reviews = {loaded.name: list(store.reviews(loaded.name)) for loaded, store in opened}
    if as_json:
        print_json(
            {
                name: {
                    "shares": [one.model_dump(mode="json") for one in reading_shares(read)],
                    "agreement": [asdict(one) for one in readers_agreement(read)],
                }
                for name, read in reviews.items()
            }
        )
        return
    for name, read in reviews.items():
        _show(name, read)


@app.command("calibrate")
def calibrate(
    name: Annotated[str, typer.Argument(metavar="MINIATURE", help="The researcher that chose: NAME or NAME@VERSION.")],
    campaigns: Campaigns,
) -> None:
    """Put on a miniature's card what readers found of drafts that it was more and less sure of: for `ready: {risk}`.

    The prospects must be none that it has learned. Earlier readings on the card are replaced.
    """
    from miniatures.checks.risk import least_risk, risk_bound
    from miniatures.measure.reading_shares import sure_readings
    from miniatures.weights.registry import Registry

    miniature, _, ref = name.partition("@")
    with _opened(campaigns) as opened:
        found = [
            one
            for loaded, store in opened
            for one in sure_readings(store.results(loaded.name), store.reviews(loaded.name))
        ]
    if not found:
        raise InputError(
            "no draft of these campaigns was read whose researcher says how sure it is",
            hint="Write a sheet, have it read and import it first.",
        )
    registry = Registry()
    card = registry.card(miniature, ref or registry.foremost(miniature))
    registry.update_card(card.model_copy(update={"sure_readings": tuple(sorted(found, key=lambda one: -one.sure))}))
    false = sum(one.false for one in found)
    typer.echo(f"{count(len(found), 'reading')} on the card of {miniature}@{card.version}, {false} of them false.")
    least = least_risk(found)
    bound = None if least is None else risk_bound(found, least)
    if bound is None:
        typer.echo("They show no risk below 50 %: `ready: {risk: ...}` cannot be promised.")
        return
    typer.echo(
        f"The least risk that they show is {bound.risk:.0%}: of {bound.above} that were at least {bound.bound:.2f} "
        f"sure, {bound.false} held a false statement."
    )


def _named(status: str) -> DraftStatus:
    """The status of this name.

    Raises:
        InputError: no draft is in such a status.
    """
    from miniatures.store.store import WRITTEN

    named = next((known for known in WRITTEN if known == status), None)
    if named is None:
        raise InputError(f"--status {status}: no draft is in such a status", hint=f"Known: {', '.join(WRITTEN)}.")
    return named


@contextmanager
def _opened(campaigns: Sequence[Path]) -> Iterator[list[tuple[LoadedCampaign, Store]]]:
    with ExitStack() as held:
        yield [held.enter_context(open_run(campaign)) for campaign in campaigns]


async def _entries(
    loaded: LoadedCampaign, store: Store, status: DraftStatus, limit: int | None, seed: int
) -> list[SheetEntry]:
    from miniatures.agents.runs import open_tools
    from miniatures.agents.whole_site import whole_site
    from miniatures.datamodel.hashing import text_hash
    from miniatures.review.reading_sheet import SheetEntry

    drafted = [one for one in store.results(loaded.name) if one.draft is not None and one.draft.status is status]
    drawn = sorted(drafted, key=lambda one: text_hash(f"{seed} {one.prospect.key}"))[:limit]
    async with AsyncExitStack() as held:
        context = open_tools(loaded, held, hosts={})
        return [
            SheetEntry(
                draft=result.draft,
                brief=loaded.brief,
                prospect=result.prospect,
                pages=tuple((await whole_site(context, result.prospect, _cited(result))).pages),
            )
            for result in drawn
            if result.draft is not None
        ]


def _cited(result: ProspectResult) -> list[str]:
    return [item.where for item in result.draft.evidence] if result.draft else []


def _by_draft(opened: Sequence[tuple[LoadedCampaign, Store]]) -> Mapping[str, tuple[Store, ProspectResult]]:
    """Each result with a draft, by the draft's id, and the store that holds it."""
    return {
        result.draft.id: (store, result)
        for loaded, store in opened
        for result in store.results(loaded.name)
        if result.draft is not None
    }


def _review(
    given: GivenReading, drafted: Mapping[str, tuple[Store, ProspectResult]], campaigns: str, reader: str
) -> tuple[Store, Review]:
    """The reading as a record, and the store that it belongs to.

    Raises:
        InputError: none of the campaigns holds that draft, or its text is another by now.
    """
    from miniatures.review.reviewing import Reviewable, read

    if given.draft not in drafted:
        raise InputError(
            f"email {given.email} is of none of the campaigns {campaigns}", hint="Name those of the sheet."
        )
    store, result = drafted[given.draft]
    draft, reading = result.draft, given.reading
    assert draft is not None and reading is not None
    if draft.text_hash != given.text:
        raise InputError(f"the text of email {given.email} has changed since the sheet was written", hint=_ANEW)
    item = Reviewable(
        trace=draft.trace or draft.id,
        answer=draft.text.model_dump(),
        campaign=result.campaign,
        prospect=result.prospect.key,
        draft=draft.id,
    )
    return store, read(item, reader, reading, given.comment)


def _said(review: Review) -> tuple[Any, ...]:
    """What makes two readings the same."""
    reading = None if review.reading is None else review.reading.model_dump_json()
    return review.reviewer, review.draft, reading, review.comment


async def _keep(readings: Iterable[tuple[Store, Review]]) -> None:
    for store, review in readings:
        await store.add_review(review)


def _show(name: str, reviews: Sequence[Review]) -> None:
    from miniatures.measure.reading_shares import SHARES, readers_agreement, reading_shares

    shares = reading_shares(reviews)
    if not shares:
        console().print(f"{plain(name)}: nobody has read a draft yet.")
        return
    listing = table("|Drafts", *(f">{one.reader}" for one in shares), title=plain(name))
    for title, field in SHARES:
        listing.add_row(title, *(_share(getattr(one, field)) for one in shares))
    console().print(listing)
    for agreed in readers_agreement(reviews):
        verdicts = agreed.verdicts
        same = "-" if verdicts.share is None else f"{verdicts.share:.0%}"
        kappa = "" if verdicts.kappa is None else f", kappa {verdicts.kappa:.2f}"
        readers = plain(" and ".join(agreed.readers))
        console().print(f"{readers} gave {same} of {count(verdicts.n, 'draft')} the same verdict{kappa}.")


def _share(score: Score) -> str:
    return f"{score.passed} of {score.total} ({score.low:.0%} to {score.high:.0%})"


_ANEW = "Write a new sheet: a reading is of exactly one text."
