"""Joins the list as it is today, what runs left, and the reviewers' last words into what may be sent to each prospect.

It knows nothing of what was sent: `delivery/standing.py` adds that, for all that is shown to people.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from miniatures.datamodel.draft import Draft, DraftStatus
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.review import Review, ReviewAction
from miniatures.datamodel.standing import Standing, State
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.review.approvals import Decisions, is_of_an_email
from miniatures.store.store import Store

_DONE = {
    ReviewAction.ACCEPT: "accepted",
    ReviewAction.EDIT: "edited",
    ReviewAction.REJECT: "rejected",
    ReviewAction.REWRITE: "sent back",
}
_LOST_WORD = "a review of this draft cannot be read, and it may be a rejection: review it again"


def standings(loaded: LoadedCampaign, store: Store | None) -> Iterator[Standing]:
    """Where each prospect stands, by their first email: those of the store in its order, then those of the list that no
    run has reached.

    Of the list only a short hash of each row is kept in memory. Without a store everybody is pending.
    """
    rows = {row.key: row.row for row in loaded.prospects() if isinstance(row, Prospect)}
    if store is not None:
        rulings = Rulings.of(store, loaded.name)
        for result in store.results(loaded.name):
            listed = rows.pop(result.prospect.key, None)
            yield _standing(result, listed, rulings)
    for row in loaded.prospects() if rows else ():
        if isinstance(row, Prospect) and rows.pop(row.key, None) is not None:
            pending = ProspectResult(campaign=loaded.name, prospect=row, status=DraftStatus.PENDING)
            yield Standing(prospect=row, state=State.PENDING, result=pending)


def follow_up_standings(loaded: LoadedCampaign, store: Store, prospect: str | None = None) -> Iterator[Standing]:
    """Where each follow-up that was written, or each to one prospect (by key), stands, as `standings` has it of the
    first emails."""
    rows = {row.key: row.row for row in loaded.prospects() if isinstance(row, Prospect)}
    rulings = Rulings.of(store, loaded.name)
    for result in store.follow_ups(loaded.name, prospect):
        yield _standing(result, rows.get(result.prospect.key), rulings)


def reason_of(result: ProspectResult) -> str:
    """Why a run left the prospect so, in one line: the error, the checks that did not pass, why nothing was found."""
    if result.error:
        return result.error
    if result.draft:
        return "; ".join(f"{check.name.value}: {check.reason}" for check in result.draft.failed_checks)
    return result.dossier.why_nothing if result.dossier else ""


class Rulings:
    """What people said of the campaign's drafts, and the drafts about which a word was given that cannot be read."""

    def __init__(self, decisions: Decisions, unreadable: frozenset[str]) -> None:
        self.decisions = decisions
        self.unreadable = unreadable

    @classmethod
    def of(cls, store: Store, campaign: str) -> Rulings:
        """The rulings on a campaign's drafts."""
        reviews = list(store.reviews(campaign))
        judged = store.judged_drafts(campaign)
        lost = judged.keys() - {review.id for review in reviews if is_of_an_email(review)}
        return cls(Decisions(reviews), frozenset(judged[review] for review in lost))


def _standing(result: ProspectResult, listed: str | None, rulings: Rulings) -> Standing:
    standing = Standing(prospect=result.prospect, state=State(result.status.value), result=result)
    if listed is None:
        return standing.model_copy(update={"state": State.REMOVED, "is_listed": False})
    if result.status is not DraftStatus.PENDING and listed != result.prospect.row:
        return standing.model_copy(update={"state": State.CHANGED})
    if result.draft is None:
        return standing.model_copy(update={"reason": reason_of(result)})
    said_by_checks = {"text": result.draft.text, "reason": reason_of(result)}
    return standing.model_copy(update=said_by_checks | _ruled(result.draft, result, rulings))


def _ruled(draft: Draft, result: ProspectResult, rulings: Rulings) -> dict[str, Any]:
    """What people changed; nothing if they decided nothing."""
    prospect = result.prospect.key
    decision = rulings.decisions.on(draft, prospect)
    if decision.refusals:
        said = {"state": decision.state, "text": None, "review": "; ".join(map(_words, decision.refusals))}
        return said | ({"reason": ""} if decision.state is State.REJECTED else {})
    if draft.id in rulings.unreadable:
        return {"state": State.NEEDS_REVIEW, "reason": _LOST_WORD}
    if decision.approving is None:
        edit = rulings.decisions.edit_of(draft, prospect, result.step)
        return {"review": f"an earlier draft was {_words(edit)}; this one is written anew"} if edit else {}
    return {"state": decision.state, "text": decision.approved_text, "reason": "", "review": _words(decision.approving)}


def _words(review: Review) -> str:
    """`rejected by ada (generic): too long`."""
    why = f" ({review.reason.replace('_', ' ')})" if review.reason else ""
    overruled = ", ".join(check.value.replace("_", " ") for check in review.overruled)
    why += f" in spite of {overruled}" if overruled else ""
    comment = f": {review.comment}" if review.comment else ""
    return " ".join(f"{_DONE.get(review.action, 'refused')} by {review.reviewer}{why}{comment}".split())
