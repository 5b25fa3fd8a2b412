"""What runs and the outbox left of people is read in columns, the same on both databases."""

from __future__ import annotations

from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.message import CancelReason, MessageState
from miniatures.store.mail.people import Written
from miniatures.store.store import Store
from tests.delivery.ab_campaign import NAME, SENT, draft_to, message, message_id, prospect, result, send

ADA, BO, CY = (prospect("student", number) for number in range(3))


async def test_the_last_result_of_a_first_email_counts_and_every_cost(store: Store) -> None:
    await store.enrol(NAME, [ADA, BO, CY])
    await store.save_result(result("student", "old", ADA, cost_usd=0.25))
    await store.save_result(result("student", "new", ADA, cost_usd=0.5))
    await store.save_result(result("student", "new+1", ADA, cost_usd=1.0))
    await store.save_result(result("student", "old", BO, drafted=False, cost_usd=None))
    assert store.mail.people.written(NAME) == {
        ADA.key: Written("new", DraftStatus.READY, draft_to(ADA).id, 1.75),
        BO.key: Written("old", DraftStatus.NOTHING_FOUND, None, None),
    }
    positions = store.mail.people.positions(NAME)
    assert sorted(positions, key=positions.__getitem__) == [ADA.key, BO.key, CY.key]
    kept = store.mail.people.drafts(NAME)[draft_to(ADA).id]
    assert kept == ("ready", draft_to(ADA).text_hash)


async def test_emails_come_by_their_steps_without_their_text(store: Store) -> None:
    await send(store, [message("student", "p+1", ADA, step=1), message("student", "p", ADA, edited=True)], SENT)
    first, second = store.mail.people.mailed(NAME)[ADA.key]
    assert (first.id, first.step, first.state) == (message_id(ADA), 0, MessageState.ACCEPTED)
    assert (first.policy, first.draft, first.provider) == ("p", draft_to(ADA).id, "mail.example")
    assert first.text_hash != draft_to(ADA).text_hash == second.text_hash
    assert first.sent_at is not None and first.sent_at.tzinfo is not None


async def test_an_email_that_people_decided_anew_about_was_taken_back(store: Store) -> None:
    await store.mail.outbox.queue([message("student", "p", one) for one in (ADA, BO)], due_at=SENT, decisions={})
    await store.mail.outbox.cancel(NAME, ADA.key, CancelReason.DECIDED_ANEW)
    await store.mail.outbox.cancel(NAME, BO.key, CancelReason.SUPPRESSED)
    found = store.mail.people.mailed(NAME)
    assert [found[one.key][0].was_taken_back for one in (ADA, BO)] == [True, False]
