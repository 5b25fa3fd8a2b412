"""What is known of the emails to a page of prospects, on both databases."""

from __future__ import annotations

from datetime import timedelta

from miniatures.datamodel.hit import Hit, HitKind
from miniatures.datamodel.inbound import Inbound, InboundKind
from miniatures.datamodel.message import MessageState
from miniatures.store.open import Store
from tests.store.mail.emails import CAMPAIGN, MAILBOX, MONDAY, email_to, queue


async def test_each_prospect_has_their_own_emails_answers_and_opt_outs(store: Store) -> None:
    one, later, other = email_to(1), email_to(1, step=1), email_to(2)
    await queue(store, one, later, other)
    about = {"campaign": CAMPAIGN, "prospect": one.prospect, "message": one.id}
    received = {"mailbox": MAILBOX, "kind": InboundKind.REPLY, "received_at": MONDAY + timedelta(days=1)}
    assert await store.mail.inbox.take_in(Inbound.model_validate({**about, **received, "message_id": "<1@x.example>"}))
    for kind in (HitKind.OPEN, HitKind.UNSUBSCRIBE_POST):
        await store.mail.hits.add(Hit.model_validate({**about, "kind": kind, "at": MONDAY}))
    found = store.mail.posted.to(CAMPAIGN, [one.prospect, other.prospect, "nobody"])
    mine = found[one.prospect]
    assert [(row.id, row.step, row.state) for row in mine.emails] == [
        (one.id, 0, MessageState.QUEUED),
        (later.id, 1, MessageState.QUEUED),
    ]
    assert (mine.emails[0].draft, mine.emails[0].text_hash, mine.emails[0].due_at) == ("draft1", one.text_hash, MONDAY)
    assert [mail.kind for mail in mine.inbound] == [InboundKind.REPLY]
    assert [hit.kind for hit in mine.opt_outs] == [HitKind.UNSUBSCRIBE_POST]
    assert [row.id for row in found[other.prospect].emails] == [other.id]
    assert found["nobody"].emails == [] and found[other.prospect].inbound == []


async def test_the_signature_changes_with_what_moves_and_what_comes_back(store: Store) -> None:
    seen = [store.mail.posted.signature(CAMPAIGN)]
    await queue(store, email_to(1))
    seen.append(store.mail.posted.signature(CAMPAIGN))
    mail = Inbound(
        campaign=CAMPAIGN, mailbox=MAILBOX, message_id="<1@x.example>", kind=InboundKind.REPLY, received_at=MONDAY
    )
    await store.mail.inbox.take_in(mail)
    seen.append(store.mail.posted.signature(CAMPAIGN))
    assert len(set(seen)) == 3
    assert store.mail.posted.signature(CAMPAIGN) == seen[-1]
