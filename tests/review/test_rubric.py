"""The rubric says what every action and every reason means, and its hash follows its text."""

from __future__ import annotations

from miniatures.datamodel.hashing import text_hash
from miniatures.datamodel.review import Falsehood, Reading, ReadingVerdict, RejectReason
from miniatures.review.rubric import (
    reading_rubric_text,
    reading_rubric_version,
    reason_texts,
    rubric_text,
    rubric_version,
)


def test_every_reason_is_explained_once_with_an_example_and_nothing_else_is():
    assert set(reason_texts()) == set(RejectReason)
    assert rubric_text().count("\n### ") == len(RejectReason)
    for reason, text in reason_texts().items():
        meaning, example, shown = text.partition(" Example: ")
        assert example, reason
        assert meaning.endswith((".", "comment.")), reason
        assert len(shown) > 20, reason
        assert "#" not in text, reason


def test_every_action_is_explained():
    for action in ("Accept", "Edit", "Reject", "tie"):
        assert f"**{action}**" in rubric_text()


def test_the_version_is_the_hash_of_the_text():
    assert rubric_version() == text_hash(rubric_text())[:16]


def test_every_word_of_a_reading_is_explained():
    text = reading_rubric_text()
    words = (
        *Reading.model_fields,
        *Falsehood,
        *ReadingVerdict,
        "ok",
        "weak",
        "nonsense",
        "odd",
        "absurd",
        "good",
        "poor",
    )
    assert [word for word in words if f"**{word}**" not in text and f"## {word}\n" not in text] == []
    assert reading_rubric_version() == text_hash(text)[:16]
