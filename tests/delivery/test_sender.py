"""Whatever a server does, an email is sent once or known not to be, and what is not known is named."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from miniatures.datamodel.message import CancelReason, Message, MessageState, ServerReply
from miniatures.datamodel.suppression import SuppressionReason
from miniatures.delivery.job import Clock, Job
from miniatures.delivery.send import Sent, send_queued
from miniatures.delivery.smtp_session import ServerUnavailable, SmtpSession
from miniatures.store.mail.transitions import Settled
from miniatures.store.open import Store, open_store
from tests.delivery.sending import PASSWORD, WoundClock, plain, send, settings_for
from tests.mail_servers.accepted import count_by_message_id
from tests.mail_servers.unruly_smtp import Fault, Stage, Tls, UnrulySmtp
from tests.store.mail.emails import CAMPAIGN, MAILBOX, MONDAY, claim, email_to, queue

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
    [pause] = store.mail.pauses.standing(CAMPAIGN, MONDAY + timedelta(minutes=1), [MAILBOX])
    assert (pause.campaign, pause.provider, pause.mailbox) == ("", "slow.example", MAILBOX)


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


async def rounds(store: Store, port: int, number: int, pause: timedelta) -> list[Sent]:
    """A process that watches, at the pace of people: one email a round."""
    clock = WoundClock()
    settings = settings_for(port, connections=1, per_hour=20)
    job = Job(CAMPAIGN, settings, "", plain, Clock(clock.now, clock.sleep), timedelta(seconds=1), asyncio.Event())
    sent = []
    for round in range(number):
        sent.append(await send_queued(replace(job, sender=f"round {round}"), store))
        clock.time += pause
    return sent


async def test_refusals_in_a_row_are_counted_over_the_rounds_of_a_process_that_watches(store: Store) -> None:
    await queue(store, *(email_to(number) for number in range(6)))
    with UnrulySmtp(Fault(at=Stage.DOT, reply="550 5.7.1 looks like spam")) as server:
        sent = await rounds(store, server.port, 4, timedelta(minutes=5))
    assert ["refused" in one.mailboxes["sales"].trouble for one in sent] == [False, False, True, False]
    assert "paused" in sent[3].mailboxes["sales"].trouble
    assert store.mail.outbox.counts(CAMPAIGN)[MessageState.QUEUED] == 3


async def test_a_provider_that_asks_for_less_again_and_again_is_left_alone_for_longer(store: Store) -> None:
    await queue(store, *(email_to(number, provider="slow.example") for number in range(6)))
    rests = []
    with UnrulySmtp(Fault(at=Stage.RCPT, reply="421 4.7.0 too fast")) as server:
        clock = WoundClock()
        settings = settings_for(server.port, connections=1, per_hour=3600)
        stop = asyncio.Event()
        job = Job(CAMPAIGN, settings, "", plain, Clock(clock.now, clock.sleep), timedelta(), stop)
        for round in range(4):
            await send_queued(replace(job, sender=f"round {round}"), store)
            [pause] = store.mail.pauses.standing(CAMPAIGN, clock.now(), [MAILBOX])
            assert pause.until is not None
            rests.append(round_minutes(pause.until - clock.now()))
            clock.time = pause.until
    assert rests == [1, 2, 4, 8]


def round_minutes(time: timedelta) -> int:
    return round(time / timedelta(minutes=1))


async def test_many_who_opted_out_hold_up_nobody_behind_them(store: Store) -> None:
    emails = [email_to(number) for number in range(20)]
    await queue(store, *emails)
    await store.mail.suppressions.add_all([one.address for one in emails[:-1]], SuppressionReason.IMPORTED)
    clock = WoundClock()
    with UnrulySmtp() as server:
        await send(store, settings_for(server.port, per_hour=60), clock=clock, patience=timedelta(minutes=1))
    assert [one.recipients[0] for one in server.accepted] == [emails[-1].address]
    assert clock.time < MONDAY + timedelta(minutes=3)


async def test_emails_of_a_mailbox_that_the_file_lost_are_named(store: Store) -> None:
    await queue(store, email_to(1), email_to(2, mailbox="gone@sender.example"))
    with UnrulySmtp() as server:
        sent = await send(store, settings_for(server.port))
    assert sent.mailboxes["sales"].trouble == ""
    assert sent.mailboxes["gone@sender.example"].trouble.startswith(
        "1 waiting for it, and `send:` has no mailbox with this address"
    )


async def test_what_another_campaign_sends_meanwhile_counts_for_the_mailbox_too(tmp_path: Path) -> None:
    winter = [email_to(number, campaign="winter") for number in range(5)]

    class Meanwhile(WoundClock):
        async def sleep(self, seconds: float) -> None:
            for row in await claim(store, "another process", campaign="winter"):
                reply = ServerReply(stage="data", code=250)
                await store.mail.outbox.settle([Settled(row, MessageState.ACCEPTED, reply)], "another process")
            await super().sleep(seconds)

    clock = Meanwhile()
    with open_store(str(tmp_path / "shared.sqlite"), now=clock.now) as store, UnrulySmtp() as server:
        await queue(store, *winter, *(email_to(number) for number in range(20)))
        settings = settings_for(server.port, connections=1, per_hour=60)
        box = settings.mailboxes["sales"].model_copy(update={"per_day": 8})
        sent = await send(
            store, settings.model_copy(update={"mailboxes": {"sales": box}}), clock=clock, patience=2 * HOUR
        )
        assert len(server.accepted) == 8 - len(winter)
    assert sent.mailboxes["sales"].next_at is not None


async def test_a_conversation_that_came_to_nothing_leaves_no_connection_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD, "wrong")
    closed = asyncio.Event()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example\r\n")
        while line := await reader.readline():
            greets = line.startswith(b"EHLO")
            writer.write(b"250-mail.example\r\n250 AUTH PLAIN\r\n" if greets else b"535 5.7.8 wrong password\r\n")
        closed.set()
        writer.close()

    async with await asyncio.start_server(converse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        settings = settings_for(port, login={"user": "rosa", "password": PASSWORD}).mailboxes["sales"].smtp
        with pytest.raises(ServerUnavailable, match="wrong password"):
            await SmtpSession(settings).open()
        await asyncio.wait_for(closed.wait(), 2)


async def test_a_server_that_takes_one_connection_gets_every_email_over_it(store: Store) -> None:
    emails = [email_to(number) for number in range(4)]
    await queue(store, *emails)
    arrived: list[bytes] = []
    open_now = 0

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now
        open_now += 1
        writer.write(b"220 mail.example\r\n" if open_now == 1 else b"421 4.7.0 too many connections\r\n")
        while open_now == 1 and (line := await reader.readline()):
            if line.startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
                arrived.append(await reader.readuntil(b"\r\n.\r\n"))
                await asyncio.sleep(0.05)  # so that the other connection is tried meanwhile
            writer.write(b"250 2.0.0 ok\r\n")
        open_now -= 1
        writer.close()

    async with await asyncio.start_server(converse, "127.0.0.1", 0) as server:
        settings = settings_for(server.sockets[0].getsockname()[1], connections=2)
        sent = await send(store, settings)
    assert sent.mailboxes["sales"].trouble == ""
    assert (len(arrived), sent.count(MessageState.ACCEPTED)) == (4, 4)


async def test_who_is_refused_while_another_connection_is_being_opened_leaves_the_email_to_it(store: Store) -> None:
    emails = [email_to(number) for number in range(4)]
    await queue(store, *emails)
    arrived: list[bytes] = []
    refused = asyncio.Event()
    connections = 0

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        if connections > 1:
            writer.write(b"554 5.7.0 too many connections\r\n")
            refused.set()
        else:
            await refused.wait()
            await asyncio.sleep(0.05)  # so that the other connection hears it first
            writer.write(b"220 mail.example\r\n")
            while line := await reader.readline():
                if line.startswith(b"DATA"):
                    writer.write(b"354 go on\r\n")
                    arrived.append(await reader.readuntil(b"\r\n.\r\n"))
                writer.write(b"250 2.0.0 ok\r\n")
        writer.close()

    async with await asyncio.start_server(converse, "127.0.0.1", 0) as server:
        sent = await send(store, settings_for(server.sockets[0].getsockname()[1], connections=2))
    report = sent.mailboxes["sales"]
    assert (report.trouble, report.let_in, connections) == ("", True, 2)
    assert (len(arrived), sent.count(MessageState.ACCEPTED)) == (4, 4)


async def test_a_long_pause_between_emails_is_told_once(store: Store) -> None:
    await queue(store, *(email_to(number) for number in range(3)))
    told: list[tuple[str, int]] = []

    def waiting(mailbox: str, _moment: object, number: int) -> None:
        told.append((mailbox, number))

    clock = WoundClock()
    with UnrulySmtp() as server:
        settings = settings_for(server.port, connections=2, per_hour=20)
        watched = Job(
            CAMPAIGN, settings, "one", plain, Clock(clock.now, clock.sleep), HOUR, asyncio.Event(), on_wait=waiting
        )
        await send_queued(watched, store)
        assert len(server.accepted) == 3
    assert told == [("sales", 2), ("sales", 1)]
