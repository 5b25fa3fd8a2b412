"""What a person wrote, without what they quote, their signature and what their company's server adds.

An opt-out counts only if the person wrote it: our own email, quoted below, says how to opt out. Written here and not
taken from `mail-parser-reply`, whose patterns take time that grows with the cube of a mail's blank lines (6.6 seconds
for 8,000 of them), and anybody may send us those. Every pattern here looks at one line, or at three joined.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from miniatures.delivery.inbound.phrases import Said, flat, pattern

_WHEN_OR_WHO = re.compile(r"\d|@")
_BEGUN = re.compile(r"(?:begin forwarded message|anfang der weitergeleiteten nachricht|début du message \w+)\s*:", re.I)
_TO_THE_COLON = r"(?!\w)[^:\n]{0,300}:[ \t]*$"
_DASHES = r"\s*[-_ ]{2,60}\s*"
_BOLD = r"[*_ ]{0,4}"
_COLON = r"[*_ ]{0,4}[:\uff1a]"
_RULE = re.compile(r"_{20,}|-{30,}")
_POSTSCRIPT = re.compile(r"p\.? ?s\.?\s*[:.,-]?\s", re.IGNORECASE)
_MOST_OF_A_NAME = 60
_MOST_LINES = 3_000


def reply_text(text: str) -> str:
    """What the person themselves wrote: above, below and between the quoted lines. Empty if that is nothing."""
    own = list(_own_lines(text.split("\n")[:_MOST_LINES]))
    return _without_disclaimers(_without_signature(own))


def _own_lines(lines: list[str]) -> Iterator[str]:
    """The lines that are not quoted."""
    at = 0
    while at < len(lines):
        length = _attribution(lines, at)
        if _begins_history(lines, at) or (length and not _is_marked_below(lines, at + length)):
            return
        if length:
            at += length
            continue
        if not _is_quoted(lines[at]):
            yield lines[at].strip()
        at += 1


def _is_quoted(line: str) -> bool:
    return line.lstrip().startswith(">")


def _attribution(lines: list[str], at: int) -> int:
    """How many lines from here say who wrote what follows; 0 if none do."""
    if not lines[at].strip() or _is_quoted(lines[at]):
        return 0
    for length in (1, 2, 3):
        joined = " ".join(line.strip() for line in lines[at : at + length])[:600]
        if pattern(Said.WROTE, after=_TO_THE_COLON).search(joined) and _WHEN_OR_WHO.search(joined):
            return length
        if length < 3 and at + length < len(lines) and not lines[at + length].strip():
            return 0
    return 0


def _is_marked_below(lines: list[str], at: int) -> bool:
    """Whether the quote below has a mark on each line, so that what has none is the person's own."""
    return any(_is_quoted(line) for line in lines[at : at + 5])


def _begins_history(lines: list[str], at: int) -> bool:
    """Whether all that follows is an earlier email without marks on its lines, as Outlook has it."""
    line = lines[at].strip()
    if _BEGUN.fullmatch(line) or pattern(Said.EARLIER, before=_DASHES, after=_DASHES).fullmatch(line):
        return True
    if _RULE.fullmatch(line):
        at += 1 + next((n for n, one in enumerate(lines[at + 1 : at + 4]) if one.strip()), 0)
    headers = [one.strip() for one in lines[at : at + 6]]
    further = pattern(Said.FURTHER_LABEL, before=_BOLD, after=_COLON)
    return bool(pattern(Said.FROM_LABEL, before=_BOLD, after=_COLON).match(headers[0])) and any(
        map(further.match, headers[1:])
    )


def _without_signature(lines: list[str]) -> list[str]:
    """The lines up to the signature, and a postscript below it."""
    begun = next((at for at, line in enumerate(lines) if line), len(lines))
    for at in range(begun, len(lines)):
        if lines[at] == "--" or (at > begun and _is_closing(lines, at)):
            below = [line for line in lines[at + 1 :] if _POSTSCRIPT.match(line)]
            return [*lines[:at], *below]
    return lines


def _is_closing(lines: list[str], at: int) -> bool:
    """Whether a line takes leave: a set phrase alone, with nothing but a name and what is known of it below."""
    line = lines[at]
    if len(line) > _MOST_OF_A_NAME or not pattern(Said.CLOSING).fullmatch(line.rstrip(" ,.!")):
        return False
    below = [one for one in lines[at + 1 :] if one]
    return not below or len(below[0]) <= _MOST_OF_A_NAME


def _without_disclaimers(lines: list[str]) -> str:
    kept = [line for line in lines if not (len(line) < 80 and pattern(Said.SENT_FROM).match(line))]
    paragraphs = re.split(r"\n{2,}", "\n".join(kept).strip())
    own = [one for one in paragraphs if not pattern(Said.DISCLAIMER).match(flat(one, 600).lstrip("[*_ "))]
    return "\n\n".join(own).strip()
