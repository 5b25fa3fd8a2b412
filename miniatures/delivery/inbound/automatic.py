"""Whether a machine wrote a mail: by the headers that say so (RFC 3834 and what is older), then by set subjects."""

from __future__ import annotations

import re

from miniatures.delivery.inbound.mail import Mail
from miniatures.delivery.inbound.phrases import Said, pattern

_MARKS = (
    "X-Autoreply",
    "X-Autorespond",
    "X-Autoresponder",
    "X-AutoReply-From",
    "X-Mail-Autoreply",
    "X-FC-MachineGenerated",
    "List-Id",
)
_PRECEDENCE = frozenset({"auto_reply", "auto-reply", "autoreply", "bulk", "junk", "list"})
_MARKS_BEFORE = re.compile(r"^(?:(?:re|aw|sv|antw|odp|auto)\s*:\s*)*\W{0,2}", re.IGNORECASE)
_AUTOMATIC = re.compile(r"^auto(?:matic)?[ -]?(?:reply|response)\W{1,4}", re.IGNORECASE)


def is_automatic(mail: Mail) -> bool:
    """Whether a machine wrote it.

    `X-Auto-Response-Suppress` alone is no sign: people's mail has it, too, to keep machines from answering.
    """
    submitted = mail.header("Auto-Submitted").lower()
    if submitted and not submitted.startswith("no"):
        return True
    if any(mail.header(name) for name in _MARKS) or mail.header("Precedence").lower() in _PRECEDENCE:
        return True
    if mail.header("Return-Path") == "<>" or has_absence_subject(mail.subject):
        return True
    return bool(pattern(Said.AUTOMATIC_SUBJECT).match(_without_marks(mail.subject)))


def has_absence_subject(subject: str) -> bool:
    """Whether a subject is one that only notes of an absence have, behind the marks that programs put before it."""
    bare = _without_marks(subject)
    return bool(pattern(Said.ABSENCE_SUBJECT).match(_AUTOMATIC.sub("", bare)))


def _without_marks(subject: str) -> str:
    return _MARKS_BEFORE.sub("", subject, count=1)
