"""What a run and its estimate refuse or tell before anybody waits for it, and what a run says that reached nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from miniatures.cli.main import main
from miniatures.cli.unreached import why_unreached
from miniatures.datamodel.dossier import Dossier, DossierStatus, Problem
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.errors import ExitCode
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.standing import Standing, State

SERVED = """name: autumn
brief: brief.md
prospects: prospects.csv
search: local:pages
backends: {w: {use: 'openai-compatible:http://127.0.0.1:9/v1#a'}}
roles: {writer: w}
"""


@pytest.fixture
def served(folder: Path) -> Path:
    """A campaign whose writer is a server of this machine at which nobody listens."""
    (folder / "campaign.yaml").write_text(SERVED)
    (folder / "pages").mkdir()
    return folder


@pytest.mark.parametrize("options", [[], ["--estimate"]])
@pytest.mark.parametrize("content", ["email,company\n", "email,company,Email Opt Out\n"])
def test_a_list_without_rows_is_one_sentence(served, capsys, options, content):
    (served / "prospects.csv").write_text(content)
    assert main(["run", str(served), *options]) == ExitCode.BAD_INPUT
    assert "prospects.csv lists nobody" in capsys.readouterr().err
    assert not (served / "runs").exists()


def test_the_estimate_names_the_rows_that_are_left_out(served, capsys):
    (served / "prospects.csv").write_text(
        "email,company,Email Opt Out\na@b.example,Beta,\nc@d.example,Delta,yes\nnobody,E,\n"
    )
    assert main(["run", str(served), "--estimate"]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert "an estimate for 1 prospect" in shown
    assert "2 rows of prospects.csv left out:" in shown
    assert "line 3: opted out: 'Email Opt Out' says 'yes'" in shown and "line 4: not an e-mail address" in shown


def unreachable(detail: str) -> Standing:
    prospect = Prospect(email="a@b.example", company="Beta")
    problem = Problem(where="Beta news", kind="failed", detail=detail)
    dossier = Dossier(status=DossierStatus.BLOCKED, problems=(problem,))
    result = ProspectResult(campaign="c", policy="p", prospect=prospect, status=DraftStatus.BLOCKED, dossier=dossier)
    return Standing(prospect=prospect, state=State.BLOCKED, result=result, reason="Research was blocked.")


def test_a_run_that_reached_nothing_says_why_in_the_networks_words():
    dead = [unreachable("ddgs could not be reached: DNS: no engine's name resolves")]
    told = why_unreached({DraftStatus.BLOCKED: 1}, dead)
    assert told == (
        "Nothing was written: ddgs could not be reached: DNS: no engine's name resolves. No internet connection?"
    )
    assert why_unreached({DraftStatus.BLOCKED: 1}, [unreachable("")]) == "Nothing was written: Research was blocked."
    assert why_unreached({DraftStatus.BLOCKED: 1, DraftStatus.READY: 1}, dead) == ""
    assert why_unreached({DraftStatus.NOTHING_FOUND: 1}, dead) == ""


def test_a_run_ends_with_the_counts_that_status_has(served, capsys):
    (served / "prospects.csv").write_text("email,company\na@b.example,Beta\nc@d.example,Delta\n")
    (served / "campaign.yaml").write_text(SERVED.replace("local:pages", "searxng:http://127.0.0.1:9"))
    main(["run", str(served), "--limit", "1", "--json"])
    ended = json.loads(capsys.readouterr().out)["by_state"]
    assert main(["status", str(served), "--json"]) == ExitCode.OK
    assert ended == json.loads(capsys.readouterr().out)["by_status"]
    assert {state: number for state, number in ended.items() if number} == {"failed": 1, "pending": 1}


def test_a_run_that_wrote_nothing_leads_to_no_crm(served, capsys):
    (served / "prospects.csv").write_text("email,company\na@b.example,Beta\n")
    (served / "campaign.yaml").write_text(SERVED.replace("local:pages", "searxng:http://127.0.0.1:9"))
    assert main(["run", str(served)]) == ExitCode.SOME_FAILED
    shown = capsys.readouterr().out
    assert "Nothing was written: searxng could not be reached: connection refused" in " ".join(shown.split())
    assert "CRM" not in shown and "List the drafts" in shown
