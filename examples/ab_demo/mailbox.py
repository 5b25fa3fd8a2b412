"""Reads mailboxes over IMAP, and finds in an email what a mail program finds there: its picture and its links."""

from __future__ import annotations

import imaplib
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from functools import cached_property
from urllib.parse import urlsplit

from lxml import html

PASSWORD = "secret"


@dataclass(frozen=True)
class Letter:
    """One email as it lies in a mailbox."""

    raw: bytes

    @cached_property
    def message(self) -> EmailMessage:
        """It, parsed."""
        return message_from_bytes(self.raw, EmailMessage, policy=default)

    @property
    def sent_at(self) -> datetime:
        """Its date."""
        return parsedate_to_datetime(str(self.message["Date"]))

    @property
    def envelope_sender(self) -> str:
        """Whom its server was told to report to, and programs answer to."""
        return str(self.message["Return-Path"]).strip("<>")

    @property
    def picture(self) -> str:
        """The address of the picture that counts openings."""
        return str(self._page.xpath("//img/@src")[0])

    @property
    def link(self) -> str:
        """The first link that a reader sees in the text."""
        return str(self._page.xpath("//p//a/@href")[0])

    @property
    def opt_out_page(self) -> str:
        """The last link that a reader sees: below the text, to opt out."""
        return str(self._page.xpath("//p//a/@href")[-1])

    @property
    def one_click(self) -> str:
        """Where a mail program posts to for somebody who wants no more (RFC 8058)."""
        addresses = (one.strip().strip("<>") for one in str(self.message["List-Unsubscribe"]).split(","))
        return next(one for one in addresses if urlsplit(one).scheme.startswith("http"))

    @property
    def all_addresses(self) -> list[str]:
        """Whatever can be fetched, what nobody sees included, once each."""
        return list(dict.fromkeys(map(str, self._page.xpath("//img/@src | //a/@href"))))

    @property
    def text(self) -> str:
        """Its plain text."""
        part = self.message.get_body(("plain",))
        assert part is not None
        return str(part.get_content())

    @cached_property
    def _page(self) -> html.HtmlElement:
        part = self.message.get_body(("html",))
        assert part is not None
        return html.fromstring(part.get_content())


def unread(host: str, port: int, address: str) -> list[Letter]:
    """What lies in the inbox and was not read before; now it is."""
    with imaplib.IMAP4(host, port) as client:
        client.login(address, PASSWORD)
        client.select("INBOX")
        numbers = client.search(None, "UNSEEN")[1][0].split()
        return [Letter(_fetched(client, number)) for number in numbers]


def _fetched(client: imaplib.IMAP4, number: bytes) -> bytes:
    answer = client.fetch(number.decode(), "(RFC822)")[1][0]
    assert isinstance(answer, tuple)
    return answer[1]
