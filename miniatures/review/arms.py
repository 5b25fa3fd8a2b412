"""The two sides of a comparison: a whole policy, or one backend in whatever policy it wrote or chose."""

from __future__ import annotations

from pydantic import Field, model_validator

from miniatures.datamodel.draft import PLACED
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.policy import Policy
from miniatures.datamodel.seat import Seat
from miniatures.store.store import WRITTEN, Store

_WRITER = "writer"


class Arms(Frozen):
    """Which two sides are compared; without names, each first answer with its shadow's and its fallback's."""

    first: str = Field(default="", max_length=400, description="A policy's hash, or a backend's identity.")
    second: str = Field(default="", max_length=400)

    @model_validator(mode="after")
    def _two(self) -> Arms:
        if bool(self.first) != bool(self.second):
            raise ValueError("a comparison needs two arms: name the first and the second")
        if self.first and self.first == self.second:
            raise ValueError("an arm is not compared with itself: name two")
        return self

    @property
    def named(self) -> bool:
        """Whether two arms were asked for."""
        return bool(self.first)


class Arm(Frozen):
    """One that can be asked for."""

    name: str
    words: str


def arms_of(store: Store, campaign: str) -> list[Arm]:
    """The policies under which drafts were written, and the backends that answered, each if there are two at least."""
    policies = [
        Arm(name=policy, words=policy_words(policy, store.policy(policy), arm_of_policy(store, campaign, policy)))
        for policy in policies_of(store, campaign)
        if any(store.counts(campaign, policy)[status] for status in WRITTEN)
    ]
    backends = [Arm(name=backend, words=backend) for backend in sorted(store.spent(campaign).by_backend)]
    return [arm for arms in (policies, backends) if len(arms) > 1 for arm in arms]


def unknown_arm(store: Store, campaign: str, arms: Arms) -> str:
    """The first name that no policy and no backend of the campaign has; empty if both are known."""
    if not arms.named:
        return ""
    known = {*policies_of(store, campaign), *store.spent(campaign).by_backend, PLACED}
    return next((name for name in (arms.first, arms.second) if name not in known), "")


def policies_of(store: Store, campaign: str) -> list[str]:
    """The policies of a campaign's runs, by hash; the one that was run last stands last."""
    newest_first = dict.fromkeys(run.policy for run in reversed(store.runs(campaign)))
    return list(newest_first)[::-1]


def arm_of_policy(store: Store, campaign: str, policy: str) -> str:
    """The arm of an A/B test that a policy was run for; empty if the campaign is none."""
    if store.mail.enrolments.test(campaign) is None:
        return ""
    return next((result.arm for result in store.results(campaign, policy) if result.arm), "")


def policy_words(name: str, policy: Policy | None, arm: str = "") -> str:
    """A policy as people tell it from another: by its arm in a test, its hash and who sits in its first seats."""
    name = f"arm {arm}, {name[:8]}" if arm else name[:8]
    if policy is None:
        return name
    seats = {role: str(seated[Seat.FIRST].backend) for role, seated in policy.seats.items() if Seat.FIRST in seated}
    words = [f"{role} {backend}" for role, backend in ({_WRITER: PLACED} | seats).items()]
    return f"{name}: {', '.join(sorted(words))}"


def first_backends(policy: Policy | None) -> set[str]:
    """The backends that sit in a policy's first seats."""
    seats = policy.seats.values() if policy else ()
    return {str(seated[Seat.FIRST].backend) for seated in seats if Seat.FIRST in seated}
