"""What the listings say of a campaign that was run, for people and for programs."""

import json

import pytest

from miniatures.cli.drafts import show_all
from miniatures.cli.main import main
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.errors import ExitCode
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.standing import Standing, State
from miniatures.inputs.campaign import load_campaign
from miniatures.store.home_secret import pseudonym
from tests.cli.conftest import draft

MAYA = "maya.lind@northmill-bakery.example"


@pytest.fixture
def call(capsys):
    def run(*arguments: object) -> str:
        code = main([str(argument) for argument in arguments])
        output = capsys.readouterr()
        assert code == ExitCode.OK, output.err
        return output.out

    return run


@pytest.fixture
def refusal(capsys):
    def run(*arguments: object) -> tuple[int, str]:
        code = main([str(argument) for argument in arguments])
        return code, capsys.readouterr().err

    return run


def test_drafts_as_json_lines_lists_everyone(ran, call):
    rows = [json.loads(line) for line in call("drafts", ran, "--jsonl").splitlines()]
    assert [(row["email"].partition("@")[0], row["status"]) for row in rows] == [
        ("maya.lind", "needs_review"),
        ("tomas.reyes", "blocked"),
        ("aiko.tanaka", "pending"),
        ("new", "pending"),
    ]
    written, blocked, *_ = rows
    assert written["subject"] == "=Your third depot"
    assert written["evidence"][0]["url"] == "https://northmill-bakery.example/news/depot"
    assert written["checks"]["length"] == {"pass": False, "outcome": "fail", "reason": "160 words, 130 allowed"}
    assert written["checks"]["greeting"]["pass"] is True
    assert written["checks"]["swap"]["pass"] is False
    assert (written["backend"], written["attempts"], written["tokens"], written["cost"]) == (
        "local:smollm2-135m-instruct",
        2,
        920,
        0.0125,
    )
    assert (blocked["subject"], blocked["cost"]) == (None, None)
    assert blocked["reason"] == "Research was blocked: 1 page blocked (by the site's gateway)."
    assert {row["status"] for row in rows} <= set(State)


def test_drafts_as_one_json_document_is_the_same(ran, call):
    lines = [json.loads(line) for line in call("drafts", ran, "--jsonl").splitlines()]
    assert json.loads(call("drafts", ran, "--json")) == lines


def test_drafts_of_one_status(ran, call):
    assert [row["status"] for row in json.loads(call("drafts", ran, "--status", "blocked", "--json"))] == ["blocked"]


@pytest.mark.parametrize("width", ["80", "120"])
def test_drafts_for_people_never_break_an_address(ran, call, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", width)
    shown = call("drafts", ran)
    assert MAYA in shown
    assert "4 prospects: 2 pending, 1 needs review, 1 blocked" in shown
    *lines, command_to_copy = shown.splitlines()
    assert max(map(len, lines)) <= int(width)
    assert command_to_copy.endswith(f"miniatures drafts {ran} {MAYA}")


@pytest.mark.parametrize(("width", "with_company"), [(80, False), (100, False), (160, True)])
def test_a_subject_takes_the_room_that_the_terminal_has(capsys, monkeypatch, width, with_company):
    monkeypatch.setenv("COLUMNS", str(width))
    subject = "A subject line that is as long as some models write them, and then goes on for quite a while"
    written = draft(DraftStatus.READY).model_copy(update={"subject": subject})
    person = Prospect(email="jm.ruiz.cano@almanzora-frio.example", company="Frío Almanzora y Compañía S.L.")
    result = ProspectResult(campaign="c", policy="p", prospect=person, status=DraftStatus.READY, draft=written)
    show_all([Standing(prospect=person, state=State.READY, result=result, text=written.text)], "autumn")
    line = next(line for line in capsys.readouterr().out.splitlines() if person.email in line)
    assert ("Frío" in line) == with_company
    assert len(line.rstrip()) >= width - 3 or subject in line
    assert len(line.rstrip()) <= width


def test_one_draft_in_full_shows_text_evidence_and_reasons_as_they_are(ran, call):
    shown = call("drafts", ran, MAYA.upper())
    for expected in (
        "Subject: =Your third depot",
        "you opened a third depot [link].",
        "12 January [north].",
        "https://northmill-bakery.example/news/depot",
        "160 words, 130 allowed",
        "not run",
        "2 attempts, 920 tokens, cost $0.0125",
    ):
        assert expected in shown


def test_one_prospect_without_a_draft_says_why(ran, call):
    shown = call("drafts", ran, "tomas.reyes@harbour-flowers.example")
    assert "Research was blocked: 1 page blocked (by the site's gateway)." in shown
    assert "blocked: https://harbour-flowers.example (by the site's gateway)" in shown


def test_an_unknown_address_names_the_nearest(ran, refusal):
    code, error = refusal("drafts", ran, "maya@northmill-bakery.example")
    assert code == ExitCode.BAD_INPUT
    assert f"Did you mean {MAYA}?" in error


def test_an_unknown_status_names_the_known(ran, refusal):
    code, error = refusal("drafts", ran, "--status", "redy")
    assert code == ExitCode.BAD_INPUT
    assert "needs_review" in error


def test_status_adds_up(ran, call):
    figures = json.loads(call("status", ran, "--json"))
    assert figures["prospects"] == sum(figures["by_status"].values()) == 4
    assert set(figures["by_status"]) == set(State)
    assert figures["failed_checks"] == {"length": 1, "swap": 1}
    assert figures["cost"] is None
    assert [run["outcome"] for run in figures["runs"]] == ["completed"]
    assert [row["line"] for row in figures["bad_rows"]] == [6]
    assert "cost unknown" in call("status", ran)


def test_looking_at_a_campaign_that_was_never_run_creates_no_database(folder, call):
    assert json.loads(call("status", folder, "--json"))["by_status"]["pending"] == 3
    assert len(call("drafts", folder, "--jsonl").splitlines()) == 3
    assert not list(folder.rglob("*.sqlite*"))


@pytest.mark.parametrize("command", ["traces", "report"])
def test_commands_that_need_a_run_say_so(folder, refusal, command):
    code, error = refusal(command, folder)
    assert code == ExitCode.BAD_INPUT
    assert "was not run yet" in error
    assert f"miniatures run {folder}" in error


def test_traces_of_all_add_up_per_prospect(ran, call):
    listing = json.loads(call("traces", ran, "--json"))
    [row] = listing["prospects"]
    assert (row["email"], row["calls"], row["tokens"], row["cost_usd"]) == (MAYA, 1, 920, 0.0125)
    assert listing["steps"][0]["kind"] == "stage"
    assert MAYA in call("traces", ran)


def test_traces_of_one_prospect_are_a_tree(ran, call):
    [stage] = json.loads(call("traces", ran, MAYA, "--json"))
    assert stage["kind"] == "stage"
    assert [child["role"] for child in stage["children"]] == ["writer"]
    shown = call("traces", ran, MAYA)
    assert "└── stage write" in shown
    assert "800 + 120 tokens" in shown


def test_traces_as_json_lines(ran, call):
    entries = [json.loads(line) for line in call("traces", ran, "--jsonl").splitlines()]
    assert [entry["entry"] for entry in entries] == ["trace", "span"]


def test_a_report_where_a_folder_is(ran, refusal, tmp_path):
    code, error = refusal("report", ran, "--out", tmp_path)
    assert (code, "cannot be written" in error) == (ExitCode.BAD_INPUT, True)


def test_exported_traces_name_nobody_that_can_be_guessed(ran, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    loaded = load_campaign(ran)
    person = next(row for row in loaded.prospects() if isinstance(row, Prospect))
    for options in (["--jsonl"], [person.email, "--json"], [person.email, "--jsonl"]):
        assert main(["traces", str(ran), *options]) == ExitCode.OK
        told = capsys.readouterr().out
        assert pseudonym(person.key) in told
        assert person.key not in told


def test_traces_of_those_who_are_asked_for(ran, call):
    def listed(*options: str) -> list[dict]:
        return json.loads(call("traces", ran, *options, "--json"))["prospects"]

    [row] = listed("--search", "MAYA northmill", "--order", "costliest")
    assert (row["email"], row["failed_calls"], row["failed_steps"]) == (MAYA, 0, 0)
    assert listed("--search", "tomas") == []


def test_who_is_suppressed_is_told_and_is_nobody_to_go_on_with(ran, call, monkeypatch, tmp_path):
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    left = ("aiko.tanaka", "tomas.reyes", "new")
    people = [row.email for row in load_campaign(ran).prospects() if isinstance(row, Prospect)]
    call("suppress", "add", *(email for email in people if email.startswith(left[:2])))
    told = call("status", ran)
    assert "2 suppressed" in told and "Go on with" in told
    call("suppress", "add", *(email for email in people if email.startswith(left[2:])))
    told = call("status", ran)
    assert "3 suppressed" in told and "Go on with" not in told
    assert json.loads(call("status", ran, "--json"))["suppressed"] == 3
