"""Makes writer's examples of the arena: each sentence that may open an email, told as a careful writer tells it."""

from __future__ import annotations

import calendar
import random
import re
from collections.abc import Iterator, Sequence

from miniatures.agents.passages import Passage, passages
from miniatures.agents.roles.grounding import date_words
from miniatures.agents.roles.telling import Telling, composed
from miniatures.agents.roles.writer import WRITER, WriterVariables
from miniatures.checks import CheckCase
from miniatures.checks.reading import read_draft
from miniatures.checks.support import unsupported_pieces
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.evidence import Evidence, Quote
from miniatures.datamodel.example import Example, Source
from miniatures.datamodel.prospect import Recipient
from miniatures.finetune.arena.company import ArenaCompany, ArenaPage, Label, Verdict, Worth
from miniatures.finetune.arena.exchanged import exchanged
from miniatures.finetune.arena.folder import ArenaHand

EMAILS_IN = "en"
_MONTH_NUMBER = re.compile(r"\b(?:\d{4}-|\d{1,2}[./])(\d{1,2})\b")


def telling_examples(hands: Sequence[ArenaHand], today: str, variants: int, seed: int) -> Iterator[Example]:
    """An example for each telling whose prompt shows all that it says, and so many variants of each.

    News in another language than the emails' is left out: a small writer cannot translate.
    """
    chance = random.Random(seed)
    companies = [company.company for hand in hands for company in hand.companies.values()]
    for hand in hands:
        for name, variables, telling in tellings(hand, today):
            if unshown(telling, variables):
                continue
            own = variables.told_company
            yield _example(name, variables, telling, Source.GOLD, own)
            for _ in range(variants):
                yield _example(name, *exchanged(variables, telling, companies, chance), Source.VARIANT, own)


def tellings(hand: ArenaHand, today: str) -> Iterator[tuple[str, WriterVariables, Telling]]:
    """Each telling of the hand with its place and what the writer would be told."""
    for label, slug, domain, variables in questions(hand, today):
        told = label.worth[slug].told if slug in label.worth else ()
        for number, telling in enumerate(told, start=1):
            yield f"arena:{hand.name}/{domain}{label.page}#{slug}/{number}", variables, Telling(**telling.model_dump())


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
    who = company.contacts[list(hand.briefs).index(slug) % len(company.contacts)]
    recipient = Recipient(**who.model_dump(), company=company.company)
    return WriterVariables.of(
        hand.briefs[slug], recipient, [evidence_of(company, page, label, worth, hand.briefs[slug])], today=today
    )


def _example(name: str, variables: WriterVariables, telling: Telling, source: Source, company: str) -> Example:
    return Example(
        role=WRITER.name,
        variables=variables.model_dump(mode="json"),
        answer=composed(telling, *variables.owned).model_dump(),
        company=company,
        source=source,
        lineage=(name,),
    )


def evidence_of(company: ArenaCompany, page: ArenaPage, label: Label, worth: Worth, brief: Brief) -> Evidence:
    """The labelled sentence as research would find it: with its page, its heading and the sentence before it."""
    read = page.as_read(company.domain)
    found = next((one for one in passages(read) if label.quote in one.text or one.text in label.quote), None)
    place = found or Passage(text=label.quote, title=page.title, published=read.published)
    angles = next(signal.angles for signal in brief.signals if signal.name == worth.signal)
    angle = angles[worth.angle - 1] if worth.angle else ""
    return Evidence(
        **read.model_dump(include={"url", "title", "text_hash", "published", "fetched_at"}),
        quote=place.text,
        signal=worth.signal,
        angle=angle,
        heading=place.heading,
        before=place.before,
        after=place.after,
    )


def unshown(telling: Telling, variables: WriterVariables) -> list[str]:
    """Names, numbers and months of the telling that its prompt does not show: a model would learn to invent them."""
    line = variables.quotes[0]
    dated = date_words(line.published) if line.published else ""
    shown = Quote(quote=f"{line.shown} {dated}", signal=line.signal)
    case = CheckCase(prospect=variables.prospect, brief=variables.brief, evidence=(shown,))
    said = (telling.opening, telling.subject)
    pieces = [piece for text in said for piece in unsupported_pieces(read_draft(text, "en"), case)]
    months = {month for month in calendar.month_name[1:] for text in said if re.search(rf"\b{month}\b", text)}
    return pieces + sorted(month for month in months if month[:3].casefold() not in _month_starts(shown.quote))


def _month_starts(text: str) -> set[str]:
    return {word[:3].casefold() for word in text.split()} | {
        calendar.month_abbr[int(month)].casefold() for month in _MONTH_NUMBER.findall(text) if 1 <= int(month) <= 12
    }
