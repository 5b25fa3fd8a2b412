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
        if result is None or result.draft is None:
            continue
        refusals = Decisions(reviews).on(result.draft, prospect).refusals
        if refusals and all(review.action is ReviewAction.REWRITE for review in refusals):
            yield Wish(result, refusals[-1])


async def grant_wishes(
    loaded: LoadedCampaign, wishes: list[Wish], *, hosts: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[Wish, MiniaturesError | None]]:
    """Have the emails written again, one after the other; each with what was in the way of it, if anything.

    Raises:
        CampaignBusy: another process runs the campaign.
        BackendError: a backend cannot be opened.
    """
    async with open_campaign(loaded, hosts=hosts or {}) as campaign:
        for wish in wishes:
            try:
                await rewrite(campaign, wish.result, wish.hint)
            except MiniaturesError as error:
                yield wish, error
            else:
                yield wish, None
