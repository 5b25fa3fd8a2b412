"""Grades become questions to an assessor; those that name what is not there are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures.agents.reason import angle_text, claim_text, signal_text
from miniatures.agents.roles.assessor import Assessment
from miniatures.datamodel.errors import InputError
from miniatures.finetune.arena.folder import read_hand
from miniatures.finetune.arena.grades import AuthoredGrade, grade_examples, graded_fits, is_grades, read_grades
from miniatures.finetune.arena.offers import read_offers

ARENA = Path("examples/arena")
HANDS = [read_hand(ARENA / "garnet")]
COMPANY = next(iter(HANDS[0].companies.values()))
WHO = f"{COMPANY.contacts[0].first_name} {COMPANY.contacts[0].last_name}"
LABEL = next(label for label in COMPANY.labels if label.worth)
SLUG = next(iter(HANDS[0].briefs))


def grade(**changes: object) -> AuthoredGrade:
    said = {"offer": f"garnet/{SLUG}", "company": COMPANY.domain, "reader": WHO, "quote": LABEL.quote}
    return AuthoredGrade.model_validate({**said, "reason": "good", "signal": 1, "angles": [2], **changes})


def test_a_grade_is_a_question_with_its_answer() -> None:
    (example,) = grade_examples([grade()], HANDS, {}, seed=1)
    assert Assessment.model_validate(example.answer) == Assessment(signal=1, reason="good")
    assert (example.role, example.variables["title"]) == ("assessor", COMPANY.contacts[0].title)
    assert example.variables["news"] == LABEL.quote


def test_of_poor_reasons_a_share_is_drawn() -> None:
    drawn = [*grade_examples([grade(reason="poor", signal=0, angles=[])] * 200, HANDS, {}, seed=1)]
    assert 80 < len(drawn) < 140


def test_what_is_about_companies_or_offers_of_others_is_left_out() -> None:
    assert not [*grade_examples([grade(company="other.example"), grade(offer="offers/none")], HANDS, {}, seed=1)]


@pytest.mark.parametrize("wrong", [{"reader": "Nobody Atall"}, {"quote": "They never said so."}, {"signal": 40}])
def test_what_is_not_there_is_named(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match=COMPANY.domain):
        [*grade_examples([grade(**wrong)], HANDS, {}, seed=1)]


def test_a_reader_learns_which_signal_angles_and_claims_go_with_the_news() -> None:
    brief = HANDS[0].briefs[SLUG]
    made = [*graded_fits([grade(claims=[1])], HANDS, {}, "2026-12-01", seed=1)]
    fits = {one.variables["looks_for"]: one.answer["fits"] for one in made if one.answer}
    angles = brief.signals[0].angles
    assert [fits[angle_text(angle)] for angle in angles] == ["none", "open", *["none"] * (len(angles) - 2)]
    assert (fits[signal_text(brief.signals[0])], fits[claim_text(brief.claims[0])]) == ("open", "open")
    assert list(fits.values()).count("open") == 3
    poor = [*graded_fits([grade(reason="poor", claims=[])], HANDS, {}, "2026-12-01", seed=1)]
    assert not any(one.variables["looks_for"] == claim_text(claim) for one in poor for claim in brief.claims)
    with pytest.raises(InputError, match="has no signal 40"):
        [*graded_fits([grade(signal=40)], HANDS, {}, "2026-12-01", seed=1)]


def test_the_shipped_grades_are_in_order() -> None:
    assert is_grades(ARENA / "grades")
    hands = [read_hand(ARENA / name) for name in ("garnet", "heron", "maple", "oriel")]
    grades = read_grades(ARENA / "grades")
    made = [*grade_examples(grades, hands, read_offers(ARENA / "offers"), seed=7)]
    assert len(grades) > 1_000
    assert len(made) > len(grades) / 2
    assert {one.reason for one in grades} == {"good", "fair", "poor"}
