"""What the commands say of the arms of a test: how each ended, where its people stand, what it would take."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path

import pytest

from miniatures.agents.run_events import RunSummary, StoppedArm
from miniatures.agents.runner import RunOutcome
from miniatures.cli.estimate import show_estimate
from miniatures.cli.main import main
from miniatures.cli.run_command import exit_code
from miniatures.cli.summary import show_summary
from miniatures.datamodel.ab_decision import AbAction, AbDecision
from miniatures.datamodel.arms import AbTest, Enrolment
from miniatures.datamodel.backend import Bill, Usage
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.errors import ExitCode
from miniatures.datamodel.live_verdict import GuardrailHit, Rate
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.verdict import Guardrail
from miniatures.inputs.campaign import load_campaign
from miniatures.store.open import open_store
from tests.cli.conftest import NOW


@pytest.fixture
def enrolled(ran: Path) -> Path:
    """Of the three whom the run reached, the first is in one arm and the others are in another."""
    loaded = load_campaign(ran)
    people = [row for row in loaded.prospects() if isinstance(row, Prospect)][:3]
    arms = ("student", "teacher", "teacher")
    places = [
        Enrolment(prospect=one.key, company=one.company, arm=arm, enrolled_at=NOW)
        for one, arm in zip(people, arms, strict=True)
    ]

    async def enrol() -> None:
        with open_store(loaded.store_url) as store:
            shares = {"student": 0.5, "teacher": 0.5}
            await store.mail.enrolments.settle(AbTest(campaign=loaded.name, salt="s", shares=shares, started_at=NOW))
            await store.mail.enrolments.add(loaded.name, places)

    asyncio.run(enrol())
    return ran


def test_status_has_a_line_for_each_arm(enrolled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", str(enrolled), "--json"]) == ExitCode.OK
    arms = json.loads(capsys.readouterr().out)["arms"]
    assert {arm: one["enrolled"] for arm, one in arms.items()} == {"student": 1, "teacher": 2}
    assert {arm: {state for state, number in one["by_status"].items() if number} for arm, one in arms.items()} == {
        "student": {"needs_review"},
        "teacher": {"blocked", "pending"},
    }
    assert (arms["student"]["cost"], arms["teacher"]["cost"]) == (0.0125, None)
    assert main(["status", str(enrolled)]) == ExitCode.OK
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["student", "1", "0", "0", "1", "0", "$0.0125"] in lines
    assert ["teacher", "2", "0", "0", "0", "0", "unknown"] in lines


def test_status_marks_an_arm_that_was_stopped(
    enrolled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    loaded = load_campaign(enrolled)
    decision = AbDecision(
        id="stop",
        campaign=loaded.name,
        arm="student",
        action=AbAction.STOPPED,
        why="It bounced.",
        decided_by="guardrail",
        decided_at=NOW,
    )
    with open_store(loaded.store_url) as store:
        asyncio.run(store.mail.decisions.keep(decision))
    assert main(["status", str(enrolled), "--json"]) == ExitCode.OK
    arms = json.loads(capsys.readouterr().out)["arms"]
    assert {arm: one["stopped"] for arm, one in arms.items()} == {"student": True, "teacher": False}
    assert main(["status", str(enrolled)]) == ExitCode.OK
    lines = [line.split()[:3] for line in capsys.readouterr().out.splitlines()]
    assert ["student", "(stopped)", "1"] in lines and ["teacher", "2", "0"] in lines


def test_a_campaign_that_is_no_test_has_no_arms_to_show(ran: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", str(ran), "--json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["arms"] == {}


def test_a_run_names_whom_it_leaves_out_because_their_arm_was_stopped(
    ran: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rate = Rate(count=12, base=60, low=0.1, high=0.3)
    hit = GuardrailHit(arm="student", guardrail=Guardrail.BOUNCED, rate=rate, limit=0.05, low=0.08)
    stopped = StoppedArm(left_out=3, stopped_at=NOW, stopped_by="guardrail", hits=(hit,))
    arms = {"student": _summary(RunOutcome.COMPLETED, 0, stopped=stopped), "teacher": _summary(RunOutcome.COMPLETED, 2)}
    whole = _summary(RunOutcome.COMPLETED, 2, arms=arms)
    show = partial(show_summary, whole, load_campaign(ran), tmp_path / "r.html", by_state={}, resume="", next_steps={})
    show()
    told = " ".join(capsys.readouterr().out.split())
    assert "student stopped by a guardrail 0" in told
    assert (
        f"3 prospects left out: their arm student was stopped on {NOW:%Y-%m-%d} by guardrail: bounced 12 of 60, surely "
        "above 8.0 %, where at most 5.0 % is allowed."
    ) in told
    assert exit_code(whole) is ExitCode.OK
    show(as_json=True)
    record = json.loads(capsys.readouterr().out)["arms"]
    assert record["student"]["stopped"]["left_out"] == 3 and "stopped" not in record["teacher"]


def _summary(outcome: RunOutcome, new: int, **more: object) -> RunSummary:
    return RunSummary(
        run_id="r",
        campaign="autumn",
        outcome=outcome,
        by_status={DraftStatus.READY: new},
        new=new,
        reused=0,
        bill=Bill(usage=Usage(input_tokens=100 * new), cost_usd=0.25 * new),
        seconds=1,
        **more,
    )


def test_the_summary_says_how_each_arm_ended(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arms = {"student": _summary(RunOutcome.COMPLETED, 7), "teacher": _summary(RunOutcome.BUDGET_REACHED, 3)}
    whole = _summary(RunOutcome.BUDGET_REACHED, 10, message="teacher: the budget is reached", arms=arms)
    assert exit_code(whole) is ExitCode.BUDGET_REACHED
    show_summary(whole, load_campaign(folder), folder / "r.html", by_state={}, resume="miniatures run x", next_steps={})
    shown = capsys.readouterr().out
    lines = [line.split() for line in shown.splitlines()]
    assert ["student", "completed", "7", "0", "700", "$1.75"] in lines
    assert ["teacher", "budget", "reached", "3", "0", "300", "$0.7500"] in lines
    assert "teacher: the budget is reached" in shown


def test_an_estimate_covers_all_arms(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head, _, _ = (folder / "campaign.yaml").read_text().partition("backends:")
    price = "price: {input_per_million: 3, output_per_million: 15}"
    backends = f"backends: {{a: {{use: 'openai-compatible:http://127.0.0.1:9/v1#a', {price}}}}}\n"
    rest = "roles: {writer: a, verifier: a}\narms: {plain: {share: 0.4, verifier: checks}, read: {share: 0.6}}\n"
    (folder / "campaign.yaml").write_text(f"{head}{backends}{rest}")
    show_estimate(load_campaign(folder, trusted=True), limit=None, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["prospects"] == 3
    assert {one["role"]: one["calls"] for one in found["roles"]} == {
        "plain: writer": 2,
        "read: writer": 4,
        "read: verifier": 2,
    }
    assert found["bill"]["cost_usd"] == pytest.approx(sum(one["bill"]["cost_usd"] for one in found["roles"]))
    assert len(found["notes"]) == len(set(found["notes"]))
