"""From a model call to the drafts that it wrote, to what people said of them, and back."""

from __future__ import annotations

from miniatures.datamodel.draft import Draft, DraftStatus
from miniatures.datamodel.review import Review, ReviewAction
from miniatures.datamodel.trace import Trace
from miniatures.store.call_links import Held
from miniatures.store.open import Store
from tests.store.databases import CAMPAIGN, person, trace_of
from tests.store.test_results import result_of


def draft_by(trace: Trace, id: str = "") -> Draft:
    return Draft(
        id=id or trace.id,
        subject="News",
        body="Hello.",
        trace=trace.id,
        status=DraftStatus.READY,
        backend="local:small",
    )


def said(trace: Trace, draft: str | None, **fields: object) -> Review:
    plain = {
        "reviewer": "kim",
        "campaign": CAMPAIGN,
        "prospect": trace.prospect,
        "trace": trace.id,
        "draft": draft,
        "action": ReviewAction.ACCEPT,
        "answer": {},
    }
    return Review.model_validate(plain | fields)


async def test_the_drafts_that_a_call_wrote(store: Store) -> None:
    first, second, third = (trace_of(person(1)) for _ in range(3))
    for trace in (first, second, third):
        store.recorder.record(trace)
    await store.save_result(result_of(person(1), draft=draft_by(first, "a" * 32)))
    await store.queue_draft(draft_by(second), CAMPAIGN)
    assert store.drafts_of(first) == ["a" * 32]
    assert store.drafts_of(second) == [second.id]
    assert store.drafts_of(third) == []
    assert store.drafts_of(second.model_copy(update={"campaign": "another"})) == []


async def test_what_people_said_of_a_call(store: Store) -> None:
    wrote, other = trace_of(person(1)), trace_of(person(1))
    synthesized = trace_of(person(2)).model_copy(update={"prospect": None})
    await store.save_result(result_of(person(1), draft=draft_by(wrote, "a" * 32)))
    await store.queue_draft(draft_by(synthesized), CAMPAIGN)
    of_draft = said(other, "a" * 32)
    of_pair = said(other, None, action="compare", other_trace=wrote.id, other_answer={}, preference="tie")
    of_other, of_synthesized = said(other, None), said(synthesized, synthesized.id)
    for review in (of_draft, of_pair, of_other, of_synthesized):
        await store.add_review(review)
    assert store.reviews_of(wrote) == [of_draft, of_pair]
    assert store.reviews_of(other) == [of_draft, of_pair, of_other]
    assert store.reviews_of(synthesized) == [of_synthesized]


async def test_which_calls_and_reviews_are_here(store: Store) -> None:
    calls = [trace_of(person(number)) for number in range(3)]
    for call in calls:
        store.recorder.record(call)
    store.recorder.record(foreign := trace_of(person(1), campaign="another"))
    await store.add_review(review := said(calls[0], "d" * 32))
    many = [f"{number:032x}" for number in range(600)]
    held = store.held(CAMPAIGN, [*many, *(call.id for call in calls), foreign.id], [review.id, *many])
    assert held == Held(
        calls={call.id: call.prospect for call in calls}, reviews={review.id: (calls[0].prospect, "d" * 32)}
    )
    assert store.held(CAMPAIGN, [], []) == Held({}, {})
