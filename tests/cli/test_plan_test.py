"""What a list can show is said before anything is spent, and plainly where it can show nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from miniatures.agents.enrolment import enrol, settled_test
from miniatures.cli.plan_test import plan_test
from miniatures.cli.planned import weeks_of_sending
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.send_settings import SendSettings
from miniatures.inputs.campaign import load_campaign
from miniatures.inputs.scaffold import create_campaign
from miniatures.store.open import open_store
from tests.cli.conftest import NOW

ARMS = "arms: {placed: {}, written: {writer: large}}\n"
RULE = "test: {metric: replied, margin: 0.02, reference: placed, look: once}\n"
SEND = "send: {mailboxes: {a: {address: a@us.example, smtp: {host: 127.0.0.1}, per_day: 50, per_hour: 20}}}\n"
Plan = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_campaign(tmp_path / "autumn")
    return tmp_path / "autumn"


def written(folder: Path, people: int, more: str = ARMS + RULE, a_company: int = 1) -> Path:
    rows = (f"p{number}@c.example,Velbrook {number // a_company}x" for number in range(people))
    (folder / "prospects.csv").write_text("\n".join(["email,company", *rows]) + "\n")
    head, _, _ = (folder / "campaign.yaml").read_text().partition("backends:")
    backends = "backends: {large: 'openai-compatible:http://127.0.0.1:9/v1#a'}\nroles: {writer: none}\n"
    (folder / "campaign.yaml").write_text(f"{head}{backends}{more}")
    return folder


def shown(folder: Path, *options: str) -> str:
    app = typer.Typer()
    app.command()(plan_test)
    result = CliRunner().invoke(app, [str(folder), *options], env={"COLUMNS": "120"}, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def planned(folder: Path, *options: str) -> dict[str, Any]:
    return json.loads(shown(folder, "--json", *options))


def of(plan: dict[str, Any], metric: str) -> dict[str, Any]:
    return next(line for line in plan["plans"] if line["metric"] == metric)


def test_the_number_for_two_points_at_five_percent_is_near_the_one_in_the_books(folder: Path) -> None:
    """2 * 0.05 * 0.95 * (1.960 + 0.842)^2 / 0.02^2 = 1,865 an arm by the normal approximation; the score test takes
    the variance of the hypothesis, and arms of unequal size take somewhat more in all."""
    strict = ARMS + RULE.replace("look: once", "look: once, alpha: 0.025")
    found = of(planned(written(folder, 4_000, strict), "--reply-rate", "0.05"), "replied")
    assert (found["people_needed"] + found["reference_needed"]) / 2 == pytest.approx(1_865, rel=0.04)


def test_a_small_list_cannot_decide_and_says_what_blind_readings_can(folder: Path) -> None:
    text = " ".join(shown(written(folder, 2_000), "--positive-rate", "0.004").split())
    assert "This list cannot decide on replies;" in text
    assert "blind readings per arm can show no loss of 10 points" in text
    assert "How long it takes is not known" in text
    assert "An example of the arms" in text


def test_a_list_too_small_for_readings_says_that_too(folder: Path) -> None:
    assert "cannot decide on replies, nor by blind readings" in planned(written(folder, 60))["verdict"]


def test_a_large_list_can_decide(folder: Path) -> None:
    found = planned(written(folder, 6_000))
    assert found["decides"]
    assert found["verdict"].startswith("This list can decide on replies: it shows no loss of 2 points")
    assert of(found, "replied")["least_margin"] < 0.02 < of(found, "opened")["least_margin"]
    assert of(found, "positive")["needed"] is None, "a margin above the rate is no margin"


def test_people_of_one_company_count_as_one(folder: Path) -> None:
    alone = of(planned(written(folder, 2_000)), "replied")
    together = of(planned(written(folder, 2_000, a_company=4)), "replied")
    assert together["people_needed"] == pytest.approx(4 * alone["people_needed"], rel=0.15)


def test_arms_that_are_settled_are_shown_as_they_are(folder: Path) -> None:
    written(folder, 50, a_company=2)
    before = planned(folder)
    loaded = load_campaign(folder)

    async def settle() -> list[str]:
        with open_store(loaded.store_url) as store:
            test = await settled_test(store, loaded.campaign, salt="drawn", now=NOW)
            await enrol(store, test, loaded.prospects(), NOW)
            return [one.arm for one in store.mail.enrolments.of(loaded.name).values()]

    arms = asyncio.run(settle())
    after = planned(folder)
    assert (before["settled"], after["settled"]) == (False, True)
    assert {arm: size["people"] for arm, size in after["arms"].items()} == {arm: arms.count(arm) for arm in set(arms)}
    assert sum(size["companies"] for size in after["arms"].values()) == 25


def test_planning_leaves_nothing_behind(folder: Path) -> None:
    shown(written(folder, 10))
    assert not (folder / "runs").exists()


def test_a_rate_of_everybody_is_smaller_than_one_of_those_reached(folder: Path) -> None:
    per_enrolled = ARMS + RULE.replace("look: once", "look: once, per: enrolled")
    found = of(planned(written(folder, 400, per_enrolled), "--delivered", "0.5"), "replied")
    assert found["rate"] == pytest.approx(0.0175)
    assert found["people"] + found["reference_people"] == 400
    per_delivered = of(planned(written(folder, 400), "--delivered", "0.5"), "replied")
    assert per_delivered["rate"] == 0.035
    assert per_delivered["people"] + per_delivered["reference_people"] == pytest.approx(200, abs=1)


@pytest.mark.parametrize(("more", "told"), [("", "has no arms"), (ARMS, "no rule by which its arms are compared")])
def test_without_arms_or_a_rule_there_is_nothing_to_plan(folder: Path, more: str, told: str) -> None:
    with pytest.raises(InputError, match=told) as refused:
        shown(written(folder, 10, more))
    assert "`" in refused.value.hint, "what to write"


@pytest.mark.parametrize(
    ("people", "mailbox", "more", "weeks"),
    [
        (250, {"per_day": 50}, {}, 1),
        (251, {"per_day": 50}, {}, 2),
        (250, {"per_day": 50}, {"follow_ups": [{"after_days": 4}]}, 2),
        (170, {"per_day": 500, "per_hour": 4}, {}, 1),
        (171, {"per_day": 500, "per_hour": 4}, {}, 2),
        (100, {"per_day": 50, "ramp_up": {"first_day": 10, "more_each_day": 5}}, {}, 1),
        (101, {"per_day": 50, "ramp_up": {"first_day": 10, "more_each_day": 5}}, {}, 2),
        (101, {"per_day": 500}, {"hours": {"days": ["mon"]}, "follow_ups": []}, 1),
    ],
)
def test_sending_takes_as_long_as_the_caps_make_it(
    people: int, mailbox: dict[str, Any], more: dict[str, Any], weeks: int
) -> None:
    one = {"address": "a@us.example", "smtp": {"host": "127.0.0.1"}, "per_hour": 100} | mailbox
    settings = SendSettings.model_validate({"mailboxes": {"one": one}} | more)
    assert weeks_of_sending(people, settings) == weeks


def test_the_weeks_stand_beside_the_days_until_the_last_email_counts(folder: Path) -> None:
    text = shown(written(folder, 600, ARMS + RULE + SEND))
    assert "Sending takes about 3 weeks, and the last email counts 14 days later." in text
