"""All that is known of a campaign's arms at one moment: what the terminal, programs and the app show of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from miniatures.agents.enrolment import require_as_settled
from miniatures.datamodel.ab_decision import AbAction, AbDecision
from miniatures.datamodel.arms import AbRule, AbTest
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.live_verdict import Difference, GuardrailHit, LiveVerdict
from miniatures.datamodel.verdict import LiveMetric
from miniatures.delivery.arm_counts import arm_counts
from miniatures.delivery.evidence import live_evidence
from miniatures.delivery.outcomes import PersonOutcome, outcomes
from miniatures.delivery.settled import settled
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.measure.live.compare import compared
from miniatures.measure.live.costs import CostEach, costs
from miniatures.measure.live.counts import ArmCounts
from miniatures.measure.live.guardrails import guardrail_hits
from miniatures.measure.live.method import method_for
from miniatures.measure.live.verdict import LiveEvidence, live_verdicts
from miniatures.store.store import Store


@dataclass(frozen=True)
class ArmReport:
    """One arm: everybody so far, those whose answer is in, and of these the ones whose email left as it was drafted."""

    arm: str
    share: float
    so_far: ArmCounts
    settled: ArmCounts
    as_drafted: ArmCounts
    waiting: int
    """Emails that are queued."""
    policies: tuple[str, ...]
    """Hashes of the policies that wrote what counts, the one that wrote most first."""
    stopped: AbDecision | None = None

    @property
    def costs(self) -> tuple[CostEach, ...]:
        """Of each thing that is paid for, over everybody so far."""
        return costs(self.so_far)


@dataclass(frozen=True)
class AbReport:
    """A test as of a moment. Without the reference arm, which may have been stopped, there are no verdicts."""

    campaign: str
    test: AbTest
    rule: AbRule
    as_of: datetime
    arms: tuple[ArmReport, ...]
    verdicts: tuple[LiveVerdict, ...]
    hits: tuple[GuardrailHit, ...]
    """What stops which arm that was not stopped yet."""
    decisions: tuple[AbDecision, ...]

    def arm(self, name: str) -> ArmReport:
        """The arm of this name, which there is."""
        return next(one for one in self.arms if one.arm == name)

    @property
    def reference_stopped(self) -> bool:
        return self.arm(self.rule.reference).stopped is not None

    @property
    def kept(self) -> tuple[LiveVerdict, ...]:
        """The last verdict that was decided on of each challenger that has none any more, as one that was stopped."""
        last = {one.verdict.arm: one.verdict for one in self.decisions if one.verdict is not None}
        now = {verdict.arm for verdict in self.verdicts}
        return tuple(verdict for arm, verdict in last.items() if arm not in now)

    def decided(self, verdict: LiveVerdict) -> tuple[AbDecision, ...]:
        """What was decided on verdicts on this challenger, the oldest first."""
        return tuple(one for one in self.decisions if one.verdict is not None and one.verdict.arm == verdict.arm)

    def others(self, verdict: LiveVerdict) -> tuple[Difference, ...]:
        """What the challenger's people did else, beside the reference's: it is told, and decides nothing."""
        ours, theirs = self.arm(verdict.arm).settled, self.arm(verdict.reference).settled
        method = method_for(self.rule.look, self.rule.alpha, self.rule.margin)
        return tuple(
            compared(one, other, method)
            for metric in LiveMetric
            if metric is not self.rule.metric
            for one, other in zip(
                ours.tallies(metric, self.rule.per), theirs.tallies(metric, self.rule.per), strict=True
            )
        )


def ab_report(loaded: LoadedCampaign, store: Store, now: datetime) -> AbReport:
    """The report as of now.

    Raises:
        InputError: the campaign has no arms or no rule, nobody is enrolled yet, or its file says something else of the
            test than was settled.
    """
    test, rule = _settled_before(loaded, store)
    said, decisions = store.mail.people.said(loaded.name), tuple(store.mail.decisions.of(loaded.name))
    by_risk = loaded.campaign.send is not None and loaded.campaign.send.approval.risk is not None
    people = outcomes(store, loaded.name, said.reviews, by_risk=by_risk, approved=said.approved)
    stops = {one.arm: one for one in decisions if one.action is AbAction.STOPPED}
    evidence = live_evidence(people, test, rule, now, reviews=said.reviews, stopped=stops)
    over = settled(people, rule, evidence.shares, now)
    for arm in stops:
        over += settled(people, rule, (arm,), now)
    return AbReport(
        campaign=loaded.name,
        test=test,
        rule=rule,
        as_of=now,
        arms=tuple(
            _arm_report(arm, share, [one for one in people if one.arm == arm], over, evidence, rule, stops.get(arm))
            for arm, share in test.shares.items()
        ),
        verdicts=live_verdicts(evidence, rule) if rule.reference in evidence.shares else (),
        hits=guardrail_hits(evidence.so_far.values(), rule.guardrails, rule.alpha),
        decisions=decisions,
    )


def _settled_before(loaded: LoadedCampaign, store: Store) -> tuple[AbTest, AbRule]:
    test, rule = store.mail.enrolments.test(loaded.name), loaded.campaign.test
    require_as_settled(test, loaded.campaign)
    if not loaded.campaign.arms:
        raise InputError(
            f"the campaign {loaded.name} compares no arms",
            hint="A test is a campaign with `arms` and `test` in its file.",
        )
    if rule is None:
        raise InputError(
            f"the campaign {loaded.name} has no rule by which its arms are compared",
            hint="It is written as `test:` before the first run; `miniatures status` counts the arms without one.",
        )
    if test is None:
        raise InputError(f"nobody is enrolled in the arms of {loaded.name} yet", hint="The first run enrols them.")
    in_the_files_order = {arm: test.shares[arm] for arm in loaded.campaign.arms}
    return test.model_copy(update={"shares": in_the_files_order}), rule


def _arm_report(
    arm: str,
    share: float,
    people: Sequence[PersonOutcome],
    over: Sequence[PersonOutcome],
    evidence: LiveEvidence,
    rule: AbRule,
    stopped: AbDecision | None,
) -> ArmReport:
    """An arm that was stopped is no evidence any more, and its figures are told all the same."""
    answered, within = [one for one in over if one.arm == arm], timedelta(days=rule.answer_days)
    unedited = [one for one in answered if one.sent_at is not None and not one.edited]
    return ArmReport(
        arm=arm,
        share=share,
        so_far=evidence.so_far.get(arm) or arm_counts(arm, people, rule.per),
        settled=evidence.settled.get(arm) or arm_counts(arm, answered, rule.per, within),
        as_drafted=arm_counts(arm, unedited, rule.per, within),
        waiting=sum(one.waiting for one in people),
        policies=_policies(answered),
        stopped=stopped,
    )


def _policies(people: Sequence[PersonOutcome]) -> tuple[str, ...]:
    """By whom the drafts that count were written."""
    by_policy: dict[str, int] = {}
    for one in people:
        if one.drafted:
            by_policy[one.policy] = by_policy.get(one.policy, 0) + 1
    return tuple(sorted(by_policy, key=lambda policy: (-by_policy[policy], policy)))
