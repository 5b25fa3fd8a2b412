"""Claims are aligned to the line they stand on."""

from __future__ import annotations

import pytest

from miniatures.checks import run_checks
from miniatures.datamodel.check import CheckName, Outcome
from miniatures.datamodel.draft import EmailText, Ground
from tests.checks.cases import BODY, BRIEF, CASE, QUOTE, SUBJECT, case, result, swap_text


def claims(body: str = BODY):
    return {claim.text: claim for claim in run_checks(EmailText(subject=SUBJECT, body=body), CASE).statements}


def test_each_claim_stands_on_its_source():
    found = claims()
    quoted = found["I saw that Nordfrost opened a 7,200 m² cold store in Rotterdam in March."]
    assert (quoted.ground, quoted.source) == (Ground.QUOTE, QUOTE)
    briefed = found["Installation takes two days without emptying the store."]
    assert (briefed.ground, briefed.source) == (Ground.BRIEF, BRIEF.claims[2])
    assert all(not claim.unsupported for claim in found.values())


def test_greeting_question_and_signature_are_no_claims():
    texts = " ".join(claims())
    assert "Hi María" not in texts
    assert "call next week" not in texts
    assert "Anna Berg" not in texts


def test_a_sentence_that_begins_like_a_sign_off_ends_nothing():
    early = swap_text("A store of that size uses a lot of energy.", "Best results come in winter.")
    assert set(claims()) - set(claims(early)) == {"A store of that size uses a lot of energy."}


def test_an_invented_claim_stands_on_nothing_and_names_its_pieces():
    body = swap_text(
        "A store of that size uses a lot of energy.", "Helixor doubled profits by 400 percent with drones."
    )
    claim = claims(body)["Helixor doubled profits by 400 percent with drones."]
    assert claim.ground is Ground.NOTHING
    assert set(claim.unsupported) == {"Helixor", "doubled", "400"}


@pytest.mark.parametrize(
    "sentence",
    [
        "I'll be brief.",
        "That caught my eye.",
        "I'd love to hear your thoughts.",
        "We make it simple.",
        "Well done to you.",
    ],
)
def test_short_courtesies_assert_nothing(sentence):
    body = swap_text("A store of that size uses a lot of energy.", sentence)
    assert result(CheckName.GROUNDS, body=body).passed


@pytest.mark.parametrize(
    "sentence",
    [
        "Your foremen struggled badly with absences.",
        "We rescued nine famous breweries.",
        "You are glad about the mayor's visit.",
        "Nordfrost struggles with absent drivers and unhappy neighbours.",
        "Our engineers speak four dialects fluently.",
        "I admired the orchard behind your canteen.",
        "We are the market leader.",
        "Our customers include Nordfrost.",
    ],
)
def test_a_definite_statement_that_stands_on_nothing_fails_and_is_named(sentence):
    body = swap_text("A store of that size uses a lot of energy.", sentence)
    report = run_checks(EmailText(subject=SUBJECT, body=body), CASE)
    assert not report.passed
    claim = next(claim for claim in report.statements if claim.text == sentence)
    assert claim.ground is Ground.NOTHING
    found = result(CheckName.GROUNDS, body=body)
    assert found.outcome is Outcome.FAIL or claim.unsupported
    assert sentence[:40] in found.reason or claim.unsupported


@pytest.mark.parametrize(
    "sentence",
    [
        "Cut flowers cannot be taken back once they are gone.",
        "You may want to look at the orchard alone first.",
        "The question is who counts the apples in the morning.",
        "Every order has a walk in the middle of it.",
        "Your auditors may well ask how often the doors stand open.",
    ],
)
def test_a_general_thought_needs_no_ground(sentence):
    body = swap_text("A store of that size uses a lot of energy.", sentence)
    report = run_checks(EmailText(subject=SUBJECT, body=body), CASE)
    assert report.passed, report.reasons
    assert next(claim for claim in report.statements if claim.text == sentence).ground is Ground.THOUGHT


def test_what_news_and_offer_carry_together_stands_on_one_of_them():
    body = swap_text(
        "A store of that size uses a lot of energy.", "The 24 docks in Rotterdam need sensors every winter."
    )
    report = run_checks(EmailText(subject=SUBJECT, body=body), CASE)
    assert report.passed, report.reasons


@pytest.mark.parametrize("language", ["da", "pl"])
def test_without_a_list_of_persons_every_sentence_is_definite(language):
    its_case = case(brief=BRIEF.model_copy(update={"language": language}))
    found = result(CheckName.GROUNDS, body="Hi Maria,\n\nOrchards bloom wildly behind canteens.", case=its_case)
    assert found.outcome is Outcome.FAIL
