"""The follow-up that code places says when and why the first was written, and one claim that it had not made."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from miniatures.agents.placed_follow_up import news_in_few_words, next_claim, placed_follow_up
from miniatures.checks import run_checks
from miniatures.datamodel.draft import EarlierEmail, EmailText
from tests.checks.cases import BODY, BRIEF, PROSPECT, QUOTE, SUBJECT, case, evidence

FIRST = EarlierEmail(subject=SUBJECT, body=BODY, sent_on=date(2026, 6, 3))
PLAIN = EarlierEmail(
    subject=SUBJECT,
    body="Hi María,\n\nYour news page says more.\n\nSensors report the temperature every 60 seconds.\n\nAnna Berg",
    sent_on=date(2026, 6, 3),
)
NEWS = evidence()
TOLD = 'Your news page says: "In March we opened a 7,200 m² cold store."'


def test_it_refers_to_the_first_email_makes_another_claim_and_asks_the_same() -> None:
    email = placed_follow_up(BRIEF, PROSPECT, NEWS, TOLD, [PLAIN])
    assert email.subject == SUBJECT
    assert email.body == (
        "Hi María,\n\n"
        'I wrote to you on 3 June because your news page says: "In March we opened a 7,200 m² cold store."\n\n'
        "One thing more about FrostWatch: Customers cut energy costs by 18 percent on average.\n\n"
        "Ask for a 15-minute call next week.\n\n"
        "Anna Berg\nAccount manager, FrostWatch"
    )


def test_without_news_it_refers_to_the_subject_of_the_thread() -> None:
    second = EarlierEmail(subject=f"Re: {SUBJECT}", body="Again.", sent_on=date(2026, 6, 8))
    body = placed_follow_up(BRIEF, PROSPECT, NEWS, "", [PLAIN, second]).body
    assert f'I wrote to you on 8 June about this: "{SUBJECT}".' in body


def test_once_every_claim_was_made_the_offer_stands_in_their_place() -> None:
    body = placed_follow_up(BRIEF, PROSPECT, NEWS, "", [FIRST]).body
    assert "FrostWatch offers FrostWatch, wireless temperature sensors for cold stores." in body
    assert not any(claim in body for claim in BRIEF.claims)


def test_a_claim_that_leans_on_the_offer_is_told_with_it() -> None:
    leaning = BRIEF.model_copy(update={"claims": ("They run for seven years on one battery.",)})
    body = placed_follow_up(leaning, PROSPECT, NEWS, "", [PLAIN]).body
    assert "sensors for cold stores. They run for seven years on one battery." in body


def test_long_news_is_not_told_again() -> None:
    assert news_in_few_words(NEWS, PROSPECT)
    assert news_in_few_words(evidence(f"{QUOTE[:-1]}, {' and '.join(['a further door'] * 9)}."), PROSPECT) == ""


def test_what_it_says_stands_on_the_first_email_and_the_brief() -> None:
    """The day is in no quote and no line of the brief: without the earlier email it would be invented."""
    email = placed_follow_up(BRIEF, PROSPECT, NEWS, news_in_few_words(NEWS, PROSPECT), [PLAIN])
    short = {"brief": BRIEF.for_follow_ups}
    assert run_checks(email, case(evidence=(NEWS, PLAIN.quote), **short)).reasons == ()
    alone = run_checks(email, case(**short))
    assert [check.name for check in alone.failed] == ["unsupported"]
    assert "3 June" in alone.reasons[0] or "June" in alone.reasons[0]


@given(made=st.sets(st.sampled_from(BRIEF.claims)))
def test_no_claim_is_made_twice(made: set[str]) -> None:
    earlier = [EmailText(subject="s", body=f"Hi,\n\n{' '.join(sorted(made))}\n\nAnna")]
    claim = next_claim(BRIEF, "expansion", "", earlier)
    assert claim in set(BRIEF.claims) - made if len(made) < len(BRIEF.claims) else claim == ""


def test_a_claim_in_other_words_counts_as_made() -> None:
    assert next_claim(BRIEF, "expansion", "", [EmailText(subject="s", body=BODY)]) == ""
