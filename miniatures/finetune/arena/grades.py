"""Makes examples of news of the arena's companies that was weighed for an offer and one of their people.

The pairs are those that a reader of sentences takes for reasons, so most of them are none: that is what an assessor has
to see. Of the poor ones a share is drawn, as they would outnumber the rest by three. A reader learns from the same
which signal the news speaks to, and what else of the brief goes with it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from pydantic import Field

from miniatures.agents.passages import Passage, passages
from miniatures.agents.reason import ANGLE, angle_text, claim_text, signal_text
from miniatures.agents.roles.assessor import ASSESSOR, Assessment, AssessorVariables
from miniatures.agents.roles.researcher import RESEARCHER, Fit, PassageVariables, Worth
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.example import Example, Source
from miniatures.datamodel.frozen import Strict
from miniatures.datamodel.review import Choice
from miniatures.finetune.arena.company import ArenaCompany
from miniatures.finetune.arena.folder import ArenaHand, companies_of, holds
from miniatures.finetune.arena.offers import ArenaOffer
from miniatures.finetune.arena.tellings import briefs_of
from miniatures.inputs.validation import validate
from miniatures.inputs.yaml_file import load_yaml

FOLDER = "grades"
_POOR = 0.55
"""Share of the poor reasons that is drawn."""
_OTHERS = 0.4
"""Share drawn of the signals and claims that do not go with the news."""


class AuthoredGrade(Strict):
    """One judgement: `offer` is `hand/brief` or `offers/name`, `reader` one of the company's contacts by full name.

    `angles` of the signal and `claims` are numbers from 1, the best first; a `signal` of 0 is none.
    """

    offer: str
    company: str = Field(description="Its domain.")
    reader: str
    quote: str
    reason: Choice
    signal: int = Field(ge=0)
    angles: tuple[int, ...] = ()
    claims: tuple[int, ...] = ()

    @property
    def assessment(self) -> Assessment:
        return Assessment(signal=self.signal, reason=self.reason)


class _File(Strict):
    grades: tuple[AuthoredGrade, ...]


def is_grades(folder: Path) -> bool:
    """Whether the folder is one of grades."""
    return holds(folder, FOLDER)


def read_grades(folder: Path) -> tuple[AuthoredGrade, ...]:
    """Every grade, by the files' names.

    Raises:
        InputError: a file is not in order; says where.
    """
    return tuple(one for path in sorted(folder.glob("*.yaml")) for one in validate(_File, load_yaml(path)).grades)


def grade_examples(
    grades: Sequence[AuthoredGrade], hands: Sequence[ArenaHand], offers: Mapping[str, ArenaOffer], seed: int
) -> Iterator[Example]:
    """An example for each grade that is drawn, of those about a company of these hands.

    Raises:
        InputError: a grade names a reader, a sentence or a number that is not there.
    """
    chance = random.Random(f"{seed} {FOLDER}")
    for one, company, brief in _known(grades, hands, offers):
        if one.reason == "poor" and chance.random() >= _POOR:
            continue
        variables = _question(one, company, brief)
        if faults := ASSESSOR.faults(variables, one.assessment):
            raise InputError(f"{one.company}: {one.quote[:80]!r}: {faults[0]}", hint="Mend the grade.")
        yield Example(
            role=ASSESSOR.name,
            variables=variables.model_dump(mode="json"),
            answer=one.assessment.model_dump(exclude_none=True),
            company=company.company,
            source=Source.GOLD,
            lineage=(f"arena:{FOLDER}/{one.offer}/{one.company}",),
        )


def graded_fits(
    grades: Sequence[AuthoredGrade],
    hands: Sequence[ArenaHand],
    offers: Mapping[str, ArenaOffer],
    today: str,
    seed: int,
) -> Iterator[Example]:
    """A reader's example for each part of the brief that goes with the news, and for others that do not.

    Raises:
        InputError: a grade names a sentence or a signal that is not there.
    """
    chance, day = random.Random(f"{seed} {FOLDER} parts"), date.fromisoformat(today)
    for one, company, brief in _known(grades, hands, offers):
        asked = PassageVariables.of(_found(one, company), company.company, day)
        for wanted, fits in _parts(one, brief):
            if fits or wanted.startswith(ANGLE) or chance.random() < _OTHERS:
                yield Example(
                    role=RESEARCHER.name,
                    variables=asked.looking_for(wanted).model_dump(mode="json"),
                    answer=Fit(fits=Worth.OPEN if fits else Worth.NONE).model_dump(mode="json"),
                    company=company.company,
                    source=Source.GOLD,
                    lineage=(f"arena:{FOLDER}/{one.offer}/{one.company}",),
                )


def _known(
    grades: Sequence[AuthoredGrade], hands: Sequence[ArenaHand], offers: Mapping[str, ArenaOffer]
) -> Iterator[tuple[AuthoredGrade, ArenaCompany, Brief]]:
    """Those of a company of these hands and of one of these offers."""
    companies, briefs = companies_of(hands), briefs_of(hands, offers)
    for one in grades:
        if one.company in companies and one.offer in briefs:
            yield one, companies[one.company], briefs[one.offer]


def _parts(one: AuthoredGrade, brief: Brief) -> Iterator[tuple[str, bool]]:
    """Each part of the brief that was weighed, as a reader is asked about it, and whether it goes with the news."""
    if one.signal > len(brief.signals):
        raise InputError(f"{one.company}: {one.offer} has no signal {one.signal}", hint="Mend the grade.")
    for number, signal in enumerate(brief.signals, start=1):
        yield signal_text(signal), number == one.signal
    for number, angle in enumerate(brief.signals[one.signal - 1].angles if one.signal else (), start=1):
        yield angle_text(angle), number in one.angles
    for number, claim in enumerate(() if one.reason == "poor" else brief.claims, start=1):
        yield claim_text(claim), number in one.claims


def _question(one: AuthoredGrade, company: ArenaCompany, brief: Brief) -> AssessorVariables:
    recipient = company.recipient(one.reader)
    if recipient is None:
        raise InputError(f"{one.company}: it has no contact {one.reader!r}", hint="Mend the grade.")
    return AssessorVariables.of(brief, recipient, _found(one, company))


def _found(one: AuthoredGrade, company: ArenaCompany) -> Passage:
    read = (page.as_read(company.domain) for page in company.pages)
    found = next((passage for page in read for passage in passages(page) if passage.text == one.quote), None)
    if found is None:
        raise InputError(f"{one.company}: no page has the sentence {one.quote[:80]!r}", hint="Mend the grade.")
    return found
