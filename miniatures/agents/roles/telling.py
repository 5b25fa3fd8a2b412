"""What a writer that phrases the opening alone answers, and the email that code makes of it.

A small model splices long claims into false ones. So what the brief owns (offer, claim, call to action, signature) is
placed verbatim around the sentences in which it tells the news and joins it to the offer. And it says first how good a
reason the news is: of news that is none, no email is made.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, Field

from miniatures.checks.sentences import sentences
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.prospect import Recipient
from miniatures.datamodel.review import Choice


class ToldEmail(EmailText):
    """A composed email, and how good a reason its news is; without text where it is poor."""

    reason: Choice = Field(default="good", exclude_if=lambda reason: reason == "good")


class Telling(BaseModel):
    """How good a reason the news is; the news in a sentence, why it matters, which claim goes with that, a subject."""

    reason: Choice = Field(description="poor leaves all else empty.")
    opening: str = Field(description="One sentence.")
    thought: str = Field(description="One sentence, empty if nothing joins the news to the offer.")
    claim: int = Field(ge=0, description="Number of the claim, 0 if none fits.")
    subject: str = Field(description="One line.")


POOR = Telling(reason="poor", opening="", thought="", claim=0, subject="")


def composed(telling: Telling, brief: Brief, recipient: Recipient) -> ToldEmail:
    """The whole email. The claim, then the thought, is left out where the email would be too long with it."""
    if telling.reason == POOR.reason:
        return ToldEmail(subject="", body="", reason=telling.reason)
    claim = brief.claims[telling.claim - 1] if 0 < telling.claim <= len(brief.claims) else ""
    for said in ((telling.thought, claim), (telling.thought, ""), ("", "")):
        body = _body(telling.opening, *said, brief, recipient)
        if len(body.split()) <= brief.length.max_words:
            break
    return ToldEmail(subject=telling.subject, body=body, reason=telling.reason)


def told(email: ToldEmail, brief: Brief, recipient: Recipient) -> Telling | None:
    """The telling in a composed email, also in one that somebody has edited; None where the rest is not the brief's.

    The last of several sentences about the news is the thought.
    """
    if email.reason == POOR.reason:
        return POOR
    paragraphs = email.body.split("\n\n")
    if len(paragraphs) < 3 or paragraphs[0] != _greeting(recipient):
        return None
    *opening, thought = sentences(paragraphs[1]) or [""]
    if not opening:
        opening, thought = [thought], ""
    number = brief.number_of(paragraphs[2].removeprefix(offered(brief)).strip())
    opened = " ".join(opening)
    telling = Telling(reason=email.reason, opening=opened, thought=thought, claim=number, subject=email.subject)
    return telling if composed(telling, brief, recipient).body == email.body else None


def _body(opening: str, thought: str, claim: str, brief: Brief, recipient: Recipient) -> str:
    return body_around((_joined(opening, thought), _joined(offered(brief), claim)), brief, recipient)


def body_around(paragraphs: Sequence[str], brief: Brief, recipient: Recipient) -> str:
    """The body of an email: what the brief owns around these paragraphs, of which empty ones are left out."""
    sender = brief.sender
    signed = "\n".join(filter(None, (sender.name, ", ".join(filter(None, (sender.title, sender.company))))))
    return "\n\n".join((_greeting(recipient), *filter(None, paragraphs), brief.call_to_action, signed))


def offered(brief: Brief) -> str:
    """The offer as a sentence."""
    whole = brief.offer.rstrip().endswith((".", "!", "?"))
    return brief.offer if whole else f"{brief.sender.company} offers {brief.offer}."


def _greeting(recipient: Recipient) -> str:
    name = recipient.first_name or recipient.last_name
    return f"Hi {name}," if name else "Hello,"


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
