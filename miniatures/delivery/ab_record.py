"""The report on the arms as programs read it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from miniatures.datamodel.ab_decision import AbDecision
from miniatures.datamodel.live_verdict import LiveVerdict, Rate
from miniatures.delivery.ab_figures import figures
from miniatures.delivery.ab_report import AbReport, ArmReport
from miniatures.measure.live.counts import ArmCounts
from miniatures.measure.live.words import headline


def report_record(report: AbReport) -> dict[str, Any]:
    """Every figure with its interval, the verdicts with their headlines, and what was decided on which verdict.

    `kept_verdicts` are the last ones of challengers that have none any more, as those that were stopped.
    """
    return {
        "campaign": report.campaign,
        "as_of": report.as_of.isoformat(),
        "started_at": report.test.started_at.isoformat(),
        "rule": report.rule.model_dump(mode="json"),
        "arms": {arm.arm: _arm(arm) for arm in report.arms},
        "verdicts": [_verdict(verdict) for verdict in report.verdicts],
        "kept_verdicts": [_verdict(verdict) for verdict in report.kept],
        "stopped_by": [hit.model_dump(mode="json") for hit in report.hits],
        "decisions": [_decision(decision) for decision in report.decisions],
    }


def _verdict(verdict: LiveVerdict) -> dict[str, Any]:
    """A verdict without its rule, which is the test's and does not change."""
    return {"headline": headline(verdict), **verdict.model_dump(mode="json", exclude={"rule"})}


def _decision(decision: AbDecision) -> dict[str, Any]:
    """A decision with the verdict that it was made on, as it was known then."""
    verdict = None if decision.verdict is None else _verdict(decision.verdict)
    return {**decision.model_dump(mode="json", exclude={"verdict"}), "verdict": verdict}


def _arm(arm: ArmReport) -> dict[str, Any]:
    return {
        "share": arm.share,
        "stopped": arm.stopped is not None,
        "waiting": arm.waiting,
        "policies": list(arm.policies),
        "so_far": _counts(arm.so_far),
        "as_sent": _counts(arm.settled),
        "as_drafted": _counts(arm.as_drafted),
        "costs": [asdict(cost) for cost in arm.costs],
    }


def _counts(counts: ArmCounts) -> dict[str, Any]:
    """The counts, and each as a share with its interval."""
    shares = {figure.name: {"of": figure.of, **_rate(figure.rates[0])} for figure in figures([counts]) if figure.of}
    return {**counts.model_dump(mode="json", exclude={"arm"}), "shares": shares}


def _rate(rate: Rate) -> dict[str, Any]:
    return {**rate.model_dump(mode="json"), "share": rate.share}
