"""What the tests of composing share: a campaign that sends, an email, and readers that know not how it was made."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8
from pathlib import Path
from typing import Any

from lxml import html

from miniatures.datamodel.brief import Brief
from miniatures.datamodel.message import Message, OutboxRow
from miniatures.datamodel.send_settings import SendSettings
from miniatures.delivery.compose import Composed, Composer
from miniatures.delivery.links import links_of

DATE = datetime(2026, 11, 30, 9, 15, tzinfo=UTC)
SECRET = b"a secret of thirty-two bytes ..."
ID = "18eca6a6f67d422a8499a63ca58eb42e"
LINK = "https://tarnwick.example/cold-stores"
BODY = f"""Hello Aoife,

your hall in Athlone grew to 2,900 pallet positions. A new room has to hold its temperature from the first day.

Our loggers are described here: {LINK}. Would a 15-minute call next week be worth it?

Maren Holloway
Tarnwick Instruments"""
BRIEF = Brief.model_validate(
    {
        "offer": "Loggers for cold stores.",
        "claims": ["They run 7 years on one battery."],
        "call_to_action": "Would a 15-minute call next week be worth it?",
        "links": [LINK, "https://tarnwick.example/prices?list=a&year=2026"],
        "sender": {
            "name": "Maren Holloway",
            "company": "Tarnwick Instruments",
            "email": "maren@tarnwick.example",
            "postal_address": "14 Ropery Yard, Kingsbeck KB1 4ZZ, United Kingdom",
        },
        "signals": [{"name": "expansion", "describes": "a new cold store"}],
    }
)
TRACKING = {"url": "https://t.tarnwick.example", "opens": True}


def settings(tracking: dict[str, Any] | None = TRACKING, *, mailbox: dict[str, Any] | None = None, **rest: Any) -> Any:
    """How the campaign sends, from one mailbox."""
    own = {"address": "maren@tarnwick.example", "smtp": {"host": "localhost"}, **(mailbox or {})}
    return SendSettings.model_validate({"mailboxes": {"maren": own}, "tracking": tracking, **rest})


def message(**changes: Any) -> Message:
    """An email to Aoife."""
    known: dict[str, Any] = {
        "id": ID,
        "campaign": "autumn",
        "prospect": "aoife",
        "address": "aoife@kestrelgdp.example",
        "name": "Aoife Ní Bhriain",
        "company": "kestrel",
        "draft": "draft",
        "text_hash": "hash",
        "subject": "Kestrel: readings for the new rooms",
        "body": BODY,
        "approved_by": "ada",
        "mailbox": "maren@tarnwick.example",
        "provider": "kestrelgdp.example",
    }
    known |= changes
    return Message(**{"links": links_of(known["body"], BRIEF), **known})


def compose(
    one: Message | None = None,
    sending: SendSettings | None = None,
    *,
    brief: Brief = BRIEF,
    folder: Path = Path(),
    earlier: Sequence[OutboxRow] = (),
) -> Composed:
    """The email as it leaves."""
    composer = Composer.of(brief, sending or settings(), folder, SECRET)
    return composer.compose(one or message(), DATE, earlier)


def parsed(composed: Composed) -> EmailMessage:
    """Read back by the standard library's parser."""
    read = message_from_bytes(composed.mime, policy=SMTPUTF8)
    assert isinstance(read, EmailMessage)
    return read


def part(composed: Composed, kind: str) -> str:
    """The plain text or the HTML, decoded."""
    found = parsed(composed).get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


def links(composed: Composed) -> list[str]:
    """Where the HTML's links lead, in order; the link that nobody sees is among them."""
    return [str(anchor.get("href")) for anchor in html.document_fromstring(part(composed, "html")).iter("a")]


def words_of_html(composed: Composed, *, follow: bool = True) -> list[str]:
    """The words that a person sees of the HTML, by lxml. With `follow` a link to the web is where it leads."""
    tree = html.document_fromstring(part(composed, "html"))
    for unseen in [*tree.iter("head"), *tree.xpath("//*[@aria-hidden='true']")]:
        unseen.drop_tree()
    for anchor in tree.iter("a"):
        if follow and anchor.get("href", "").startswith("https://t."):
            anchor.text = anchor.get("href")
    for line_break in [*tree.iter("br"), *tree.iter("p"), *tree.iter("div")]:
        line_break.tail = f"\n{line_break.tail or ''}"
    return re.findall(r"\S+", str(tree.text_content()))
