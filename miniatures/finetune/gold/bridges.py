"""Finds the sentence by which a hand-written email goes from the news to the offer.

A small model copies well and invents badly, so a served prompt gives it an angle to copy: the brief's own thought on
such news. In a gold email that thought (its rationale) is the author's. It is recognized, by rule, as what stands after
the news, is no question and no sign-off, and shares few words with any line of the brief. It becomes the angle of the
quote that the email uses.
"""

from __future__ import annotations

from miniatures.checks import CheckCase
from miniatures.checks.draft_text import DraftText, Sentence
from miniatures.checks.reading import Reading
from miniatures.datamodel.draft import EmailText

_NEWS, _STILL_NEWS, _OFFER = 0.3, 0.6, 0.45
"""Shares of a sentence's content: of a quote, to be the news and more of it; of the brief, to be the offer."""
_FEWEST_WORDS, _MOST_WORDS = 6, 34


def bridge(email: EmailText, case: CheckCase) -> str:
    """The email's own thought between news and offer; empty where it has none of its own, or a long one."""
    offer = [_content(source.reading) for source in case.brief_sources]
    news = frozenset().union(*(_content(source.reading) for source in case.quote_sources))
    found: list[str] = []
    told = False
    for sentence in DraftText(email, case.brief.language).sentences:
        own = _content(sentence.reading)
        told_now = len(own & news) / max(1, len(own))
        if not told:
            told = told_now >= _NEWS
        elif told_now < _STILL_NEWS and _is_thought(sentence, own, offer, case):
            found.append(sentence.text)
    text = " ".join(found)
    return text if len(text.split()) <= _MOST_WORDS else ""


def _is_thought(sentence: Sentence, own: frozenset[object], offer: list[frozenset[object]], case: CheckCase) -> bool:
    sender = case.brief.sender
    if sentence.is_question or len(sentence.text.split()) < _FEWEST_WORDS or sentence.reading.links:
        return False
    if not own or sender.company in sentence.text or sender.name in sentence.text:
        return False
    return max(len(own & line) / len(own) for line in offer) < _OFFER


def _content(reading: Reading) -> frozenset[object]:
    return frozenset(reading.stems) | frozenset(reading.values)
