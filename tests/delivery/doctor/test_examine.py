"""All checks together: side by side, and none that did not end is a pass."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from miniatures.delivery.doctor.dns import Dns
from miniatures.delivery.doctor.examine import examine
from miniatures.delivery.doctor.finding import Finding, Outcome
from miniatures.delivery.doctor.patient import Patient
from miniatures.delivery.tokens import Tokens
from tests.delivery.composing import BRIEF, SECRET, settings
from tests.delivery.dns_server import SILENT, Zone, text
from tests.delivery.doctor.asking import dns_of
from tests.delivery.doctor.tracker_server import FORM, Answer, serving
from tests.mail_servers.unruly_smtp import Fault, Stage, UnrulySmtp

_GOOD: Zone = {
    ("tarnwick.example", "TXT"): [text("v=spf1 mx -all")],
    ("tarnwick.example", "MX"): ["10 mx.tarnwick.example."],
    ("mx.tarnwick.example", "A"): ["192.0.2.1"],
    ("_dmarc.tarnwick.example", "TXT"): [text("v=DMARC1; p=none")],
}


async def _examined(server: UnrulySmtp, dns: Dns, folder: Path, url: str, timeout_s: float = 5) -> list[Finding]:
    for name in ("cur", "new", "tmp"):
        (folder / "mail" / name).mkdir(parents=True, exist_ok=True)
    mailbox: dict[str, Any] = {
        "smtp": {"host": "localhost", "port": server.port, "tls": "none"},
        "inbox": {"maildir": "mail"},
    }
    return await examine(
        Patient(
            brief=BRIEF,
            settings=settings({"url": url}, mailbox=mailbox),
            folder=folder,
            environment={},
            tokens=Tokens(SECRET),
            dns=dns,
            timeout_s=timeout_s,
        )
    )


async def test_a_healthy_campaign_has_no_problem(tmp_path: Path) -> None:
    answers = {"/health": Answer(), "/u/": Answer(200, FORM, "text/html")}
    with UnrulySmtp() as server, dns_of(_GOOD) as dns, serving(answers) as tracker:
        findings = await _examined(server, dns, tmp_path, tracker.url)
    assert [finding.about for finding in findings if finding.outcome is not Outcome.OK] == [
        f"links to {tracker.url}",
        "DKIM of maren@tarnwick.example",
    ]
    port = server.port
    assert [finding.about for finding in findings] == [
        "postal address",
        "sender maren@tarnwick.example",
        "passwords",
        "opt-out address maren@tarnwick.example",
        f"links to {tracker.url}",
        f"server localhost:{port}",
        f"server localhost:{port} announces",
        "SPF of tarnwick.example",
        "MX of tarnwick.example",
        "DKIM of maren@tarnwick.example",
        "DMARC of tarnwick.example",
        "inbox of maren@tarnwick.example",
        f"tracker {tracker.url}",
        "opt-out page",
    ]


async def test_what_does_not_answer_could_not_be_checked_and_holds_nothing_else_up(tmp_path: Path) -> None:
    zone = {**_GOOD, ("tarnwick.example", "TXT"): SILENT}
    answers = {"/health": Answer(), "/u/": Answer(200, FORM, "text/html")}
    hangs = UnrulySmtp(Fault(at=Stage.EHLO, wait_s=30))
    started = time.monotonic()
    with hangs as server, dns_of(zone) as dns, serving(answers) as tracker:
        findings = await _examined(server, dns, tmp_path, tracker.url, timeout_s=0.8)
    took = time.monotonic() - started
    assert {one.about: one.told for one in findings if one.outcome is Outcome.UNCHECKED} == {
        f"server localhost:{server.port}": "no answer within 0.8 seconds",
        "SPF of tarnwick.example": "the DNS did not answer for TXT of tarnwick.example: LifetimeTimeout",
    }
    assert [one.outcome for one in findings if one.about == "MX of tarnwick.example"] == [Outcome.OK]
    assert took < 5
