"""An error and its cure, as one text."""

import pytest

from miniatures.datamodel.errors import MiniaturesError


@pytest.mark.parametrize(
    ("message", "hint", "told"),
    [
        ("ANTHROPIC_API_KEY is not set", "export X=...", "ANTHROPIC_API_KEY is not set. export X=..."),
        ("it is not supported yet..", "Simplify it.", "it is not supported yet. Simplify it."),
        ("there is no file", "", "there is no file"),
    ],
)
def test_message_and_hint_are_sentences_of_their_own(message, hint, told):
    assert MiniaturesError(message, hint=hint).told == told
