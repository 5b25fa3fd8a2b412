"""`miniatures forget`: what a person sees before and after, and what they have to say for it to happen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from miniatures.cli.forget import forget
from miniatures.cli.main import main
from miniatures.datamodel.errors import ExitCode, InputError
from tests.erasure.byte_search import rows_of
from tests.erasure.known_campaign import FORGOTTEN, Known, write_known

app = typer.Typer()
app.command()(forget)


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Known:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    return write_known(tmp_path / "autumn")


def given(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_what_is_known_is_shown_and_nothing_happens_unless_somebody_agrees(known: Known) -> None:
    before = rows_of(FORGOTTEN, known.loaded.store_url)
    shown = given(FORGOTTEN.email, known.loaded.folder)
    assert isinstance(shown.exception, InputError) and shown.exception.message == "nothing was erased"
    assert rows_of(FORGOTTEN, known.loaded.store_url) == before
    words = {line.strip().partition("  ")[0] for line in shown.stdout.splitlines()}
    of_mail = {"emails", "opens and clicks", "what came back", "what became of emails", "parts in a test"}
    of_runs = {"model calls", "outcomes", "timings", "steps of a run", "drafts", "reviews", "reviews under way"}
    assert words >= of_mail | of_runs | {"rows of the list", "cached pages", "previews", "reports", "examples"}
    assert not words & {"claims", "mail_events", "inbound", "messages", "hits", "traces", "spans", "stages"}


def test_who_is_on_the_list_already_is_not_told_to_be_put_there(known: Known) -> None:
    stranger = "nobody@elsewhere.example"
    assert "they will be on the list" in given(stranger, known.loaded.folder).stdout
    assert given(stranger, known.loaded.folder, "--yes").exit_code == 0
    assert "they are on the list" in given(stranger, known.loaded.folder).stdout


def test_what_is_left_to_do_is_said_with_commands(known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(known.loaded.folder.parent)
    told = json.loads(given(FORGOTTEN.email, "--yes", "--json").stdout)
    assert {"what": "traces", "number": 2, "where": f"autumn, {known.loaded.store_url}"} in told["known"]
    [rebuild] = [one["command"] for one in told["left"] if one["command"]]
    wanted = f"dataset build --from {known.loaded.path} --seed 7 --out {known.dataset}"
    assert rebuild.endswith(wanted)
    assert rows_of(FORGOTTEN, known.loaded.store_url) == []


def test_a_flag_is_shown_with_the_version(known: Known, capsys: pytest.CaptureFixture[str]) -> None:
    assert given(FORGOTTEN.email, known.loaded.folder, "--yes").exit_code == 0
    trained, grown, stranger = known.versions
    assert main(["models", "list", "--json"]) == ExitCode.OK
    rows = {row["version"]: row for row in json.loads(capsys.readouterr().out)["miniatures"]}
    assert [rows[version]["forgotten"] for version in known.versions] == [1, 1, 0]
    assert main(["models", "list"]) == ExitCode.OK
    lines = capsys.readouterr().out.splitlines()
    flagged = {version: "flagged" in line for version in known.versions for line in lines if version in line}
    assert flagged == {trained: True, grown: True, stranger: False}
    assert main(["models", "show", f"outreach@{trained}"]) == ExitCode.OK
    page = capsys.readouterr().out
    assert "Learned from people who are forgotten" in page and "trained on examples of theirs" in page
    assert main(["models", "show", f"outreach@{grown}"]) == ExitCode.OK
    assert f"goes on from outreach@{trained}" in capsys.readouterr().out
    assert main(["models", "show", f"outreach@{stranger}"]) == ExitCode.OK
    assert "forgotten" not in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [("not-an-address",), ("a@b.example", "--dataset", "/nowhere")])
def test_what_is_no_address_or_folder_is_refused(known: Known, arguments: tuple[str, ...]) -> None:
    refused = given(*arguments, known.loaded.folder, "--yes")
    assert isinstance(refused.exception, InputError)


def test_a_folder_without_campaigns_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert isinstance(given("a@b.example", "--yes").exception, InputError)
