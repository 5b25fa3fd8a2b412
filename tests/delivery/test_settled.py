"""A verdict rests on people whose answer is in, and on the same ones however often one looks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from miniatures.datamodel.arms import AbRule
from miniatures.datamodel.verdict import Look, RateBase
from miniatures.delivery.outcomes import PersonOutcome
from miniatures.delivery.reactions import Reactions
from miniatures.delivery.settled import settled
from tests.delivery.ab_campaign import NOW, RULE

DAY = timedelta(days=1)
ARMS = ("student", "teacher")


def rule(**changed: object) -> AbRule:
    return AbRule.model_validate({**RULE, "answer_days": 14, "min_per_arm": 20, **changed})


def person(number: int, days_ago: float | None = 20, **fields: object) -> PersonOutcome:
    """The people are in the arms by turns; those without a day were sent nothing."""
    sent_at = None if days_ago is None else NOW - days_ago * DAY
    plain = PersonOutcome(
        prospect=f"{number:04}",
        company=f"company {number}",
        arm=ARMS[number % 2],
        position=number,
        drafted=True,
        sent_at=sent_at,
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


def numbers(people: list[PersonOutcome]) -> list[int]:
    return [one.position for one in people]


def test_an_email_counts_from_the_day_on_which_its_time_is_over() -> None:
    people = [person(0, 13.9), person(1, 14), person(2, None), person(3, 30)]
    assert numbers(settled(people, rule(), ARMS, NOW)) == [3, 1]


def test_of_all_who_are_enrolled_the_list_is_followed_to_the_first_who_is_open() -> None:
    left_out = person(1, None, left_out=True)
    people = [person(4, 20), person(3, 2), person(2, 20), left_out, person(0, 20)]
    by_enrolled = rule(per=RateBase.ENROLLED)
    assert numbers(settled(people, by_enrolled, ARMS, NOW)) == [0, 1, 2]
    assert numbers(settled(people, by_enrolled, ARMS, NOW + 12 * DAY)) == [0, 1, 2, 3, 4]


def test_one_look_is_taken_when_every_arm_has_its_size_and_shows_the_same_later() -> None:
    once = rule(look=Look.ONCE)
    bounced = Reactions(bounced_at=NOW - 29 * DAY)
    people = [person(0, 30, did=bounced), *(person(number, 30 - number / 10) for number in range(1, 60))]
    first = settled(people, once, ARMS, NOW)
    assert numbers(first) == list(range(41)), "20 of each arm whom an email reached: the first came back"
    assert settled([*people, *(person(number, 5) for number in range(60, 90))], once, ARMS, NOW + 30 * DAY) == first


def test_one_look_has_all_that_there_are_while_an_arm_has_too_few() -> None:
    people = [person(number) for number in range(0, 60, 2)]
    assert len(settled(people, rule(look=Look.ONCE), ARMS, NOW)) == 30


def test_an_arm_that_was_stopped_is_left_out() -> None:
    people = [person(number) for number in range(6)]
    assert {one.arm for one in settled(people, rule(), ("teacher",), NOW)} == {"teacher"}
