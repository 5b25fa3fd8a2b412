"""From a run to the second email: it is in the thread of the first, and whoever answered is never written to again."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8
from pathlib import Path

import pytest

from miniatures.agents.runs import run_campaign
from miniatures.datamodel.ab_decision import AbAction, AbDecision
from miniatures.datamodel.message import MessageState
from miniatures.delivery.back_off import Refusal
from miniatures.delivery.follow_up_run import WrittenFollowUps, planned, write_follow_ups
from miniatures.delivery.follow_ups import Hindrance
from miniatures.delivery.inbound.hear import Heard
from miniatures.delivery.send import send_campaign
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.store.open import open_store
from tests.delivery.follow_up_campaign import (
    ADA,
    DAY,
    DORA,
    NOON,
    accept_all,
    answer,
    campaign,
    first_emails,
    five_days_later,
    send_approved,
    with_nothing_left_to_say,
)
from tests.delivery.sending import WoundClock
from tests.mail_servers.unruly_smtp import UnrulySmtp


async def written(loaded: LoadedCampaign, clock: WoundClock) -> WrittenFollowUps:
    return await write_follow_ups(loaded, now=clock.now)


def read(content: bytes) -> EmailMessage:
    parsed = message_from_bytes(content, policy=SMTPUTF8)
    assert isinstance(parsed, EmailMessage)
    return parsed


async def test_whoever_does_not_answer_gets_one_follow_up_in_the_thread(tmp_path: Path) -> None:
    clock = WoundClock(NOON)
    with UnrulySmtp() as server:
        loaded = campaign(tmp_path / "autumn", server.port)
        await run_campaign(loaded, now=clock.now)
        with open_store(loaded.store_url, now=clock.now, flushed=True) as store:
            await first_emails(store, loaded, clock)
            await answer(store, loaded, DORA)
            clock.time += 4 * DAY - timedelta(minutes=5)
            assert planned(loaded, store, clock.now()).hindered == {Hindrance.EARLY: 1, Hindrance.ANSWERED: 1}
            assert (await written(loaded, clock)).written == []

            clock.time += timedelta(minutes=10)
            [result] = (await written(loaded, clock)).written
            assert (result.prospect.email, result.step) == (ADA, 1)
            again = await written(loaded, clock)
            assert again.written == [] and again.plan.hindered[Hindrance.WRITTEN] == 1
            assert await send_approved(store, loaded, clock) == 0, "nobody has read it yet"

            assert await accept_all(store, loaded) == 1
            assert await send_approved(store, loaded, clock) == 1
            assert await send_approved(store, loaded, clock) == 0
            clock.time += 30 * DAY
            assert (await written(loaded, clock)).plan.hindered == {Hindrance.ALL_SENT: 1, Hindrance.ANSWERED: 1}
            thread = store.mail.outbox.thread(loaded.name, result.prospect.key)
        mails = [read(one.content) for one in server.accepted if one.recipients == [ADA]]
    first, second = mails
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"]
    assert second["Subject"] == f"Re: {first['Subject']}"
    assert second["From"] == first["From"] and second["To"] == first["To"]
    assert [row.message.mailbox for row in thread] == [thread[0].message.mailbox] * 2
    text = second.get_body(("plain",)).get_content()
    assert f"I wrote to you on {NOON.day} {NOON:%B}. One thing more, and then I leave it there." in text
    assert "no answer is needed" in text, "the campaign names no follow-up after this one"
    assert len(server.accepted) == 3


async def test_a_reply_after_the_approval_keeps_it_from_leaving(tmp_path: Path) -> None:
    clock = WoundClock(NOON)
    async with five_days_later(tmp_path, clock) as (server, loaded, store):
        assert len((await written(loaded, clock)).written) == 2
        assert await accept_all(store, loaded) == 2
        await answer(store, loaded, ADA)
        assert await send_approved(store, loaded, clock) == 1
        assert [one.recipients for one in server.accepted[2:]] == [[DORA]]


async def test_nobody_is_written_to_again_by_a_mailbox_that_cannot_hear_what_came_back(tmp_path: Path) -> None:
    clock = WoundClock(NOON)
    async with five_days_later(tmp_path, clock) as (_, loaded, store):
        assert len((await written(loaded, clock)).written) == 2
        assert await accept_all(store, loaded) == 2
        silent = {f"{name}@tarnwick.example": Refusal("it is silent") for name in ("maren", "rosa")}

        async def listen() -> Heard:
            return Heard(unread=silent)

        sent = await send_campaign(loaded, store, watch=False, stop=asyncio.Event(), listen=listen)
        assert sent.count(MessageState.ACCEPTED) == 0
        assert store.mail.listing.waiting(loaded.name) == {}, "what came back meanwhile is asked first"
        assert await send_approved(store, loaded, clock) == 2


async def test_it_is_written_from_what_was_sent_or_not_at_all(tmp_path: Path) -> None:
    """`run --redo` writes another email in the place of the one that left; whoever left the list is left alone."""
    clock = WoundClock(NOON)
    async with five_days_later(tmp_path, clock) as (_, loaded, store):
        [ada] = [one for one in store.results(loaded.name) if one.prospect.email == ADA]
        assert ada.draft is not None
        await store.save_result(ada.model_copy(update={"draft": ada.draft.model_copy(update={"id": "another"})}))
        listed = loaded.prospects_path.read_text().splitlines()
        loaded.prospects_path.write_text("\n".join(line for line in listed if DORA not in line) + "\n")
        plan = planned(loaded, store, clock.now())
    assert plan.due == ()
    assert plan.hindered == {Hindrance.NOT_KEPT: 1, Hindrance.OFF_THE_LIST: 1}


async def test_each_arm_writes_its_own(tmp_path: Path) -> None:
    clock = WoundClock(NOON)
    async with five_days_later(tmp_path, clock, arms={"student": {}, "teacher": {}}) as (_, loaded, store):
        done = await written(loaded, clock)
        arms = {key: one.arm for key, one in store.mail.enrolments.of(loaded.name).items()}
        assert {one.prospect.key: one.arm for one in done.written} == arms
        assert await accept_all(store, loaded) == 2
        assert await send_approved(store, loaded, clock) == 2
        rows = list(store.mail.outbox.stream(loaded.name))
    assert {(row.message.step, row.message.arm) for row in rows} == {
        (step, arm) for step in (0, 1) for arm in arms.values()
    }


async def test_nothing_is_written_in_an_arm_that_was_stopped(tmp_path: Path) -> None:
    clock = WoundClock(NOON)
    async with five_days_later(tmp_path, clock, arms={"student": {}, "teacher": {}}) as (_, loaded, store):
        arms = {key: one.arm for key, one in store.mail.enrolments.of(loaded.name).items()}
        [stopped, *_] = arms.values()
        stop = AbDecision(
            id="stop",
            campaign=loaded.name,
            arm=stopped,
            action=AbAction.STOPPED,
            why="It bounced.",
            decided_by="ada",
            decided_at=clock.now(),
        )
        await store.mail.decisions.keep(stop)
        done = await written(loaded, clock)
    assert all(arms[one.prospect.key] != stopped for one in done.written)
    assert done.plan.hindered == {Hindrance.ARM_STOPPED: list(arms.values()).count(stopped)}


@pytest.mark.parametrize("killed_after", [0, 1])
async def test_a_stop_leaves_the_rest_to_the_next_time(tmp_path: Path, killed_after: int) -> None:
    clock, stop = WoundClock(NOON), asyncio.Event()
    with UnrulySmtp() as server:
        loaded = campaign(tmp_path / "autumn", server.port, concurrency=1)
        await run_campaign(loaded, now=clock.now)
        with open_store(loaded.store_url, now=clock.now, flushed=True) as store:
            await first_emails(store, loaded, clock)
    clock.time += 5 * DAY
    if not killed_after:
        stop.set()
    first = await write_follow_ups(loaded, now=clock.now, stop=stop, on_done=lambda prospect, error: stop.set())
    second = await written(loaded, clock)
    assert (len(first.written), len(second.written)) == (killed_after, 2 - killed_after)


async def test_with_nothing_new_to_say_none_is_written_and_nobody_is_asked_twice(tmp_path: Path) -> None:
    clock = WoundClock(NOON)
    async with five_days_later(tmp_path, clock) as (_, loaded, store):
        told: list[str] = []
        done = await write_follow_ups(
            with_nothing_left_to_say(loaded),
            now=clock.now,
            on_done=lambda prospect, done: told.append(str(getattr(done, "error", done))),
        )
        assert (done.written, done.failed, len(done.nothing_new)) == ([], [], 2)
        assert told == ["there is nothing new to say to them"] * 2
        assert await accept_all(store, loaded) == 0
        assert planned(loaded, store, clock.now()).hindered == {Hindrance.NOTHING_NEW: 2}
