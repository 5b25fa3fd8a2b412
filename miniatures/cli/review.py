"""`miniatures review`: a person reads drafts and says what they are worth; what they say becomes training data."""

from __future__ import annotations

import getpass
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from miniatures.cli.arguments import AsJson, CampaignPath
from miniatures.cli.results import open_run
from miniatures.cli.terminal import print_json
from miniatures.datamodel.errors import InputError

if TYPE_CHECKING:
    from miniatures.datamodel.draft import DraftStatus

_ALL = "all"


def review(
    campaign: CampaignPath,
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
    """Accept, edit or reject drafts, or compare answers. Stop at any time: it goes on where you stopped."""
    from miniatures.cli.review_agreement import show_agreement
    from miniatures.cli.review_screen import draft_row, pair_row, show_rows
    from miniatures.cli.review_session import Sitting
    from miniatures.review.queue import draft_to_review, waiting_drafts, waiting_pairs

    statuses, name = _statuses(status), _reviewer_name(reviewer)
    with open_run(campaign) as (loaded, store):
        if agreement:
            show_agreement(store.reviews(loaded.name), as_json=as_json)
            return
        pairs = waiting_pairs(store, loaded.name, name) if compare else []
        drafts = [] if compare else waiting_drafts(store, loaded.name, name, statuses)
        if list_only or as_json:
            found = (draft_to_review(store, waiting) for waiting in drafts[:limit])
            rows = [*map(pair_row, pairs[:limit]), *(draft_row(draft) for draft in found if draft is not None)]
            print_json(rows) if as_json else show_rows(rows)
            return
        sitting = Sitting(store, loaded, name)
        sit = partial(sitting.review_pairs, pairs, limit) if compare else partial(sitting.review_drafts, drafts, limit)
        sitting.hold(sit, len(pairs) + len(drafts))


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


def _reviewer_name(given: str | None) -> str:
    hint = "Give one: --reviewer NAME, or set MINIATURES_REVIEWER."
    try:
        name = (getpass.getuser() if given is None else given).strip()
    except (OSError, KeyError, ImportError) as error:
        raise InputError("this system does not know your login name", hint=hint) from error
    if not name:
        raise InputError("a reviewer needs a name", hint=hint)
    return name
