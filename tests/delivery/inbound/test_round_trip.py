"""Emails leave through real servers, and what comes home from these is what it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import make_msgid
from pathlib import Path

import pytest

from miniatures.datamodel.inbound import Inbound, InboundKind, MatchedBy
from miniatures.datamodel.message import Message, MessageState, OutboxRow
from miniatures.datamodel.send_settings import SendSettings
from miniatures.delivery.compose import Composed
from miniatures.delivery.inbound.hear import hear
from miniatures.delivery.inbound.sources import sources_of
from miniatures.store.store import Store
from tests.delivery.sending import plain, send, settings_for
from tests.mail_servers.real_mail import LATE_DOMAIN, SIEVE_DOMAIN, MailServer
from tests.store.mail.emails import CAMPAIGN, email_to, queue

PASSWORDS = {"INBOX_PASSWORD": "secret"}
ROSA = "rosa@rounds.example"


def _settings(server: MailServer, *, maildir: bool) -> SendSettings:
    box = settings_for(server.smtp_port).mailboxes["sales"].model_dump(mode="json")
    imap = {"host": "localhost", "port": server.imap_port, "tls": "none"}
    login = {"login": {"user": ROSA, "password": "INBOX_PASSWORD"}}
    inbox = {"maildir": server.maildir(ROSA)} if maildir else imap | login
    bounces = ROSA.replace("@", "+{token}@")
    own = {"address": ROSA, "bounces": bounces, "inbox": inbox}
    return SendSettings.model_validate(
        settings_for(server.smtp_port).model_dump() | {"mailboxes": {"sales": box | own}}
    )


def _from_rosa(row: OutboxRow, date: datetime) -> Composed:
    made = plain(row, date)
    from_token = ROSA.replace("@", f"+{row.message.id}@")
    return replace(made, mime=made.mime.replace(b"rosa@sender.example", ROSA.encode()), envelope_from=from_token)


def _answer(server: MailServer, to: Message, text: str, charset: str = "utf-8", cte: str | None = None) -> None:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = to.address, ROSA, "Re: Grüße"
    mail["Message-ID"], mail["In-Reply-To"] = make_msgid(domain="x.example"), f"<{to.id}@sender.example>"
    mail.set_content(text, charset=charset, cte=cte)
    server.deliver(mail.as_bytes(), ROSA, to.address)


async def _heard(store: Store, settings: SendSettings, server: MailServer, mails: int) -> dict[str, Inbound]:
    """What came home, by the local part of the address that it was to."""
    server.await_messages(ROSA, mails)
    await hear(store, settings, sources_of(settings, Path(), PASSWORDS), None, datetime.now(UTC))
    rows = [(one, store.mail.outbox.row(one.message or "")) for one in store.mail.inbox.stream(CAMPAIGN)]
    return {row.message.address.partition("@")[0]: one for one, row in rows if row is not None}


@pytest.mark.parametrize("maildir", [False, True])
async def test_what_real_servers_send_home_is_understood(store: Store, mail_server: MailServer, maildir: bool) -> None:
    folder = mail_server.maildir(ROSA)
    people = [
        "nobody@" + LATE_DOMAIN,
        f"kim{maildir}@rounds.{SIEVE_DOMAIN}".lower(),
        "ada@rounds.example",
        "zoe@rounds.example",
    ]
    mail_server.add_users({ROSA: "secret"} | dict.fromkeys(people[1:], "secret"))
    for old in (*folder.glob("new/*"), *folder.glob("cur/*")):
        old.unlink()
    mail_server.set_vacation(people[1], "I am out of the office.\nI will be back on 12 January.")
    emails = [email_to(number, address=address, mailbox=ROSA) for number, address in enumerate(people)]
    await queue(store, *emails)
    settings = _settings(mail_server, maildir=maildir)
    assert (await send(store, settings, compose=_from_rosa)).count(MessageState.ACCEPTED) == 4
    _answer(mail_server, emails[2], "Grüße, por favor écrivez.\n\n> Reply STOP", "iso-8859-1", "quoted-printable")
    _answer(mail_server, emails[3], "Bitte keine weiteren Mails für uns.\n\n> Hello", "cp1252", "base64")
    came = await _heard(store, settings, mail_server, 4)
    bounce = came["nobody"]
    assert (bounce.kind, bounce.status, bounce.matched_by) == (InboundKind.BOUNCE, "5.1.1", MatchedBy.VERP_TOKEN)
    assert bounce.no_such_address
    away = came[people[1].partition("@")[0]]
    assert (away.kind, away.back_on is not None and (away.back_on.month, away.back_on.day)) == (
        InboundKind.OUT_OF_OFFICE,
        (1, 12),
    )
    assert (came["ada"].kind, came["ada"].text) == (InboundKind.REPLY, "Grüße, por favor écrivez.")
    assert (came["zoe"].kind, came["zoe"].text) == (InboundKind.OPT_OUT, "Bitte keine weiteren Mails für uns.")
    listed = [store.mail.suppressions.listed(one.address, "any") is not None for one in emails]
    assert listed == [True, False, False, True]
