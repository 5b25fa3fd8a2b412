"""Paths of a campaign's file are meant from its folder, wherever the command is typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.send_settings import SendSettings
from miniatures.delivery.settings import placed, required_settings
from miniatures.delivery.smtp_session import ServerUnavailable, SmtpSession
from miniatures.inputs.campaign import load_campaign
from miniatures.inputs.scaffold import create_campaign

_BOX = {
    "address": "maren@tarnwick.example",
    "smtp": {"host": "smtp.tarnwick.example", "ca_file": "certificates/ca.pem"},
    "inbox": {"maildir": "mail/maren"},
    "dkim": {"domain": "tarnwick.example", "selector": "one", "key": "/etc/keys/dkim.pem"},
}


def test_each_path_starts_at_the_folder_and_an_absolute_one_stays() -> None:
    box = placed(SendSettings.model_validate({"mailboxes": {"maren": _BOX}}), Path("/srv/autumn")).mailboxes["maren"]
    assert box.inbox and box.dkim
    assert (box.smtp.ca_file, box.inbox.maildir) == (
        Path("/srv/autumn/certificates/ca.pem"),
        Path("/srv/autumn/mail/maren"),
    )
    assert (box.inbox.ca_file, box.dkim.key) == (None, Path("/etc/keys/dkim.pem"))


def test_a_home_folder_is_that_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/maren")
    inbox = {"host": "imap.tarnwick.example", "login": {"user": "maren", "password": "WORD"}, "ca_file": "~/ca.pem"}
    box = {"address": "maren@tarnwick.example", "smtp": {"host": "smtp.tarnwick.example"}, "inbox": inbox}
    moved = placed(SendSettings.model_validate({"mailboxes": {"maren": box}}), Path("/srv/autumn")).mailboxes["maren"]
    assert moved.inbox and moved.inbox.ca_file == Path("/home/maren/ca.pem")
    assert (moved.smtp.ca_file, moved.dkim) == (None, None)


def test_what_a_campaign_says_is_placed_where_it_is_taken_from_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_campaign(tmp_path / "autumn")
    with pytest.raises(InputError, match="has no `send:`"):
        required_settings(load_campaign(tmp_path / "autumn"))
    with (tmp_path / "autumn" / "campaign.yaml").open("a") as file:
        smtp = "{host: localhost, ca_file: ca.pem}"
        file.write(f"\nsend: {{mailboxes: {{maren: {{address: maren@tarnwick.example, smtp: {smtp}}}}}}}\n")
    monkeypatch.chdir(tmp_path)
    settings = required_settings(load_campaign("autumn"))
    assert settings.mailboxes["maren"].smtp.ca_file == tmp_path / "autumn" / "ca.pem"


async def test_certificates_that_are_not_there_are_told_before_anything_is_connected(tmp_path: Path) -> None:
    smtp = {"host": "localhost", "port": 1, "ca_file": "no-such.pem"}
    settings = SendSettings.model_validate({"mailboxes": {"maren": {"address": "m@tarnwick.example", "smtp": smtp}}})
    session = SmtpSession(placed(settings, tmp_path).mailboxes["maren"].smtp)
    with pytest.raises(ServerUnavailable, match=r"no-such\.pem cannot be read: No such file") as refused:
        await session.open()
    assert refused.value.reply.stage == "tls" and refused.value.is_final
    assert "`ca_file`" in refused.value.hint


async def test_a_file_that_holds_no_certificates_is_told(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not one")
    smtp = {"host": "localhost", "port": 1, "ca_file": "ca.pem"}
    settings = SendSettings.model_validate({"mailboxes": {"maren": {"address": "m@tarnwick.example", "smtp": smtp}}})
    session = SmtpSession(placed(settings, tmp_path).mailboxes["maren"].smtp)
    with pytest.raises(ServerUnavailable, match=r"ca\.pem cannot be read: "):
        await session.open()
