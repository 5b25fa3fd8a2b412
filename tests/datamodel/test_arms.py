"""The arms of a campaign file: each a whole policy, and each mistake said where it stands."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from miniatures.datamodel.campaign import Campaign, arm_campaign, backends_by_seat
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.seat import Seat

CAMPAIGN = {
    "name": "cold",
    "brief": "brief.md",
    "prospects": "prospects.csv",
    "search": "ddgs",
    "backends": {"student": "local:smollm2-135m-instruct", "teacher": "litellm:x/y", "cool": "litellm:x/y"},
    "roles": {
        "researcher": {"first": "student", "shadow": "teacher"},
        "writer": "student",
        "fallback": "teacher",
        "verifier": "teacher",
    },
}
ARMS = {"student": {}, "teacher": {"writer": "teacher"}}
RULE = {"metric": "replied", "margin": 0.02, "reference": "teacher"}


def campaign(arms: dict[str, Any] = ARMS, **more: Any) -> Campaign:
    return Campaign.model_validate(CAMPAIGN | {"arms": arms} | more)


def names(arm: dict[str, Any]) -> dict[str, str]:
    return arm_campaign(campaign({"one": arm, "two": {}}), "one").roles.backend_names


def test_a_campaign_without_arms_is_as_before() -> None:
    plain = Campaign.model_validate(CAMPAIGN)
    assert (plain.arms, plain.shares, plain.test) == ({}, {}, None)


def test_an_arm_takes_over_the_roles_that_it_does_not_fill() -> None:
    assert names({"writer": "teacher"}) == {
        "researcher": "student",
        "researcher (shadow)": "teacher",
        "writer": "teacher",
        "verifier": "teacher",
    }
    assert names({"researcher": "cool", "planner": "cool", "verifier": "checks"}) == {
        "researcher": "cool",
        "writer": "student",
        "planner": "cool",
    }


def test_a_seat_is_named_with_its_arm_where_not_all_arms_have_it_alike() -> None:
    assert backends_by_seat(campaign({"small": {"fallback": "cool"}, "large": {"writer": "teacher"}})) == {
        "researcher": "student",
        "researcher (shadow)": "teacher",
        "verifier": "teacher",
        "writer of small": "student",
        "writer (fallback) of small": "cool",
        "writer of large": "teacher",
    }
    plain = Campaign.model_validate(CAMPAIGN)
    assert backends_by_seat(plain) == plain.roles.backend_names


def test_an_arm_falls_back_and_has_a_shadow_only_if_it_says_so() -> None:
    assert "writer (fallback)" not in names({})
    assert "writer (fallback)" not in names({"fallback": "none"})
    assert names({"fallback": "teacher", "shadow": "cool"}) == {
        "researcher": "student",
        "researcher (shadow)": "teacher",
        "writer": "student",
        "writer (fallback)": "teacher",
        "writer (shadow)": "cool",
        "verifier": "teacher",
    }


def test_an_arm_may_have_no_writer_and_no_researcher() -> None:
    assert names({"writer": "none", "researcher": "none"}) == {"verifier": "teacher"}


def test_what_an_arm_runs_is_a_campaign_without_arms() -> None:
    loaded = campaign({"one": {"prompts": "shorter"}, "two": {}}, test=RULE | {"reference": "two"})
    one, two = (arm_campaign(loaded, name) for name in ("one", "two"))
    assert (one.arms, one.test) == ({}, None)
    assert (str(one.prompts), str(two.prompts)) == ("shorter", "prompts")
    assert one.roles.seats["writer"] == {Seat.FIRST: "student"}
    assert one.name == loaded.name
    with pytest.raises(InputError, match="no arm named 'three'"):
        arm_campaign(loaded, "three")


def test_shares_are_equal_unless_all_of_them_are_given() -> None:
    assert campaign().shares == {"student": 0.5, "teacher": 0.5}
    assert campaign({"a": {}, "b": {}, "c": {}}).shares == {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}
    assert campaign({"a": {"share": 0.1}, "b": {"share": 0.2}, "c": {"share": 0.7}}).shares["c"] == 0.7


def test_the_rule_has_a_name_that_any_change_of_it_changes() -> None:
    first, same, other = (campaign(test=RULE | more).test for more in ({}, {"alpha": 0.05}, {"alpha": 0.04}))
    assert first is not None and same is not None and other is not None
    assert first.version == same.version != other.version


@pytest.mark.parametrize(
    ("arms", "more", "told", "at"),
    [
        ({"one": {}}, {}, "one arm is compared with nothing", ("arms",)),
        ({"one": {}, "t w o": {}}, {}, "letters, digits, dots, dashes and underscores", ("arms", "t w o")),
        ({"one": {}, "x" * 41: {}}, {}, "40 at most", ("arms", "x" * 41)),
        ({"one": {"share": 0.5}, "two": {}}, {}, "given for some and not for two", ("arms",)),
        ({"one": {"share": 0.5}, "two": {"share": 0.4}}, {}, "add up to 0.9, and not to 1", ("arms",)),
        ({"one": {"writer": "nobody"}, "two": {}}, {}, "no backend is named 'nobody'", ("arms", "one", "writer")),
        ({"one": {"fallback": "checks"}, "two": {}}, {}, "no backend is named 'checks'", ("arms", "one", "fallback")),
        (
            {"one": {"writer": "none", "fallback": "teacher"}, "two": {}},
            {},
            "without a writer there is no fallback",
            ("arms", "one", "fallback"),
        ),
        ({"one": {"shadow": "student"}, "two": {}}, {}, "'student' is the writer as well", ("arms", "one", "shadow")),
        (ARMS, {"test": RULE | {"reference": "third"}}, "no arm is named 'third'", ("test", "reference")),
        ({}, {"test": RULE}, "a rule decides between arms", ("test",)),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(
    arms: dict[str, Any], more: dict[str, Any], told: str, at: tuple[str, ...]
) -> None:
    with pytest.raises(ValidationError) as refused:
        campaign(arms, **more)
    [error] = refused.value.errors()
    assert told in error["msg"]
    assert error["ctx"]["at"] == at


def test_a_slip_in_an_arm_is_no_role_of_one_s_own() -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        campaign({"one": {"writter": "teacher"}, "two": {}})
