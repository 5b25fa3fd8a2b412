"""The evidence for a verdict as sentences that a person can read, the same in the terminal and on every page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import assert_never

from miniatures.datamodel.live_verdict import Difference, GuardrailHit, LiveVerdict, Rate, RatioAlarm, VerdictWord
from miniatures.datamodel.verdict import Look, VerdictRule
from miniatures.measure.live.counts import ArmCounts


def headline(verdict: LiveVerdict) -> str:
    """Such as `miniature is no worse than teacher`."""
    more = "" if verdict.more is None else f": {verdict.more:,} more people of each arm needed"
    return f"{_said(verdict.word, verdict)}{more}"


def _said(word: VerdictWord, of: LiveVerdict) -> str:
    match word:
        case VerdictWord.NO_WORSE:
            return f"{of.arm} is no worse than {of.reference}"
        case VerdictWord.WORSE:
            return f"{of.arm} is worse than {of.reference}"
        case VerdictWord.NOT_YET_KNOWN:
            return f"not yet known whether {of.arm} is no worse than {of.reference}"
        case _:
            assert_never(word)


def evidence_lines(verdict: LiveVerdict, settled: Mapping[str, ArmCounts]) -> tuple[str, ...]:
    """What speaks against trusting the counts, what was counted, and what it says."""
    return (
        *(_alarm(alarm) for alarm in verdict.withheld),
        *(_hit(hit) for hit in verdict.stopped),
        *(line for one in verdict.outcomes for line in _difference(one, verdict)),
        _rule(verdict),
        *_edits(verdict, settled),
        *_readers(verdict),
    )


def _alarm(alarm: RatioAlarm) -> str:
    counts = ", ".join(f"{arm} {companies:,}" for arm, companies in alarm.companies.items())
    cure = "find what keeps companies out of one arm before any rate is believed"
    if alarm.where == "reached":
        cure = "one arm leaves more prospects without an email, so only rates per enrolled can be compared"
    where = alarm.where if alarm.where in ("enrolled", "reached") else f"whose mail {alarm.where} takes"
    told = f"the companies {where} are not shared out as planned ({counts}; p {_p(alarm.p_value)})"
    return f"No verdict: {told}; {cure}."


def _hit(hit: GuardrailHit) -> str:
    return (
        f"Stop {hit.arm}: {hit.guardrail} {_rate(hit.rate)}, surely above {percent(hit.low)}, where at most "
        f"{percent(hit.limit)} is allowed."
    )


def _difference(one: Difference, verdict: LiveVerdict) -> Iterator[str]:
    counted, rule = one.counted[:1].upper() + one.counted[1:], verdict.rule
    yield f"{counted}: {verdict.arm} {_rate(one.ours)}, {verdict.reference} {_rate(one.theirs)}."
    if one.difference is None:
        return
    yield (
        f"That is {_signed(one.difference)}, surely between {_signed(one.low)} and {_signed(one.high)}: each end is "
        f"wrong with a chance of {percent(rule.alpha)} at most, {_looks(rule)}."
    )
    if not one.margin_counts(rule.margin):
        yield (
            f"That rate of {verdict.reference} is not above the margin, {points(rule.margin)}: an arm that nobody ever "
            "answers would be no worse, so that word is not given."
        )


def _looks(rule: VerdictRule) -> str:
    return "however often one looks" if rule.look is Look.DAILY else "if one looks once, at the planned size"


def _rule(verdict: LiveVerdict) -> str:
    rule = verdict.rule
    return (
        f"The rule: {rule.metric}, per {rule.per}; a loss of less than {points(rule.margin)} is no worse. Adjusted p: "
        f"no worse {_p(verdict.p_no_worse)}, worse {_p(verdict.p_worse)}."
    )


def _edits(verdict: LiveVerdict, settled: Mapping[str, ArmCounts]) -> Iterator[str]:
    """People answer the text that was sent; where a person changed it, the arm has not earned all of the answer."""
    edited = {arm: settled[arm] for arm in (verdict.arm, verdict.reference) if settled[arm].edited}
    if edited:
        told = ", ".join(f"{arm} {one.edited:,} of {one.approved:,}" for arm, one in edited.items())
        yield f"People answered what was sent, not what was drafted; edited before: {told}."


def _readers(verdict: LiveVerdict) -> Iterator[str]:
    if verdict.readers is None:
        return
    readers, one = verdict.readers, verdict.readers.difference
    more = "" if readers.more is None else f", {readers.more:,} more readings of each arm needed"
    counted = one.counted[:1].upper() + one.counted[1:]
    yield (
        f"Evidence by readers, not by outcomes: {_said(readers.word, verdict)}{more}. {counted}: {verdict.arm} "
        f"{_rate(one.ours)}, {verdict.reference} {_rate(one.theirs)}; a loss of less than "
        f"{points(verdict.rule.readings_margin)} is no worse."
    )


def _rate(rate: Rate) -> str:
    if rate.share is None:
        return "nobody yet"
    return f"{rate.count:,} of {rate.base:,} ({percent(rate.share)}; 95 %: {percent(rate.low)} to {percent(rate.high)})"


def percent(share: float) -> str:
    """Such as `5.1 %`, or `0.25 %`."""
    return f"{_hundredfold(share)} %"


def points(share: float) -> str:
    """A difference of shares, such as `2.0 points`, or `0.25 points`."""
    return f"{_hundredfold(share)} points"


def _hundredfold(share: float) -> str:
    return f"{100 * share:.1f}" if share >= 0.01 or share == 0 else f"{100 * share:.2g}"


def _signed(difference: float) -> str:
    return f"{100 * difference:+.2f} points"


def _p(p_value: float) -> str:
    return "below 0.001" if p_value < 0.001 else f"{p_value:.3f}"
