"""What each hand wrote of its own news: two openings with a subject line for each sentence worth opening with."""

from __future__ import annotations

from collections.abc import Iterator

from miniatures.agents.passages import Passage, passages
from miniatures.agents.roles.telling import Telling
from miniatures.agents.roles.writer import WriterVariables
from miniatures.datamodel.evidence import Evidence, Page, SourceRef
from miniatures.datamodel.prospect import Recipient
from miniatures.finetune.arena.company import ArenaCompany, ArenaPage, Label, Verdict, Worth
from miniatures.finetune.arena.folder import ArenaHand

EMAILS_IN = "en"


def openings(hand: ArenaHand, today: str) -> Iterator[tuple[WriterVariables, Telling]]:
    """Each opening of the hand with what the writer would be told; nothing joins it to the offer."""
    for label, slug, _, variables in questions(hand, today):
        for one in label.worth[slug].told if slug in label.worth else ():
            yield variables, Telling(reason="good", opening=one.opening, thought="", claim=0, subject=one.subject)


def questions(hand: ArenaHand, today: str) -> Iterator[tuple[Label, str, str, WriterVariables]]:
    """Each piece of true news as a writer would be asked to tell it, for each brief: its label, the brief, the domain.

    News in another language than the emails' is left out.
    """
    for company in hand.companies.values():
        pages = {page.path: page for page in company.pages}
        for label in company.labels:
            page = pages[label.page]
            if (page.language or company.language) != EMAILS_IN or label.fault is not None or label.kind is None:
                continue
            for slug, brief in hand.briefs.items():
                worth = label.worth.get(slug) or Worth(verdict=Verdict.SUPPORT, signal=brief.signals[0].name, angle=0)
                yield label, slug, company.domain, _question(hand, company, page, label, slug, worth, today)


def _question(
    hand: ArenaHand, company: ArenaCompany, page: ArenaPage, label: Label, slug: str, worth: Worth, today: str
) -> WriterVariables:
    who, brief = company.contacts[list(hand.briefs).index(slug) % len(company.contacts)], hand.briefs[slug]
    recipient = Recipient(**who.model_dump(), company=company.company)
    read = page.as_read(company.domain)
    found = next((one for one in passages(read) if label.quote in one.text or one.text in label.quote), None)
    place = found or Passage(text=label.quote, title=page.title, published=read.published)
    angle = brief.angles_of(worth.signal)[worth.angle - 1] if worth.angle else ""
    return WriterVariables.of(brief, recipient, [evidence_of(read, place, worth.signal, angle)], today=today)


def evidence_of(page: Page, passage: Passage, signal: str, angle: str | None = None) -> Evidence:
    """A sentence of the page as research would find it."""
    source = page.model_dump(include=set(SourceRef.model_fields))
    return Evidence(**source, **passage.around, quote=passage.text, signal=signal, angle=angle)
