"""What a campaign leaves holds no password and no key of the addresses in its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures.agents.tools.search.open import open_search
from miniatures.cli.main import main
from miniatures.datamodel.errors import ExitCode
from miniatures.inputs.campaign import load_campaign

SECRETS = ("hunter2", "s3cret")
SEARCH = "searxng:https://ana:hunter2@search.example/?key=s3cret"
TEACHER = "openai-compatible:https://ana:hunter2@gateway.example/v1?key=s3cret#large"


@pytest.fixture(autouse=True)
def a_home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))


@pytest.fixture
def secretive(ran: Path) -> Path:
    """A campaign that is trusted with what it connects to."""
    file = ran / "campaign.yaml"
    text = file.read_text().replace("search: ddgs", f"search: '{SEARCH}'")
    file.write_text(text.replace("use: miniature:outreach@live", f"use: '{TEACHER}'"))
    assert main(["trust", str(ran), "--yes"]) == ExitCode.OK
    return ran


@pytest.mark.parametrize("command", [["report"], ["status"], ["status", "--json"], ["backends", "--json"], ["drafts"]])
def test_no_listing_and_no_report_repeats_a_secret(
    secretive: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main([*command, str(secretive)])
    shown = capsys.readouterr()
    left = [path.read_bytes().decode("latin-1") for path in (secretive / "runs").rglob("*") if path.is_file()]
    for secret in SECRETS:
        assert secret not in shown.out + shown.err
        assert not any(secret in text for text in left)


def test_what_was_allowed_is_remembered_without_secrets(secretive: Path, tmp_path: Path) -> None:
    kept = [path.read_text() for path in (tmp_path / "home").rglob("*.json")]
    assert len(kept) == 1 and "search.example" in kept[0]
    assert not any(secret in kept[0] for secret in SECRETS)


def test_a_search_is_known_by_its_host_and_not_by_its_key(secretive: Path) -> None:
    settings = load_campaign(secretive).campaign.search
    identity = open_search(settings, folder=secretive).identity
    assert identity == "searxng:https://search.example/?key=***"


def test_a_store_is_shown_without_its_password(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (folder / "campaign.yaml").open("a") as file:
        file.write("\nstore: postgresql://ana:hunter2@127.0.0.1:1/campaigns\n")
    assert main(["trust", str(folder), "--yes"]) == ExitCode.OK
    assert main(["status", str(folder), "--json"]) in {ExitCode.OK, ExitCode.STORE_UNAVAILABLE}
    shown = capsys.readouterr()
    assert "127.0.0.1:1" in shown.out + shown.err and "hunter2" not in shown.out + shown.err
