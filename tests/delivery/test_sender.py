"""Whatever a server does, an email is sent once or known not to be, and what is not known is named."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest

from miniatures.datamodel.message import CancelReason, Message, MessageState
from miniatures.datamodel.suppression import SuppressionReason
from miniatures.store.open import Store
from tests.delivery.sending import PASSWORD, WoundClock, send, settings_for
from tests.mail_servers.accepted import count_by_message_id
from tests.mail_servers.unruly_smtp import Fault, Stage, Tls, UnrulySmtp
from tests.store.mail.emails import CAMPAIGN, MONDAY, email_to, queue

HOUR = timedelta(hours=1)


def states(store: Store, *emails: Message) -> list[MessageState]:
    return [row.state for email in emails if (row := store.mail.outbox.row(email.id))]


async def until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - what is waited for happens in a server's thread
        await asyncio.sleep(0.005)


async def test_every_email_arrives_once_and_its_row_says_so(store: Store) -> None:
    emails = [email_to(number) for number in range(30)]
    await queue(store, *emails)
    with UnrulySmtp() as server:
        sent = await send(store, settings_for(server.port))
        assert sent.count(MessageState.ACCEPTED) == 30
        assert {tuple(one.recipients) for one in server.accepted} == {(one.address,) for one in emails}
        assert set(count_by_message_id(server.accepted).values()) == {1}
        assert set(states(store, *emails)) == {MessageState.ACCEPTED}
        await queue(store, *emails)
        assert (await send(store, settings_for(server.port), sender="two")).count(MessageState.ACCEPTED) == 0
        assert len(server.accepted) == 30


LOST = [
    Fault(at=Stage.KEPT, drops=True, times=1),
    Fault(at=Stage.KEPT, wait_s=3, times=1),
    Fault(at=Stage.BODY, drops=True, times=1),
    Fault(at=Stage.DOT, wait_s=3, drops=True, times=1),
]


@pytest.mark.parametrize(
    "fault", LOST, ids=["kept and dropped", "kept and silent", "cut in the text", "silent and dropped"]
)
async def test_what_may_have_left_is_uncertain_and_never_sent_again_by_itself(store: Store, fault: Fault) -> None:
    emails = [email_to(number) for number in range(3)]
    await queue(store, *emails)
    with UnrulySmtp(fault) as server:
        first = await send(store, settings_for(server.port, connections=1))
        again = await send(store, settings_for(server.port), clock=WoundClock(MONDAY + 72 * HOUR), sender="two")
        assert (first.count(MessageState.UNCERTAIN), again.count(MessageState.ACCEPTED)) == (1, 0)
        assert Counter(states(store, *emails)) == {MessageState.ACCEPTED: 2, MessageState.UNCERTAIN: 1}
        assert max(count_by_message_id(server.accepted).values()) == 1


NOT_NOW = [
    Fault(at=Stage.MAIL, reply="421 4.3.2 closing", times=1),
    Fault(at=Stage.RCPT, reply="450 4.2.0 greylisted", times=1, recipient="person1@company1.example"),
    Fault(at=Stage.RCPT, reply="421 4.7.0 too fast", times=1, recipient="person1@company1.example"),
    Fault(at=Stage.RCPT, drops=True, times=1, recipient="person1@company1.example"),
    Fault(at=Stage.DATA, reply="454 4.7.0 not now", times=1),
    Fault(at=Stage.DOT, reply="451 4.3.0 no room", times=1),
]


@pytest.mark.parametrize("fault", NOT_NOW, ids=lambda fault: f"{fault.at} {fault.reply}")
async def test_what_is_put_off_is_tried_later_and_arrives_once(store: Store, fault: Fault) -> None:
    emails = [email_to(number) for number in range(3)]
    await queue(store, *emails)
    clock = WoundClock()
    with UnrulySmtp(fault) as server:
        first = await send(store, settings_for(server.port, connections=1), clock=clock)
        assert first.count(MessageState.ACCEPTED) == 2
        clock.time += timedelta(minutes=6)
        await send(store, settings_for(server.port), clock=clock, sender="two")
        assert states(store, *emails) == [MessageState.ACCEPTED] * 3
        assert set(count_by_message_id(server.accepted).values()) == {1}


async def test_a_provider_that_asks_for_less_is_left_alone_and_the_others_are_not(store: Store) -> None:
    slow = [email_to(number, provider="slow.example") for number in range(3)]
    other = email_to(9)
    await queue(store, *slow, other)
    fault = Fault(at=Stage.RCPT, reply="421 4.7.0 too fast", recipient=slow[0].address)
    with UnrulySmtp(fault) as server:
        # One email is claimed at a time, so that the first answer is known before the next is claimed.
        settings = settings_for(server.port, connections=1, per_hour=360)
        await send(store, settings, patience=timedelta(seconds=30))
        left = {one.recipients[0] for one in server.accepted}
    assert other.address in left
    assert left.isdisjoint({one.address for one in slow})
    [pause] = store.mail.pauses.standing(CAMPAIGN, MONDAY + timedelta(minutes=1))
    assert (pause.provider, pause.mailbox) == ("slow.example", "sales")


async def test_a_recipient_that_does_not_exist_is_never_written_to_again(store: Store) -> None:
    email = email_to(1)
    await queue(store, email)
    fault = Fault(at=Stage.RCPT, reply="550 5.1.1 no such user")
    with UnrulySmtp(fault) as server:
        await send(store, settings_for(server.port))
    assert states(store, email) == [MessageState.REJECTED]
    listed = store.mail.suppressions.listed(email.address, "another campaign")
    assert listed is not None
    assert listed.reason is SuppressionReason.BOUNCE


async def test_a_policy_refusal_suppresses_nobody_and_three_in_a_row_pause_the_mailbox(store: Store) -> None:
    emails = [email_to(number) for number in range(6)]
    await queue(store, *emails)
    with UnrulySmtp(Fault(at=Stage.DOT, reply="550 5.7.1 looks like spam")) as server:
        sent = await send(store, settings_for(server.port, connections=1))
        assert "refused" in sent.mailboxes["sales"].trouble
        again = await send(store, settings_for(server.port), sender="two")
    assert Counter(states(store, *emails)) == {MessageState.REJECTED: 3, MessageState.QUEUED: 3}
    assert all(store.mail.suppressions.listed(one.address, CAMPAIGN) is None for one in emails)
    assert "paused" in again.mailboxes["sales"].trouble


@pytest.mark.parametrize(
    ("tls", "smtp", "word"),
    [
        (None, {"tls": "starttls"}, "tls"),
        (Tls.EXPIRED, {"tls": "starttls"}, "certificate"),
        (Tls.OTHER_HOST, {"tls": "starttls"}, "certificate"),
        (None, {"login": {"user": "rosa", "password": "NOT_SET_ANYWHERE"}}, "NOT_SET_ANYWHERE is not set"),
    ],
)
async def test_a_server_that_cannot_be_used_ends_the_run_in_a_sentence(
    store: Store, tls: Tls | None, smtp: dict[str, object], word: str
) -> None:
    email = email_to(1)
    await queue(store, email)
    with UnrulySmtp(tls=tls) as server:
        if tls:
            smtp = {**smtp, "host": "localhost", "ca_file": str(server.ca_file)}
        sent = await send(store, settings_for(server.port, **smtp))
        assert server.accepted == []
    assert word in sent.mailboxes["sales"].trouble
    assert states(store, email) == [MessageState.QUEUED]


async def test_over_tls_and_with_a_login_an_email_leaves(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD, "secret")
    await queue(store, email_to(1))
    with UnrulySmtp(tls=Tls.GOOD, users={"rosa": "secret"}) as server:
        login = {"user": "rosa", "password": PASSWORD}
        ca_file = str(server.ca_file)
        settings = settings_for(server.port, host="localhost", tls="starttls", login=login, ca_file=ca_file)
        assert (await send(store, settings)).count(MessageState.ACCEPTED) == 1


async def test_a_wrong_password_is_told_and_not_tried_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD, "wrong")
    await queue(store, email_to(1))
    with UnrulySmtp(users={"rosa": "secret"}) as server:
        settings = settings_for(server.port, login={"user": "rosa", "password": PASSWORD}, connections=1)
        sent = await send(store, settings)
        assert server.connections == 1
    assert "login" in sent.mailboxes["sales"].trouble


async def test_what_is_cancelled_after_the_claim_does_not_leave(store: Store) -> None:
    first, second = email_to(1), email_to(2)
    await queue(store, first, second)

    async def opt_out() -> None:
        await until(lambda: len(server.accepted) == 1)
        left = server.accepted[0].recipients[0]
        other = second if left == first.address else first
        await store.mail.outbox.cancel(CAMPAIGN, other.prospect, CancelReason.BY_HAND)

    hold = Fault(at=Stage.MAIL, wait_s=0.3, message=1)
    with UnrulySmtp(hold) as server:
        settings = settings_for(server.port, connections=1, per_hour=20_000)
        await asyncio.gather(send(store, settings), opt_out())
        assert len(server.accepted) == 1
    assert Counter(states(store, first, second)) == {MessageState.ACCEPTED: 1, MessageState.CANCELLED: 1}


async def test_a_stop_gives_back_what_was_claimed(store: Store) -> None:
    emails = [email_to(number) for number in range(20)]
    await queue(store, *emails)
    stop = asyncio.Event()

    async def soon() -> None:
        await until(lambda: len(server.accepted) >= 3)
        stop.set()

    with UnrulySmtp(Fault(at=Stage.MAIL, wait_s=0.02)) as server:
        await asyncio.gather(send(store, settings_for(server.port, connections=1), stop=stop), soon())
    found = Counter(states(store, *emails))
    assert found.keys() == {MessageState.ACCEPTED, MessageState.QUEUED}
    assert found[MessageState.QUEUED] >= 14


async def test_at_night_nothing_leaves_and_in_the_morning_it_does(store: Store) -> None:
    email = email_to(1, timezone="Europe/Berlin")
    await queue(store, email, due=MONDAY)
    clock = WoundClock(MONDAY + 14 * HOUR)  # 23:00 there
    with UnrulySmtp() as server:
        settings = settings_for(server.port)
        by_day = settings.model_copy(update={"hours": settings.hours.model_validate({"opens": "08:30"})})
        sent = await send(store, by_day, clock=clock)
        assert server.accepted == []
        assert sent.mailboxes["sales"].next_at == MONDAY + 21.5 * HOUR  # 06:30 UTC on Tuesday
        clock.time = MONDAY + 21.5 * HOUR
        await send(store, by_day, clock=clock, sender="two")
        assert len(server.accepted) == 1


async def test_after_days_of_trying_an_email_is_given_up(store: Store) -> None:
    email = email_to(1)
    await queue(store, email)
    clock = WoundClock()
    with UnrulySmtp(Fault(at=Stage.RCPT, reply="452 4.3.1 later")) as server:
        for day in range(8):
            clock.time = MONDAY + timedelta(days=day)
            await send(store, settings_for(server.port), clock=clock, sender=f"s{day}")
    row = store.mail.outbox.row(email.id)
    assert row is not None
    assert (row.state, row.attempts) == (MessageState.REJECTED, 8)
    assert row.answer is not None
    assert row.answer.code == 452
