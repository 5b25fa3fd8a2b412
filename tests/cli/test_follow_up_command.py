"""`miniatures follow-up` says who is due and why others are not, and writes each once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from miniatures.agents.runs import run_campaign
from miniatures.cli.follow_up import follow_up
from miniatures.cli.status import status
from miniatures.datamodel.errors import InputError
from miniatures.inputs.campaign import load_campaign
from miniatures.store.open import open_store
from tests.delivery.follow_up_campaign import (
    ADA,
    DAY,
    DORA,
    answer,
    campaign,
    first_emails,
    with_nothing_left_to_say,
)
from tests.delivery.sending import WoundClock
from tests.mail_servers.unruly_smtp import UnrulySmtp

Command = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two people were written to five days ago, and one of them has answered."""
    monkeypatch.setattr("miniatures.store.mail.suppressions.user_data_path", lambda name: tmp_path / "home")

    async def make(port: int) -> None:
        clock = WoundClock(datetime.now(UTC).replace(hour=12) - 6 * DAY)
        loaded = campaign(tmp_path / "autumn", port)
        await run_campaign(loaded)
        with open_store(loaded.store_url, now=clock.now, flushed=True) as store:
            await first_emails(store, loaded, clock)
            await answer(store, loaded, DORA)

    with UnrulySmtp() as server:
        asyncio.run(make(server.port))
    return tmp_path / "autumn"


@pytest.fixture
def command(folder: Path) -> Command:
    app = typer.Typer()
    app.command()(follow_up)

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, [str(folder), *arguments])
        assert result.exit_code == 0, result.output
        return result.stdout

    return run


def test_dry_tells_who_is_due_and_writes_nothing(folder: Path, command: Command) -> None:
    assert command("--dry") == "1 follow-up due.\n  1 not: they answered\n"
    told = json.loads(command("--dry", "--json"))
    assert told == {"due": [{"email": ADA, "step": 1, "arm": ""}], "not_due": {"answered": 1}}
    loaded = load_campaign(folder)
    with open_store(loaded.store_url) as store:
        assert list(store.follow_ups(loaded.name)) == []


def test_each_is_written_once(folder: Path, command: Command) -> None:
    told = json.loads(command("--json"))
    assert told["written"] == [{"email": ADA, "step": 1, "status": "needs_review"}]
    assert (told["failed"], told["trouble"]) == ([], None)
    again = command()
    assert again.startswith("0 follow-ups due.\n")
    assert "  1 not: it is written" in again
    loaded = load_campaign(folder)
    with open_store(loaded.store_url) as store:
        assert [one.prospect.email for one in store.follow_ups(loaded.name)] == [ADA]


def test_the_status_tells_of_it_beside_the_prospects(folder: Path, command: Command) -> None:
    command()
    app = typer.Typer()
    app.command()(status)
    told = json.loads(CliRunner().invoke(app, [str(folder), "--json"]).stdout)
    assert told["prospects"] == 2
    assert told["follow_ups"] == {"written": 1, "by_status": {"needs_review": 1}, "tokens": 0, "cost": 0.0}
    assert "1 follow-up: 1 needs review; 0 tokens" in CliRunner().invoke(app, [str(folder)]).stdout


def test_what_was_written_is_told_to_whoever_watches(command: Command) -> None:
    told = command()
    assert f"{ADA}: written\n" in told
    assert "1 follow-up written. Read them: miniatures review" in told


def test_to_whom_nothing_new_can_be_said_is_told(folder: Path, command: Command) -> None:
    with_nothing_left_to_say(load_campaign(folder))
    told = command()
    assert f"{ADA}: there is nothing new to say to them\n" in told
    assert "0 follow-ups written.\n1 not, as there is nothing new to say: their threads end here.\n" in told
    assert "  1 not: there is nothing new to say to them\n" in command("--dry")


def test_a_campaign_that_names_no_follow_ups_says_how_to_add_one(folder: Path) -> None:
    file = folder / "campaign.yaml"
    settings = yaml.safe_load(file.read_text("utf-8"))
    del settings["send"]["follow_ups"]
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    app = typer.Typer()
    app.command()(follow_up)
    refused = CliRunner().invoke(app, [str(folder), "--dry"]).exception
    assert isinstance(refused, InputError)
    assert refused.message.endswith("campaign.yaml names no follow-ups")
    assert "follow_ups: [{after_days: 4" in refused.hint
