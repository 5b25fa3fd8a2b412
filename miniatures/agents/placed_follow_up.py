"""Places a follow-up without a model: one reason more that goes with the news, and the same request.

The reason is the brief's own: a thought on just such news, or a claim, that no earlier email had. The news is not told
again. Whoever reads it has the first email in the same thread, and a sentence of a page seldom shortens to a few words.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import product

from miniatures.agents.passages import leans
from miniatures.agents.roles.shared import recipient_line
from miniatures.agents.roles.telling import body_around
from miniatures.checks.words import words_of
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.draft import EarlierEmail, EmailText
from miniatures.datamodel.prospect import Recipient

_MADE = 0.6
"""Share of a sentence's words from which an email that says them has made it."""
_SHORTEST_WORD = 4
_GOODBYES = (
    "If a colleague looks after this, a name is enough; if it is of no use to you, no answer is needed.",
    "If it is of no use to you, no answer is needed.",
)
"""How the last email of a thread ends: with less to ask for, where there is room for it."""


def placed_follow_up(
    brief: Brief, recipient: Recipient, new: Sequence[str], earlier: Sequence[EarlierEmail], *, is_last: bool
) -> EmailText | None:
    """The email that comes after these, under their subject; None where nothing of what is new fits its length.

    `new` are sentences of the brief that none of them had: all that fit, in order. The last of a thread says so.
    """
    days = [email.sent_on for email in earlier]
    for said, goodbye in product(_most_first(new), _GOODBYES if is_last else ("",)):
        about = f" about {brief.sender.company}" if leans(said[0]) else ""
        told = (_beginning(days, about, is_last=is_last), *said)
        asked = brief.model_copy(update={"call_to_action": f"{brief.call_to_action} {goodbye}".strip()})
        body = body_around((" ".join(told),), asked, recipient_line(recipient))
        if len(body.split()) <= brief.length.max_words:
            return EmailText(subject=earlier[0].subject, body=body)
    return None


def without_made(brief: Brief, earlier: Sequence[EmailText]) -> Brief:
    """The brief with those angles and claims alone that none of the emails had; it may be left without any."""
    signals = tuple(one.model_copy(update={"angles": _unmade(one.angles, earlier)}) for one in brief.signals)
    return brief.model_copy(update={"signals": signals, "claims": _unmade(brief.claims, earlier)})


def _unmade(sentences: Sequence[str], earlier: Sequence[EmailText]) -> tuple[str, ...]:
    return tuple(one for one in sentences if not any(_makes(email, one) for email in earlier))


def _makes(email: EmailText, sentence: str) -> bool:
    words = {word for word in words_of(sentence) if len(word) >= _SHORTEST_WORD}
    return sentence in email.body or len(words & set(words_of(email.body))) >= _MADE * len(words)


def _most_first(new: Sequence[str]) -> list[tuple[str, ...]]:
    """All of it, then each sentence alone; each way once. What leans on the offer does not stand behind a thought."""
    alone: list[tuple[str, ...]] = [(one,) for one in new]
    return alone if len(new) < 2 or any(map(leans, new[1:])) else [tuple(new), *alone]


def _beginning(days: Sequence[date], about: str, *, is_last: bool) -> str:
    if len(days) > 1:
        last, more = f"One last thing{about}, and then I leave it there.", f"I have one thing more to add{about}."
        return last if is_last else more
    wrote = f"I wrote to you on {days[0].day} {days[0]:%B}"
    last, more = f"One thing more{about}, and then I leave it there.", f"and have one thing to add{about}."
    return f"{wrote}. {last}" if is_last else f"{wrote}, {more}"
