"""`miniatures suppress`: what is added is found again, in whose name it holds, and nothing tells an address."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from miniatures.cli.suppress import app
from miniatures.datamodel.errors import InputError
from miniatures.inputs.scaffold import create_campaign


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("miniatures.store.mail.suppressions.user_data_path", lambda name: tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def campaign(tmp_path: Path) -> str:
    create_campaign(tmp_path / "autumn")
    return str(tmp_path / "autumn")


def said(*arguments: str) -> Result:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit | typer.Exit):
        raise result.exception
    return result


def test_an_address_is_on_the_list_of_every_campaign(campaign: str) -> None:
    assert "1 address will not be written to again by any campaign" in said("add", "Kim@depot.example").output
    for options in ((), ("--campaign", campaign)):
        told = said("check", "kim@DEPOT.example", *options).output
        assert "kim@depot.example is not written to by any campaign: by hand, since 20" in told
    assert "lee@depot.example is not on the list" in said("check", "lee@depot.example").output


def test_a_whole_domain(campaign: str) -> None:
    said("add", "@depot.example", "--campaign", campaign)
    assert "by autumn: by hand" in said("check", "anybody@depot.example", "--campaign", campaign).output
    assert "is not on the list" in said("check", "anybody@depot.example").output


def test_for_all_campaigns_of_a_database(campaign: str) -> None:
    said("add", "kim@depot.example", "--campaign", campaign, "--everywhere")
    assert "by any campaign" in said("check", "kim@depot.example").output


def test_a_file_is_imported_and_its_bad_lines_are_named(tmp_path: Path) -> None:
    file = tmp_path / "opt-outs.csv"
    file.write_text("email\nkim@depot.example\nnobody\nKIM@depot.example\n@yard.example\n", encoding="utf-8")
    result = said("import", str(file))
    assert result.exit_code == 3
    assert "2 addresses will not be written to again" in result.output
    assert "opt-outs.csv, line 3: no address in 'nobody'" in result.output
    assert "imported" in said("check", "sam@yard.example").output


def test_the_list_counts_and_tells_no_address(home: Path) -> None:
    assert "Nobody is on the list." in said("list").output
    said("add", "kim@depot.example", "@yard.example")
    listed = said("list").output
    assert "Entries: 2 (2 by hand)" in listed
    assert "depot" not in listed + said("list", "--json").output
    assert [entry["reason"] for entry in json.loads(said("list", "--json").output)] == ["by_hand", "by_hand"]
    assert all(b"depot" not in path.read_bytes() for path in home.iterdir())


def test_what_is_no_address_adds_nobody() -> None:
    with pytest.raises(InputError, match="'kim' is no address and no domain"):
        said("add", "lee@depot.example", "kim")
    assert "is not on the list" in said("check", "lee@depot.example").output


def test_a_whole_domain_is_no_address() -> None:
    assert said("add", "@depot.example").output.startswith("everybody at depot.example will not be written to again")
    both = said("add", "kim@yard.example", "@depot.example").output
    assert both.startswith("1 address and everybody at depot.example will not be written to again")
