"""`miniatures send` stops an arm whose addresses bounce, at once or later, and lets the emails of the others leave."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from miniatures.cli.main import app
from miniatures.datamodel.message import CancelReason, MessageState
from miniatures.datamodel.prospect import Prospect
from miniatures.inputs.campaign import LoadedCampaign, load_campaign
from miniatures.store.open import open_store
from tests.delivery.ab_campaign import NAME, SENT, Did, accept, begin, enrol, prospect, result, write_files
from tests.delivery.conftest import own_list
from tests.delivery.sending import ALWAYS
from tests.mail_servers.mail_fixtures import mail_server
from tests.mail_servers.real_mail import LATE_DOMAIN, MailServer

__all__ = ["mail_server", "own_list"]

ROSA = "rosa@guards.example"
FIRST, SECOND = range(12), range(12, 18)
ARMS = ("student", "late", "teacher")


def person(arm: str, number: int) -> Prospect:
    """Of the students no server knows the address, of the late ones only the last does, and the teacher's get it."""
    one = prospect(arm, number)
    domain = LATE_DOMAIN if arm == "late" else f"guards{number}.example"
    return one.model_copy(update={"email": f"{arm}{number}@{domain}"})


@pytest.fixture
def campaign(tmp_path: Path, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch) -> LoadedCampaign:
    """Three arms of 18 people each, whose drafts nobody has approved yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / NAME
    folder.mkdir()
    written = write_files(folder, {arm: Did(18) for arm in ARMS})
    settings = json.loads(written.path.read_text(encoding="utf-8"))
    settings["test"]["reference"] = "teacher"
    settings["send"] = {
        "hours": ALWAYS,
        "per_provider_per_hour": 100_000,
        "mailboxes": {
            "sales": {
                "address": ROSA,
                "bounces": ROSA.replace("@", "+{token}@"),
                "smtp": {"host": "127.0.0.1", "port": mail_server.smtp_port, "tls": "none"},
                "inbox": {"maildir": str(mail_server.maildir(ROSA))},
                "per_day": 100_000,
                "per_hour": 1_000_000,
            }
        },
    }
    written.path.write_text(json.dumps(settings), encoding="utf-8")
    people = [person(arm, number) for number in (*FIRST, *SECOND) for arm in ARMS]
    with (folder / "prospects.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("email", "first_name", "last_name", "company"))
        rows.writerows((one.email, one.first_name, one.last_name, one.company) for one in people)
    mail_server.add_users(
        {ROSA: "secret"} | {person("teacher", number).email: "secret" for number in (*FIRST, *SECOND)}
    )
    CliRunner().invoke(app, ["trust", str(folder), "--yes"], catch_exceptions=False)
    loaded = load_campaign(folder)
    asyncio.run(_fill(loaded))
    return loaded


async def _fill(loaded: LoadedCampaign) -> None:
    with open_store(loaded.store_url, now=lambda: SENT) as store:
        await begin(store, loaded)
        for arm in ARMS:
            people = [person(arm, number) for number in (*FIRST, *SECOND)]
            await store.enrol(NAME, people)
            await enrol(store, arm, people)
            for one in people:
                await store.save_result(result(arm, "p", one))


def approve(loaded: LoadedCampaign, numbers: Sequence[int]) -> None:
    async def say() -> None:
        with open_store(loaded.store_url) as store:
            for arm in ARMS:
                for number in numbers:
                    await accept(store, person(arm, number), SENT)

    asyncio.run(say())


def send(loaded: LoadedCampaign, *options: str) -> Result:
    return CliRunner().invoke(app, ["send", str(loaded.folder), *options], catch_exceptions=False)


def states(loaded: LoadedCampaign, arm: str, numbers: Sequence[int]) -> set[MessageState]:
    with open_store(loaded.store_url) as store:
        threads = [store.mail.outbox.thread(NAME, person(arm, number).key) for number in numbers]
    return {row.state for thread in threads for row in thread}


@pytest.mark.slow
def test_arms_whose_addresses_bounce_are_stopped_and_the_others_emails_leave(
    campaign: LoadedCampaign, mail_server: MailServer
) -> None:
    approve(campaign, FIRST)
    first = send(campaign)
    assert first.exit_code == 0 and "is stopped" not in first.output
    assert states(campaign, "student", FIRST) == {MessageState.REJECTED}
    assert states(campaign, "late", FIRST) == states(campaign, "teacher", FIRST) == {MessageState.ACCEPTED}
    mail_server.await_messages(ROSA, len(FIRST))
    approve(campaign, SECOND)
    second = send(campaign)
    assert second.exit_code == 0
    for arm in ("student", "late"):
        why = "bounced 12 of 12, surely above 14.9 %, where at most 5.0 % is allowed"
        assert f"the arm {arm} is stopped: {why}. No email waited in it; the other arms go on." in second.output
        assert states(campaign, arm, SECOND) == set()
    assert states(campaign, "teacher", SECOND) == {MessageState.ACCEPTED}
    with open_store(campaign.store_url) as store:
        decisions = store.mail.decisions.of(NAME)
        assert {(one.arm, one.decided_by) for one in decisions} == {("student", "guardrail"), ("late", "guardrail")}
        waiting = [row for row in store.mail.outbox.stream(NAME) if row.why == CancelReason.ARM_STOPPED]
    assert waiting == [], "nothing of a stopped arm is even queued"
    third = json.loads(send(campaign, "--json").stdout)
    assert set(third["stopped_arms"]) == {"student", "late"}
    again = send(campaign).output
    assert "Nothing leaves in an arm that was stopped: the arm student on 2" in again
    report = CliRunner().invoke(app, ["ab", "report", str(campaign.folder), "--json"], catch_exceptions=False)
    found = json.loads(report.stdout)
    assert [found["arms"][arm]["so_far"]["bounced"] for arm in ARMS] == [12, 12, 0]
    assert {one["arm"] for one in found["decisions"]} == {"student", "late"}
