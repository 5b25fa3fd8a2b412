"""Claims are aligned to the line they stand on."""

from __future__ import annotations

from miniatures.checks import run_checks
from miniatures.datamodel.draft import EmailText, Ground
from tests.checks.cases import BODY, BRIEF, CASE, QUOTE, SUBJECT, swap_text


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
