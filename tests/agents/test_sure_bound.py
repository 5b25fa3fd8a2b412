"""A campaign that states a risk is bound by what readers found of the researcher's choices, or is not run."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures.agents.runs import sure_bound
from miniatures.cli.main import main
from miniatures.datamodel.campaign import Campaign
from miniatures.datamodel.errors import ExitCode, InputError
from miniatures.datamodel.miniature import SureReading
from miniatures.weights.registry import Registry
from tests.chaos.small_campaign import NAME
from tests.cli.test_readings_command import ran as ran  # noqa: PLC0414


@pytest.fixture(autouse=True)
def own_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))


def campaign(risk: float | None, researcher: str = "miniature:outreach") -> Campaign:
    return Campaign.model_validate(
        {
            "name": "autumn",
            "brief": "brief.md",
            "prospects": "prospects.csv",
            "search": "local:sites",
            "backends": {"reader": researcher},
            "roles": {"researcher": "reader", "writer": "none"},
            "ready": {} if risk is None else {"risk": risk},
        }
    )


def test_without_a_stated_risk_nothing_is_asked_for() -> None:
    assert sure_bound(campaign(None)) is None


@pytest.mark.parametrize("researcher", ["miniature:outreach", "local:smollm2-135m-instruct"])
def test_a_researcher_without_readings_can_promise_nothing(researcher: str) -> None:
    with pytest.raises(InputError, match=f"{researcher} has 0 readings .*, which cannot show 5%") as refused:
        sure_bound(campaign(0.05, researcher))
    assert refused.value.hint is not None
    assert "have drafts read" in refused.value.hint


def test_the_readings_on_the_card_give_the_bound_or_the_least_risk_that_they_show() -> None:
    registry = Registry()
    read = tuple(SureReading(sure=1 - number / 100, false=number >= 40) for number in range(50))
    registry.update_card(registry.card("outreach").model_copy(update={"sure_readings": read}))
    assert sure_bound(campaign(0.1)) == pytest.approx(0.61)
    with pytest.raises(InputError, match="has 50 readings") as refused:
        sure_bound(campaign(0.05))
    assert refused.value.hint == "The least that they show is 8%."


def test_campaigns_that_nobody_read_calibrate_nothing(ran: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["readings", "calibrate", "outreach", str(ran)]) == ExitCode.BAD_INPUT
    assert "no draft of these campaigns was read whose researcher says how sure it is" in capsys.readouterr().err
    assert ran.name == NAME
