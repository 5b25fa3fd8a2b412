"""The newcomer's first command for real: sites over HTTP, the embedded model, a report; then the same again."""

import json
import shutil
from pathlib import Path

import pytest

from miniatures.cli.main import main
from miniatures.datamodel.errors import ExitCode

pytestmark = pytest.mark.slow
EXAMPLE = Path(__file__).parents[2] / "examples" / "cold_storage"


def test_demo_runs_writes_a_report_and_does_nothing_twice(tmp_path, capsys):
    folder = tmp_path / "cold_storage"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("runs"))
    command = ["demo", "--campaign", str(folder / "campaign.yaml"), "--limit", "2"]

    assert main(command) == ExitCode.OK
    first = capsys.readouterr().out
    assert "2 of 2 prospects" in first
    assert first.index("by name     email, company") < first.index("2 of 2 prospects"), "the mapping comes first"
    *_, listed, taken, judged = first.strip().splitlines()
    assert [line.split(":")[0] for line in (listed, taken, judged)] == [
        "List the drafts",
        "Take them to a CRM",
        "Read and judge them in the browser",
    ]
    assert judged.endswith(f"app {folder / 'campaign.yaml'}"), "it ends with the line that opens the app"
    report = Path(first.split("Report: ")[1].splitlines()[0])
    assert "<html" in report.read_text(encoding="utf-8")

    assert main(["drafts", str(folder), "--jsonl"]) == ExitCode.OK
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    worked_on = [row for row in rows if row["status"] != "pending"]
    assert len(worked_on) == 2
    assert all(row["tokens"] > 0 and row["evidence"] for row in worked_on)
    assert len(rows) > 2

    assert main(["traces", str(folder), worked_on[0]["email"], "--json"]) == ExitCode.OK
    assert '"role": "researcher"' in capsys.readouterr().out

    assert main(command) == ExitCode.OK
    assert "Nothing was left to do: 2 prospects done before, none worked on again." in capsys.readouterr().out
