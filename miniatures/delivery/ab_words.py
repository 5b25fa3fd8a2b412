"""What stands above the figures of a test, in sentences: the same in the terminal and on the page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from miniatures.datamodel.ab_decision import AbAction, AbDecision
from miniatures.datamodel.live_verdict import Difference, GuardrailHit, LiveVerdict, VerdictWord
from miniatures.datamodel.verdict import LiveMetric, Look, RateBase, VerdictRule
from miniatures.measure.live.words import headline, percent, points

_COUNTED = {
    LiveMetric.POSITIVE: "positive replies",
    LiveMetric.REPLIED: "replies",
    LiveMetric.CLICKED: "clicks",
    LiveMetric.OPENED: "openings",
}


def rule_sentence(rule: VerdictRule) -> str:
    """What was settled before the start."""
    base = "of all who are enrolled" if rule.per is RateBase.ENROLLED else "of those whom an email reached"
    looks = "as often as one likes" if rule.look is Look.DAILY else "once, at the size that was fixed"
    return (
        f"Settled before the start: {_COUNTED[rule.metric]} decide, {base}; a loss of less than {points(rule.margin)} "
        f"is no worse; one may look {looks}; an email counts {_days(rule)} after it was sent."
    )


def settled_title(rule: VerdictRule) -> str:
    """Above what the verdict rests on."""
    return f"What the verdict rests on, as sent: emails of at least {_days(rule)} ago"


def _days(rule: VerdictRule) -> str:
    return f"{rule.answer_days:,} day{'' if rule.answer_days == 1 else 's'}"


def verdict_words(verdict: LiveVerdict) -> str:
    """The headline as a line of its own; an arm's name is left as it is written."""
    said = headline(verdict)
    return said if said.startswith(verdict.arm) else said[:1].upper() + said[1:]


def how_sure(verdict: LiveVerdict) -> str:
    """How sure the word is, or what stands in the way of one."""
    rule = verdict.rule
    looks = "however often one looks" if rule.look is Look.DAILY else "if one looks once"
    match verdict.word:
        case VerdictWord.NO_WORSE | VerdictWord.WORSE:
            return f"A word like this is wrong in at most {percent(rule.alpha)} of tests, {looks}."
        case VerdictWord.NOT_YET_KNOWN if verdict.withheld:
            return "No word is given while the arms do not have the shares that they were given."
        case VerdictWord.NOT_YET_KNOWN if any(one.difference is None for one in verdict.outcomes):
            return "Nobody in one of the arms can be counted yet. `miniatures plan-test` says how many people it takes."
        case VerdictWord.NOT_YET_KNOWN if verdict.more is None and rule.look is Look.ONCE:
            return "The one look is over and did not tell, or no number of people would by this margin."
        case VerdictWord.NOT_YET_KNOWN if verdict.more is None:
            return "No number of people would tell by this margin."
        case VerdictWord.NOT_YET_KNOWN:
            return (
                f"It takes about {verdict.more:,} more people of each arm to show it with a chance of "
                f"{percent(rule.power)}, if both are equally good."
            )


def decided_words(one: AbDecision) -> str:
    """When something was decided on a verdict, and what."""
    return f"Decided on {one.decided_at:%Y-%m-%d} by {one.decided_by}: {_done(one)}."


def _done(one: AbDecision) -> str:
    match one.action:
        case AbAction.PROMOTED:
            return f"{one.miniature} went live"
        case AbAction.ROLLED_BACK:
            return f"{one.miniature} was rolled back"
        case AbAction.STOPPED:
            return f"the arm {one.arm} was stopped"
        case AbAction.NOTED:
            return "the verdict was kept, and nothing changed"
        case _:
            assert_never(one.action)


def hits_words(hits: Iterable[GuardrailHit]) -> str:
    """Such as `bounced 12 of 60, surely above 8.1 %, where at most 5.0 % is allowed`; several in a row."""
    return "; ".join(
        f"{hit.guardrail} {hit.rate.count:,} of {hit.rate.base:,}, surely above {percent(hit.low)}, where at most "
        f"{percent(hit.limit)} is allowed"
        for hit in hits
    )


def stop_words(one: AbDecision) -> str:
    """What stops an arm, and what that leads to."""
    waited = {0: "No email waited in it", 1: "The one email that waited in it is cancelled"}
    rest = waited.get(one.cancelled, f"The {one.cancelled:,} emails that waited in it are cancelled")
    return f"{hits_words(one.hits)}. {rest}; the other arms go on."


def stopped_words(one: AbDecision) -> str:
    """What is said of it later, to stand within a sentence."""
    return f"the arm {one.arm} on {one.decided_at:%Y-%m-%d}, {hits_words(one.hits)}"


def counted_words(one: Difference) -> str:
    """What was counted, as the head of a row."""
    return one.counted[:1].upper() + one.counted[1:]
