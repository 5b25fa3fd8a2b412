"""What a writer that phrases the opening alone answers, and the email that code makes of it.

A small model splices long claims into false ones. So what the brief owns (angle, offer, claim, call to action,
signature) is placed verbatim around the sentence that it tells the news in.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, Field

from miniatures.agents.roles.shared import QuoteLine
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.prospect import Recipient


class Telling(BaseModel):
    """The sentence that opens the email, and the subject line."""

    opening: str = Field(description="One sentence.")
    subject: str = Field(description="One line.")


def composed(telling: Telling, brief: Brief, recipient: Recipient, quotes: Sequence[QuoteLine]) -> EmailText:
    """The whole email. A claim, then the angle, is left out where the email would be too long with it."""
    angle = quotes[0].angle if quotes else ""
    claim = _claim(brief, quotes)
    for said in ((angle, claim), (angle, ""), ("", "")):
        body = _body(telling.opening, *said, brief, recipient)
        if len(body.split()) <= brief.length.max_words:
            break
    return EmailText(subject=telling.subject, body=body)


def told(email: EmailText, brief: Brief, recipient: Recipient, quotes: Sequence[QuoteLine]) -> Telling | None:
    """The telling in a composed email, also in one that somebody has edited; None where the rest is not the brief's."""
    paragraphs = email.body.split("\n\n")
    if len(paragraphs) < 2 or paragraphs[0] != _greeting(recipient):
        return None
    angle = quotes[0].angle if quotes else ""
    opening = paragraphs[1].removesuffix(angle).strip()
    telling = Telling(opening=opening, subject=email.subject)
    return telling if composed(telling, brief, recipient, quotes).body == email.body else None


def _claim(brief: Brief, quotes: Sequence[QuoteLine]) -> str:
    known = quotes[0].claim if quotes else None
    if known is not None:
        return known
    return brief.claim_for(quotes[0].signal if quotes else "", quotes[0].angle if quotes else "")


def _body(opening: str, angle: str, claim: str, brief: Brief, recipient: Recipient) -> str:
    sender = brief.sender
    signed = "\n".join(filter(None, (sender.name, ", ".join(filter(None, (sender.title, sender.company))))))
    middle = (_joined(opening, angle), _joined(_offered(brief), claim), brief.call_to_action)
    return "\n\n".join((_greeting(recipient), *middle, signed))


def _offered(brief: Brief) -> str:
    """The offer as a sentence."""
    whole = brief.offer.rstrip().endswith((".", "!", "?"))
    return brief.offer if whole else f"{brief.sender.company} offers {brief.offer}."


def _greeting(recipient: Recipient) -> str:
    name = recipient.first_name or recipient.last_name
    return f"Hi {name}," if name else "Hello,"


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
