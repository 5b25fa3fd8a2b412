"""A person's answer resumes the graph, over a checkpointer that rebuilds our types only."""

from __future__ import annotations

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END
from langgraph.types import Command

from miniatures import ReviewAnswer, build_prospect_graph, state_serializer
from miniatures.datamodel.check import CheckName
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.review import RejectReason, Review, ReviewAction
from miniatures.review.approvals import approvals
from miniatures.review.node import after_review, human_review
from tests.agents.scene import BAD_EMAIL, FIRST_SENTENCE, context, scripted
from tests.checks.cases import BODY, PROSPECT


def reviewed_graph():
    graph = build_prospect_graph(when_written="review")
    graph.add_node("review", human_review)
    graph.add_conditional_edges("review", after_review, {"accepted": END, "edited": "review", "rejected": END})
    return graph.compile(checkpointer=InMemorySaver(serde=state_serializer()))


async def until_review():
    graph, thread = reviewed_graph(), {"configurable": {"thread_id": "1"}}
    writer = scripted(BAD_EMAIL)
    given = context(models={"researcher": scripted(FIRST_SENTENCE), "writer": writer})
    state = await graph.ainvoke({"prospect": PROSPECT}, thread, context=given)
    [waiting] = state["__interrupt__"]

    async def answer(given_answer=None, **said):
        review = given_answer or {"reviewer": "ada", **said}
        return await graph.ainvoke(Command(resume=review), thread, context=given)

    return waiting.value, answer, writer


async def test_the_question_shows_the_draft_and_what_failed():
    question, _, _ = await until_review()
    assert "9,900" in question["body"]
    assert question["evidence"][0]["url"].startswith("https://nordfrost.example/")
    assert [entry["check"] for entry in question["failed"]] == ["unsupported"]


async def test_accepting_overrules_the_checks_in_the_record_and_not_in_the_status():
    _, answer, writer = await until_review()
    asked = len(writer.calls)
    state = await answer(action="accept")
    assert state["draft"].status is DraftStatus.NEEDS_REVIEW
    assert [check.name for check in state["draft"].failed_checks] == [CheckName.UNSUPPORTED]
    accepted = Review.model_validate_json(state["review"])
    assert approvals([accepted], [state["draft"]])[state["draft"].id].review == accepted.id
    assert len(writer.calls) == asked == 2  # the draft failed a check, and the rewrite as well


async def test_an_edit_is_checked_again_and_shown_again():
    _, answer, _ = await until_review()
    state = await answer(action="edit", body=BODY)
    assert state["draft"].status is DraftStatus.READY
    assert state["__interrupt__"][0].value["failed"] == []
    state = await answer(action="edit", body=BODY.replace("24", "24").replace("Hi María,", "Hi [Name],"))
    assert {check.name for check in state["draft"].failed_checks} >= {CheckName.PLACEHOLDERS, CheckName.GREETING}


async def test_an_edit_is_a_new_draft_that_nobody_has_approved_yet():
    _, answer, _ = await until_review()
    state = await answer(action="edit", body=BODY)
    edited, old = state["draft"], Review.model_validate_json(state["review"])
    assert old.draft != edited.id
    assert old.target == edited.text.model_dump()
    assert approvals([old], [edited]) == {}
    state = await answer(action="accept")
    [approval] = approvals([old, Review.model_validate_json(state["review"])], [state["draft"]]).values()
    assert (approval.draft, approval.text_hash) == (edited.id, edited.text_hash)


async def test_rejecting_ends_with_a_draft_that_needs_review():
    _, answer, _ = await until_review()
    state = await answer(action="reject", reason="wrong_tone", comment="too loud")
    assert state["draft"].status is DraftStatus.NEEDS_REVIEW
    assert "__interrupt__" not in state
    review, draft = Review.model_validate_json(state["review"]), state["draft"]
    assert (review.action, review.reason, review.comment) == (ReviewAction.REJECT, RejectReason.WRONG_TONE, "too loud")
    assert (review.draft, review.reviewer, review.prospect) == (draft.id, "ada", PROSPECT.key)
    assert review.answer == draft.text.model_dump()


async def test_an_answer_may_be_the_object_itself():
    question, answer, _ = await until_review()
    state = await answer(ReviewAnswer(action=ReviewAction.EDIT, reviewer="ada", subject="A new store in Vantaa"))
    review = Review.model_validate_json(state["review"])
    assert review.edited == {"subject": "A new store in Vantaa", "body": question["body"]}
    assert state["draft"].text.model_dump() == review.edited
    assert review.answer["subject"] == question["subject"]


@pytest.mark.parametrize("given", [(), ("subject",), ("subject", "body")])
async def test_an_edit_that_changes_nothing_is_asked_again_and_approves_nothing(given):
    question, answer, _ = await until_review()
    state = await answer(action="edit", **{part: question[part] for part in given})
    assert state["__interrupt__"][0].value["mistake"].startswith("the edit changes nothing. Give a new subject")
    assert state["draft"].status is DraftStatus.NEEDS_REVIEW
    assert "review" not in state


@pytest.mark.parametrize(
    ("said", "mistake"),
    [
        ({"action": "approve"}, "action: Input should be 'accept', 'edit' or 'reject'"),
        ({"action": "compare"}, "action: Input should be 'accept', 'edit' or 'reject'"),
        ({"action": "accept", "reviewer": ""}, "reviewer: "),
        ({"action": "accept", "commment": "typo"}, "commment: "),
        ({"action": "reject", "reason": "dull"}, "reason: "),
        ({"action": "edit", "body": " "}, "the body is empty. Reject the email if there is nothing to send."),
        ({"given_answer": ReviewAnswer(action=ReviewAction.EDIT, reviewer="ada", body="")}, "the body is empty"),
        ({"given_answer": "yes"}, "Input should be a valid dictionary"),
    ],
)
async def test_a_mistaken_answer_is_asked_again_and_the_next_valid_one_is_taken(said, mistake):
    question, answer, writer = await until_review()
    assert question["mistake"] is None
    for _ in range(2):
        [again] = (await answer(**said))["__interrupt__"]
        assert again.value == {**question, "mistake": again.value["mistake"]}
        assert again.value["mistake"].startswith(mistake)
    state = await answer(ReviewAnswer(action=ReviewAction.ACCEPT, reviewer="ada"))
    assert "__interrupt__" not in state
    assert Review.model_validate_json(state["review"]).action is ReviewAction.ACCEPT
    assert len(writer.calls) == 2
