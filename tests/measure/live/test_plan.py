"""What a list can show is said before anything is spent, and so is that only readings can."""

from __future__ import annotations

import pytest

from miniatures.datamodel.verdict import LiveMetric, Look, VerdictRule
from miniatures.measure.live.plan import ArmPlan, plan_test


def plan(people: int, rate: float, margin: float, **changed: object) -> ArmPlan:
    rule = VerdictRule.model_validate({"metric": LiveMetric.REPLIED, "margin": margin, "look": Look.ONCE, **changed})
    return plan_test(rule, {"teacher": people, "miniature": people}, "teacher", rate)[0]


def test_a_long_list_can_decide():
    found = plan(2_000, 0.05, 0.02)
    assert found.outcomes_can_decide
    assert (found.arm, found.reference, found.people_needed, found.reference_needed) == (
        "miniature",
        "teacher",
        1_500,
        1_500,
    )
    assert found.lines == (
        "miniature beside teacher: 2,000 and 2,000 people, of whom 5.0 % are expected to count as replied; one look.",
        "To show no loss of 2.0 points takes 1,500 and 1,500; this list shows it with a chance of 89.1 %, if both are "
        "equally good.",
        "The smallest margin that this list can show, with a chance of 80.0 %, is 1.7 points.",
        "The smallest loss that it can show to be one, with a chance of 80.0 %, is 1.6 points.",
    )


def test_a_short_list_cannot_and_says_what_can():
    found = plan(200, 0.05, 0.02)
    assert not found.outcomes_can_decide
    assert found.lines[-1].startswith("What people do cannot decide this on this list. Only blind readings can: ")
    assert found.readings_needed == pytest.approx(646, abs=2)


def test_a_margin_as_large_as_the_rate_is_no_margin():
    found = plan(2_000, 0.005, 0.01)
    assert found.power > 0.9
    assert not found.outcomes_can_decide
    assert any("an arm that nobody ever answers would be no worse" in line for line in found.lines)


def test_daily_looks_several_challengers_and_shared_companies_take_more():
    once = plan(2_000, 0.05, 0.02)
    assert plan(2_000, 0.05, 0.02, look=Look.DAILY).power < once.power
    people = {"teacher": 2_000, "miniature": 2_000, "other": 500}
    several = plan_test(once.rule, people, "teacher", 0.05)
    assert [one.arm for one in several] == ["miniature", "other"]
    assert several[1].power < several[0].power < once.power
    (alike,) = plan_test(once.rule, {"teacher": 2_000, "miniature": 2_000}, "teacher", 0.05, people_a_company=2.0)
    assert alike.people_needed == 2 * (once.people_needed or 0)
    assert alike.power == pytest.approx(plan(1_000, 0.05, 0.02).power)
