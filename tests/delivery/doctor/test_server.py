"""The SMTP server, with one that misbehaves as told."""

from __future__ import annotations

from typing import Any

import pytest

from miniatures.datamodel.send_settings import Login, SmtpSettings
from miniatures.delivery.doctor.finding import Outcome
from miniatures.delivery.doctor.server import check_server
from tests.mail_servers.unruly_smtp import Fault, Stage, Tls, UnrulySmtp

_LOGIN = Login(user="maren", password="SMTP_PASSWORD")


async def _told(server: UnrulySmtp, password: str = "secret", **changes: Any) -> list[tuple[Outcome, str]]:
    known: dict[str, Any] = {"host": "localhost", "port": server.port, "tls": "none", "timeout_s": 5}
    findings = await check_server(SmtpSettings(**(known | changes)), {"SMTP_PASSWORD": password} if password else {})
    assert server.accepted == []
    return [(finding.outcome, finding.told) for finding in findings]


async def test_a_good_server_is_reached_encrypted_and_logged_in_to() -> None:
    with UnrulySmtp(tls=Tls.GOOD, users={"maren": "secret"}) as server:
        assert await _told(server, tls="starttls", login=_LOGIN, ca_file=server.ca_file) == [
            (Outcome.OK, "reached with starttls, the certificate is for localhost, logged in as maren"),
            (Outcome.OK, "SIZE, DSN, SMTPUTF8"),
        ]


async def test_what_it_lacks_is_named() -> None:
    with UnrulySmtp(lacks=["SMTPUTF8", "DSN"]) as server:
        reached, announced = await _told(server)
    assert reached == (Outcome.OK, "reached on this machine, not encrypted, without a login")
    assert announced == (Outcome.WARNING, "SIZE, no DSN, no SMTPUTF8")


@pytest.mark.parametrize("tls", [Tls.EXPIRED, Tls.OTHER_HOST])
async def test_a_certificate_that_does_not_fit_is_a_problem(tls: Tls) -> None:
    with UnrulySmtp(tls=tls) as server:
        [(outcome, told)] = await _told(server, tls="starttls", ca_file=server.ca_file)
    assert outcome is Outcome.PROBLEM
    assert told.startswith("no encrypted connection")
    assert "certificate" in told.lower()


async def test_a_certificate_that_nobody_vouches_for_is_a_problem() -> None:
    with UnrulySmtp(tls=Tls.GOOD) as server:
        settings = SmtpSettings(host="localhost", port=server.port, tls="starttls", timeout_s=5)
        [finding] = await check_server(settings, {})
    assert finding.outcome is Outcome.PROBLEM
    assert "`ca_file: PATH`" in finding.advice and "tls:" not in finding.advice


async def test_only_a_server_that_offers_no_starttls_may_be_asked_otherwise() -> None:
    with UnrulySmtp() as server:
        settings = SmtpSettings(host="localhost", port=server.port, tls="starttls", timeout_s=5)
        [finding] = await check_server(settings, {})
    assert finding.advice == "Set `tls: implicit` or `tls: none` if that is what the server has."


async def test_a_server_without_encryption_is_a_problem_where_it_is_asked_for() -> None:
    with UnrulySmtp() as server:
        [(outcome, told)] = await _told(server, tls="starttls")
    assert (outcome, told.partition(":")[0]) == (Outcome.PROBLEM, "no encrypted connection")


async def test_a_wrong_password_and_a_missing_one_are_problems() -> None:
    with UnrulySmtp(tls=Tls.GOOD, users={"maren": "secret"}) as server:
        sending = {"tls": "starttls", "login": _LOGIN, "ca_file": server.ca_file}
        [(outcome, told)] = await _told(server, "wrong", **sending)
        assert (outcome, told.partition(":")[0]) == (Outcome.PROBLEM, "the login is refused")
        assert await _told(server, "", **sending) == [
            (Outcome.PROBLEM, "the environment variable SMTP_PASSWORD is not set")
        ]


async def test_a_file_of_certificates_that_is_not_there_is_a_problem() -> None:
    with UnrulySmtp(tls=Tls.GOOD) as server:
        [(outcome, told)] = await _told(server, tls="starttls", ca_file="missing.pem")
    assert (outcome, told) == (
        Outcome.PROBLEM,
        "its certificates in missing.pem cannot be read: No such file or directory",
    )


async def test_a_server_that_refuses_to_talk_is_a_problem() -> None:
    with UnrulySmtp(Fault(at=Stage.CONNECT, reply="554 no")) as server:
        [(outcome, told)] = await _told(server)
    assert (outcome, told) == (Outcome.PROBLEM, "it cannot be reached: 554 no")
