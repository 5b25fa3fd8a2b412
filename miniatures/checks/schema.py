"""The email has a subject on one line and a body, both of sane size and printable."""

from __future__ import annotations

import re
from html.entities import html5

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
_JOINING = "\u0600-\u08ff\u0900-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufefe"
"""Letters and signs of scripts that need joiners."""
_EMOJI = "\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"
_HIDDEN = re.compile(
    rf"(?![\t\n\r])[{UNPRINTABLE}]|(?<![{_JOINING}])\u200c|(?<![{_JOINING}{_EMOJI}])\u200d|(?<=[{_EMOJI}])\u200d(?![{_EMOJI}])"
)
_TAG = re.compile(r"<(?:/?[a-z][a-z0-9-]*(?:[\s/>]|$)|!--|!doctype|\?)", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d++|#x[0-9a-f]++|(?P<name>[a-z]\w+));", re.IGNORECASE)


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
    markup = _markup(draft.subject) or _markup(draft.body)
    return failed(f"the text holds the markup {markup!r}; an email is plain text") if markup else passed()


def _markup(text: str) -> str:
    """What a program that shows HTML would take for more than text; empty if there is nothing."""
    entities = (found[0] for found in _ENTITY.finditer(text) if found["name"] is None or f"{found['name']};" in html5)
    tag = _TAG.search(text)
    return tag[0].strip() if tag else next(entities, "")


def unreadable(subject: str, body: str) -> str:
    """Why no check can read the text, or an empty string."""
    if not body.strip():
        return "the body is empty"
    if len(body) > LONGEST_BODY or len(subject) > LONGEST_BODY:
        return f"the email has {len(subject) + len(body)} characters; {LONGEST_BODY} are allowed"
    return ""
