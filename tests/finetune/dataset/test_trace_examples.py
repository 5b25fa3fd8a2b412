"""What becomes of each answer in a campaign's traces: learned, or left out for a reason that is counted."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miniatures.agents.classify import AGAIN
from miniatures.datamodel.dataset import DropReason
from miniatures.datamodel.example import Source
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.review import Preference, RejectReason, Review, ReviewAction
from miniatures.datamodel.seat import Seat
from miniatures.datamodel.trace import Trace
from miniatures.finetune.dataset.sightings import is_choice, is_sighting
from miniatures.finetune.dataset.trace_examples import TraceSelection, trace_examples
from miniatures.review.rulings import REVIEWED, Verdict
from tests.checks.cases import QUOTE
from tests.finetune.written_traces import BAD, BETTER, GOOD, researcher_trace, sighting_trace, writer_trace

WRITER = TraceSelection(roles=("writer",))
NOW = datetime(2026, 7, 1, tzinfo=UTC)


def review(trace: Trace, action: ReviewAction, **fields: object) -> Review:
    about = {"reviewer": "ana", "prospect": trace.prospect, "trace": trace.id, "answer": trace.structured or {}}
    return Review(**{**about, "action": action, "created_at": NOW, **fields})


def rejected(trace: Trace, reason: RejectReason = RejectReason.CLUMSY, **fields: object) -> Review:
    return review(trace, ReviewAction.REJECT, reason=reason, **fields)


def test_a_rewrite_that_passed_teaches_the_first_prompt():
    first = writer_trace(BAD)
    second = writer_trace(GOOD, attempt=2, reasons=("unsupported: 5 seconds",), previous=BAD)
    found = trace_examples([first, second], [], WRITER)
    (example,) = found.examples
    assert example.variables == first.variables
    assert (example.answer, example.source, example.rejected) == (GOOD, Source.CHECKED, None)
    assert example.lineage == (f"trace:{second.id}",)
    assert found.dropped == {DropReason.FAILED_CHECKS: 1}


@pytest.mark.parametrize(
    ("fields", "source"),
    [({}, Source.CHECKED), ({"seat": Seat.FALLBACK}, Source.TEACHER), ({"node": "synthesize"}, Source.TEACHER)],
)
def test_the_source_says_who_wrote_an_answer_that_nobody_reviewed(fields, source):
    (example,) = trace_examples([writer_trace(GOOD, **fields)], [], WRITER).examples
    assert example.source is source


def test_a_failed_call_and_an_unreadable_answer_are_no_answers():
    found = trace_examples([writer_trace(None), writer_trace(GOOD, error="TimedOut: no answer")], [], WRITER)
    assert not found.examples
    assert found.dropped[DropReason.NO_ANSWER] == 1


def test_an_accepted_answer_is_kept_though_a_check_refused_it_unless_checks_are_asked_for():
    trace = writer_trace(BAD)
    said = [review(trace, ReviewAction.ACCEPT)]
    (example,) = trace_examples([trace], said, WRITER).examples
    assert (example.source, example.lineage[1]) == (Source.ACCEPTED, f"review:{said[0].id}:accept")
    strict = trace_examples([trace], said, TraceSelection(roles=("writer",), checked=True))
    assert strict.dropped == {DropReason.FAILED_CHECKS: 1}


def test_an_edit_is_the_target_and_the_original_its_lesser():
    trace = writer_trace(BAD)
    (example,) = trace_examples([trace], [review(trace, ReviewAction.EDIT, edited=GOOD)], WRITER).examples
    assert (example.source, example.answer, example.rejected) == (Source.EDITED, GOOD, BAD)


def test_an_edit_that_changes_nothing_gives_no_pair():
    trace = writer_trace(GOOD)
    (example,) = trace_examples([trace], [review(trace, ReviewAction.EDIT, edited=GOOD)], WRITER).examples
    assert (example.source, example.rejected) == (Source.ACCEPTED, None)


def test_a_rejection_by_anybody_outweighs_an_acceptance_until_it_is_taken_back():
    trace = writer_trace(GOOD)
    no = rejected(trace)
    yes = review(trace, ReviewAction.ACCEPT, reviewer="ben", created_at=NOW + timedelta(hours=1))
    assert trace_examples([trace], [no, yes], WRITER).dropped == {DropReason.REJECTED: 1}
    back = review(trace, ReviewAction.ACCEPT, created_at=NOW + timedelta(hours=2))
    assert len(trace_examples([trace], [back, yes, no], WRITER).examples) == 1


def test_the_accepted_answer_stands_above_the_rejected_one():
    one, other = writer_trace(BETTER), writer_trace(GOOD)
    found = trace_examples([one, other], [review(one, ReviewAction.ACCEPT), rejected(other)], WRITER)
    assert [(example.answer, example.rejected) for example in found.examples] == [(BETTER, GOOD)]
    assert found.dropped[DropReason.REJECTED] == 1


@pytest.mark.parametrize(("preference", "kept", "lesser"), [("first", GOOD, BETTER), ("second", BETTER, GOOD)])
def test_a_comparison_gives_a_pair(preference, kept, lesser):
    used, shadow = writer_trace(GOOD), writer_trace(BETTER, seat=Seat.SHADOW)
    fields = {"other_trace": shadow.id, "other_answer": BETTER, "preference": Preference(preference)}
    found = trace_examples([used, shadow], [review(used, ReviewAction.COMPARE, **fields)], WRITER)
    assert [(example.answer, example.rejected) for example in found.examples] == [(kept, lesser)]
    assert found.dropped == {DropReason.SUPERSEDED: 1}


def test_a_tie_decides_nothing_and_the_used_answer_is_learned():
    shadow, used = writer_trace(BETTER, seat=Seat.SHADOW), writer_trace(GOOD)
    fields = {"other_trace": shadow.id, "other_answer": BETTER, "preference": Preference.TIE}
    (example,) = trace_examples([used, shadow], [review(used, ReviewAction.COMPARE, **fields)], WRITER).examples
    assert (example.answer, example.rejected, example.source) == (GOOD, None, Source.CHECKED)


def test_a_preferred_answer_must_still_pass_the_checks():
    used, shadow = writer_trace(BAD), writer_trace(GOOD, seat=Seat.SHADOW)
    fields = {"other_trace": shadow.id, "other_answer": GOOD, "preference": Preference.FIRST}
    found = trace_examples([used, shadow], [review(used, ReviewAction.COMPARE, **fields)], WRITER)
    assert not found.examples
    assert found.dropped == {DropReason.FAILED_CHECKS: 1, DropReason.SUPERSEDED: 1}


@pytest.mark.parametrize(
    ("verdicts", "kept"),
    [(None, 3), (REVIEWED, 2), (frozenset({Verdict.ACCEPTED}), 1)],
    ids=["all", "reviewed", "as_is"],
)
def test_the_selection_asks_for_reviewers(verdicts, kept):
    people = [Prospect(email=f"p{n}@c{n}.example", company=f"Nordfrost {n}", first_name="María") for n in range(3)]
    unseen, accepted, edited = (writer_trace(GOOD, one) for one in people)
    said = [review(accepted, ReviewAction.ACCEPT), review(edited, ReviewAction.EDIT, edited=BETTER)]
    selection = TraceSelection(roles=("writer",), verdicts=verdicts)
    found = trace_examples([unseen, accepted, edited], said, selection)
    assert len(found.examples) == kept
    assert found.dropped[DropReason.NOT_REVIEWED] == 3 - kept


def test_the_same_text_for_the_same_prospect_needs_one_review():
    seen, again = writer_trace(GOOD), writer_trace(GOOD, seat=Seat.FALLBACK)
    (example,) = trace_examples([again, seen], [review(seen, ReviewAction.ACCEPT)], WRITER).examples
    assert example.source is Source.ACCEPTED
    assert {f"trace:{seen.id}", f"trace:{again.id}"} < set(example.lineage)


def test_a_trace_that_is_no_question_of_its_role_is_counted():
    broken = writer_trace(GOOD).model_copy(update={"variables": {"prospect": {}}})
    found = trace_examples([broken, writer_trace(BETTER)], [], WRITER)
    assert [example.answer for example in found.examples] == [BETTER]
    assert +found.dropped == {DropReason.UNRENDERABLE: 1}


def test_the_time_cut_takes_from_since_up_to_until():
    day = timedelta(days=1)
    traces = [
        writer_trace(GOOD, Prospect(email=f"p{n}@c.example", company=f"Nordfrost {n}", first_name="María"))
        for n in range(4)
    ]
    dated = [one.model_copy(update={"started_at": NOW + n * day}) for n, one in enumerate(traces)]
    cut = TraceSelection(roles=("writer",), since=NOW + day, until=NOW + 3 * day)
    assert sorted(example.company for example in trace_examples(dated, [], cut).examples) == [
        "Nordfrost 1",
        "Nordfrost 2",
    ]


def test_a_choice_is_kept_when_an_email_from_it_stands():
    chosen = researcher_trace([1])
    written = writer_trace(GOOD, sources=(chosen.id,))
    sources = [example.source for example in trace_examples([chosen, written], []).examples]
    assert sources == [Source.CHECKED] * 3
    accepted = trace_examples([chosen, written], [review(written, ReviewAction.ACCEPT)]).examples
    assert [(one.role, one.source) for one in accepted] == [
        ("writer", Source.ACCEPTED),
        ("researcher", Source.ACCEPTED),
        ("researcher", Source.ACCEPTED),
    ]
    assert (accepted[2].variables["sentences"], accepted[2].answer) == (
        [{"number": 1, "text": QUOTE}],
        {"kind": "expansion"},
    )
    assert accepted[1].lineage[0] == f"trace:{chosen.id}"
    assert accepted[1].lineage[1].endswith(":accept")


def test_a_sighting_is_kept_when_an_email_is_written_from_it():
    seen = sighting_trace("expansion")
    written = writer_trace(GOOD, sources=(seen.id,))
    accepted = trace_examples([seen, written], [review(written, ReviewAction.ACCEPT)]).examples
    assert [(one.role, one.source) for one in accepted] == [
        ("writer", Source.ACCEPTED),
        ("researcher", Source.ACCEPTED),
    ]
    assert (accepted[1].answer, accepted[1].variables) == ({"kind": "expansion"}, seen.variables)
    unproven = [sighting_trace("vague"), sighting_trace("expansion", "We opened a plant."), written]
    assert +trace_examples(unproven, []).dropped == {DropReason.NOT_REVIEWED: 2}
    wrong = [rejected(written, RejectReason.WRONG_FACT_CHOSEN)]
    assert +trace_examples([seen, written], wrong).dropped == {DropReason.REJECTED: 2}


def test_what_else_a_sentence_might_be_is_no_answer_to_learn_from():
    seen, again = sighting_trace("expansion"), sighting_trace("product", node=AGAIN)
    found = trace_examples([seen, again, writer_trace(GOOD, sources=(seen.id,))], [])
    assert [example.answer for example in found.examples if is_sighting(example)] == [{"kind": "expansion"}]
    assert +found.dropped == {}


def test_choices_that_name_the_same_sentence_tell_its_kind_once():
    chosen = [researcher_trace([1]), researcher_trace([1], facts=2), sighting_trace("expansion")]
    written = writer_trace(GOOD, sources=tuple(call.id for call in chosen))
    found = trace_examples([written, *chosen], []).examples
    assert sum(map(is_sighting, found)) == 1
    assert sum(map(is_choice, found)) == 2


def test_a_choice_of_what_does_not_exist_is_left_out_even_if_its_email_was_accepted():
    for numbers in ([1, 99], [1, 1]):
        chosen = researcher_trace(numbers)
        written = writer_trace(GOOD, sources=(chosen.id,))
        dropped = +trace_examples([chosen, written], [review(written, ReviewAction.ACCEPT)]).dropped
        assert dropped == {DropReason.FAILED_CHECKS: 1}, numbers


def test_one_list_asked_on_two_days_is_one_question():
    first, later = researcher_trace([1]), researcher_trace([1], today="2026-06-02")
    found = trace_examples([first, later, writer_trace(GOOD, sources=(later.id,))], []).examples
    assert sum(map(is_choice, found)) == 1


def test_a_choice_that_no_email_stands_on_is_left_out():
    only = TraceSelection(roles=("researcher",))
    chosen, nothing = researcher_trace([1]), researcher_trace([7])
    assert trace_examples([chosen], [], only).dropped == {DropReason.NOT_REVIEWED: 1}
    assert +trace_examples([chosen, writer_trace(GOOD)], [], only).dropped == {DropReason.NOT_REVIEWED: 1}
    from_nothing = writer_trace(GOOD, sources=(nothing.id,))
    assert trace_examples([nothing, from_nothing], [], only).dropped == {DropReason.FAILED_CHECKS: 1}
    written = writer_trace(GOOD, sources=(chosen.id,))
    wrong = [rejected(written, RejectReason.WRONG_FACT_CHOSEN)]
    assert trace_examples([chosen, written], wrong, only).dropped == {DropReason.REJECTED: 1}


ANSWERS = st.sampled_from([GOOD, BETTER, BAD, None])
ACTIONS = st.sampled_from([None, "accept", "reject", "edit"])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(ANSWERS, ACTIONS, st.integers(0, 1)), max_size=6), st.randoms(use_true_random=False))
def test_each_distinct_answer_is_counted_once_and_order_does_not_matter(calls, chance: random.Random):
    people = [Prospect(email=f"p{n}@c.example", company=f"Nordfrost {n}", first_name="María") for n in range(2)]
    traces = [writer_trace(answer, people[who]) for answer, _, who in calls]
    said = []
    for trace, (_, action, _) in zip(traces, calls, strict=True):
        if action is not None and trace.structured is not None:
            fields = {"reject": {"reason": RejectReason.OTHER}, "edit": {"edited": BETTER}}.get(action, {})
            said.append(review(trace, ReviewAction(action), **fields))
    first = trace_examples(traces, said, WRITER)
    distinct = {(who, str(answer)) for answer, _, who in calls}
    assert len(first.examples) + first.dropped.total() == len(distinct)
    mixed, mixed_said = traces.copy(), said.copy()
    chance.shuffle(mixed)
    chance.shuffle(mixed_said)
    second = trace_examples(mixed, mixed_said, WRITER)
    assert (second.examples, second.dropped) == (first.examples, first.dropped)
