"""`miniatures doctor`: a line for each check, and an exit code that a script can rely on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from miniatures.cli.main import main
from miniatures.datamodel.errors import ExitCode
from miniatures.inputs.scaffold import create_campaign
from tests.delivery.dns_server import SILENT, Zone, serving_zone, text
from tests.mail_servers.unruly_smtp import UnrulySmtp

_SEND = """\
send:
  mailboxes:
    maren:
      address: maren@tarnwick.example
      smtp: {{host: localhost, port: {port}, tls: none}}
      inbox: {{maildir: mail}}
"""
_ZONE: Zone = {
    ("tarnwick.example", "TXT"): [text("v=spf1 mx -all")],
    ("tarnwick.example", "MX"): ["10 mx.tarnwick.example."],
    ("mx.tarnwick.example", "A"): ["192.0.2.1"],
    ("_dmarc.tarnwick.example", "TXT"): [text("v=DMARC1; p=none")],
}


@pytest.fixture
def campaign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A campaign whose server is there, with a whole postal address."""
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    folder = tmp_path / "autumn"
    create_campaign(folder)
    for name in ("cur", "new", "tmp"):
        (folder / "mail" / name).mkdir(parents=True)
    brief = folder / "brief.md"
    address = "14 Ropery Yard, Kingsbeck KB1 4ZZ"
    brief.write_text(brief.read_text(encoding="utf-8").replace("12 Sample Street, 00000 Exampletown", address))
    with UnrulySmtp() as server, (folder / "campaign.yaml").open("a") as file:
        file.write(_SEND.format(port=server.port))
        file.flush()
        yield folder


def _run(campaign: Path, zone: Zone, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str]:
    with serving_zone(zone) as port:
        code = main(["doctor", str(campaign), "--dns", f"127.0.0.1:{port}", "--timeout", "2", *options])
    return code, capsys.readouterr().out


def test_a_campaign_that_may_send_passes(campaign: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = _run(campaign, _ZONE, capsys)
    assert code == ExitCode.OK, told
    lines = [" ".join(line.split()) for line in told.splitlines()]
    assert lines[0] == "ok postal address: 14 Ropery Yard, Kingsbeck KB1 4ZZ"
    assert "ok MX of tarnwick.example: mx.tarnwick.example" in lines
    assert lines[-1] == "11 lines: 0 problems, 2 warnings"


def test_a_problem_holds_it_up_and_says_what_to_do(campaign: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = _run(campaign, {**_ZONE, ("tarnwick.example", "MX"): ["0 ."]}, capsys)
    assert code == ExitCode.GATE_FAILED
    lines = [" ".join(line.split()) for line in told.splitlines()]
    place = lines.index("problem MX of tarnwick.example: the domain says that it takes no mail (null MX)")
    assert lines[place + 1].startswith("Replies and bounces would be lost")


def test_a_check_that_did_not_run_is_no_pass(campaign: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = _run(campaign, {**_ZONE, ("_dmarc.tarnwick.example", "TXT"): SILENT}, capsys)
    assert code == ExitCode.GATE_FAILED
    assert "could not be checked  DMARC of tarnwick.example" in told
    assert "1 could not be checked, which is no pass" in told


def test_programs_get_json(campaign: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = _run(campaign, _ZONE, capsys, "--json")
    found: list[dict[str, Any]] = json.loads(told)
    assert code == ExitCode.OK
    assert found[0] == {
        "about": "postal address",
        "outcome": "ok",
        "told": "14 Ropery Yard, Kingsbeck KB1 4ZZ",
        "advice": "",
    }


def test_a_dns_server_that_is_no_address_is_refused(campaign: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", str(campaign), "--dns", "dns.example"]) == ExitCode.BAD_INPUT
    assert "--dns dns.example is no IP address" in capsys.readouterr().err
