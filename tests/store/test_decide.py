"""A decision is kept exactly if the draft and what is known of it are as its reviewer saw them, on both databases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.message import CancelReason, MessageState
from miniatures.datamodel.review import Review, ReviewAction
from miniatures.store.decide import Outcome, decision
from miniatures.store.decisions import DECIDING
from miniatures.store.mail.outbox_claim import Claim
from miniatures.store.mail_tables import mail_events, messages
from miniatures.store.open import Store, open_store
from tests.store.databases import CAMPAIGN, person
from tests.store.mail.emails import MAILBOX, MONDAY, claim, email_to, queue
from tests.store.test_drafts import draft, save
from tests.store.test_results import result_of
from tests.store.test_reviews import review_of

MEANS: dict[ReviewAction, dict[str, object]] = {
    ReviewAction.EDIT: {"edited": {"subject": "New", "body": "Other words."}},
    ReviewAction.REJECT: {"reason": "tactless"},
    ReviewAction.REWRITE: {"comment": "Shorter."},
}
"""What an action says beside its name."""


def said(reviewer: str = "ada", id: str = "one", action: str = "accept", **fields: object) -> Review:
    return review_of(1, draft=id, reviewer=reviewer, action=action, **fields)


async def test_a_decision_is_kept_once_however_often_it_is_sent(store: Store) -> None:
    await save(store, 1, "one")
    review, text = said(), draft("one").text_hash
    outcomes = await asyncio.gather(*(store.decide(review, text, 0) for _ in range(5)))
    assert outcomes == [Outcome.KEPT] * 5
    assert await store.decide(review, "another text", 7) is Outcome.KEPT, "it is there already"
    assert list(store.reviews(CAMPAIGN)) == [review]
    assert store.decisions_on("one") == 1


async def test_of_two_who_saw_nothing_decided_one_is_refused(store: Store) -> None:
    await save(store, 1, "one")
    text = draft("one").text_hash
    first, second = await asyncio.gather(
        store.decide(said("ada"), text, 0), store.decide(said("ben", action="accept"), text, 0)
    )
    assert sorted((first, second)) == [Outcome.DECIDED_MEANWHILE, Outcome.KEPT]
    assert len(list(store.reviews(CAMPAIGN))) == 1
    assert await store.decide(said("ben"), text, 1) is Outcome.KEPT, "who has seen the first decision may differ"


async def test_two_processes_do_not_both_decide(store_url: str) -> None:
    with open_store(store_url) as one, open_store(store_url) as other:
        for number in range(20):
            await save(one, number, f"draft{number}")
            text = draft(f"draft{number}").text_hash
            reviews = [review_of(number, draft=f"draft{number}", reviewer=name) for name in ("ada", "ben")]
            outcomes = await asyncio.gather(one.decide(reviews[0], text, 0), other.decide(reviews[1], text, 0))
            assert sorted(outcomes) == [Outcome.DECIDED_MEANWHILE, Outcome.KEPT]
        assert len(list(one.reviews(CAMPAIGN))) == 20


async def test_a_text_that_changed_meanwhile_is_not_decided_about(store: Store) -> None:
    await save(store, 1, "one")
    text = draft("one").text_hash
    await save(store, 1, "one", body="Another text")
    assert await store.decide(said(), text, 0) is Outcome.CHANGED_MEANWHILE
    await save(store, 1, "two")
    assert await store.decide(said(), draft("one", body="Another text").text_hash, 0) is Outcome.CHANGED_MEANWHILE
    assert await store.decide(said(id="gone"), text, 0) is Outcome.CHANGED_MEANWHILE
    assert list(store.reviews(CAMPAIGN)) == []


@pytest.mark.parametrize("state", list(MessageState))
async def test_nobody_decides_about_an_email_that_is_being_sent_or_may_have_left(
    store: Store, state: MessageState
) -> None:
    await save(store, 1, "one")
    await store.mail.outbox.queue([email_to(1, prospect=person(1).key)], due_at=store.now(), decisions={})
    await store._writer.ask(lambda connection: connection.execute(update(messages).values(state=state)).close())
    left = (MessageState.SENDING, MessageState.ACCEPTED, MessageState.UNCERTAIN)
    outcome = await store.decide(said(), draft("one").text_hash, 0)
    assert outcome is (Outcome.HAS_LEFT if state in left else Outcome.KEPT)
    assert len(list(store.reviews(CAMPAIGN))) == (state not in left)


@pytest.mark.parametrize("action", DECIDING)
async def test_a_decision_takes_back_what_a_sender_has_claimed(store: Store, action: ReviewAction) -> None:
    text, id = await _approved_and_queued(store)
    assert await claim(store, sender="dead")
    review = said("ben", action=action.value, **MEANS.get(action, {}))
    assert await store.decide(review, text, 1) is Outcome.KEPT
    row = store.mail.outbox.row(id)
    assert row is not None and (row.state, row.why) == (MessageState.CANCELLED, CancelReason.DECIDED_ANEW)
    assert await _told(store, id) == [MessageState.QUEUED, MessageState.CANCELLED]
    await store.mail.senders.recover()
    assert await store.mail.outbox.start_sending([id], "dead") == set()
    assert await claim(store, sender="next") == []


async def test_a_decision_takes_back_nothing_that_is_for_somebody_else(store: Store) -> None:
    text, _ = await _approved_and_queued(store)
    other = email_to(2)
    await queue(store, other)
    await claim(store)
    assert await store.decide(said(action="withdraw"), text, 1) is Outcome.KEPT
    assert await store.mail.outbox.start_sending([other.id], "one") == {other.id}


async def test_what_decides_nothing_takes_nothing_back(store: Store) -> None:
    text, id = await _approved_and_queued(store)
    await claim(store)
    assert await store.decide(said("ben", action="set_aside"), text, 1) is Outcome.KEPT
    assert await store.decide(said("ben", action="withdraw"), text, 0) is Outcome.DECIDED_MEANWHILE
    assert await store.mail.outbox.start_sending([id], "one") == {id}


async def test_a_decision_waits_for_a_claim_and_takes_it_back(store: Store) -> None:
    text, id = await _approved_and_queued(store)
    asked, outbox = Claim(CAMPAIGN, MAILBOX, "one", MONDAY, 5), store.mail.outbox
    with outbox._database.change() as connection:
        assert asked.take(connection, store.mail.suppressions)
        deciding = asyncio.create_task(store.decide(said(action="withdraw"), text, 1))
        await asyncio.wait([deciding], timeout=0.3)
    assert await deciding is Outcome.KEPT
    assert await outbox.start_sending([id], "one") == set()


async def test_a_claim_leaves_alone_what_is_being_decided_about(store: Store) -> None:
    text, id = await _approved_and_queued(store)
    with store.mail.outbox._database.change() as connection:
        assert decision(said(action="withdraw"), text, 1, MONDAY)(connection) is Outcome.KEPT
        claiming = asyncio.create_task(claim(store))
        await asyncio.wait([claiming], timeout=0.3)
    assert await claiming == []
    assert await claim(store) == []
    row = store.mail.outbox.row(id)
    assert row is not None and row.why == CancelReason.DECIDED_ANEW


async def _approved_and_queued(store: Store) -> tuple[str, str]:
    """A draft that ada accepted, as the hash of its text, and the email of it that waits, as its id."""
    await save(store, 1, "one")
    text, who = draft("one").text_hash, person(1).key
    assert await store.decide(said(), text, 0) is Outcome.KEPT
    email = email_to(1, prospect=who)
    await store.mail.outbox.queue([email], due_at=MONDAY, decisions={who: 1})
    return text, email.id


async def _told(store: Store, id: str) -> list[str]:
    """The states that an email came into."""
    query = select(mail_events.c.state).where(mail_events.c.message == id).order_by(mail_events.c.id)
    return list(await store._writer.ask(lambda connection: connection.scalars(query).all()))


async def test_what_was_taken_back_waits_again(store: Store) -> None:
    await save(store, 1, "one")
    text = draft("one").text_hash
    await store.decide(said(), text, 0)
    assert store.waiting(CAMPAIGN, "ada") == []
    assert await store.decide(said(action="withdraw"), text, 1) is Outcome.KEPT
    assert [one.id for one in store.waiting(CAMPAIGN, "ada")] == ["one"]
    assert await store.decide(said(action="accept"), text, 2) is Outcome.KEPT
    assert store.waiting(CAMPAIGN, "ada") == []


async def test_readings_and_comparisons_hinder_no_decision(store: Store) -> None:
    await save(store, 1, "one")
    reading = {"verdict": "send"}
    await store.add_review(said("ben", action="read", reading=reading))
    assert await store.decide(said("ada"), draft("one").text_hash, 0) is Outcome.KEPT


async def test_a_draft_is_held_by_one_for_a_while(store_url: str) -> None:
    moments = [datetime(2026, 11, 29, tzinfo=UTC)]
    with open_store(store_url, now=lambda: moments[0]) as store:
        length = timedelta(minutes=5)
        assert await store.claim_draft("one", CAMPAIGN, "ada", length) == "ada"
        assert await store.claim_draft("one", CAMPAIGN, "ben", length) == "ada"
        assert store.held_drafts(CAMPAIGN, store.now()) == {"one": "ada"}
        moments[0] += timedelta(minutes=4)
        assert await store.claim_draft("one", CAMPAIGN, "ada", length) == "ada", "who looks again holds it longer"
        moments[0] += timedelta(minutes=4)
        assert await store.claim_draft("one", CAMPAIGN, "ben", length) == "ada"
        moments[0] += timedelta(minutes=2)
        assert await store.claim_draft("one", CAMPAIGN, "ben", length) == "ben"
        await store.release_drafts(CAMPAIGN, "ben")
        assert store.held_drafts(CAMPAIGN, store.now()) == {}


async def test_a_decision_lets_go_of_the_draft(store: Store) -> None:
    await save(store, 1, "one")
    await store.claim_draft("one", CAMPAIGN, "ada", timedelta(minutes=5))
    await store.decide(said(), draft("one").text_hash, 0)
    assert store.held_drafts(CAMPAIGN, store.now()) == {}


async def test_what_was_saved_to_be_judged_comes_in_its_order(store: Store) -> None:
    await save(store, 1, "one")
    await save(store, 2, "two")
    await store.queue_draft(draft("loose"), CAMPAIGN)
    await store.save_result(result_of(person(1), status=DraftStatus.NOTHING_FOUND))
    saved = store.saved_since(CAMPAIGN, 0)
    assert [(one.prospect, one.draft and one.draft.id) for one in saved] == [
        (person(2).key, "two"),
        (None, "loose"),
        (person(1).key, None),
    ]
    assert [one.revision for one in saved] == sorted(one.revision for one in saved)
    assert store.saved_since(CAMPAIGN, saved[-1].revision) == []
    assert store.saved_since(CAMPAIGN, 0, most=1) == saved[:1]
