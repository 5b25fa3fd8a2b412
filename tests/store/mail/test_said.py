"""A sole approval of what is in the outbox is told from columns; all else that was said is read."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from miniatures.datamodel.message import CancelReason
from miniatures.datamodel.review import RejectReason, ReviewAction
from miniatures.delivery.outcomes import outcomes
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.delivery.ab_campaign import NAME, SENT, accept, draft_to, enrol, message, prospect, result, send

PEOPLE = ADA, BO, CY, DI = [prospect("student", number) for number in range(4)]
MINUTE = timedelta(minutes=1)
DRAFT = draft_to(ADA).text.model_dump()
EDITED = {"action": ReviewAction.EDIT, "edited": {**DRAFT, "body": "Mended."}}
WORDS = {
    "accept": {},
    "edit": EDITED,
    "reject": {"action": ReviewAction.REJECT, "reason": RejectReason.GENERIC},
    "withdraw": {"action": ReviewAction.WITHDRAW},
    "accept by bo": {"reviewer": "bo"},
    "of an earlier draft": {"draft": "earlier", "answer": {**DRAFT, "body": "Something else."}},
    "of the same text before": {"draft": "saved"},
    "of the same text that nobody kept": {"draft": "lost"},
}


async def test_only_a_sole_approval_whose_email_was_queued_is_not_read(store: Store) -> None:
    await store.enrol(NAME, PEOPLE)
    await send(store, [message("student", "p", one) for one in (ADA, BO)], SENT)
    await store.mail.outbox.queue([message("student", "p", CY)], due_at=SENT, decisions={})
    await store.mail.outbox.cancel(NAME, CY.key, CancelReason.DECIDED_ANEW)
    for one in PEOPLE:
        await store.save_result(result("student", "p", one))
        await accept(store, one, SENT)
    await accept(store, BO, SENT + MINUTE, reviewer="bo")
    approved, reviews = store.mail.people.said(NAME)
    assert approved == {ADA.key: draft_to(ADA).id}
    assert sorted(review.prospect or "" for review in reviews) == sorted(one.key for one in (BO, BO, CY, DI))


async def test_a_review_of_nobody_and_one_of_another_campaign_are_no_matter(store: Store) -> None:
    await send(store, [message("student", "p", ADA)], SENT)
    await accept(store, ADA, SENT, campaign="another")
    await accept(store, ADA, SENT, prospect=None)
    approved, reviews = store.mail.people.said(NAME)
    assert (approved, [review.prospect for review in reviews]) == ({}, [None])


@given(st.lists(st.sampled_from(sorted(WORDS)), max_size=3), st.sampled_from(["sent", "queued", "taken back", "none"]))
@settings(max_examples=40, deadline=None)
def test_the_account_is_the_same_as_if_all_were_read(words: list[str], email: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_same_account(Path(folder), words, email))


async def _same_account(folder: Path, words: list[str], email: str) -> None:
    with open_store(str(folder / "store.sqlite"), now=lambda: SENT) as store:
        await store.enrol(NAME, [ADA])
        await enrol(store, "student", [ADA])
        await store.save_result(result("student", "p", ADA))
        earlier = result("student", "before", ADA)
        assert earlier.draft is not None
        await store.save_result(earlier.model_copy(update={"draft": earlier.draft.model_copy(update={"id": "saved"})}))
        edited = "edit" in words
        if email == "sent":
            await send(store, [message("student", "p", ADA, edited)], SENT)
        elif email != "none":
            await store.mail.outbox.queue([message("student", "p", ADA, edited)], due_at=SENT, decisions={})
        if email == "taken back":
            await store.mail.outbox.cancel(NAME, ADA.key, CancelReason.DECIDED_ANEW)
        for minute, word in enumerate(words):
            await accept(store, ADA, SENT + minute * MINUTE, **WORDS[word])
        approved, reviews = store.mail.people.said(NAME)
        quickly = outcomes(store, NAME, reviews, by_risk=False, approved=approved)
        assert quickly == outcomes(store, NAME, store.reviews(NAME), by_risk=False)
