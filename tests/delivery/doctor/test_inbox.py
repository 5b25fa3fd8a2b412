"""The inbox: a maildir, or a real Dovecot."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from miniatures.delivery.doctor.finding import Finding, Outcome
from miniatures.delivery.doctor.inbox import check_inbox
from tests.delivery.composing import settings
from tests.mail_servers.real_mail import MailServer

_USER = "doctor@inbox.example"


async def _found(
    inbox: dict[str, Any] | None, folder: Path = Path(), *, follow_ups: bool = False, silent: bool = False
) -> Finding:
    box = settings(mailbox={"inbox": inbox} if inbox else {}).mailboxes["maren"]
    return await check_inbox(
        box,
        folder,
        {"IMAP_PASSWORD": "secret", "WRONG": "wrong"},
        follow_ups=follow_ups,
        timeout_s=0.5 if silent else 5,
    )


def _imap(server: MailServer, **changes: Any) -> dict[str, Any]:
    server.add_user(_USER)
    known = {"host": "localhost", "port": server.imaps_port, "ca_file": server.ca_file, "timeout_s": 5}
    return {**known, "login": {"user": _USER, "password": "IMAP_PASSWORD"}, **changes}


async def test_no_inbox_is_a_warning_and_a_problem_where_there_are_follow_ups() -> None:
    assert (await _found(None)).outcome is Outcome.WARNING
    assert (await _found(None, follow_ups=True)).outcome is Outcome.PROBLEM


async def test_a_maildir_is_looked_for_in_the_campaigns_folder(tmp_path: Path) -> None:
    assert (await _found({"maildir": "mail"}, tmp_path)).outcome is Outcome.PROBLEM
    for name in ("cur", "new", "tmp"):
        (tmp_path / "mail" / name).mkdir(parents=True)
    assert (await _found({"maildir": "mail"}, tmp_path)).outcome is Outcome.OK


async def test_a_password_that_is_not_set_is_named() -> None:
    found = await _found({"host": "localhost", "login": {"user": "x", "password": "UNSET"}})
    assert (found.outcome, found.told) == (Outcome.PROBLEM, "the environment variable UNSET is not set")


async def test_a_server_that_is_not_there_is_a_problem() -> None:
    found = await _found({"host": "localhost", "port": 1, "login": {"user": "x", "password": "IMAP_PASSWORD"}})
    assert found.outcome is Outcome.PROBLEM
    assert "cannot be reached" in found.told


async def test_a_server_that_says_nothing_is_waited_for_no_longer_than_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port, login = listener.getsockname()[1], {"user": "x", "password": "IMAP_PASSWORD"}
        found = await _found({"host": "127.0.0.1", "port": port, "tls": "none", "login": login}, silent=True)
    assert found.outcome is Outcome.PROBLEM
    assert found.told.endswith("cannot be reached: timed out")


@pytest.mark.parametrize("tls", ["implicit", "starttls", "none"])
async def test_an_inbox_on_a_server_opens(mail_server: MailServer, tls: str) -> None:
    port = mail_server.imaps_port if tls == "implicit" else mail_server.imap_port
    found = await _found(_imap(mail_server, tls=tls, port=port))
    assert found.outcome is Outcome.OK
    assert found.told == f"localhost:{port} opens, with INBOX and Sent"


@pytest.mark.parametrize(
    ("changes", "outcome", "told"),
    [
        ({"login": {"user": _USER, "password": "WRONG"}}, Outcome.PROBLEM, f"refuses {_USER}"),
        ({"folder": "Replies"}, Outcome.PROBLEM, "has no folder Replies"),
        ({"sent_folder": "Gesendet"}, Outcome.WARNING, "has no folder Gesendet"),
        ({"ca_file": None}, Outcome.PROBLEM, "cannot be reached"),
    ],
)
async def test_what_is_wrong_with_an_inbox_is_told(
    mail_server: MailServer, changes: dict[str, Any], outcome: Outcome, told: str
) -> None:
    found = await _found(_imap(mail_server, **changes))
    assert (found.outcome, told in found.told) == (outcome, True), found.told


async def test_a_certificate_that_nobody_vouches_for_is_mended_by_naming_its_authority(mail_server: MailServer) -> None:
    found = await _found(_imap(mail_server, ca_file=None))
    assert "`ca_file: PATH`" in found.advice


async def test_certificates_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    login = {"user": "x", "password": "IMAP_PASSWORD"}
    found = await _found({"host": "localhost", "port": 1, "ca_file": "missing.pem", "login": login}, tmp_path)
    assert found.told == (
        f"the certificates of the inbox in {tmp_path}/missing.pem cannot be read: No such file or directory"
    )
