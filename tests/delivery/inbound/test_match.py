"""A mail belongs to the email that only its recipient can name; an address alone speaks for that address alone."""

from __future__ import annotations

import pytest

from miniatures.datamodel.inbound import InboundKind, MatchedBy
from miniatures.delivery.inbound.mail import read_mail
from miniatures.delivery.inbound.match import Match, Ours, is_own, match
from miniatures.delivery.inbound.told import told
from miniatures.store.store import Store
from tests.delivery.inbound.scene import SETTINGS, message_id, sent
from tests.delivery.inbound.written import MONDAY, PERSON, complaint_of, mail_of, report_of

OURS = Ours(SETTINGS)


def _match(store: Store, raw: bytes) -> Match | None:
    return match(told(read_mail(raw), MONDAY).clues, store.mail.outbox)


async def test_each_clue_leads_to_the_email(store: Store) -> None:
    first = await sent(store)
    ours = message_id(first)
    for raw, by in (
        (report_of(to=f"bounces+{first.id}@sender.example", returned=""), MatchedBy.VERP_TOKEN),
        (mail_of("x", Delivered_To=f"Bounces+{first.id}@SENDER.example"), MatchedBy.VERP_TOKEN),
        (complaint_of(mail_from=f"bounces+{first.id}@sender.example", returned=""), MatchedBy.VERP_TOKEN),
        (report_of(to=f"returned-{first.id}@spring.sender.example", returned=""), MatchedBy.VERP_TOKEN),
        (mail_of("", Subject=f"unsubscribe {first.id}", From="alias@elsewhere.example"), MatchedBy.VERP_TOKEN),
        (report_of(envelope_id=first.id, returned=""), MatchedBy.ENVELOPE_ID),
        (report_of(envelope_id=first.id.replace("a", "+61"), returned=""), MatchedBy.ENVELOPE_ID),
        (report_of(returned=ours), MatchedBy.MESSAGE_ID),
        (complaint_of(returned=ours), MatchedBy.MESSAGE_ID),
        (mail_of("Yes", In_Reply_To=ours, From="assistant@elsewhere.example"), MatchedBy.REFERENCES),
        (mail_of("Yes", References=f"<other@x.example> {ours}"), MatchedBy.REFERENCES),
        (mail_of("Yes"), MatchedBy.ADDRESS),
    ):
        found = _match(store, raw)
        assert found is not None
        assert found.by is by
    found = _match(store, report_of(returned=ours))
    assert found is not None
    assert found.row.message == first


@pytest.mark.parametrize(
    "raw",
    [
        report_of(returned="<guessed@sender.example>", recipient=PERSON),
        report_of(to="bounces+00000000000000000000000000000000@sender.example", returned=""),
        report_of(to="bounces+%@sender.example", returned="", envelope_id="1"),
        complaint_of(returned="<guessed@sender.example>"),
        mail_of("STOP", From="attacker@elsewhere.example", Reply_To=PERSON, Sender=PERSON),
        mail_of("STOP", From=f"attacker@elsewhere.example, {PERSON}"),
        mail_of("STOP", From=f'"{PERSON}" <attacker@elsewhere.example>'),
        mail_of("STOP", From="attacker@elsewhere.example", Return_Path=f"<{PERSON}>"),
    ],
)
async def test_a_forged_mail_concerns_nobody(store: Store, raw: bytes) -> None:
    await sent(store)
    assert _match(store, raw) is None


async def test_what_we_sent_ourselves_is_our_own(store: Store) -> None:
    first = await sent(store)
    for raw, own in (
        (mail_of("Just following up", From="Rosa <Rosa@sender.example>", In_Reply_To=message_id(first)), True),
        (mail_of("Hi", Message_ID=message_id(first), From="other@x.example"), True),
        (mail_of("x", From="leave@sender.example"), True),
        (mail_of("Yes", In_Reply_To=message_id(first)), False),
    ):
        assert is_own(read_mail(raw), OURS, store.mail.outbox) is own


def test_kinds_of_people_are_known() -> None:
    people = [kind for kind in InboundKind if kind.is_of_a_person]
    assert people == [InboundKind.OPT_OUT, InboundKind.REFERRAL, InboundKind.REPLY]
