"""What became of each person is read off what is kept, whatever happened in whatever order, and counts nobody twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miniatures.datamodel.hit import HitKind
from miniatures.datamodel.inbound import InboundKind, ReplyClass
from miniatures.datamodel.message import CancelReason, MessageState
from miniatures.datamodel.result import policy_of_step
from miniatures.datamodel.review import RejectReason, ReviewAction
from miniatures.datamodel.verdict import RateBase
from miniatures.delivery.arm_counts import arm_counts
from miniatures.delivery.outcomes import PersonOutcome, outcomes
from miniatures.store.mail.outbox_claim import Claim
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.delivery.ab_campaign import (
    NAME,
    SENT,
    accept,
    draft_to,
    enrol,
    hit,
    inbound,
    message,
    prospect,
    result,
    send,
)

ADA, BO = prospect("student", 1), prospect("student", 2)
DAY = timedelta(days=1)


@pytest.fixture
async def enrolled(store: Store) -> Store:
    await store.enrol(NAME, [ADA])
    await enrol(store, "student", [ADA])
    return store


def one(store: Store, *, by_risk: bool = False) -> PersonOutcome:
    [found] = outcomes(store, NAME, store.reviews(NAME), by_risk=by_risk)
    return found


async def test_whoever_no_run_has_reached_is_counted_and_costs_nothing(store: Store) -> None:
    await enrol(store, "student", [ADA, BO])  # in no list yet: their arm could not be opened
    await store.enrol(NAME, [ADA])
    people = outcomes(store, NAME, store.reviews(NAME), by_risk=False)
    assert [(found.arm, found.drafted, found.cost_usd) for found in people] == [("student", False, 0.0)] * 2
    assert arm_counts("student", people, RateBase.DELIVERED).enrolled == 2


async def test_a_draft_waits_for_a_reviewer_or_for_none_at_a_stated_risk(enrolled: Store) -> None:
    await enrolled.save_result(result("student", "p", ADA))
    waiting, sendable = one(enrolled), one(enrolled, by_risk=True)
    assert (waiting.drafted, waiting.ready, waiting.approved, waiting.left_out) == (True, True, False, False)
    assert sendable.approved and not sendable.edited
    await accept(enrolled, ADA, SENT, action=ReviewAction.REJECT, reason=RejectReason.GENERIC)
    rejected = one(enrolled, by_risk=True)
    assert (rejected.rejected, rejected.decided, rejected.approved, rejected.left_out) == (True, True, False, True)


async def test_an_edit_counts_where_it_changes_the_text(enrolled: Store) -> None:
    await enrolled.save_result(result("student", "p", ADA))
    same = draft_to(ADA).text.model_dump()
    await accept(enrolled, ADA, SENT, action=ReviewAction.EDIT, edited=same)
    assert (one(enrolled).approved, one(enrolled).edited) == (True, False)
    changed = {**same, "body": f"{same['body']} Bye."}
    await accept(enrolled, ADA, SENT + DAY, action=ReviewAction.EDIT, edited=changed)
    assert (one(enrolled).approved, one(enrolled).edited) == (True, True)


async def test_the_text_that_left_says_whether_it_was_edited(enrolled: Store) -> None:
    await enrolled.save_result(result("student", "p", ADA))
    await send(enrolled, [message("student", "p", ADA, edited=True)], SENT)
    await accept(enrolled, ADA, SENT + DAY)
    found = one(enrolled)
    assert found.sent_at is not None and found.edited, "an acceptance after it left changes nothing"


async def test_the_draft_that_left_counts_and_not_one_that_was_written_later(enrolled: Store) -> None:
    await enrolled.save_result(result("student", "old", ADA))
    await send(enrolled, [message("student", "old", ADA)], SENT)
    await enrolled.save_result(result("student", "new", ADA, drafted=False))
    found = one(enrolled)
    assert (found.drafted, found.ready, found.policy, found.cost_usd) == (True, True, "old", 0.02)


async def test_a_follow_up_adds_what_it_cost_and_counts_nobody_twice(enrolled: Store) -> None:
    await enrolled.save_result(result("student", "p", ADA))
    follow_up = result("student", policy_of_step("p", 1), ADA)
    assert follow_up.draft is not None
    draft = follow_up.draft.model_copy(update={"id": "second", "body": "Hi again."})
    await enrolled.save_result(follow_up.model_copy(update={"draft": draft}))
    await send(enrolled, [message("student", "p", ADA)], SENT)
    found = one(enrolled)
    assert found.cost_usd == pytest.approx(0.02) and not found.edited and found.policy == "p"
    assert arm_counts("student", [found], RateBase.DELIVERED).sent == 1


async def test_one_unknown_cost_makes_the_sum_unknown(enrolled: Store) -> None:
    await enrolled.save_result(result("student", "p", ADA, cost_usd=None))
    await enrolled.save_result(result("student", policy_of_step("p", 1), ADA))
    assert one(enrolled).cost_usd is None


async def test_what_is_queued_waits_and_what_was_taken_back_was_never_queued(enrolled: Store) -> None:
    await enrolled.save_result(result("student", "p", ADA))
    await enrolled.mail.outbox.queue([message("student", "p", ADA)], due_at=SENT, decisions={})
    assert (one(enrolled).waiting, one(enrolled).approved, one(enrolled).sent_at) == (1, True, None)
    await enrolled.mail.outbox.cancel(NAME, ADA.key, CancelReason.DECIDED_ANEW)
    assert (one(enrolled).waiting, one(enrolled).approved, one(enrolled).left_out) == (0, False, False)


async def test_an_email_that_was_cancelled_never_leaves(enrolled: Store) -> None:
    await enrolled.save_result(result("student", "p", ADA))
    await enrolled.mail.outbox.queue([message("student", "p", ADA)], due_at=SENT, decisions={})
    await enrolled.mail.outbox.cancel_arm(NAME, "student", CancelReason.ARM_STOPPED)
    assert (one(enrolled).approved, one(enrolled).left_out, one(enrolled).sent_at) == (True, True, None)


async def test_a_persons_correction_changes_what_is_counted(enrolled: Store) -> None:
    await enrolled.save_result(result("student", "p", ADA))
    await send(enrolled, [message("student", "p", ADA)], SENT)
    await enrolled.mail.inbox.take_in(inbound(ADA, InboundKind.REPLY, SENT + DAY, reply_class=ReplyClass.POSITIVE))
    assert one(enrolled).did.positive_at == SENT + DAY
    [mail] = enrolled.mail.inbox.of_prospect(NAME, ADA.key)
    await enrolled.mail.inbox.correct(mail.id, ReplyClass.NEGATIVE, "ada")
    found = one(enrolled).did
    assert (found.positive_at, found.replied_at) == (None, SENT + DAY)


async def _kill_its_sender(store: Store) -> None:
    """Whoever was sending it is gone, so that nobody knows whether it left."""
    await store.mail.outbox.queue([message("student", "p", ADA)], due_at=SENT, decisions={})
    rows = await store.mail.outbox.claim(Claim(NAME, "rosa@sender.example", "two", SENT + DAY, 10))
    await store.mail.outbox.start_sending([row.message.id for row in rows], "two")
    await store.mail.outbox.recover("two")


async def _settle(store: Store) -> None:
    for row in store.mail.outbox.thread(NAME, ADA.key):
        await store.mail.outbox.settle_uncertain(row.message.id, MessageState.ACCEPTED, "seen")


Happening = Callable[[Store], object]
_EVENTS: dict[str, Happening] = {
    "drafted": lambda store: store.save_result(result("student", "p", ADA)),
    "written anew": lambda store: store.save_result(result("student", "q", ADA)),
    "nothing found": lambda store: store.save_result(result("student", "q", ADA, drafted=False)),
    "follow-up": lambda store: store.save_result(result("student", "p+1", ADA)),
    "accepted": lambda store: accept(store, ADA, SENT),
    "rejected": lambda store: accept(store, ADA, SENT, action=ReviewAction.REJECT, reason=RejectReason.OTHER),
    "edited": lambda store: accept(
        store, ADA, SENT, action=ReviewAction.EDIT, edited={"subject": "Other", "body": "Hi Ada,\n\nother."}
    ),
    "withdrawn": lambda store: accept(store, ADA, SENT, action=ReviewAction.WITHDRAW),
    "queued": lambda store: store.mail.outbox.queue([message("student", "p", ADA)], due_at=SENT, decisions={}),
    "sent": lambda store: send(store, [message("student", "p", ADA)], SENT),
    "sent edited": lambda store: send(store, [message("student", "p", ADA, edited=True)], SENT),
    "follow-up sent": lambda store: send(store, [message("student", "p+1", ADA, step=1)], SENT + DAY),
    "cancelled": lambda store: store.mail.outbox.cancel(NAME, ADA.key, CancelReason.SUPPRESSED),
    "taken back": lambda store: store.mail.outbox.cancel(NAME, ADA.key, CancelReason.DECIDED_ANEW),
    "uncertain": _kill_its_sender,
    "settled": _settle,
    **{
        f"{kind} {said}": (
            lambda store, kind=kind, said=said: store.mail.inbox.take_in(
                inbound(ADA, kind, SENT + DAY, reply_class=said)
            )
        )
        for kind in InboundKind
        for said in (None, ReplyClass.POSITIVE, ReplyClass.OPT_OUT)
    },
    "bounced by address": lambda store: store.mail.inbox.take_in(inbound(ADA, InboundKind.BOUNCE, SENT, step=None)),
    **{
        f"{kind} after {seconds} s": (
            lambda store, kind=kind, seconds=seconds: store.mail.hits.add(
                hit(ADA, kind, SENT + timedelta(seconds=seconds))
            )
        )
        for kind in HitKind
        for seconds in (-60, 1, 90_000)
    },
}


@given(st.lists(st.sampled_from(sorted(_EVENTS)), max_size=12), st.booleans(), st.sampled_from(RateBase))
@settings(max_examples=60, deadline=None)
def test_counts_fit_whatever_happened_in_whatever_order(
    tmp_path_factory: pytest.TempPathFactory, happened: list[str], by_risk: bool, per: RateBase
) -> None:
    async def happen() -> None:
        with open_store(str(tmp_path_factory.mktemp("s") / "store.sqlite")) as store:
            await store.enrol(NAME, [ADA])
            await enrol(store, "student", [ADA, BO])
            for event in happened:
                await _EVENTS[event](store)  # type: ignore[misc]
            people = outcomes(store, NAME, store.reviews(NAME), by_risk=by_risk)
            for within in (timedelta(seconds=30), timedelta(days=2), timedelta.max):
                found = arm_counts("student", people, per, within)  # which raises if they do not fit
                assert found.enrolled == 2 and found.sent <= 1
                assert found.delivered + found.bounced == found.sent

    asyncio.run(happen())


def test_a_campaign_that_is_no_test_has_nobody(store: Store) -> None:
    assert outcomes(store, NAME, store.reviews(NAME), by_risk=False) == []
