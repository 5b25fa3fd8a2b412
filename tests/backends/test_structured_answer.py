"""Why an answer is not the JSON that was asked for: in our words, and whether to ask again."""

from __future__ import annotations

import pytest
from langchain_core.exceptions import OutputParserException
from langchain_core.messages import AIMessage
from pydantic import ValidationError

from miniatures.backends.ask import _reason
from miniatures.backends.base import parse_structured
from miniatures.backends.errors import CutAnswer, MalformedAnswer
from miniatures.datamodel.draft import EmailText


def answer(text: str, finish_reason: str) -> AIMessage:
    return AIMessage(content=text, response_metadata={"finish_reason": finish_reason})


@pytest.mark.parametrize(("finish_reason", "again"), [("length", False), ("stop", True)])
def test_a_cut_answer_is_not_to_be_asked_for_again(finish_reason: str, again: bool) -> None:
    with pytest.raises(MalformedAnswer) as caught:
        parse_structured(answer('{"subject": "a', finish_reason), EmailText)
    assert caught.value.retryable is again
    assert isinstance(caught.value, CutAnswer) is not again
    assert ("raise it" in caught.value.hint) is not again


@pytest.mark.parametrize("text", ['{"subject": "a', '{"subject": 1}', "[]"])
def test_the_reason_is_on_one_line_and_sends_nobody_to_pydantic(text: str) -> None:
    with pytest.raises(MalformedAnswer) as caught:
        parse_structured(answer(text, "stop"), EmailText)
    assert "pydantic" not in caught.value.message
    assert "\n" not in caught.value.message


def test_nor_does_that_of_another_chat_model() -> None:
    with pytest.raises(ValidationError) as caught:
        EmailText.model_validate({"subject": "a"})
    failure = OutputParserException("Failed to parse. For further information visit https://errors.pydantic.dev/")
    failure.__cause__ = caught.value
    assert _reason(failure) == _reason(caught.value) == "body: Field required"
    assert _reason(ValueError("no JSON")) == "no JSON"
