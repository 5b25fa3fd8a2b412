"""`miniatures review`: a person reads drafts and says what they are worth; what they say becomes training data."""

from __future__ import annotations

import getpass
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from miniatures.cli.arguments import AsJson, CampaignPath
from miniatures.cli.results import open_run, standing_of
from miniatures.cli.terminal import print_json
from miniatures.datamodel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from miniatures.datamodel.draft import DraftStatus
    from miniatures.inputs.campaign import LoadedCampaign
    from miniatures.store.drafts import QueuedDraft
    from miniatures.store.store import Store

_ALL = "all"


def review(
    campaign: CampaignPath,
    email: Annotated[
        str | None,
        typer.Argument(
            metavar="[EMAIL]", help="Only this prospect's draft, again if you judged it: your last word counts."
        ),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Choose between two backends' answers to one prompt; names are hidden.")
    ] = False,
    reviewer: Annotated[
        str | None, typer.Option(envvar="MINIATURES_REVIEWER", help="Who reviews; your login name if left out.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Show this many at most.")] = None,
    status: Annotated[str, typer.Option(help="Only drafts that are ready or needs_review; or all.")] = _ALL,
    list_only: Annotated[bool, typer.Option("--list", help="List what waits, and review nothing.")] = False,
    agreement: Annotated[bool, typer.Option("--agreement", help="Show how far the reviewers agree.")] = False,
    as_json: AsJson = False,
) -> None:
    """Accept, edit or reject drafts, or compare answers. Stop at any time: it goes on where you stopped.

    To take a verdict back, name the prospect's address and judge the draft again.
    """
    from miniatures.cli.review_agreement import show_agreement
    from miniatures.cli.review_screen import draft_row, pair_row, show_rows
    from miniatures.cli.review_session import Sitting
    from miniatures.datamodel.prospect import Prospect
    from miniatures.review.approvals import Decisions
    from miniatures.review.queue import draft_to_review, waiting_pairs

    if email is not None and (compare or agreement):
        raise InputError(
            "an address goes with drafts, not with --compare or --agreement", hint="Leave one of them out."
        )
    statuses, name = _statuses(status), reviewer_name(reviewer)
    with open_run(campaign) as (loaded, store):
        if agreement:
            show_agreement(store.reviews(loaded.name), as_json=as_json)
            return
        listed = {row.key for row in loaded.prospects() if isinstance(row, Prospect)}
        pairs = waiting_pairs(store, loaded.name, name) if compare else []
        pairs = [pair for pair in pairs if pair.first.prospect in listed]
        drafts = [] if compare else _drafts(loaded, store, name, statuses, listed, email)
        if compare and not pairs and not as_json:
            typer.echo(_why_no_pair(store, loaded.name))
            return
        if list_only or as_json:
            said = Decisions(store.reviews(loaded.name))
            found = (draft_to_review(store, waiting, said) for waiting in drafts[:limit])
            rows = [*map(pair_row, pairs[:limit]), *(draft_row(draft) for draft in found if draft is not None)]
            print_json(rows) if as_json else show_rows(rows)
            return
        sitting = Sitting(store, loaded, name)
        sit = partial(sitting.review_pairs, pairs, limit) if compare else partial(sitting.review_drafts, drafts, limit)
        sitting.hold(sit, len(pairs) + len(drafts))


def _drafts(
    loaded: LoadedCampaign,
    store: Store,
    reviewer: str,
    statuses: Sequence[DraftStatus],
    listed: Container[str],
    email: str | None,
) -> list[QueuedDraft]:
    """Those of the list that wait for this reviewer, or those to whom was asked for, whatever was said of them.

    Raises:
        InputError: nobody has the address, or nothing was written to it.
    """
    from miniatures.review.queue import draft_of, still_listed, waiting_drafts
    from miniatures.review.standings import standings

    if email is None:
        return still_listed(waiting_drafts(store, loaded.name, reviewer, statuses), listed)
    standing = standing_of(standings(loaded, store), loaded, email)
    written = standing.result, *store.follow_ups(loaded.name, standing.prospect.key)
    drafts = [draft for result in written if (draft := draft_of(result)) is not None]
    if not drafts:
        raise InputError(f"there is no draft to {standing.prospect.email}", hint=standing.reason)
    return drafts


def _why_no_pair(store: Store, campaign: str) -> str:
    from miniatures.review.queue import answer_pairs

    if any(answer_pairs(store.traces(campaign))):
        return "Nothing to compare: you have compared every pair of answers to whoever is on the list."
    return (
        "Nothing to compare: no email was written by two backends. Give the writer a second one, which answers beside "
        "the first, and run again: writer: {first: student, shadow: teacher}"
    )


def _statuses(status: str) -> tuple[DraftStatus, ...]:
    """The statuses to review.

    Raises:
        InputError: there is no such status, or it has no draft to review.
    """
    from miniatures.store.store import WRITTEN

    if status == _ALL:
        return WRITTEN
    chosen = tuple(known for known in WRITTEN if known == status)
    if not chosen:
        known = ", ".join([*WRITTEN, _ALL])
        raise InputError(f"--status {status}: there is nothing to review in such a status", hint=f"Known: {known}.")
    return chosen


def reviewer_name(given: str | None) -> str:
    """Who reviews: the name that was given, else the login name.

    Raises:
        InputError: there is neither.
    """
    hint = "Give one: --reviewer NAME, or set MINIATURES_REVIEWER."
    try:
        name = (getpass.getuser() if given is None else given).strip()
    except (OSError, KeyError, ImportError) as error:
        raise InputError("this system does not know your login name", hint=hint) from error
    if not name:
        raise InputError("a reviewer needs a name", hint=hint)
    return name
