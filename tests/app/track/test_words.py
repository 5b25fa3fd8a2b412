"""The words of the opt-out page, and how an address is shown to whoever may not be its owner."""

from __future__ import annotations

import pytest

from miniatures.app.track.words import masked, words_in


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it", "nl"])
def test_every_language_says_everything_and_names_the_word_to_reply_with(language: str) -> None:
    words = words_in(language)
    assert words.language == language
    assert all(words)
    assert "STOP" in words.failed_more


def test_a_language_that_we_do_not_have_is_english() -> None:
    assert words_in("pl") == words_in("en-GB") == words_in("en")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("anna.berg@example.com", "a***@example.com"),
        ("a@example.com", "a***@example.com"),
        ('"a@b"@example.com', '"***@example.com'),
    ],
)
def test_an_address_is_known_to_its_owner_alone(address: str, shown: str) -> None:
    assert masked(address) == shown
