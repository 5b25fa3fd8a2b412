"""An email as one text that a person edits, and back: subject on the first line, then the body.

Two spellings of the same email (white space at line ends, a final line break) are one: an editor that adds them has
changed nothing.
"""

from __future__ import annotations

from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.json_types import StructuredAnswer

SUBJECT = "Subject:"


class UnreadableEdit(InputError):
    """An edited text is no email; nothing was recorded."""


def email_of(answer: StructuredAnswer) -> EmailText:
    """The writer's answer as an email.

    Raises:
        pydantic.ValidationError: the answer holds no subject or no body.
    """
    return EmailText.model_validate(answer)


def normal(email: EmailText) -> EmailText:
    """The email without the white space that an editor may add or take away."""
    lines = (line.rstrip() for line in email.body.strip().splitlines())
    return EmailText(subject=" ".join(email.subject.split()), body="\n".join(lines))


def to_text(email: EmailText) -> str:
    """The email as one text."""
    plain = normal(email)
    return f"{SUBJECT} {plain.subject}\n\n{plain.body}\n"


def from_text(text: str) -> EmailText:
    """The email of an edited text.

    Raises:
        UnreadableEdit: the first line is no subject, or the subject or the body is empty.
    """
    first, _, rest = text.lstrip("\ufeff").strip().partition("\n")
    if not first.lower().startswith(SUBJECT.lower()):
        raise UnreadableEdit(f"the first line does not begin with {SUBJECT!r}", hint=f"Write: {SUBJECT} Your new depot")
    return require_whole(EmailText(subject=first[len(SUBJECT) :], body=rest))


def require_whole(email: EmailText) -> EmailText:
    """The email in its normal spelling.

    Raises:
        UnreadableEdit: the subject or the body is empty.
    """
    plain = normal(email)
    for part, text in (("subject", plain.subject), ("body", plain.body)):
        if not text:
            raise UnreadableEdit(f"the {part} is empty", hint="Reject the email if there is nothing to send.")
    return plain
