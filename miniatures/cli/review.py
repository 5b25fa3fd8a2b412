"""`miniatures review`: a person reads drafts and says what they are worth; what they say becomes training data."""

from __future__ import annotations

import getpass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from miniatures.cli.arguments import AsJson, CampaignPath
from miniatures.cli.terminal import coloured, console, count, plain, print_json, table
from miniatures.datamodel.errors import ExitCode, InputError

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Sequence

    from miniatures.cli.review_session import Sitting
    from miniatures.datamodel.draft import DraftStatus
    from miniatures.review.queue import DraftToReview, PairToReview
    from miniatures.store.drafts import QueuedDraft
    from miniatures.store.store import Store

_ALL = "all"
_ROWS_SHOWN = 200


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
    from miniatures.cli.results import require_run
    from miniatures.cli.review_agreement import show_agreement
    from miniatures.cli.review_session import Sitting
    from miniatures.inputs.campaign import load_campaign
    from miniatures.review.queue import waiting_drafts, waiting_pairs
    from miniatures.store.open import open_store

    statuses, name, loaded = _statuses(status), _reviewer_name(reviewer), load_campaign(campaign)
    require_run(loaded, str(campaign))
    with open_store(loaded.store_url, create=False) as store:
        if agreement:
            show_agreement(store.reviews(loaded.name), as_json=as_json)
            return
        pairs = waiting_pairs(store, loaded.name, name) if compare else []
        drafts = [] if compare else waiting_drafts(store, loaded.name, name, statuses)
        if list_only or as_json:
            rows = [_pair_row(pair) for pair in pairs[:limit]] if compare else _draft_rows(store, drafts[:limit])
            print_json(rows) if as_json else _show_rows(rows)
            return
        sitting = Sitting(store, loaded, name)
        sit = partial(sitting.review_pairs, pairs, limit) if compare else partial(sitting.review_drafts, drafts, limit)
        _hold(sitting, sit, len(pairs) + len(drafts))


def _hold(sitting: Sitting, sit: Callable[[], None], waiting: int) -> None:
    """Hold the sitting, however it ends, and sum it up."""
    from miniatures.cli.review_screen import show_brief
    from miniatures.cli.review_session import Quit

    if waiting:
        show_brief(sitting.loaded.brief)
    interrupted = False
    try:
        sit()
    except (Quit, EOFError):
        pass
    except KeyboardInterrupt:
        interrupted = True
    console().print(f"\n{summary(sitting.tally, waiting)}")
    if interrupted:
        raise typer.Exit(ExitCode.INTERRUPTED)


def summary(tally: Counter[str], waiting: int) -> str:
    """What was done, and how much of what waited at the start still waits."""
    from miniatures.datamodel.review import ReviewAction

    words = {"accept": "accepted", "edit": "edited", "reject": "rejected", "compare": "compared", "skip": "skipped"}
    done = [f"{tally[action]:,} {word}" for action, word in words.items() if tally[action]]
    left = waiting - sum(tally[action] for action in ReviewAction) - tally["gone"]
    text = f"{', '.join(done) or 'nothing reviewed'}; {left:,} still waiting"
    if tally["gone"]:
        text += f"; {count(tally['gone'], 'draft')} left out: written again or erased since"
    return text[0].upper() + text[1:] + "."


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


def _draft_rows(store: Store, queued: Sequence[QueuedDraft]) -> list[dict[str, Any]]:
    from miniatures.review.queue import draft_to_review

    return [_draft_row(one) for one in (draft_to_review(store, waiting) for waiting in queued) if one is not None]


def _draft_row(waiting: DraftToReview) -> dict[str, Any]:
    from miniatures.cli.review_screen import address_of

    draft = waiting.draft
    return {
        "email": address_of(waiting.recipient),
        "company": waiting.recipient.company,
        "status": draft.status.value,
        "subject": draft.subject,
        "body": draft.body,
        "failed_checks": [check.name.value for check in draft.failed_checks],
        "draft": draft.id,
        "trace": draft.trace,
    }


def _pair_row(pair: PairToReview) -> dict[str, Any]:
    from miniatures.cli.review_screen import address_of

    return {
        "email": address_of(pair.recipient),
        "company": pair.recipient.company,
        "traces": [pair.first.trace, pair.second.trace],
    }


def _show_rows(rows: Sequence[dict[str, Any]]) -> None:
    listing = table("|Prospect", "Company", "Status", "Subject")
    for row in rows[:_ROWS_SHOWN]:
        status = coloured(row["status"]) if "status" in row else "to compare"
        listing.add_row(plain(row["email"]), plain(row["company"]), status, plain(row.get("subject", "")))
    screen = console()
    if rows:
        screen.print(listing)
        screen.print()
    screen.print(f"{count(len(rows), 'answer')} to review" if rows else "Nothing waits for review.")
