"""What reviewers sent back to be written again, and the writing of it, by the app or from the command line."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass

from miniatures.agents.rewrite import rewrite
from miniatures.agents.runs import open_campaign
from miniatures.datamodel.errors import MiniaturesError
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.review import Review, ReviewAction
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.review.approvals import Decisions
from miniatures.store.store import Store


@dataclass(frozen=True)
class Wish:
    """A draft that somebody wants written again, and their hint."""

    result: ProspectResult
    review: Review

    @property
    def hint(self) -> str:
        return self.review.comment

    @property
    def draft(self) -> str:
        """The draft's id."""
        assert self.result.draft is not None
        return self.result.draft.id


def open_wishes(store: Store, campaign: str) -> Iterator[Wish]:
    """The wishes that stand: of drafts that are still there, and that nobody rejected."""
    for prospect, reviews in store.reviews_by_prospect(campaign):
        if not any(review.action is ReviewAction.REWRITE for review in reviews):
            continue
        result = store.result(campaign, prospect)
        if result is None:
            continue
        wish = _wish(result, reviews)
        if wish is not None:
            yield wish


def _wish(result: ProspectResult, reviews: list[Review]) -> Wish | None:
    """The wish that stands about the result's own draft; what was said of an earlier one with the same text is none."""
    if result.draft is None:
        return None
    refusals = Decisions(reviews).on(result.draft, result.prospect.key).refusals
    own = [review for review in refusals if review.draft == result.draft.id]
    wished = own and all(review.action is ReviewAction.REWRITE for review in refusals)
    return Wish(result, own[-1]) if wished else None


def _still_stands(store: Store, campaign: str, wish: Wish) -> bool:
    prospect = wish.result.prospect.key
    result = store.result(campaign, prospect)
    now = _wish(result, store.reviews_to(campaign, prospect)) if result else None
    return now is not None and now.review.id == wish.review.id


async def grant_wishes(
    loaded: LoadedCampaign, wishes: list[Wish], *, hosts: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[Wish, MiniaturesError | None]]:
    """Have the emails written again, one after the other; each with what was in the way of it, if anything. What was
    taken back or decided otherwise meanwhile is left out.

    Raises:
        CampaignBusy: another process runs the campaign.
        BackendError: a backend cannot be opened.
    """
    async with open_campaign(loaded, hosts=hosts or {}) as campaign:
        for wish in wishes:
            if not _still_stands(campaign.store, loaded.name, wish):
                continue
            try:
                await rewrite(campaign, wish.result, wish.hint)
            except MiniaturesError as error:
                yield wish, error
            else:
                yield wish, None
