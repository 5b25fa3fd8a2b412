"""A follow-up is written by the writer with the earlier emails in view, or placed; it is a result of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from miniatures.agents.attempt import NOTHING_NEW, Thread
from miniatures.agents.follow_up import FollowUpAsked, follow_up
from miniatures.agents.rewrite import rewrite
from miniatures.agents.runs import OpenCampaign
from miniatures.agents.seats import Seats
from miniatures.backends.wrappers.recorded import RecordedBackend
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.capabilities import SMALL, TELLER, Phrases, Trust
from miniatures.datamodel.check import CheckName
from miniatures.datamodel.dossier import Dossier, DossierStatus
from miniatures.datamodel.draft import PLACED, Draft, DraftStatus, EarlierEmail
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.result import ProspectResult
from miniatures.finetune.dataset.trace_examples import trace_examples
from miniatures.review.queue import answer_pairs
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.agents.scene import context, scripted
from tests.agents.test_reason import reader
from tests.checks.cases import BODY, BRIEF, PROSPECT, SUBJECT, evidence

CAMPAIGN = "autumn"
FIRST = Draft(
    subject=SUBJECT, body=BODY, evidence=(evidence(),), status=DraftStatus.READY, backend="test:scripted", trace="first"
)
THOUGHT = "What melts first in a new store is the margin."
WITH_A_THOUGHT = BRIEF.model_copy(update={"signals": (BRIEF.signals[0].model_copy(update={"angles": (THOUGHT,)}),)})
EARLIER = EarlierEmail(subject=SUBJECT, body=BODY, sent_on=date(2026, 6, 3))
AGAIN = """Hi María,

I wrote to you on 3 June about your 7,200 m² cold store in Rotterdam. A door that stays open overnight is dearest in a \
building that nobody knows yet.

Would you be open to a 15-minute call next week?

Best regards,
Anna Berg
FrostWatch"""
GOOD = json.dumps({"subject": "another subject", "body": AGAIN})
BAD = json.dumps({"subject": "s", "body": AGAIN.replace("3 June", "5 June")})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/store.sqlite") as opened:
        yield opened


def first_result(policy: str) -> ProspectResult:
    dossier = Dossier(status=DossierStatus.FOUND, facts=(evidence(),))
    return ProspectResult(
        campaign=CAMPAIGN,
        policy=policy,
        arm="student",
        prospect=PROSPECT,
        status=FIRST.status,
        draft=FIRST,
        dossier=dossier,
    )


async def written(
    store: Store, *, hint: str = "", is_last: bool = False, brief: Brief = BRIEF, **models: Any
) -> tuple[OpenCampaign, ProspectResult]:
    """What is written when the first email was not answered; no writer places it."""
    open_campaign = OpenCampaign(context(models=models, brief=brief, ledger=store.ledger(CAMPAIGN)), store, "run")
    first = first_result(open_campaign.context.policy.hash)
    await store.save_result(first)
    thread = Thread((EARLIER,), hint, is_last)
    return open_campaign, await follow_up(open_campaign, FollowUpAsked(first, PROSPECT, thread))


def of_the_first(store: Store) -> ProspectResult:
    [result] = store.results(CAMPAIGN)
    return result


async def test_it_stands_beside_the_first_email(store: Store) -> None:
    opened, done = await written(store, writer=scripted(GOOD))
    assert of_the_first(store).draft == FIRST
    assert (done.step, done.policy) == (1, f"{opened.context.policy.hash}+1")
    assert list(store.follow_ups(CAMPAIGN)) == [done]
    assert done.draft and done.draft.body == AGAIN
    assert done.draft.subject == SUBJECT, "a conversation is kept together by its subject"
    assert (done.draft.status, done.arm, done.earlier) == (DraftStatus.READY, "student", (EARLIER,))
    assert store.counts(CAMPAIGN)[DraftStatus.READY] == 1


async def test_the_writer_sees_the_earlier_email_the_dossier_and_the_hint(store: Store) -> None:
    writer = scripted(GOOD)
    opened, done = await written(store, writer=RecordedBackend(writer), hint="Name the 60 seconds.")
    [trace] = store.traces(CAMPAIGN)
    assert (trace.role, trace.node, trace.prompt_variant) == ("writer", "follow_up", "follow_up")
    assert (trace.policy, trace.prospect) == (opened.context.policy.hash, PROSPECT.key)
    assert done.draft and done.draft.trace == trace.id
    prompt = "\n".join(message.text for message in writer.calls[0]["messages"])
    for told in (BODY, "2026-06-03", evidence().quote, "Name the 60 seconds.", "30 to 80 words"):
        assert told in prompt
    assert "Do not write that it is the last email." in prompt


async def test_the_writer_is_told_that_no_other_follow_up_is_planned(store: Store) -> None:
    writer = scripted(GOOD)
    await written(store, writer=writer, is_last=True)
    assert "This is the last email of the thread." in writer.calls[0]["messages"][0].text


async def test_it_is_written_again_with_the_reasons_if_it_says_what_nothing_says(store: Store) -> None:
    writer = scripted(BAD, GOOD)
    _, done = await written(store, writer=writer)
    assert done.draft and (done.draft.attempts, done.draft.status) == (2, DraftStatus.READY)
    assert "5" in writer.calls[1]["messages"][-1].text.partition("refused for these reasons")[2]


@pytest.mark.parametrize(
    "models",
    [{}, {"writer": scripted("{}", trust=TELLER)}, {"writer": scripted("{}", trust=SMALL)}],
    ids=["no writer", "a teller", "a small one"],
)
async def test_where_no_large_writer_sits_code_places_it(store: Store, models: dict[str, Any]) -> None:
    _, done = await written(store, brief=WITH_A_THOUGHT, **models)
    assert done.draft and done.draft.backend == PLACED
    assert done.draft.body.startswith(
        f"Hi María,\n\nI wrote to you on 3 June, and have one thing to add. {THOUGHT}\n\n"
    )
    assert 30 <= len(done.draft.body.split()) <= 80
    assert {check.name for check in done.draft.failed_checks} == {CheckName.CITATION, CheckName.SWAP}
    assert done.draft.status is DraftStatus.NEEDS_REVIEW, "nothing in it is about this company"
    assert list(store.traces(CAMPAIGN)) == []


async def test_code_writes_none_where_the_earlier_emails_said_all_that_it_could(store: Store) -> None:
    _, done = await written(store)
    assert (done.status, done.draft, done.error) == (DraftStatus.NOTHING_FOUND, None, NOTHING_NEW)
    assert store.follow_up_rows(CAMPAIGN) == {(PROSPECT.key, 1): (PROSPECT.row, DraftStatus.NOTHING_FOUND)}
    assert [one.id for one in store.waiting(CAMPAIGN, "ada")] == [FIRST.id]


async def test_a_writer_says_with_an_empty_body_that_nothing_new_is_left(store: Store) -> None:
    writer = scripted(json.dumps({"subject": "", "body": " "}))
    _, done = await written(store, writer=writer)
    assert (done.status, done.draft, done.error) == (DraftStatus.NOTHING_FOUND, None, NOTHING_NEW)
    assert len(writer.calls) == 1, "it is not asked again, and nobody writes in its place"


async def test_an_answer_that_cannot_be_read_is_left_to_a_person(store: Store) -> None:
    _, done = await written(store, writer=scripted("no JSON", "nor this"))
    assert done.draft and (done.status, done.error) == (DraftStatus.NEEDS_REVIEW, None)


@pytest.mark.parametrize(("fits", "placed"), [(0.39, False), (0.4, True)])
async def test_a_reader_of_passages_says_what_goes_with_the_news(store: Store, fits: float, placed: bool) -> None:
    model = reader({}, {THOUGHT: fits})
    _, done = await written(store, brief=WITH_A_THOUGHT, researcher=model)
    assert (done.draft is not None) is placed
    assert [THOUGHT in asked for asked in model.asked] == [True], "no claim is left that the first email had not made"


async def test_a_language_that_code_does_not_know_is_said(store: Store) -> None:
    german = context(models={})
    german = replace(german, brief=german.brief.model_copy(update={"language": "de"}))
    opened = OpenCampaign(german, store, "run")
    with pytest.raises(InputError, match="places follow-ups in English"):
        await follow_up(opened, FollowUpAsked(first_result("policy"), PROSPECT, Thread((EARLIER,))))


async def test_a_killed_run_does_not_pay_twice(store: Store) -> None:
    writer = scripted(GOOD)
    await written(store, writer=writer)
    await written(store, writer=writer)
    assert len(writer.calls) == 1


async def test_no_shadow_answers_and_no_pair_is_made_with_the_first_email(store: Store) -> None:
    shadow = scripted(GOOD, name="shadow")
    models = Seats(RecordedBackend(scripted(BAD)), fallback=RecordedBackend(scripted(GOOD)), shadow=shadow)
    await written(store, writer=models)
    assert shadow.calls == []
    traces = list(store.traces(CAMPAIGN))
    assert {trace.seat for trace in traces} == {"first", "fallback"}
    assert list(answer_pairs(traces)) == []


async def test_it_is_rewritten_as_a_follow_up_and_the_first_email_stays(store: Store) -> None:
    opened, before = await written(store, writer=scripted(GOOD, GOOD.replace("Best regards", "Kind regards")))
    done = await rewrite(opened, before, "kinder")
    assert (done.step, done.earlier) == (1, (EARLIER,))
    assert done.draft and "Kind regards" in done.draft.body and done.draft.subject == SUBJECT
    assert of_the_first(store).draft == FIRST
    assert [one.draft for one in store.follow_ups(CAMPAIGN)] == [done.draft]


async def test_a_placed_one_cannot_be_rewritten(store: Store) -> None:
    teller = scripted("{}", trust=Trust(phrases=Phrases.OPENING))
    opened, before = await written(store, writer=teller)
    with pytest.raises(InputError, match="code places them"):
        await rewrite(opened, before, "kinder")


async def test_it_becomes_an_example_of_its_own(store: Store) -> None:
    await written(store, writer=RecordedBackend(scripted(GOOD)))
    [example] = trace_examples(store.traces(CAMPAIGN), []).examples
    assert example.variables["earlier"][0]["body"] == BODY
    assert example.answer == {"subject": SUBJECT, "body": AGAIN}
