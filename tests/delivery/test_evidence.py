"""What a verdict rests on: the arms that go on, each gateway's companies, and a reader's last word on each draft."""

from __future__ import annotations

from datetime import timedelta

import pytest

from miniatures.datamodel.arms import AbRule, AbTest
from miniatures.datamodel.review import Reading, ReadingVerdict, Review, ReviewAction
from miniatures.datamodel.verdict import RateBase
from miniatures.delivery.evidence import live_evidence, reading_counts, shares_left
from miniatures.delivery.outcomes import PersonOutcome
from miniatures.measure.live.verdict import live_verdicts
from miniatures.measure.live.words import evidence_lines
from tests.delivery.ab_campaign import NOW, RULE, SENT

TEST = AbTest(campaign="autumn", salt="s", shares={"teacher": 0.5, "student": 0.3, "small": 0.2}, started_at=SENT)


def rule(**changed: object) -> AbRule:
    return AbRule.model_validate({**RULE, **changed})


def person(number: int, arm: str, **fields: object) -> PersonOutcome:
    plain = {"prospect": f"p{number}", "company": f"company {number}", "arm": arm, "position": number, "sent_at": SENT}
    return PersonOutcome(**{**plain, **fields})  # type: ignore[arg-type]


def read(number: int, reader: str, verdict: ReadingVerdict, minute: int = 0, **fields: object) -> Review:
    said = {
        "reviewer": reader,
        "prospect": f"p{number}",
        "draft": f"draft {number}",
        "trace": "t",
        "action": ReviewAction.READ,
        "answer": {},
        "reading": Reading(verdict=verdict),
        "created_at": SENT + timedelta(minutes=minute),
    }
    return Review.model_validate({**said, **fields})


def test_the_shares_of_the_arms_that_go_on_add_up_to_one() -> None:
    assert shares_left(TEST, ()) == TEST.shares
    assert shares_left(TEST, ["small"]) == pytest.approx({"teacher": 0.625, "student": 0.375})
    assert shares_left(TEST, TEST.shares) == {}


def test_an_arm_that_was_stopped_is_no_evidence() -> None:
    people = [person(1, "teacher"), person(2, "small", provider="mail.example"), person(3, "elsewhere")]
    found = live_evidence(people, TEST, rule(), NOW, stopped=["small"])
    assert list(found.so_far) == list(found.settled) == ["teacher", "student"]
    assert found.gateways == {} and found.challengers == ("student",)


def test_gateways_have_the_companies_of_those_whom_the_rate_is_of() -> None:
    people = [
        person(1, "teacher", provider="big.example", gateway="g.example"),
        person(2, "teacher", provider="big.example", company="company 1"),
        person(3, "student", provider="big.example", gateway="g.example"),
        person(4, "student", provider="big.example", gateway="g.example", sent_at=None),
        person(5, "student", provider="", gateway="unknown"),
    ]
    delivered = live_evidence(people, TEST, rule(), NOW)
    enrolled = live_evidence(people, TEST, rule(per=RateBase.ENROLLED), NOW)
    assert delivered.gateways == {"big.example": {"teacher": 1, "student": 1}}
    assert enrolled.gateways == {"g.example": {"teacher": 1, "student": 2}}


def test_an_arm_that_lacks_its_share_behind_one_gateway_rings() -> None:
    """As many companies in each arm over all, so that nothing but the gateway shows it."""
    test = AbTest(campaign="autumn", salt="s", shares={"teacher": 0.5, "student": 0.5}, started_at=SENT)
    ruled = rule(per=RateBase.ENROLLED)
    behind = {"teacher": ["filter.example"] * 40 + ["post.example"] * 10, "student": ["post.example"] * 50}
    people = [
        person(number, arm, gateway=gateway, sent_at=None)
        for arm, gateways in behind.items()
        for number, gateway in enumerate(gateways, 100 * (arm == "student"))
    ]
    evidence = live_evidence(people, test, ruled, NOW)
    [verdict] = live_verdicts(evidence, ruled)
    assert {alarm.where for alarm in verdict.withheld} == {"filter.example", "post.example"}
    assert "the companies whose mail filter.example takes are not shared out as planned" in " ".join(
        evidence_lines(verdict, evidence.settled)
    )


def test_of_several_readers_the_strictest_counts_and_of_each_the_last_word() -> None:
    send, edit, reject = ReadingVerdict.SEND, ReadingVerdict.EDIT, ReadingVerdict.REJECT
    reviews = [
        read(1, "ada", reject),
        read(1, "ada", send, minute=5),
        read(2, "ada", send),
        read(2, "bo", edit),
        read(3, "ada", reject),
        read(3, "ada", reject, draft="follow-up", step=1),
        read(4, "ada", send, prospect="nobody"),
    ]
    people = [person(1, "teacher"), person(2, "teacher", company="company 1"), person(3, "student")]
    teacher, student = reading_counts(reviews, people, TEST.shares)
    assert (teacher.arm, teacher.send, teacher.edit, teacher.reject, teacher.companies) == ("teacher", 1, 1, 0, 1)
    assert (student.arm, student.send, student.edit, student.reject) == ("student", 0, 0, 1)
