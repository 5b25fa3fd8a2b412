"""A bound holds its promise: tested by exact counts, and by drawing worlds in which the truth is known."""

from __future__ import annotations

import random

import pytest

from miniatures.checks import CheckCase, run_checks
from miniatures.checks.risk import fewest, least_risk, risk_bound
from miniatures.datamodel.check import CheckName, Outcome
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.miniature import SureReading
from tests.checks.cases import BODY, BRIEF, PROSPECT, SUBJECT, evidence


def readings(*outcomes: tuple[float, bool]) -> list[SureReading]:
    return [SureReading(sure=sure, false=false) for sure, false in outcomes]


def test_it_takes_fifty_nine_readings_without_a_fault_to_show_five_percent() -> None:
    assert (fewest(0.05), fewest(0.1)) == (59, 29)
    good = readings(*((1 - number / 1000, False) for number in range(59)))
    assert risk_bound(good[:-1], 0.05) is None
    bound = risk_bound(good, 0.05)
    assert bound is not None
    assert (bound.above, bound.false, bound.bound) == (59, 0, 1 - 58 / 1000)
    assert least_risk(good[:29]) == 0.1
    assert least_risk([]) is None


def test_the_bound_goes_as_low_as_the_faults_allow() -> None:
    mixed = readings(*((0.9, False) for _ in range(40)), *((0.5, False) for _ in range(40)), *((0.1, True),) * 40)
    bound = risk_bound(mixed, 0.1)
    assert bound is not None
    assert (bound.bound, bound.above, bound.false, bound.readings) == (0.5, 80, 0, 120)


def test_ties_are_above_the_bound_together() -> None:
    tied = readings(*((0.9, False) for _ in range(29)), *((0.9, True) for _ in range(20)))
    assert risk_bound(tied, 0.1) is None


def test_the_promise_is_broken_in_no_more_worlds_than_one_in_twenty() -> None:
    """Faults grow where it is less sure; the risk above a bound is known in each world."""
    chance, risk, broken, worlds = random.Random(3), 0.2, 0, 400
    for _ in range(worlds):
        sure = [chance.random() for _ in range(150)]
        bound = risk_bound(readings(*((one, chance.random() < 1 - one) for one in sure)), risk)
        # Uniform sureness and faults of probability 1 - sure: above a bound, the risk is (1 - bound) / 2.
        broken += bound is not None and (1 - bound.bound) / 2 > risk
    assert broken <= 0.05 * worlds + 10


@pytest.mark.parametrize(
    ("sure", "bound", "outcome"),
    [
        (0.6, 0.5, Outcome.PASS),
        (0.4, 0.5, Outcome.FAIL),
        (None, 0.5, Outcome.NOT_RUN),
        (None, None, Outcome.PASS),
    ],
)
def test_a_draft_that_rests_on_what_is_not_sure_enough_is_for_a_person(
    sure: float | None, bound: float | None, outcome: Outcome
) -> None:
    fact = evidence().model_copy(update={"sure": sure})
    report = run_checks(EmailText(subject=SUBJECT, body=BODY), CheckCase(PROSPECT, BRIEF, (fact,), sure_bound=bound))
    (found,) = (one for one in report.results if one.name is CheckName.SURENESS)
    assert found.outcome is outcome
    if outcome is Outcome.FAIL:
        assert found.reason == "the reason to write is 0.40 sure, and the stated risk asks for 0.50"
