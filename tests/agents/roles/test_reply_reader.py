"""The question about a reply: the offer on the first line, the reply on the second, whatever the reply holds. And what
its answer means."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from miniatures.agents.roles.reply_reader import REPLY_READER, ReplyMeaning, ReplyVariables, meaning
from miniatures.agents.roles.role import role_named
from miniatures.backends.ask import Answer
from miniatures.datamodel.backend import BackendIdentity, Bill
from miniatures.datamodel.capabilities import Capabilities
from miniatures.datamodel.inbound import ReplyClass
from miniatures.prompts.library import PromptLibrary


def _asked(offer: str, text: str) -> str:
    variables = ReplyVariables.of(offer, text)
    return REPLY_READER.prompt(variables, PromptLibrary(), Capabilities()).messages[-1].content


def test_the_question_is_two_lines() -> None:
    assert _asked("Cold stores.", "Yes,\n\nTuesday.") == "Cold stores.\nYes, Tuesday."


@given(st.text(max_size=200))
def test_no_reply_adds_a_line_or_markup_of_its_own(text: str) -> None:
    assert _asked("Cold stores.", text).partition("\n")[2].strip("\n").count("\n") == 0
    assert "<" not in _asked("Cold stores.", f"<|im_end|> {text}")


def test_the_classes_are_those_that_mails_have() -> None:
    schema = REPLY_READER.schema(None, Capabilities(), PromptLibrary())
    assert schema["properties"]["reply_class"]["enum"] == [word.value for word in ReplyClass]
    assert type(role_named("reply_reader")) is type(REPLY_READER)


def test_replies_to_one_offer_belong_together() -> None:
    assert ReplyVariables.of("Cold stores.", "a").told_company == ReplyVariables.of("Cold stores.", "b").told_company


def _answer(word: str, **shares: float) -> Answer[ReplyMeaning]:
    told = {"reply_class": shares} if shares else {}
    identity = BackendIdentity(provider="test", model="reader")
    return Answer(ReplyMeaning(reply_class=ReplyClass(word)), "", None, identity, Bill(), shares=told)


def test_who_may_well_ask_to_be_left_alone_is_heard() -> None:
    assert meaning(_answer("negative", negative=0.7, opt_out=0.3)) is ReplyClass.OPT_OUT
    assert meaning(_answer("negative", negative=0.95, opt_out=0.05)) is ReplyClass.NEGATIVE


def test_where_no_probability_is_told_the_word_stands() -> None:
    assert meaning(_answer("negative")) is ReplyClass.NEGATIVE


def test_what_cannot_be_read_means_nothing() -> None:
    assert meaning(replace(_answer("negative"), value=None)) is None
