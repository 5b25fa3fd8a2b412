"""Each mail is taken in once, and what follows from it is done whenever the process is killed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from miniatures.datamodel.inbound import Inbound, InboundKind, MatchedBy, ReplyClass
from miniatures.datamodel.message import Message, MessageState, OutboxRow
from miniatures.datamodel.suppression import SuppressionReason
from miniatures.delivery.inbound.consequence import correct_class
from miniatures.delivery.inbound.hear import Heard, Reading, hear
from miniatures.store.store import Store
from tests.delivery.inbound.scene import SETTINGS, Box, heard, message_id, sent
from tests.delivery.inbound.written import MONDAY, PERSON, complaint_of, mail_of, report_of
from tests.store.mail.emails import CAMPAIGN, MAILBOX, email_to, queue

FULL = "smtp; 552 5.2.2 mailbox full"
SPAM = "smtp; 550 5.7.1 rejected as spam"


def _states(store: Store, first: Message) -> list[MessageState]:
    return [row.state for row in store.mail.outbox.thread(first.campaign, first.prospect)]


def _reason(store: Store, address: str = PERSON, campaign: str = "another") -> SuppressionReason | None:
    found = store.mail.suppressions.listed(address, campaign)
    return None if found is None else found.reason


async def _only(store: Store, raw: bytes) -> Inbound:
    assert (await heard(store, raw)).counts.total() == 1
    [inbound] = store.mail.inbox.stream(CAMPAIGN)
    return inbound


async def test_whoever_cannot_be_reached_opts_out_complains_or_is_gone_is_never_written_to_again(store: Store) -> None:
    for number, (kind, raw, reason) in enumerate(
        (
            (InboundKind.BOUNCE, lambda id: report_of(returned=id), SuppressionReason.BOUNCE),
            (InboundKind.COMPLAINT, lambda id: complaint_of(returned=id), SuppressionReason.COMPLAINT),
            (InboundKind.OPT_OUT, lambda id: mail_of("STOP", In_Reply_To=id), SuppressionReason.OPT_OUT),
            (
                InboundKind.GONE,
                lambda id: mail_of("Person no longer works here", In_Reply_To=id, Auto_Submitted="auto-replied"),
                SuppressionReason.GONE,
            ),
        ),
        start=1,
    ):
        first = await sent(store, number)
        mail = raw(message_id(first)).replace(b"Message-ID: <", b"Message-ID: <%d" % number, 1)
        result = await heard(store, mail)
        assert result.counts == {kind: 1}
        assert _reason(store, first.address) is reason
        assert _states(store, first) == [MessageState.ACCEPTED, MessageState.CANCELLED]


async def test_an_opt_out_by_mail_program_counts_for_the_address_that_was_written_to(store: Store) -> None:
    first = await sent(store)
    await heard(store, mail_of("", Subject=f"unsubscribe {first.id}", From="alias@elsewhere.example"))
    assert _reason(store) is SuppressionReason.OPT_OUT
    assert _reason(store, "alias@elsewhere.example") is None


@pytest.mark.parametrize(("status", "diagnostic", "policy"), [("5.2.2", FULL, False), ("5.7.1", SPAM, True)])
async def test_a_rejection_that_is_not_the_addresss_suppresses_nobody(
    store: Store, status: str, diagnostic: str, policy: bool
) -> None:
    first = await sent(store)
    inbound = await _only(store, report_of(returned=message_id(first), status=status, diagnostic=diagnostic))
    assert (inbound.kind, inbound.policy_rejection, inbound.no_such_address) == (InboundKind.BOUNCE, policy, False)
    assert _reason(store) is None
    assert _states(store, first) == [MessageState.ACCEPTED, MessageState.QUEUED]


@pytest.mark.parametrize("text", ["Tuesday works.", "Please write to Bo, b@company1.example."])
async def test_a_reply_stops_the_sequence(store: Store, text: str) -> None:
    first = await sent(store)
    inbound = await _only(store, mail_of(text, In_Reply_To=message_id(first)))
    assert (inbound.text, inbound.matched_by, inbound.message) == (text, MatchedBy.REFERENCES, first.id)
    assert _states(store, first) == [MessageState.ACCEPTED, MessageState.CANCELLED]
    assert _reason(store) is None


async def test_an_absence_makes_the_sequence_wait_for_its_end(store: Store) -> None:
    first = await sent(store)
    away = mail_of("I am back on 12 January.", In_Reply_To=message_id(first), Auto_Submitted="auto-replied")
    assert (await heard(store, away)).counts == {InboundKind.OUT_OF_OFFICE: 1}
    [_, waiting] = store.mail.outbox.thread(first.campaign, first.prospect)
    assert (waiting.state, waiting.due_at) == (MessageState.QUEUED, datetime(2027, 1, 12, tzinfo=UTC))


async def test_an_absence_without_a_date_makes_it_wait_a_week(store: Store) -> None:
    first = await sent(store)
    await heard(store, mail_of("Out.", Subject="Out of office", In_Reply_To=message_id(first)))
    [_, waiting] = store.mail.outbox.thread(first.campaign, first.prospect)
    assert waiting.due_at == datetime(2026, 12, 7, 10, 0, tzinfo=UTC)


async def test_own_follow_ups_and_other_peoples_mail_change_nothing(store: Store) -> None:
    first = await sent(store)
    mails = (
        mail_of("Following up", From="rosa@sender.example", In_Reply_To=message_id(first), Message_ID="<1@x>"),
        mail_of("Lunch?", From="friend@elsewhere.example", Subject="Lunch", Message_ID="<2@x>"),
        report_of(returned="<unknown@elsewhere.example>"),
    )
    assert (await heard(store, *mails)).counts == {InboundKind.OWN: 1, InboundKind.UNMATCHED: 2}
    assert _states(store, first) == [MessageState.ACCEPTED, MessageState.QUEUED]
    assert {(one.text, one.subject, one.sender) for one in store.mail.inbox.stream("")} == {("", "", "")}


async def test_an_opt_out_of_somebody_unknown_is_shown_to_a_person(store: Store) -> None:
    await sent(store)
    await heard(store, mail_of("Please stop", From="who@elsewhere.example"))
    [inbound] = store.mail.inbox.stream("")
    assert (inbound.kind, inbound.sender) == (InboundKind.UNMATCHED, "who@elsewhere.example")
    assert _reason(store, "who@elsewhere.example") is None


@pytest.mark.parametrize(
    ("raw", "state"),
    [
        (lambda id: report_of(returned=id), MessageState.ACCEPTED),
        (lambda id: report_of(returned=id, action="delivered"), MessageState.ACCEPTED),
        (lambda id: report_of(returned=id, action="delayed"), MessageState.ACCEPTED),
        (lambda id: mail_of("Yes", In_Reply_To=id), MessageState.ACCEPTED),
        (lambda id: mail_of("Yes"), MessageState.UNCERTAIN),
    ],
)
async def test_what_came_back_has_left(store: Store, raw: Callable[[str], bytes], state: MessageState) -> None:
    first = await sent(store, state=MessageState.UNCERTAIN)
    await heard(store, raw(message_id(first)))
    row = store.mail.outbox.row(first.id)
    assert row is not None
    assert row.state is state


async def test_a_mailbox_may_serve_several_campaigns(store: Store) -> None:
    other = await sent(store, campaign=CAMPAIGN)
    elsewhere = email_to(1, campaign="spring")
    await queue(store, elsewhere)
    await heard(store, mail_of("STOP", In_Reply_To=message_id(other)))
    assert _states(store, elsewhere) == [MessageState.CANCELLED]


async def test_a_mail_is_taken_in_once_even_if_its_folder_is_made_anew(store: Store) -> None:
    first = await sent(store)
    box = Box(mail_of("Yes", In_Reply_To=message_id(first)))
    assert (await hear(store, SETTINGS, {MAILBOX: box}, None, MONDAY)).counts.total() == 1
    assert store.mail.inbox.mark(Box.account, "INBOX") == (1, 1)
    assert (await hear(store, SETTINGS, {MAILBOX: box}, None, MONDAY)).counts.total() == 0
    box.validity = 2
    assert (await hear(store, SETTINGS, {MAILBOX: box}, None, MONDAY)).counts.total() == 0
    assert store.mail.inbox.mark(Box.account, "INBOX") == (2, 1)


class Reader:
    """Reads every answer in the same way."""

    def __init__(self, reading: Reading | None) -> None:
        self.reading = reading
        self.asked: list[tuple[InboundKind, str]] = []

    async def read(self, inbound: Inbound, answered: OutboxRow) -> Reading | None:
        self.asked.append((inbound.kind, answered.message.id))
        return self.reading


async def test_people_are_read_and_machines_are_not(store: Store) -> None:
    first = await sent(store)
    reader = Reader(Reading(ReplyClass.POSITIVE, "a-backend", "trace"))
    away = mail_of("Away", In_Reply_To=message_id(first), Auto_Submitted="auto-replied", Message_ID="<1@x>")
    result = await heard(store, mail_of("Yes!", In_Reply_To=message_id(first)), away, reader=reader)
    assert reader.asked == [(InboundKind.REPLY, first.id)]
    [inbound] = result.written
    assert (inbound.reply_class, inbound.classified_by, inbound.trace) == (ReplyClass.POSITIVE, "a-backend", "trace")


async def test_an_opt_out_needs_no_reader(store: Store) -> None:
    first = await sent(store)
    reader = Reader(Reading(ReplyClass.POSITIVE, "a-backend"))
    result = await heard(store, mail_of("STOP", In_Reply_To=message_id(first)), reader=reader)
    assert (reader.asked, result.written[0].reply_class) == ([], ReplyClass.OPT_OUT)


async def test_an_opt_out_that_only_the_reader_found_holds_for_this_campaign(store: Store) -> None:
    first = await sent(store)
    reader = Reader(Reading(ReplyClass.OPT_OUT, "test:backend"))
    await heard(store, mail_of("Nay, and good riddance.", In_Reply_To=message_id(first)), reader=reader)
    assert _reason(store, campaign=CAMPAIGN) is SuppressionReason.OPT_OUT
    assert _reason(store) is None


async def test_a_person_who_calls_it_an_opt_out_makes_it_one(store: Store) -> None:
    first = await sent(store)
    await heard(store, mail_of("Nay, and good riddance.", In_Reply_To=message_id(first)))
    [inbound] = store.mail.inbox.stream(CAMPAIGN)
    assert await correct_class(store.mail, inbound, ReplyClass.NEGATIVE, "ada")
    assert _reason(store) is None
    assert await correct_class(store.mail, inbound, ReplyClass.OPT_OUT, "ada")
    assert _reason(store) is SuppressionReason.OPT_OUT
    [corrected] = store.mail.inbox.stream(CAMPAIGN)
    assert (corrected.reply_class, corrected.is_corrected) == (ReplyClass.OPT_OUT, True)


async def test_an_opt_out_holds_for_whoever_wrote_it_where_the_email_was_forgotten(store: Store) -> None:
    first = await sent(store)
    await heard(store, mail_of("Nay, and good riddance.", In_Reply_To=message_id(first)))
    [inbound] = store.mail.inbox.stream(CAMPAIGN)
    gone = inbound.model_copy(update={"message": "forgotten"})
    assert await correct_class(store.mail, gone, ReplyClass.OPT_OUT, "ada")
    assert _reason(store, inbound.sender) is SuppressionReason.OPT_OUT


async def test_a_reader_that_cannot_be_asked_stops_nothing(store: Store) -> None:
    first = await sent(store)
    result = await heard(store, mail_of("Yes", In_Reply_To=message_id(first)), reader=Reader(None))
    assert result.written[0].reply_class is None
    assert _states(store, first) == [MessageState.ACCEPTED, MessageState.CANCELLED]


class Killed(BaseException):
    """As a kill: nothing handles it."""


def _kill_at(store: Store, monkeypatch: pytest.MonkeyPatch, allowed: int) -> list[str]:
    """Let so many durable steps happen, and end the process at the next; returns the names of what was done."""
    done: list[str] = []
    mail = store.mail
    for owner, name in (
        (mail.suppressions, "add"),
        (mail.outbox, "cancel"),
        (mail.outbox, "cancel_address"),
        (mail.outbox, "postpone"),
        (mail.outbox, "settle_uncertain"),
        (mail.inbox, "take_in"),
        (mail.inbox, "set_mark"),
    ):
        real: Callable[..., Awaitable[Any]] = getattr(owner, name)

        async def step(*given: Any, real: Any = real, name: str = name, **named: Any) -> Any:
            if len(done) == allowed:
                raise Killed
            result = await real(*given, **named)
            done.append(name)
            return result

        monkeypatch.setattr(owner, name, step)
    return done


async def _story(store: Store) -> tuple[Box, list[Message]]:
    people = [await sent(store, number, state=MessageState.UNCERTAIN) for number in range(1, 7)]
    ids = [message_id(one) for one in people]
    away = {"Auto_Submitted": "auto-replied"}
    mails = (
        report_of(returned=ids[0]),
        mail_of("STOP", In_Reply_To=ids[1], Message_ID="<2@x>"),
        mail_of("Yes", In_Reply_To=ids[2], Message_ID="<3@x>"),
        mail_of("Back on 12 January", In_Reply_To=ids[3], Message_ID="<4@x>", **away),
        complaint_of(returned=ids[4]),
        mail_of("No longer works here", In_Reply_To=ids[5], Message_ID="<6@x>", **away),
        mail_of("Lunch?", From="friend@elsewhere.example", Message_ID="<7@x>"),
    )
    return Box(*mails), people


def _all(store: Store, people: list[Message]) -> object:
    return (
        [_states(store, one) for one in people],
        [_reason(store, one.address) for one in people],
        [row.due_at for one in people for row in store.mail.outbox.thread(CAMPAIGN, one.prospect)],
        sorted((one.message_id, one.kind) for name in ("", CAMPAIGN) for one in store.mail.inbox.stream(name)),
        store.mail.inbox.mark(Box.account, "INBOX"),
    )


_STEPS = 30
"""Of the story: 4 suppressions with what they cancel, a cancellation, a wait, 6 settled, 7 taken in, 7 marks."""


@pytest.mark.parametrize("allowed", range(_STEPS + 1))
async def test_a_kill_between_any_two_steps_leaves_nothing_half_done(
    store: Store, monkeypatch: pytest.MonkeyPatch, allowed: int
) -> None:
    box, people = await _story(store)

    async def run() -> Heard:
        return await hear(store, SETTINGS, {MAILBOX: box}, None, MONDAY)

    with monkeypatch.context() as killing:
        done = _kill_at(store, killing, allowed)
        if allowed == _STEPS:
            await run()
        else:
            with pytest.raises(Killed):
                await run()
    assert len(done) == allowed
    again = await run()
    taken = done.count("take_in") + again.counts.total()
    assert taken == len(box.mails)
    accepted, cancelled, queued = MessageState.ACCEPTED, MessageState.CANCELLED, MessageState.QUEUED
    states, reasons, due, _, mark = _all(store, people)  # type: ignore[misc]
    assert states == [[accepted, queued if number == 3 else cancelled] for number in range(6)]
    assert reasons == [
        SuppressionReason.BOUNCE,
        SuppressionReason.OPT_OUT,
        None,
        None,
        SuppressionReason.COMPLAINT,
        SuppressionReason.GONE,
    ]
    assert due[7] == datetime(2027, 1, 12, tzinfo=UTC)
    assert mark == (1, 7)


async def test_an_opt_out_does_not_wait_for_a_model_that_reads_an_earlier_answer(store: Store) -> None:
    one, two = await sent(store, 1), await sent(store, 2)
    known: list[bool] = []

    class Slow:
        async def read(self, inbound: Inbound, answered: OutboxRow) -> Reading | None:
            known.append(store.mail.suppressions.listed(two.address, CAMPAIGN) is not None)
            return Reading(ReplyClass.POSITIVE, "a model")

    answer = mail_of("Tuesday works.", In_Reply_To=message_id(one), From=one.address)
    stop = mail_of("STOP", In_Reply_To=message_id(two), From=two.address).replace(
        b"Message-ID: <", b"Message-ID: <2", 1
    )
    result = await hear(store, SETTINGS, {MAILBOX: Box(answer, stop)}, Slow(), MONDAY)
    assert known == [True]
    assert [one.reply_class for one in result.written] == [ReplyClass.POSITIVE, ReplyClass.OPT_OUT]
