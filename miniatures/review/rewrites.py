"""What reviewers sent back to be written again, and the writing of it, by the app or from the command line."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass

from miniatures.agents.rewrite import rewrite
from miniatures.agents.runs import open_arms
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
        results = (store.result(campaign, prospect), *store.follow_ups(campaign, prospect))
        wishes = (_wish(result, reviews) for result in results if result is not None)
        yield from (wish for wish in wishes if wish is not None)


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
    result = _newest(store, campaign, wish.result)
    now = _wish(result, store.reviews_to(campaign, prospect)) if result else None
    return now is not None and now.review.id == wish.review.id


def _newest(store: Store, campaign: str, known: ProspectResult) -> ProspectResult | None:
    """The result of the same step as it is by now."""
    prospect = known.prospect.key
    if not known.step:
        return store.result(campaign, prospect)
    return next((one for one in store.follow_ups(campaign, prospect) if one.step == known.step), None)


async def grant_wishes(
    loaded: LoadedCampaign, wishes: list[Wish], *, hosts: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[Wish, MiniaturesError | None]]:
    """Have the emails written again, one after the other; each with what was in the way of it, if anything. What was
    taken back or decided otherwise meanwhile is left out.

    Raises:
        CampaignBusy: another process runs the campaign.
        BackendError: a backend cannot be opened.
    """
    async with open_arms(loaded, hosts=hosts or {}) as opened:
        for wish in wishes:
            if not _still_stands(opened.store, loaded.name, wish):
                continue
            try:
                await rewrite(opened.of(wish.result.arm), wish.result, wish.hint)
            except MiniaturesError as error:
                yield wish, error
            else:
                yield wish, None
