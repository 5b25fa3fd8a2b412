"""An email goes to an editor and comes back as itself, whatever it holds; what is no email is refused."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from miniatures.datamodel.draft import EmailText
from miniatures.review.email_text import UnreadableEdit, from_text, normal, to_text

emails = st.builds(EmailText, subject=st.text(), body=st.text())


@given(emails)
def test_an_email_comes_back_as_itself_in_its_normal_spelling(email):
    plain = normal(email)
    assume(plain.subject and plain.body)
    assert from_text(to_text(email)) == plain


@given(emails)
def test_the_normal_spelling_is_its_own(email):
    assert normal(normal(email)) == normal(email)


@given(emails, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "\n", "  \n\n", "\ufeff"]))
def test_what_an_editor_does_to_line_ends_changes_nothing(email, line_end, around):
    plain = normal(email)
    assume(plain.subject and plain.body and not plain.subject.startswith("\ufeff"))
    text = to_text(email).replace("\n", line_end)
    edited = around + text + (around if around != "\ufeff" else "")
    assert from_text(edited) == plain


@given(st.text())
def test_any_text_is_an_email_or_refused(text):
    try:
        email = from_text(text)
    except UnreadableEdit as refused:
        assert refused.hint
    else:
        assert email == normal(email)
        assert email.subject
        assert email.body
        assert "\n" not in email.subject


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "first line"),
        ("Hello Maya,\n\nyou opened a depot.", "first line"),
        ("Subject:\n\nHello Maya", "subject is empty"),
        ("Subject: Your depot\n\n  \n", "body is empty"),
    ],
)
def test_what_is_missing_is_said(text, why):
    with pytest.raises(UnreadableEdit, match=why):
        from_text(text)


def test_a_body_that_follows_without_an_empty_line_is_a_body():
    assert from_text("subject:Your depot\nHello\n\n  Robin  \n") == EmailText(
        subject="Your depot", body="Hello\n\n  Robin"
    )
