"""A whole campaign folder that somebody sent: what it tries through each command, and that nothing of it happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures.cli.main import main
from miniatures.datamodel.errors import ExitCode


@pytest.fixture(autouse=True)
def nobody_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))


def test_a_template_that_runs_code_is_refused_before_anything_is_written(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    proof = tmp_path / "proof"
    code = f"{{{{ cycler.__init__.__globals__.os.system('touch {proof}') }}}}"
    for variant in ("full", "compact"):
        (folder / "prompts" / f"writer.{variant}.jinja").write_text(f"{{% block user %}}{code}{{% endblock %}}")
    file = folder / "campaign.yaml"
    changed = file.read_text().replace("miniature:reader@live", "openai-compatible:http://127.0.0.1:9/v1#m")
    file.write_text(changed.replace("  writer: none", "  writer: reader"))
    assert main(["run", str(folder), "--estimate"]) == ExitCode.BAD_INPUT
    assert "jinja, line 1: a prompt template may not use `a call with ()`" in capsys.readouterr().err
    assert not proof.exists()


@pytest.mark.parametrize("linked", ["report.html", "campaign.sqlite", "campaign.sqlite-wal", "cache"])
def test_what_a_link_in_its_work_folder_leads_to_is_left_alone(
    ran: Path, tmp_path: Path, linked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    link = ran / "runs" / "autumn" / linked
    link.unlink(missing_ok=True)
    link.symlink_to(precious)
    for command in ("run", "report", "status"):
        assert main([command, str(ran)]) == ExitCode.BAD_INPUT
    assert f"it writes {precious}" in capsys.readouterr().err
    assert precious.read_text() == "mine"


def test_a_report_or_an_export_onto_a_link_replaces_the_link(ran: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    for command, name in (("report", "page.html"), ("export", "drafts.csv")):
        (tmp_path / name).symlink_to(precious)
        assert main([command, str(ran), "--out", str(tmp_path / name)]) == 0
        assert not (tmp_path / name).is_symlink()
    assert precious.read_text() == "mine"
