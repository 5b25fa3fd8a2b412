"""Who gave the answers that were compared: their backends and policies, looked up once the comparing is over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from miniatures.datamodel.review import Review, ReviewAction
from miniatures.measure.agreement import ReviewerAgreement, reviewer_agreement
from miniatures.measure.preferences import PreferenceShares, preference_shares
from miniatures.review.arms import policies_of, policy_words
from miniatures.store.store import Store


@dataclass(frozen=True)
class Maker:
    """Whose answer one is."""

    backend: str
    policy: str


@dataclass(frozen=True)
class Outcomes:
    """What the comparisons of a campaign come to. `unknown` are those of answers that are not kept any more."""

    by_backend: list[PreferenceShares]
    by_policy: list[PreferenceShares]
    agreement: list[ReviewerAgreement]
    unknown: int

    def as_data(self) -> dict[str, Any]:
        """The same as programs read it."""
        return {
            "by_backend": [one.model_dump(mode="json") for one in self.by_backend],
            "by_policy": [one.model_dump(mode="json") for one in self.by_policy],
            "agreement": [asdict(one) for one in self.agreement],
            "unknown": self.unknown,
        }


def outcomes(store: Store, campaign: str) -> Outcomes:
    """What all comparisons of a campaign come to, by pairs of backends and of policies."""
    compared = [review for review in store.reviews(campaign) if review.action is ReviewAction.COMPARE]
    known = makers(store, campaign, compared)
    policies = {maker.policy for maker in known.values()}
    words = {policy: policy_words(policy, store.policy(policy)) for policy in policies if policy}
    return Outcomes(
        by_backend=preference_shares(compared, {answer: maker.backend for answer, maker in known.items()}),
        by_policy=preference_shares(compared, {answer: words.get(one.policy, "") for answer, one in known.items()}),
        agreement=[one for one in reviewer_agreement(compared) if one.preferences.n],
        unknown=sum(not _answers(review) <= known.keys() for review in compared),
    )


def makers(store: Store, campaign: str, compared: Iterable[Review]) -> dict[str, Maker]:
    """Who gave each answer, by the trace that a review has; without those that the store no longer holds."""
    reviews = list(compared)
    traces = store.traces_named({answer for review in reviews for answer in _answers(review)})
    found = {name: Maker(str(trace.backend), trace.policy) for name, trace in traces.items()}
    without_call = {review.prospect for review in reviews if not _answers(review) <= found.keys()} - {None}
    for policy in policies_of(store, campaign) if without_call else ():
        for prospect in without_call:
            result = store.result(campaign, str(prospect), policy)
            if result is not None and result.draft is not None:
                draft = result.draft
                found.setdefault(draft.trace or draft.id, Maker(draft.backend, policy))
    return found


def _answers(review: Review) -> set[str]:
    return {review.trace, review.other_trace or ""}
