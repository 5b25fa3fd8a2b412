"""A model is asked what an answer means, in a trace of its own; without an answer of its own the reply stays unread."""

from __future__ import annotations

import json

import pytest

from miniatures.backends.errors import RateLimited
from miniatures.backends.wrappers.recorded import RecordedBackend
from miniatures.datamodel.errors import BudgetReached
from miniatures.datamodel.inbound import BY_WORDS, Inbound, InboundKind, ReplyClass
from miniatures.delivery.inbound.reply_reading import ModelReader
from miniatures.prompts.library import PromptLibrary
from miniatures.store.store import Store
from tests.backends.wrappers.scripted import ScriptedBackend
from tests.delivery.inbound.scene import heard, message_id, sent
from tests.delivery.inbound.written import MONDAY, mail_of
from tests.store.mail.emails import CAMPAIGN

POSITIVE = json.dumps({"reply_class": "positive"})


def _reader(store: Store, answer: str | BaseException) -> tuple[ModelReader, ScriptedBackend]:
    backend = ScriptedBackend(script=lambda _: answer)
    return ModelReader(RecordedBackend(backend), "Cold stores by the pallet.", store, PromptLibrary()), backend


async def test_a_reply_is_read_and_the_call_is_traced(store: Store) -> None:
    first = await sent(store)
    reader, _ = _reader(store, POSITIVE)
    result = await heard(store, mail_of("When can you\ncome by?", In_Reply_To=message_id(first)), reader=reader)
    [inbound] = result.written
    assert (inbound.reply_class, inbound.classified_by) == (ReplyClass.POSITIVE, "scripted:m")
    assert not inbound.is_corrected
    await store.start_run("a run", CAMPAIGN, "")  # what was recorded before is saved by then
    [trace] = store.traces(CAMPAIGN, first.prospect)
    assert (trace.id, trace.role, trace.node) == (inbound.trace, "reply_reader", "inbox")
    assert trace.variables == {"offer": "Cold stores by the pallet.", "text": "When can you come by?"}


@pytest.mark.parametrize("answer", [RateLimited("busy"), BudgetReached("spent"), "no JSON", '{"reply_class": "maybe"}'])
async def test_who_cannot_answer_leaves_the_reply_unread(store: Store, answer: str | BaseException) -> None:
    first = await sent(store)
    reader, _ = _reader(store, answer)
    result = await heard(store, mail_of("Yes", In_Reply_To=message_id(first)), reader=reader)
    assert (result.written[0].reply_class, result.written[0].classified_by) == (None, "")


async def test_a_reply_without_words_is_not_asked_about(store: Store) -> None:
    first = await sent(store)
    reader, backend = _reader(store, POSITIVE)
    await heard(store, mail_of("> Hello", In_Reply_To=message_id(first)), reader=reader)
    assert backend.calls == 0


async def test_a_persons_word_takes_the_models_place(store: Store) -> None:
    first = await sent(store)
    reader, _ = _reader(store, POSITIVE)
    await heard(store, mail_of("Yes", In_Reply_To=message_id(first)), reader=reader)
    [before] = store.mail.inbox.stream(CAMPAIGN)
    assert await store.mail.inbox.correct(before.id, ReplyClass.NEUTRAL, "ada")
    [after] = store.mail.inbox.stream(CAMPAIGN)
    assert (after.reply_class, after.is_corrected, after.trace) == (ReplyClass.NEUTRAL, True, before.trace)


def test_words_are_no_person() -> None:
    mail = Inbound(mailbox="sales", kind=InboundKind.OPT_OUT, received_at=MONDAY, classified_by=BY_WORDS)
    assert not mail.is_corrected
