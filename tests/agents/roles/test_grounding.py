"""What a small writer may copy is what its prompt shows; a careful author's emails can be written within it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from miniatures.agents.roles.grounding import email_schema as schema_for
from miniatures.agents.roles.writer import WriterVariables
from miniatures.backends.grounded_text import KEYWORD
from miniatures.backends.json_grammar import json_grammar
from miniatures.datamodel.draft import EmailText
from miniatures.finetune.gold.examples import writer_example
from miniatures.finetune.gold.folder import read_gold

xgrammar_testing = pytest.importorskip("xgrammar.testing")

GOLD = Path(__file__).parents[3] / "examples" / "gold" / "flint"


def email_schema(variables: dict[str, Any]) -> dict[str, Any]:
    return schema_for(WriterVariables.model_validate(variables).brief, variables)


@pytest.fixture(scope="module")
def examples() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Variables and answers of hand-written emails."""
    folder = read_gold(GOLD)
    made = [writer_example(email, folder) for email in folder.emails[:60]]
    return [(example.variables, example.answer or {}) for example in made]


def test_hand_written_emails_can_be_written(examples: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    refused = [
        answer
        for variables, answer in examples
        if not xgrammar_testing._is_grammar_accept_string(
            json_grammar(email_schema(variables)), json.dumps(answer, ensure_ascii=False)
        )
    ]
    assert len(refused) <= 1, refused


def test_another_sender_or_number_cannot(examples: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    variables, answer = examples[0]
    grammar = json_grammar(email_schema(variables))
    sender = variables["brief"]["sender"]["name"]
    for old, new in ((sender, "Amarandine Zzyzx"), (".", " by 98,765 pieces.")):
        body = answer["body"].replace(old, new)
        assert body != answer["body"]
        text = json.dumps({**answer, "body": body}, ensure_ascii=False)
        assert not xgrammar_testing._is_grammar_accept_string(grammar, text)


def test_the_subject_is_a_line_and_the_body_a_letter(examples: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    variables, _ = examples[0]
    properties = email_schema(variables)["properties"]
    assert properties["subject"][KEYWORD]["signatures"] == []
    assert properties["body"][KEYWORD]["signatures"][0] == variables["brief"]["sender"]["name"]


def test_a_number_word_that_was_not_told_cannot_open_a_sentence(
    examples: list[tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    variables, _ = examples[0]
    told = {**variables, "brief": {**variables["brief"], "offer": "We measure nineteen kinds of dust."}}
    openings = [email_schema(given)["properties"]["body"][KEYWORD]["openings"] for given in (variables, told)]
    assert ["Nineteen" in words for words in openings] == [False, True]


def test_a_short_letter_ends_with_the_call_to_action(
    examples: list[tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    variables, _ = examples[0]
    short = {**variables, "brief": {**variables["brief"], "length": {"min_words": 40, "max_words": 80}}}
    body = email_schema(short)["properties"]["body"][KEYWORD]
    assert body["sentences"] == 5
    assert body["last"] == [variables["brief"]["call_to_action"]]


def test_other_languages_are_not_held(examples: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    variables, _ = examples[0]
    german = {**variables, "brief": {**variables["brief"], "language": "de"}}
    assert email_schema(german) == EmailText.model_json_schema()
