"""Code places what the brief owns around a telling, and finds the telling again in what it composed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.agents.roles.telling import POOR, Telling, ToldEmail, composed, told
from miniatures.agents.roles.writer import WRITER, WriterVariables
from miniatures.checks import run_checks
from miniatures.datamodel.brief import Brief, Length
from miniatures.datamodel.capabilities import SMALL, TELLER, Capabilities, Grammar, Variant
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.prospect import Recipient
from miniatures.prompts.library import PromptLibrary
from tests.checks.cases import BRIEF, PROSPECT, evidence

OPENING = "Nordfrost has opened a 7,200 m² cold store with 24 loading docks in Rotterdam."
TELLING = Telling(
    reason="good", opening=OPENING, thought="More doors, more alarms.", claim=1, subject="The new store in Rotterdam"
)
VARIABLES = WriterVariables.of(BRIEF, PROSPECT, [evidence()])
OPENS = Capabilities(grammar=Grammar.GROUNDED).with_trust(TELLER)


def test_what_the_brief_owns_stands_verbatim() -> None:
    email = composed(TELLING, *VARIABLES.owned)
    assert f"{OPENING} More doors, more alarms." in email.body
    for owned in (BRIEF.offer, BRIEF.call_to_action, BRIEF.sender.name):
        assert owned in email.body
    assert [claim for claim in BRIEF.claims if claim in email.body] == [BRIEF.claims[0]]
    assert not [check for check in run_checks(email, VARIABLES.case).failed if check.name != "length"]


def test_the_telling_is_found_again_and_nothing_is_found_in_another_email() -> None:
    email = composed(TELLING, *VARIABLES.owned)
    assert told(email, *VARIABLES.owned) == TELLING
    edited = email.model_copy(update={"body": email.body.replace("7,200", "7,000")})
    assert told(edited, *VARIABLES.owned) == TELLING.model_copy(update={"opening": OPENING.replace("7,200", "7,000")})
    spoiled = email.model_copy(update={"body": email.body.replace(BRIEF.offer, "We sell things.")})
    assert told(spoiled, *VARIABLES.owned) is None
    assert told(ToldEmail(subject="s", body="Hello"), *VARIABLES.owned) is None


@given(st.text(alphabet=st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=40))
def test_any_opening_comes_back(opening: str) -> None:
    telling = TELLING.model_copy(update={"opening": opening})
    again = told(composed(telling, *VARIABLES.owned), *VARIABLES.owned)
    assert again is None or composed(again, *VARIABLES.owned) == composed(telling, *VARIABLES.owned)


def test_news_that_is_no_reason_makes_no_email_and_is_learned_as_such() -> None:
    email = composed(POOR, *VARIABLES.owned)
    assert (email.subject, email.body) == ("", "")
    assert told(email, *VARIABLES.owned) == POOR
    assert WRITER.wanted(VARIABLES, email.model_dump(), OPENS) == POOR.model_dump()
    with pytest.raises(InputError, match="no email"):
        WRITER.wanted(VARIABLES, email.model_dump(), Capabilities().with_trust(SMALL))


def test_a_claim_that_is_not_there_and_an_empty_thought_are_no_words() -> None:
    bare = composed(TELLING.model_copy(update={"thought": "", "claim": 0}), *VARIABLES.owned)
    assert f"{OPENING}\n\n" in bare.body
    assert not [claim for claim in BRIEF.claims if claim in bare.body]
    assert told(bare, *VARIABLES.owned) == TELLING.model_copy(update={"thought": "", "claim": 0})


def test_what_would_make_it_too_long_is_left_out() -> None:
    long = BRIEF.model_copy(update={"claims": (" ".join(["word"] * 70) + ".",), "length": Length(max_words=80)})
    email = composed(TELLING, long, PROSPECT)
    assert "word word" not in email.body
    assert "More doors" in email.body


def test_a_prospect_without_a_name_is_greeted_all_the_same() -> None:
    nobody = Recipient(first_name="", last_name="", title="", company="Nordfrost")
    assert composed(TELLING, BRIEF, nobody).body.startswith("Hello,")


def test_a_small_writer_is_asked_for_the_opening_alone() -> None:
    prompt = WRITER.prompt(VARIABLES, PromptLibrary(), OPENS)
    assert prompt.variant is Variant.OPENING
    assert "call to action" not in prompt.messages[0].content.lower()
    schema = WRITER.schema(VARIABLES, OPENS, PromptLibrary())
    assert schema is not None
    assert set(schema["properties"]) == {"reason", "opening", "thought", "claim", "subject"}
    assert schema["properties"]["claim"] == {"enum": [*range(len(BRIEF.claims) + 1)]}
    assert schema["properties"]["reason"]["enum"] == ["good"], "it is not believed that there is no reason to write"
    judged = WRITER.schema(VARIABLES, OPENS.model_copy(update={"judges": True}), PromptLibrary())
    assert judged is not None
    assert judged["properties"]["reason"]["enum"] == ["good", "fair", "poor"]
    opening = schema["properties"]["opening"]["x-grounded"]
    assert (opening["empty"], judged["properties"]["opening"]["x-grounded"]["empty"]) == (False, True)
    assert "7,200" in opening["numbers"]
    assert "August" not in opening["names"], "a month that the news does not name"


def test_what_is_learned_is_the_telling_and_what_is_kept_is_the_email() -> None:
    email = composed(TELLING, *VARIABLES.owned).model_dump()
    assert WRITER.wanted(VARIABLES, email, OPENS) == TELLING.model_dump()
    plain = {"subject": email["subject"], "body": email["body"]}
    assert WRITER.wanted(VARIABLES, email, Capabilities().with_trust(SMALL)) == plain
    assert WRITER.kept(VARIABLES, TELLING.model_dump()) == email
    assert WRITER.kept(VARIABLES, email) == email
    with pytest.raises(InputError, match="not one that code composed"):
        WRITER.wanted(VARIABLES, {"subject": "s", "body": "Dear you"}, OPENS)


def test_the_claim_is_the_one_that_shares_most_with_the_angle() -> None:
    claims = ("Loggers report doors left open for minutes.", "Batteries last seven years in the cold.")
    brief: Brief = BRIEF.model_copy(update={"claims": claims})
    assert brief.claim_for("", "Nobody changes batteries at minus 25.") == claims[1]
    assert brief.claim_for("", "") == claims[0]
