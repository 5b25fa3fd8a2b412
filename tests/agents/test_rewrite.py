"""A draft that was sent back is written again with the reviewer's hint, by the campaign's own writer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from miniatures.agents.rewrite import NothingWritten, rewrite
from miniatures.agents.runs import OpenCampaign
from miniatures.datamodel.capabilities import Capabilities
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.trace import new_id
from miniatures.review.queue import draft_to_review, waiting_drafts
from miniatures.review.reviewing import rewrite as ask_for_rewrite
from miniatures.review.reviewing import withdraw
from miniatures.review.rewrites import Wish, _still_stands, open_wishes
from miniatures.store.open import open_store
from tests.chaos.small_campaign import NAME, SteadyBackend, run_small_campaign, small_context, sqlite_url

HINT = "Say which harbour."


class Obedient(SteadyBackend):
    """A writer who takes up the hint, word for word."""

    capabilities: Capabilities = Capabilities()
    deaf: bool = False

    def _generate(self, messages: list[BaseMessage], *arguments: Any, **kwargs: Any) -> ChatResult:
        result = super()._generate(messages, *arguments, **kwargs)
        if HINT in messages[-1].text:
            previous = messages[-1].text.partition("Its body:\n")[2].partition("\n\nYour earlier answer")[0]
            email = {"subject": "Places", "body": previous if self.deaf else f"Hello,\n\n{HINT}"}
            if self.deaf:
                email["subject"] = messages[-1].text.partition("Its subject: ")[2].partition("\n")[0]
            message = AIMessage(content=json.dumps(email), usage_metadata=result.generations[0].message.usage_metadata)
            return ChatResult(generations=[ChatGeneration(message=message)])
        return result


@asynccontextmanager
async def ran(folder: Path, **writer: Any) -> AsyncIterator[tuple[OpenCampaign, ProspectResult]]:
    await run_small_campaign(sqlite_url(folder), 2, Obedient())
    with open_store(sqlite_url(folder)) as store:
        context = small_context(Obedient(**writer), store.ledger(NAME))
        [result, *_] = store.results(NAME)
        yield OpenCampaign(context, store, new_id()), result


async def test_the_hint_is_the_reason_and_the_new_draft_takes_the_old_one_s_place(tmp_path: Path) -> None:
    async with ran(tmp_path) as (campaign, before):
        done = await rewrite(campaign, before, HINT)
        assert before.draft and done.draft
        assert done.draft.body == f"Hello,\n\n{HINT}"
        assert (done.draft.attempts, done.draft.id != before.draft.id) == (before.draft.attempts + 1, True)
        assert done.draft.checks and done.draft.status is done.status
        kept = campaign.store.result(NAME, before.prospect.key)
        assert kept == done
        trace = campaign.store.trace(done.draft.trace or "")
        assert trace and trace.variables["reasons"] == [f"reviewer: {HINT}"]
        assert trace.policy == campaign.context.policy.hash == done.policy
        assert before.draft.trace in trace.sources


async def test_a_writer_that_gives_the_same_again_leaves_the_draft_as_it_is(tmp_path: Path) -> None:
    async with ran(tmp_path, deaf=True) as (campaign, before):
        with pytest.raises(NothingWritten, match="no other email"):
            await rewrite(campaign, before, HINT)
        assert campaign.store.result(NAME, before.prospect.key) == before


async def test_where_code_places_the_emails_there_is_nothing_to_write(tmp_path: Path) -> None:
    async with ran(tmp_path) as (campaign, before):
        models = {role: model for role, model in campaign.context.models.items() if role != "writer"}
        alone = replace(campaign, context=replace(campaign.context, models=models))
        with pytest.raises(InputError, match="code places them"):
            await rewrite(alone, before, HINT)


async def grant(campaign: OpenCampaign, wishes: list[Wish]) -> AsyncIterator[Wish]:
    """Those of the wishes that still stand."""
    for wish in wishes:
        if _still_stands(campaign.store, NAME, wish):
            yield wish


async def test_the_same_text_again_is_not_asked_for_again(tmp_path: Path) -> None:
    """Else a writer who goes to and fro between two texts would be asked, and paid, for ever."""
    async with ran(tmp_path) as (campaign, before):
        assert before.draft
        store = campaign.store
        waiting = next(one for one in waiting_drafts(store, NAME, "ada") if one.id == before.draft.id)
        item = draft_to_review(store, waiting)
        assert item
        await store.add_review(ask_for_rewrite(item.item, "ada", HINT))
        same = before.draft.model_copy(update={"id": "again", "trace": None})
        await store.save_result(before.model_copy(update={"draft": same}))
        assert list(open_wishes(store, NAME)) == []


async def test_wishes_stand_until_they_are_granted_taken_back_or_overruled(tmp_path: Path) -> None:
    async with ran(tmp_path) as (campaign, _):
        store = campaign.store
        first, second = (draft_to_review(store, one) for one in waiting_drafts(store, NAME, "ada"))
        assert first and second
        for waiting in (first, second):
            await store.add_review(ask_for_rewrite(waiting.item, "ada", HINT))
        assert {wish.hint for wish in open_wishes(store, NAME)} == {HINT}
        await store.add_review(withdraw(second.item, "ada"))
        [wish] = open_wishes(store, NAME)
        assert wish.draft == first.draft.id
        await rewrite(campaign, wish.result, wish.hint)
        assert list(open_wishes(store, NAME)) == []
        assert [one async for one in grant(campaign, [wish])] == [], "it was granted"
        assert len(waiting_drafts(store, NAME, "ada")) == 2, "what was written again waits like any other"
