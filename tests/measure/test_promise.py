"""What ready promises is told with the numbers that it rests on, and nothing is promised that was not read."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures.agents import runs
from miniatures.agents.runs import sure_bound
from miniatures.datamodel.arms import ArmSettings
from miniatures.datamodel.campaign import Campaign
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.miniature import SureReading
from miniatures.inputs.campaign import load_campaign
from miniatures.inputs.scaffold import create_campaign
from miniatures.measure import promise as module
from miniatures.measure.promise import promise_of

READINGS = tuple(SureReading(sure=sure / 100, false=sure < 40) for sure in range(100))


@pytest.fixture
def campaign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Campaign:
    create_campaign(tmp_path / "autumn")
    for place in (runs, module):
        monkeypatch.setattr(place, "sure_readings", lambda campaign: READINGS)
    return load_campaign(tmp_path / "autumn").campaign


def with_risk(campaign: Campaign, risk: float | None) -> Campaign:
    return campaign.model_copy(update={"ready": campaign.ready.model_copy(update={"risk": risk})})


def test_a_stated_risk_has_its_bound_and_its_readings(campaign: Campaign) -> None:
    found = promise_of(with_risk(campaign, 0.1))
    assert found.bound is not None and found.bound.bound == sure_bound(with_risk(campaign, 0.1))
    assert (found.readings, found.bound.readings) == (100, 100)
    said = " ".join(found.sentences)
    assert "at most 10 % of its ready drafts" in said and "with 95 % confidence" in said
    assert f"of {found.bound.above} at or above it, {found.bound.false} held a false statement" in said


def test_without_a_stated_risk_the_checks_are_all(campaign: Campaign) -> None:
    found = promise_of(with_risk(campaign, None))
    assert found.bound is None
    assert "ready says only that the checks passed" in found.sentences[0]
    assert f"ready: {{risk: {found.least:.2f}}}" in found.sentences[1]


def test_a_risk_that_no_readings_show_is_told_as_such(campaign: Campaign) -> None:
    asked = with_risk(campaign, 0.001)
    assert "it cannot be run" in promise_of(asked).sentences[0]
    with pytest.raises(InputError):
        sure_bound(asked)


def test_without_readings_nothing_can_be_promised(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "sure_readings", lambda campaign: ())
    assert "Nobody has read drafts" in promise_of(with_risk(campaign, None)).sentences[1]
    monkeypatch.setattr(module, "sure_readings", lambda campaign: READINGS[:3])
    assert "too few to show any risk" in promise_of(with_risk(campaign, None)).sentences[1]


def test_a_researcher_that_is_not_there_is_told(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(campaign: Campaign) -> tuple[SureReading, ...]:
        raise InputError("no miniature is named reader")

    monkeypatch.setattr(module, "sure_readings", missing)
    assert promise_of(campaign).sentences == ("No miniature is named reader.",)


def test_arms_whose_researchers_differ_have_a_promise_each(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "sure_readings", lambda one: READINGS if one.roles.researcher else ())
    ranked = ArmSettings(researcher="none")
    alike = campaign.model_copy(update={"arms": {"one": ArmSettings(), "two": ArmSettings()}})
    assert promise_of(alike) == promise_of(campaign)
    apart = campaign.model_copy(update={"arms": {"read": ArmSettings(), "ranked": ranked}})
    said = promise_of(with_risk(apart, 0.1)).sentences
    assert said[0].startswith("Arm read: This campaign asks that at most 10 % of its ready drafts")
    assert said[3] == "Arm ranked: This campaign asks for a risk of 10 %, which no readings show: it cannot be run."
    assert said[4] == "Arm ranked: Nobody has read drafts to calibrate none on."
