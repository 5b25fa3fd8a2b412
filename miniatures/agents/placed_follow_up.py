"""Places a follow-up without a model: when the earlier email was written and why, one claim more, and the same request.

Like the first email that code places, it says nothing that the page, the brief or the earlier email does not say.
"""

from __future__ import annotations

from collections.abc import Sequence

from miniatures.agents.passages import leans
from miniatures.agents.placed import news_sentence
from miniatures.agents.roles.shared import quote_lines, recipient_line
from miniatures.agents.roles.telling import body_around, offered
from miniatures.checks.words import words_of
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.draft import EarlierEmail, EmailText
from miniatures.datamodel.evidence import Quote
from miniatures.datamodel.prospect import Recipient

_MOST_WORDS_OF_NEWS = 30
_MADE = 0.6
"""Share of a claim's words from which an email that says them has made it."""
_SHORTEST_WORD = 4


def placed_follow_up(
    brief: Brief, recipient: Recipient, news: Quote, reason: str, earlier: Sequence[EarlierEmail]
) -> EmailText:
    """The email that comes after these, under their subject. `news` is what the first was written from, and `reason`
    the sentence that tells it; without one the email refers to their subject."""
    angle = quote_lines([news], brief, recipient)[0].angle
    claim = next_claim(brief, news.signal, angle, earlier)
    alone = claim and not leans(claim)
    said = f"One thing more about {brief.sender.company}: {claim}" if alone else f"{offered(brief)} {claim}".strip()
    body = body_around((_reminder(earlier[-1], earlier[0].subject, reason), said), brief, recipient_line(recipient))
    return EmailText(subject=earlier[0].subject, body=body)


def news_in_few_words(news: Quote, recipient: Recipient) -> str:
    """The sentence in which code tells the news; empty if it is too long to be told again."""
    sentence = news_sentence(news, recipient.company)
    return sentence if len(sentence.split()) <= _MOST_WORDS_OF_NEWS else ""


def next_claim(brief: Brief, signal: str, angle: str, earlier: Sequence[EmailText]) -> str:
    """Of the brief's claims that none of the emails made, the one that goes best with the news; empty if all were."""
    left = tuple(claim for claim in brief.claims if not any(_makes(email, claim) for email in earlier))
    return brief.model_copy(update={"claims": left}).claim_for(signal, angle) if left else ""


def _makes(email: EmailText, claim: str) -> bool:
    words = {word for word in words_of(claim) if len(word) >= _SHORTEST_WORD}
    return claim in email.body or len(words & set(words_of(email.body))) >= _MADE * len(words)


def _reminder(last: EarlierEmail, subject: str, reason: str) -> str:
    day = f"{last.sent_on.day} {last.sent_on:%B}"
    if reason:
        return f"I wrote to you on {day} because {reason[0].lower()}{reason[1:]}"
    return f'I wrote to you on {day} about this: "{subject}".'
