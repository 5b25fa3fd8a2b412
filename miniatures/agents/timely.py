"""Whether a sentence of a page can still be told today.

Two kinds cannot. What one announces is past by now: "construction will start in October" is true on its page and stale
in a letter of December. The other names its days by the day on which it was written: "last Friday", "this month".
"""

from __future__ import annotations

import re
from datetime import date

from miniatures.agents.ages import MONTHS, days_named, first_day, names_open_time
from miniatures.agents.passages import Passage

_DAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_SPAN = (
    r"(?:morning|afternoon|evening|night|week|weekend|month|quarter|term|season|spring|summer|autumn|winter"
    rf"|{_DAY}|{MONTHS})"
)
_BY_ITS_OWN_DAY = re.compile(
    rf"\b(?:today|tonight|tomorrow|yesterday|(?:this|last|next|past|coming) {_SPAN}|(?:last|next) year"
    rf"|end of (?:the|this) (?:week|month|term|season)|(?:a|two|three|few) (?:days|weeks|months) ago"
    rf"|(?:on|by|until|since|from) {_DAY}(?!,? (?:the )?(?-i:[A-Z\d])))\b",
    re.IGNORECASE,
)
_TO_COME = re.compile(
    r"\b(?:will|shall|won't|(?:is|are) (?:due |planned |scheduled |expected |going )?to|plans? to)\b", re.IGNORECASE
)
_OF_A_DAY = re.compile(r"\bof (?:[\w.]+,? ){2,3}$")
"""What the verb is about: "the intake of 13 October will"."""
_ASIDE = re.compile(r"\([^)]*\)")


def is_timely(passage: Passage, today: date) -> bool:
    """Whether a letter of today may say what the passage's sentence says."""
    written = passage.published.date() if passage.published else first_day(passage.dateline)
    return _BY_ITS_OWN_DAY.search(passage.text) is None and not is_over(passage.text, written or today, today)


def is_over(text: str, written: date, today: date) -> bool:
    """Whether it tells as coming what, by the days that it names for it, is past; `written` settles a day's year."""
    verb = _TO_COME.search(text)
    if verb is None:
        return False
    subject = _OF_A_DAY.search(text[: verb.start()])
    promised = _ASIDE.sub("", (subject[0] if subject else "") + text[verb.end() :])
    if names_open_time(promised) or next(days_named(promised, written), None) is None:
        return False
    return all(day < today for day in days_named(text, written))
