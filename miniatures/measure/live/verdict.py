"""The verdict on each challenger: no worse than the reference arm, worse, or not yet known.

Both arms have to have enough people, the arms their shares, and of opens and clicks every way of counting has to say
the same.
Each kind of wrong word has a chance of at most `alpha` over all challengers together (Holm 1979), and with daily
looks over all days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from miniatures.datamodel.live_verdict import Difference, LiveVerdict, RatioAlarm, VerdictWord
from miniatures.datamodel.verdict import Look, RateBase, VerdictRule
from miniatures.measure.live.compare import compared, p_no_worse, word_for
from miniatures.measure.live.counts import ArmCounts
from miniatures.measure.live.guardrails import guardrail_hits
from miniatures.measure.live.method import method_for
from miniatures.measure.live.missing import Pair, people_missing
from miniatures.measure.live.readers import ReadingCounts, readers_verdicts
from miniatures.measure.live.sample_ratio import ratio_alarms
from miniatures.measure.live.sizes import Aim
from miniatures.measure.live.words import evidence_lines
from miniatures.measure.non_inferiority import holm


@dataclass(frozen=True)
class LiveEvidence:
    """All that a verdict rests on.

    `settled` counts people whose email was sent at least `answer_days` ago, with what they did in those days: counts
    that still grow hide a part of every loss. With `look: once` they are kept as they were on the first day on which
    every arm had `min_per_arm` people, so that looking again shows the same. `so_far` counts everybody, for shares and
    guardrails. `shares` are those of the campaign file and did not change; an arm that was stopped is left out, and the
    shares of the others are raised to add up to 1. `gateways` has the companies behind each mail gateway, by arm, of
    those whom the rate is of.
    """

    reference: str
    shares: Mapping[str, float]
    settled: Mapping[str, ArmCounts]
    so_far: Mapping[str, ArmCounts]
    gateways: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    readings: Sequence[ReadingCounts] = ()

    @property
    def challengers(self) -> tuple[str, ...]:
        """Every arm but the reference, as the campaign file has them."""
        return tuple(arm for arm in self.shares if arm != self.reference)


@dataclass(frozen=True)
class _Compared:
    """One challenger's counts beside the reference's.

    `fewest` are the people of the smaller arm, and a word is `due` if they are as many as any word takes.
    """

    pairs: tuple[Pair, ...]
    outcomes: tuple[Difference, ...]
    fewest: int
    due: bool

    def p_no_worse(self, margin: float) -> float:
        """The largest over all ways of counting: what is said has to hold by each."""
        return max(p_no_worse(one, margin) for one in self.outcomes) if self.due else 1.0

    @property
    def p_worse(self) -> float:
        return max(one.p_worse for one in self.outcomes) if self.due else 1.0


def live_verdicts(evidence: LiveEvidence, rule: VerdictRule) -> tuple[LiveVerdict, ...]:
    """The verdict on each challenger, in the campaign file's order."""
    beside = {arm: _compared(evidence, arm, rule) for arm in evidence.challengers}
    no_worse = holm([one.p_no_worse(rule.margin) for one in beside.values()])
    worse = holm([one.p_worse for one in beside.values()])
    withheld = _alarms(evidence, rule)
    stopped = guardrail_hits(evidence.so_far.values(), rule.guardrails, rule.alpha)
    readers = readers_verdicts(evidence.readings, evidence.reference, evidence.challengers, rule)
    found = []
    for (arm, one), adjusted_no_worse, adjusted_worse in zip(beside.items(), no_worse, worse, strict=True):
        said = word_for(adjusted_no_worse, adjusted_worse, rule.alpha)
        open_still = not withheld and said is VerdictWord.NOT_YET_KNOWN
        verdict = LiveVerdict(
            arm=arm,
            reference=evidence.reference,
            rule=rule,
            word=VerdictWord.NOT_YET_KNOWN if withheld else said,
            p_no_worse=adjusted_no_worse,
            p_worse=adjusted_worse,
            more=_more(one, rule, len(beside)) if open_still else None,
            outcomes=one.outcomes,
            withheld=withheld,
            stopped=tuple(hit for hit in stopped if hit.arm in (arm, evidence.reference)),
            readers=readers.get(arm),
        )
        found.append(verdict.model_copy(update={"lines": evidence_lines(verdict, evidence.settled)}))
    return tuple(found)


def _compared(evidence: LiveEvidence, arm: str, rule: VerdictRule) -> _Compared:
    ours = evidence.settled[arm].tallies(rule.metric, rule.per)
    theirs = evidence.settled[evidence.reference].tallies(rule.metric, rule.per)
    method, fewest = method_for(rule.look, rule.alpha, rule.margin), min(ours[0].base, theirs[0].base)
    return _Compared(
        pairs=tuple(Pair(one, other, ours[0].base) for one, other in zip(ours, theirs, strict=True)),
        outcomes=tuple(compared(one, other, method) for one, other in zip(ours, theirs, strict=True)),
        fewest=fewest,
        due=fewest >= rule.min_per_arm,
    )


def _more(one: _Compared, rule: VerdictRule, challengers: int) -> int | None:
    """None where the one look is over, where the margin is so wide that no number of people would do, or where an arm
    has nobody yet: that is to be planned, not read from what was seen."""
    if one.fewest == 0:
        return None
    if one.due and not all(outcome.margin_counts(rule.margin) for outcome in one.outcomes):
        return None
    match rule.look:
        case Look.ONCE:
            return None if one.due else rule.min_per_arm - one.fewest
        case Look.DAILY:
            aim = Aim(rule.margin, rule.alpha / challengers, rule.power, rule.look)
            return people_missing(one.pairs, aim, rule.min_per_arm)
        case _:
            assert_never(rule.look)


def _alarms(evidence: LiveEvidence, rule: VerdictRule) -> tuple[RatioAlarm, ...]:
    """Whether companies were assigned by the shares; where rates are of the reached, whether those still have them."""
    places = {"enrolled": {arm: counts.companies for arm, counts in evidence.so_far.items()}}
    if rule.per is RateBase.DELIVERED:
        places["reached"] = {arm: counts.companies_reached for arm, counts in evidence.so_far.items()}
    return ratio_alarms({**places, **evidence.gateways}, evidence.shares)
