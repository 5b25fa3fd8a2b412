"""The sender signs at the end, and the prospect does not."""

from __future__ import annotations

import re

from miniatures.checks.case import CheckCase
from miniatures.checks.draft_text import DraftText
from miniatures.checks.verdict import Verdict, failed, passed
from miniatures.checks.words import fold, spellings, words_of
from miniatures.datamodel.brief import Sender

_POSTSCRIPT = re.compile(r"\n[^\S\n]*p\.?[^\S\n]?s\.?[\s:]", re.IGNORECASE)
_STRAY_WORDS = 3
_NAME_ALONE = 5


def check_signature(draft: DraftText, case: CheckCase) -> Verdict:
    """After the sender's name comes nothing but their own details; a postscript may follow."""
    sender = case.brief.sender
    body = _POSTSCRIPT.split(draft.body)[0]
    after = _after_name(body, sender)
    prospect = spellings(case.prospect.full_name) - spellings(sender.name)
    if after is None:
        if _signs(draft.lines, prospect):
            return failed(f"{case.prospect.full_name} signs the email that is meant for them; {sender.name} must")
        return failed(f"the signature does not name {sender.name}")
    own = _sender_words(sender, case)
    stray = [word for word in words_of(after) if word not in own]
    if prospect and prospect & set(stray):
        return failed(f"{case.prospect.full_name} stands in the signature; only {sender.name} may")
    if len(stray) > _STRAY_WORDS:
        return failed(f"{sender.name} does not stand at the end: more text follows")
    return passed()


def _after_name(body: str, sender: Sender) -> str | None:
    """The text after the sender's last mention by whole name, or by first name on a short line."""
    folded, name = fold(body), fold(sender.name)
    place = folded.rfind(name)
    if place >= 0:
        return folded[place + len(name) :]
    first = (words_of(sender.name) or [""])[0]
    for place, line in reversed(list(enumerate(lines := folded.splitlines()))):
        if first and first in words_of(line) and len(line.split()) <= _NAME_ALONE:
            return "\n".join(lines[place + 1 :])
    return None


def _signs(lines: list[str], names: frozenset[str]) -> bool:
    return any(words and set(words) <= names for words in (words_of(line) for line in lines[-3:]))


def _sender_words(sender: Sender, case: CheckCase) -> set[str]:
    details = (sender.name, sender.title, sender.company, sender.email, sender.postal_address, *case.brief.links)
    return {word for detail in details for word in words_of(detail)} | {"http", "https", "www", "at", "e", "t", "tel"}
