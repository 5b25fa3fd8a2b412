"""Counts are of people, within the time that everybody has, and know how alike the people of one company are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from miniatures.datamodel.verdict import Guardrail, LiveMetric, RateBase
from miniatures.delivery.arm_counts import arm_counts
from miniatures.delivery.outcomes import PersonOutcome
from miniatures.delivery.reactions import Reactions
from tests.delivery.ab_campaign import SENT

DAY = timedelta(days=1)


def sent(number: int, company: int | None = None, **did: int) -> PersonOutcome:
    """Somebody who was sent an email; what they did, so many days later."""
    moments = {f"{name}_at": SENT + days * DAY for name, days in did.items()}
    return PersonOutcome(
        prospect=str(number),
        company=f"company {number if company is None else company}",
        drafted=True,
        approved=True,
        sent_at=SENT,
        did=Reactions(**moments),
    )


def test_what_comes_late_does_not_count_and_neither_does_a_late_bounce() -> None:
    people = [sent(1, replied=3), sent(2, replied=15), sent(3, bounced=2), sent(4, bounced=16)]
    within = arm_counts("student", people, RateBase.DELIVERED, 14 * DAY)
    ever = arm_counts("student", people, RateBase.DELIVERED)
    assert (within.sent, within.delivered, within.bounced, within.replied) == (4, 3, 1, 1)
    assert (ever.sent, ever.delivered, ever.bounced, ever.replied) == (4, 2, 2, 2)


def test_clicks_that_nobody_can_tell_are_counted_at_most_within_the_same_time() -> None:
    surely, perhaps, late = sent(1, clicked=3, perhaps_clicked=2), sent(2, perhaps_clicked=14), sent(3, clicked=16)
    people = [surely, perhaps, replace(late, did=replace(late.did, perhaps_clicked_at=late.did.clicked_at)), sent(4)]
    within = arm_counts("student", people, RateBase.DELIVERED, 14 * DAY)
    ever = arm_counts("student", people, RateBase.DELIVERED)
    assert (within.clicked, within.clicked_high) == (1, 2)
    assert (ever.clicked, ever.clicked_high) == (2, 3)


def test_people_of_one_company_who_answer_alike_count_as_one() -> None:
    alike = [sent(number, number // 4, **({"replied": 1} if number < 40 else {})) for number in range(200)]
    alone = [sent(number, **({"replied": 1} if number < 40 else {})) for number in range(200)]
    effect = arm_counts("student", alike, RateBase.DELIVERED).design_effects[LiveMetric.REPLIED]
    assert effect == pytest.approx(4.0, rel=0.1)
    assert arm_counts("student", alone, RateBase.DELIVERED).design_effects[LiveMetric.REPLIED] == pytest.approx(
        1.0, rel=0.05
    )


def test_likeness_is_measured_among_those_whom_the_rate_is_of() -> None:
    reached = [sent(number, number // 4, **({"bounced": 1} if number < 40 else {})) for number in range(200)]
    unsent = [PersonOutcome(prospect=f"u{number}", company=f"company {number // 4}") for number in range(200)]
    counts = arm_counts("student", reached + unsent, RateBase.ENROLLED)
    assert counts.enrolled == 400 and counts.companies == 50 and counts.companies_reached == 40
    assert counts.design_effects[Guardrail.BOUNCED] == pytest.approx(4.0, rel=0.1), "among the sent, not the delivered"
    assert counts.design_effects[LiveMetric.REPLIED] == 8.0, "nobody replied, so the worst there may be"


def test_an_arm_without_people_has_nothing() -> None:
    counts = arm_counts("student", [], RateBase.DELIVERED)
    assert (counts.enrolled, counts.cost_usd, counts.design_effects) == (0, 0, {})
