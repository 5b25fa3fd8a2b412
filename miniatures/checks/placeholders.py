"""No blank was left to fill in."""

from __future__ import annotations

import re

from miniatures.checks.case import CheckCase
from miniatures.checks.draft_text import DraftText
from miniatures.checks.verdict import Verdict, failed, passed
from miniatures.checks.word_list import word_set

_ANY_CASE = re.compile(
    r"""\{\{.{0,60}?\}\}|\{%.{0,60}?%\}|\$\{\w{1,40}\}|\{\w[\w .-]{0,40}\}|\*\|\w{1,40}\|\*|%%?\w{2,40}%%?(?!\w)
    |\b(?:first|last|full|company|recipient|prospect|sender|contact)(?:_|\ ?-\ ?)name\b|\bfirstname\b|\blastname\b
    |\bfirst\ name\s*[,\]]|\blorem\ ipsum\b|\binsert\ [\w ]{0,30}\ here\b|\b_{3,}|_{4,}|\b(?:todo|tbd|tba|tk)\b(?=[\W])
    |<[a-z][a-z_ /-]{0,40}>""",
    re.IGNORECASE | re.VERBOSE,
)
_AS_WRITTEN = re.compile(
    r"""\[[^\]\n]{0,60}\]|«\w{0,20}_\w{0,20}»|\b(?:NaN|NULL|undefined)\b|\#(?:N/A|REF!|NAME\?|VALUE!)|\bX{2,}\b|\bx{3,}\b
    |\b(?:Your|My|Our|Sender(?:'s)?|Prospect(?:'s)?|Recipient(?:'s)?|Company)\s(?:Full\s|First\s|Last\s)?
    (?:Name|Company|Title|Position|Signature|Phone|Email|Address)\b|\byour\ name\b""",
    re.VERBOSE,
)


_MARKS = "[{<_%$*«#"
_HINTS = word_set(
    "nan null undefined xx name lorem insert todo tbd tba tk title position signature phone email address company"
)


def _may_hold(text: str) -> bool:
    """A cheap look that spares most texts the patterns."""
    lower = text.lower()
    return any(mark in text for mark in _MARKS) or any(hint in lower for hint in _HINTS)


def check_placeholders(draft: DraftText, case: CheckCase) -> Verdict:
    """No brackets, merge fields, a spreadsheet's errors, XXX, lorem ipsum or Your Name."""
    for place, text in (("subject", draft.subject), ("body", draft.body)):
        if not _may_hold(text):
            continue
        found = _AS_WRITTEN.search(text) or _ANY_CASE.search(text)
        if found:
            return failed(f"the {place} still holds the placeholder {found[0]!r}")
    return passed()
