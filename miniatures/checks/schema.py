"""The email has a subject on one line and a body, both of sane size and printable."""

from __future__ import annotations

import re

from miniatures.checks.case import CheckCase
from miniatures.checks.draft_text import DraftText
from miniatures.checks.verdict import Verdict, failed, passed
from miniatures.checks.web import without_links
from miniatures.datamodel.plain_text import UNPRINTABLE

LONGEST_SUBJECT = 150
"""Characters; mail programs show about 70."""
LONGEST_BODY = 20_000
"""Characters; beyond it no check reads the text."""
_JOINED = re.compile(r"\d(?:\+|%(?!ig))[^\W\d_]{2,}")
_HIDDEN = re.compile(rf"(?![\t\n\r])[{UNPRINTABLE}\u200c\u200d]")


def check_schema(draft: DraftText, case: CheckCase) -> Verdict:
    """Subject and body are there, in shape."""
    subject = draft.subject.strip()
    if not subject:
        return failed("the subject is empty")
    if len(subject.splitlines()) > 1:
        return failed("the subject has more than one line")
    if len(subject) > LONGEST_SUBJECT:
        return failed(f"the subject has {len(subject)} characters; {LONGEST_SUBJECT} are allowed")
    hidden = _HIDDEN.search(draft.subject) or _HIDDEN.search(draft.body)
    if hidden:
        return failed(f"the text holds the invisible character U+{ord(hidden[0]):04X}")
    joined = _JOINED.search(without_links(f"{draft.subject}\n{draft.body}"))
    if joined:
        return failed(f"the text runs {joined[0]!r} together: a space is missing")
    if draft.body.lstrip().lower().startswith(("subject:", '{"', "```")):
        return failed("the body begins with a subject line or markup instead of a greeting")
    return passed()


def unreadable(subject: str, body: str) -> str:
    """Why no check can read the text, or an empty string."""
    if not body.strip():
        return "the body is empty"
    if len(body) > LONGEST_BODY or len(subject) > LONGEST_BODY:
        return f"the email has {len(subject) + len(body)} characters; {LONGEST_BODY} are allowed"
    return ""
