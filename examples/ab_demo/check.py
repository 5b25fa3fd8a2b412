"""Holds the report against what the people really did, by their own journal. What differs is shown, and why it may."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from examples.ab_demo.journal import Deed, Entry, people_who
from examples.ab_demo.rates import MailServerKind
from examples.ab_demo.world import Contact
from miniatures.datamodel.inbound import Inbound, InboundKind, ReplyClass
from miniatures.datamodel.message import MessageState, OutboxRow
from miniatures.delivery.ab_report import AbReport
from miniatures.store.store import Store

_NOTES = (InboundKind.OUT_OF_OFFICE, InboundKind.GONE, InboundKind.AUTOMATIC)
_ANSWERS = (InboundKind.REPLY, InboundKind.REFERRAL)
_NO_ANSWERS = (ReplyClass.OPT_OUT, ReplyClass.OUT_OF_OFFICE)
"""Classes of what is not counted as an answer."""


@dataclass(frozen=True)
class Compared:
    """How many did something, and what the report says of it: a number, or the bounds of one.

    `by_model` marks what rests on a model's reading of a reply, which is right most of the time.
    """

    arm: str
    what: str
    did: int
    low: int
    high: int
    by_model: bool = False

    @property
    def agrees(self) -> bool:
        return self.low <= self.did <= self.high

    @property
    def differs(self) -> bool:
        """Whether something was counted wrongly, and not merely read otherwise by a model."""
        return not (self.agrees or self.by_model)

    @property
    def reported(self) -> str:
        """Such as `12`, or `10 to 14`."""
        return f"{self.low:,}" if self.low == self.high else f"{self.low:,} to {self.high:,}"


@dataclass(frozen=True)
class _Arm:
    """One arm's people, by address, as both sides know them."""

    name: str
    contacts: Sequence[Contact]
    journal: Sequence[Entry]
    rows: Sequence[OutboxRow]
    inbound: Sequence[Inbound]

    def who(self, deed: Deed, detail: str | None = None) -> int:
        return len(people_who(self.journal, deed, detail=detail))

    def of_kinds(self, *kinds: InboundKind) -> int:
        return len({one.prospect for one in self.inbound if one.kind in kinds})

    def read_as(self, *classes: ReplyClass) -> int:
        """How many answers a model gave these classes, though no word in them had told so."""
        answers = (one for one in self.inbound if one.kind in _ANSWERS)
        return sum(one.reply_class in classes for one in answers)

    def written_to_nobody(self, servers: Collection[MailServerKind]) -> int:
        """How many emails went to addresses of these servers that do not exist."""
        gone = {one.email for one in self.contacts if not one.exists and one.company.server in servers}
        return sum(row.message.address in gone for row in self.rows)


def compared(report: AbReport, store: Store, contacts: Sequence[Contact], journal: Sequence[Entry]) -> list[Compared]:
    """Every count that both sides have, arm by arm."""
    rows = list(store.mail.outbox.stream(report.campaign))
    inbound = list(store.mail.inbox.stream(report.campaign))
    arm_of = {row.message.prospect: row.message.arm for row in rows}
    found: list[Compared] = []
    for one in report.arms:
        mine = _Arm(
            name=one.arm,
            contacts=contacts,
            journal=[entry for entry in journal if entry.arm == one.arm],
            rows=[row for row in rows if row.message.arm == one.arm],
            inbound=[mail for mail in inbound if arm_of.get(mail.prospect or "") == one.arm],
        )
        found += _of_arm(mine, report)
    return found


def _of_arm(arm: _Arm, report: AbReport) -> Iterator[Compared]:
    counts = report.arm(arm.name).so_far

    def same(what: str, did: int, reported: int, *, by_model: bool = False) -> Compared:
        return Compared(arm.name, what, did, reported, reported, by_model)

    refused = sum(row.state is MessageState.REJECTED for row in arm.rows)
    at_once = (MailServerKind.STRICT, MailServerKind.SIEVE)
    silenced, opted_out = arm.read_as(*_NO_ANSWERS), arm.read_as(ReplyClass.OPT_OUT)
    yield same("had an email in their mailbox", arm.who(Deed.RECEIVED), counts.delivered)
    yield same("address refused at once", arm.written_to_nobody(at_once), refused)
    yield same("bounced, at once or later", arm.written_to_nobody((*at_once, MailServerKind.LATE)), counts.bounced)
    yield Compared(arm.name, "opened", arm.who(Deed.OPENED), counts.opened_low, counts.opened_high)
    yield Compared(arm.name, "clicked", arm.who(Deed.CLICKED), counts.clicked, counts.clicked_high)
    yield same("wrote back", arm.who(Deed.REPLIED), counts.replied + silenced)
    yield same("wrote back positively", arm.who(Deed.REPLIED, ReplyClass.POSITIVE), counts.positive, by_model=True)
    yield same("opted out", arm.who(Deed.OPTED_OUT), counts.unsubscribed - opted_out)
    yield same("answered, and was read as if they had not", 0, silenced, by_model=True)
    yield same("complained", arm.who(Deed.COMPLAINED), counts.complained)
    yield same("away, and their program says so", arm.who(Deed.AUTO_REPLIED), arm.of_kinds(*_NOTES))
