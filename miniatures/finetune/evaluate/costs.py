"""What answers took: tokens, wall time and money. What is not known stays unknown.

Wall time is the time in which at least one answer was under way. It is added up from the answers themselves, so an
evaluation that was interrupted for a night costs no night.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import quantiles

from miniatures.datamodel.backend import Usage
from miniatures.datamodel.evaluation import Costs
from miniatures.datamodel.trace import Trace

_SECONDS_AN_HOUR = 3600


def costs_of(answers: Sequence[Trace], cases: int, machine_usd_per_hour: float | None) -> Costs:
    """The costs of these answers; in USD as the provider states them, else by the machine's price."""
    seconds = busy_seconds([_span(answer) for answer in answers])
    latencies = sorted(answer.total_ms / 1000 for answer in answers)
    return Costs(
        cases=cases,
        answers=len(answers),
        usage=sum((answer.bill.usage for answer in answers), Usage()),
        seconds=seconds,
        latency_p50=_quantile(latencies, 50),
        latency_p95=_quantile(latencies, 95),
        usd=_usd(answers, seconds, machine_usd_per_hour),
    )


def busy_seconds(spans: Sequence[tuple[float, float]]) -> float:
    """Length of the union of all spans, each from its start to its end in seconds."""
    total, until = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, until))
        until = max(until, end)
    return total


def usd_per_accepted(phases: Sequence[Costs], accepted: int) -> float | None:
    """USD of one email that passed; null where a cost is not known or nothing passed."""
    known = [phase.usd for phase in phases if phase.usd is not None]
    return sum(known) / accepted if accepted and len(known) == len(phases) else None


def _span(answer: Trace) -> tuple[float, float]:
    start = answer.started_at.timestamp()
    return start, start + answer.total_ms / 1000


def _usd(answers: Sequence[Trace], seconds: float, machine_usd_per_hour: float | None) -> float | None:
    stated = [answer.bill.cost_usd for answer in answers if answer.bill.cost_usd is not None]
    if len(stated) == len(answers):
        return sum(stated)
    return None if machine_usd_per_hour is None or stated else machine_usd_per_hour * seconds / _SECONDS_AN_HOUR


def _quantile(ordered: Sequence[float], percent: int) -> float | None:
    if len(ordered) < 2:
        return ordered[0] if ordered else None
    return quantiles(ordered, n=100, method="inclusive")[percent - 1]
