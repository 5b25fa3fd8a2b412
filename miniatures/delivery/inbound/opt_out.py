"""Whether a person asks to be written to no more, in their own words.

A message that is nothing but a command counts, and so does a request in a sentence. How a product lets others
unsubscribe, or a wish not to be removed, does not.
"""

from __future__ import annotations

import re

from miniatures.delivery.inbound.phrases import Said, flat, pattern

_ANSWERED = re.compile(r"(?:(?:re|aw|sv|antw|odp|res|rif)\s*:\s*)+", re.IGNORECASE)
_TOKEN = re.compile(r"[\s:]+[\w-]{16,64}$")
_NO_WORD = re.compile(r"[^\w\s-]")
_FEW_LINES = 4
_SHORT = 40
_LOOKED_AT = 4_000


def asks_to_stop(text: str) -> bool:
    """Whether the person's own text (see `reply_text`) asks to be left alone."""
    lines = [line for line in text[:_LOOKED_AT].split("\n") if line.strip() and not _is_greeting(line.strip())]
    if len(lines) <= _FEW_LINES and any(map(_is_command, lines)):
        return True
    return bool(pattern(Said.OPT_OUT).search(flat(" ".join(lines), _LOOKED_AT)))


def is_unsubscribe_subject(subject: str) -> bool:
    """Whether a mail program wrote it for somebody who pressed `unsubscribe` (RFC 2369), or a person as one would."""
    return not _ANSWERED.match(subject) and _is_command(_TOKEN.sub("", subject))


def _is_greeting(line: str) -> bool:
    return len(line) <= _SHORT and bool(pattern(Said.GREETING, after=r"\b").match(line))


def _is_command(line: str) -> bool:
    words = " ".join(_NO_WORD.sub(" ", line[:80]).split())
    plain = " ".join(pattern(Said.COURTESY, after=r"(?!\w)").sub(" ", words).split())
    return bool(pattern(Said.OPT_OUT_COMMAND).fullmatch(plain))
