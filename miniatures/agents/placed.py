"""Writes an email without a model: the news in the page's own words, said to be so, and what the brief owns around it.

It is what is left to a campaign whose miniatures may choose and may not phrase. A sentence that can be told by changing
"we" to "you" is told; any other is quoted as it stands, so that nothing is said that the page does not say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from miniatures.agents.ages import first_day
from miniatures.agents.as_data import as_data
from miniatures.agents.passages import MOST_BEFORE, leans
from miniatures.agents.roles.shared import quote_lines, recipient_line
from miniatures.agents.roles.telling import Telling, composed
from miniatures.agents.subject_line import subject_line
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.evidence import Evidence, Quote
from miniatures.datamodel.prospect import Recipient

_PERSONS = {
    "we": "you",
    "our": "your",
    "ours": "yours",
    "us": "you",
    "ourselves": "yourselves",
    "we're": "you're",
    "we've": "you've",
    "we'll": "you'll",
    "we'd": "you'd",
}
_PERSON = re.compile(r"\b(we(?:['\u2019](?:re|ve|ll|d))?|ours?|ourselves|(?-i:us|Us))\b", re.IGNORECASE)
_CANNOT_BE_TOLD = re.compile(
    r"[\"\u201c\u201d\u201e\u00ab\u00bb?!|]|^\W|^[^,.]{0,40}:\s|\b(?:I|I['\u2019]\w+|me|my|mine|you|your|yours)\b"
    r"|\b(?:to(?:day|morrow|night)|yesterday|(?:this|last|next) \w+|here|please)\b",
    re.IGNORECASE,
)
"""Somebody's speech, a label, a first or second person, and words that mean another day or place when they are told."""
_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|had|will|would|can|could|may|must|shall|should|does|did|been|took|won|bought|began"
    r"|built|came|went|left|made|said|set|sold|grew|rose|fell|got|gave|ran|\w{3,}ed)\b"
)
_CONNECTOR = re.compile(
    r"^(?:and|but|so|also|however|therefore|moreover|furthermore|in addition)\b,?\s+", re.IGNORECASE
)
_BEGINS = re.compile(
    r"(?:a|an|the|we|our|from|since|in|on|at|as|with|after|before|by|until|under|during|for|between|all|each|every|no"
    r"|some|both|more|over|most|many|so)$",
    re.IGNORECASE,
)
"""Words that begin a whole sentence: another one may begin a line of an advertisement, which is no clause."""
_SOURCES = (
    ("careers page", r"career|job|vacanc|recruit|join-us|work-with|karriere"),
    ("minutes", r"\bminutes\b|board-meeting"),
    ("newsletter", r"newsletter|bulletin"),
    ("blog", r"blog|diary|journal"),
    ("release", r"press|media|release"),
    ("news page", r"\bnews\b|aktuell|updates?\b"),
)
_THEREFORE = re.compile(r",? (?:therefore|however|thus|hence)\b,?")
_ANY = "website"
_DATED = {
    "release": "release",
    "newsletter": "newsletter",
    "minutes": "minutes",
    "blog": "blog post",
    "news page": "news",
}
_DATELINE = re.compile(r"^[^(:]{3,60}?\b20\d\d\W{0,3}?(?:\s[\u2013\u2014-]+|:)\s+(?=\w)")
"""Town and day before a release's first sentence: a letter would not repeat them."""


def placed_email(brief: Brief, recipient: Recipient, evidence: Sequence[Quote]) -> EmailText:
    """The email about the first of the quotes."""
    quote = evidence[0]
    angle = quote_lines([quote], brief, recipient)[0].angle
    telling = Telling(
        reason="good",
        opening=news_sentence(quote, recipient.company),
        thought=angle,
        claim=brief.number_of(brief.claim_for(quote.signal, angle) if quote.claim is None else quote.claim),
        subject=subject_line(brief, quote.signal, recipient.company),
    )
    return composed(telling, brief, recipient_line(recipient))


def news_sentence(quote: Quote, company: str) -> str:
    """What the company's page says, said to be so."""
    source = _source(quote)
    text = _DATELINE.sub("", as_data(quote.quote))
    verb = "say" if source.startswith("minutes") else "says"
    if leans(text):
        before = as_data(quote.before)
        return f'Your {source} {verb}: "{_unquoted(f"{before} {text}" if len(before + text) < MOST_BEFORE else text)}"'
    told = _told(text, company)
    begun = _CONNECTOR.sub("", text)
    return (
        f'Your {source} {verb}: "{_unquoted(begun[0].upper() + begun[1:])}"'
        if told is None
        else f"Your {source} {verb} that {told}"
    )


def _told(text: str, company: str) -> str | None:
    """The sentence as it stands after "that"; None where it cannot stand there.

    Its first word is the company's name or an ordinary word: of any other it is not known whether it keeps its capital.
    """
    text = _CONNECTOR.sub("", text)
    first, space, rest = text.partition(" ")
    ordinary = _BEGINS.match(first) is not None or first.lower().replace("\u2019", "'") in _PERSONS
    named = first.removesuffix("'s").removesuffix("\u2019s") in company.split()
    if not (ordinary or named) or _CANNOT_BE_TOLD.search(text) or not _VERB.search(text):
        return None
    first = first if named else first.lower()
    turned = _PERSON.sub(lambda found: _PERSONS[found[0].lower().replace("\u2019", "'")], f"{first}{space}{rest}")
    return _THEREFORE.sub("", turned).rstrip(".") + "."


def _unquoted(text: str) -> str:
    """Marks of inner speech would end the quotation."""
    return re.sub(r"[\"\u201c\u201d\u201e\u00ab\u00bb]", "'", text).strip()


def _source(quote: Quote) -> str:
    """What kind of page it is and of which day, as far as the page itself shows: "release of 29 October".

    A day that was still to come when the page was fetched is the end of something there.
    """
    title = quote.title if isinstance(quote, Evidence) else ""
    said = f"{quote.where.partition('//')[2].partition('/')[2]} {title} {quote.heading}".lower()
    kind = next((kind for kind, form in _SOURCES if re.search(form, said)), _ANY)
    day = first_day(quote.dateline)
    ahead = day is not None and isinstance(quote, Evidence) and day > quote.fetched_at.date()
    return kind if day is None or ahead else f"{_DATED.get(kind, 'page')} of {day.day} {day:%B}"
