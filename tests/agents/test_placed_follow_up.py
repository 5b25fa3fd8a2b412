"""The follow-up that code places adds one thing of the brief that no earlier email had, or is not there."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.agents.placed_follow_up import placed_follow_up, without_made
from miniatures.checks import run_checks
from miniatures.datamodel.check import CheckName
from miniatures.datamodel.draft import EarlierEmail, EmailText
from tests.checks.cases import BODY, BRIEF, PROSPECT, SUBJECT, case, evidence

THOUGHTS = (
    "A new store is watched most closely in its first winter.",
    "What melts first in a new store is the margin.",
)
WITH_THOUGHTS = BRIEF.model_copy(update={"signals": (BRIEF.signals[0].model_copy(update={"angles": THOUGHTS}),)})
FIRST = EarlierEmail(subject=SUBJECT, body=BODY, sent_on=date(2026, 6, 3))
SECOND = EarlierEmail(subject=f"Re: {SUBJECT}", body="Hi María,\n\nAgain.\n\nAnna Berg", sent_on=date(2026, 6, 8))


def placed(*new: str, earlier: tuple[EarlierEmail, ...] = (FIRST,), is_last: bool = False) -> EmailText | None:
    return placed_follow_up(BRIEF.for_follow_ups, PROSPECT, new, earlier, is_last=is_last)


def test_it_names_the_first_email_adds_one_thing_and_asks_the_same() -> None:
    email = placed(THOUGHTS[0])
    assert email is not None and email.subject == SUBJECT
    assert email.body == (
        "Hi María,\n\n"
        "I wrote to you on 3 June, and have one thing to add. "
        "A new store is watched most closely in its first winter.\n\n"
        "Ask for a 15-minute call next week.\n\n"
        "Anna Berg\nAccount manager, FrostWatch"
    )


def test_the_last_one_says_so_asks_for_less_and_stays_under_the_subject_of_the_first() -> None:
    email = placed(THOUGHTS[0], earlier=(FIRST, SECOND), is_last=True)
    assert email is not None and email.subject == SUBJECT
    assert email.body.split("\n\n")[1:3] == [
        "One last thing, and then I leave it there. A new store is watched most closely in its first winter.",
        "Ask for a 15-minute call next week. If a colleague looks after this, a name is enough; if it is of no use to "
        "you, no answer is needed.",
    ]


def test_the_only_follow_up_ends_politely_too() -> None:
    email = placed(THOUGHTS[0], is_last=True)
    assert email is not None and email.body.count("no answer is needed") == 1


def test_one_that_others_come_after_does_not_say_that_it_is_the_last() -> None:
    email = placed(THOUGHTS[0], earlier=(FIRST, SECOND))
    assert email is not None and "last" not in email.body and "no answer" not in email.body


def test_what_makes_it_too_long_is_left_out() -> None:
    long = f"In {' and '.join(['a year'] * 19)} nothing thawed."
    email = placed(THOUGHTS[0], long)
    assert email is not None and THOUGHTS[0] in email.body and long not in email.body


def test_a_name_is_asked_for_where_there_is_room_for_it() -> None:
    email = placed(f"In {' and '.join(['a year'] * 11)} nothing thawed.", is_last=True)
    assert email is not None and "If it is of no use" in email.body and "colleague" not in email.body


@pytest.mark.parametrize(
    "new", [(), (f"In {' and '.join(['a year'] * 30)} nothing thawed.",)], ids=["none", "too long"]
)
def test_without_anything_new_there_is_none(new: tuple[str, ...]) -> None:
    assert placed(*new) is None


def test_a_claim_that_leans_on_the_offer_is_told_after_the_senders_name_and_after_no_thought() -> None:
    leaning = "It runs for seven years on one battery."
    email = placed(leaning)
    assert email is not None and f"have one thing to add about FrostWatch. {leaning}" in email.body
    both = placed(THOUGHTS[0], leaning)
    assert both is not None and THOUGHTS[0] in both.body and leaning not in both.body
    last = placed(leaning, earlier=(FIRST, SECOND), is_last=True)
    assert last is not None and f"One last thing about FrostWatch, and then I leave it there. {leaning}" in last.body


@pytest.mark.parametrize("said", [THOUGHTS[0], "Sensors need no cable."], ids=["a thought", "a claim"])
@pytest.mark.parametrize("is_last", [False, True])
def test_a_person_decides_about_each_for_nothing_in_it_is_about_the_company(said: str, is_last: bool) -> None:
    thread = case(evidence=(evidence(), FIRST.quote), brief=WITH_THOUGHTS.for_follow_ups)
    failed = run_checks(placed(said, is_last=is_last), thread).failed
    assert {check.name for check in failed} == {CheckName.CITATION, CheckName.SWAP}


@given(said=st.sets(st.sampled_from([*BRIEF.claims, *THOUGHTS])))
def test_what_an_email_said_is_not_left_to_say(said: set[str]) -> None:
    left = without_made(WITH_THOUGHTS, [EmailText(subject="s", body=f"Hi,\n\n{' '.join(sorted(said))}\n\nAnna")])
    assert set(left.claims) == set(BRIEF.claims) - said
    assert set(left.angles_of("expansion")) == set(THOUGHTS) - said


def test_what_was_said_in_other_words_counts_as_said() -> None:
    assert without_made(BRIEF, [EmailText(subject="s", body=BODY)]).claims == ()
