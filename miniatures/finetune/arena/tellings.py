"""Makes writer's examples of the arena: news told to its reader and joined to an offer, as a careful writer does.

The tellings of all authors are in one folder, each about a sentence of a hand's company and a brief of that hand's, or
one of the offers over all hands.
"""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import Field

from miniatures.agents.passages import passages
from miniatures.agents.roles.telling import POOR, Telling, composed, told
from miniatures.agents.roles.writer import WRITER, WriterVariables
from miniatures.checks.months import months_named
from miniatures.datamodel.brief import Brief, Length, Sender, Signal
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.example import Example, Source
from miniatures.datamodel.frozen import Strict
from miniatures.datamodel.review import Choice
from miniatures.finetune.arena.company import ArenaCompany
from miniatures.finetune.arena.folder import ArenaHand, companies_of, holds
from miniatures.finetune.arena.offers import ArenaOffer
from miniatures.finetune.arena.openings import evidence_of
from miniatures.inputs.validation import validate
from miniatures.inputs.yaml_file import load_yaml

FOLDER = "tellings"
_DAYS_A_MONTH = 31
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
_ANY_LENGTH = Length(max_words=400)
_STAND_IN_ASKS = "Shall I send you an example?"
_STAND_IN = Sender(
    name="Ada Winter", title="Advisor", company="us", email="ada@example.com", postal_address="1 Mill Lane, Leeds"
)
"""Signs where an offer names no sender: the prompt shows none."""


class AuthoredTelling(Strict):
    """One telling: `offer` is `hand/brief` or `offers/name`, `reader` one of the company's contacts by full name."""

    offer: str
    company: str = Field(description="Its domain.")
    reader: str
    quote: str
    signal: str
    reason: Choice
    opening: str
    thought: str
    claim: int = Field(ge=0)
    subject: str

    @property
    def telling(self) -> Telling:
        if self.reason == POOR.reason:
            return POOR
        said = self.model_dump(include={"reason", "opening", "thought", "claim", "subject"})
        return Telling.model_validate(said)


class _File(Strict):
    tellings: tuple[AuthoredTelling, ...]


def is_tellings(folder: Path) -> bool:
    """Whether the folder is one of tellings."""
    return holds(folder, FOLDER)


def read_tellings(folder: Path) -> tuple[AuthoredTelling, ...]:
    """Every telling, by the files' names.

    Raises:
        InputError: a file is not in order; says where.
    """
    return tuple(one for path in sorted(folder.glob("*.yaml")) for one in validate(_File, load_yaml(path)).tellings)


def telling_examples(
    authored: Sequence[AuthoredTelling],
    hands: Sequence[ArenaHand],
    offers: Mapping[str, ArenaOffer],
    today: str,
) -> Iterator[Example]:
    """An example for each telling about a company of these hands.

    Left out is what the telling's own email cannot give back, and what says more than its prompt shows: a model would
    learn to invent it.

    Raises:
        InputError: a telling names a reader, a sentence or a signal that is not there.
    """
    companies, briefs = companies_of(hands), briefs_of(hands, offers)
    for one in authored:
        company, brief = companies.get(one.company), briefs.get(one.offer)
        if company is None or brief is None:
            continue
        variables = question_of(one, company, brief, today)
        email = composed(one.telling, *variables.owned)
        if told(email, *variables.owned) == one.telling and not unshown(one.telling, variables):
            yield Example(
                role=WRITER.name,
                variables=variables.model_dump(mode="json"),
                answer=email.model_dump(),
                company=company.company,
                source=Source.GOLD,
                lineage=(f"arena:{FOLDER}/{one.offer}/{one.company}",),
            )


def question_of(one: AuthoredTelling, company: ArenaCompany, brief: Brief, today: str) -> WriterVariables:
    """What the writer of this telling is told.

    Raises:
        InputError: the telling names a reader, a sentence or a signal that is not there.
    """
    where = f"{one.company}: {one.quote[:80]!r}"
    recipient = company.recipient(one.reader)
    read = [page.as_read(company.domain) for page in company.pages]
    found = next(((page, passage) for page in read for passage in passages(page) if one.quote in passage.text), None)
    if recipient is None or found is None or all(signal.name != one.signal for signal in brief.signals):
        raise InputError(f"{where} names a reader, a sentence or a signal that is not there", hint="Mend the telling.")
    evidence = [evidence_of(*found, one.signal)]
    return WriterVariables.of(brief.model_copy(update={"length": _ANY_LENGTH}), recipient, evidence, today=today)


def briefs_of(hands: Sequence[ArenaHand], offers: Mapping[str, ArenaOffer]) -> dict[str, Brief]:
    """The hands' briefs by `hand/brief`, and the offers, as briefs that a stand-in signs, by `offers/name`."""
    briefs = {f"{hand.name}/{slug}": brief for hand in hands for slug, brief in hand.briefs.items()}
    return briefs | {f"offers/{slug}": _brief(offer) for slug, offer in offers.items()}


def _brief(offer: ArenaOffer) -> Brief:
    """The offer as a brief that a stand-in signs."""
    signals = tuple(Signal(**signal.model_dump(include=set(Signal.model_fields))) for signal in offer.signals)
    return Brief(
        offer=offer.offer, claims=offer.claims, call_to_action=_STAND_IN_ASKS, sender=_STAND_IN, signals=signals
    )


def unshown(telling: Telling, variables: WriterVariables) -> list[str]:
    """Figures and months of the telling that its prompt does not show: a model would learn to invent them.

    Names are taken as told, as those of another language may be spelled otherwise in English.
    """
    line, brief = variables.quotes[0], variables.brief
    shown = " ".join((line.shown, _in_words(variables.today), brief.offer, *brief.angles_of(line.signal)))
    said = " ".join((telling.opening, telling.thought, telling.subject))
    year = int(variables.today[:4])
    figures = _figures(said) - _figures(shown) - {str(year), str(year + 1)}
    named = months_named(shown)
    months = {month for number, month in enumerate(calendar.month_name) if number and number not in named}
    return sorted(figures | {month for month in months if re.search(rf"\b{month}\b", said)})


def _in_words(day: str) -> str:
    date = datetime.date.fromisoformat(day)
    return f"{date.day} {date:%B} {date.year}"


def _figures(text: str) -> set[str]:
    """The figures of the text that are no days of a month, however its language parts their digits."""
    found = {figure.replace(".", ",") for figure in _FIGURE.findall(text)}
    return {figure for figure in found if not (figure.isdigit() and int(figure) <= _DAYS_A_MONTH)}
