"""Rebuilds what an email is checked against, and what a researcher chose among, from an example's variables alone.

A dataset keeps the variables of the prompt and nothing else; they hold all that the checks read, except addresses and
dates, which get a reserved address and the day on which the examples play.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from miniatures.agents.candidates import rank_sentences
from miniatures.agents.select import best_ranked
from miniatures.agents.state import Gathered, PageReference, RankedSentence
from miniatures.checks import CheckCase
from miniatures.datamodel.brief import Brief, Signal
from miniatures.datamodel.dataset import DatasetRow
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.evaluation import ResearchCase, WriterCase
from miniatures.datamodel.evidence import Page
from miniatures.datamodel.hashing import text_hash
from miniatures.datamodel.prospect import Prospect
from miniatures.finetune.example_checks import ADDRESS, URL, case_of
from miniatures.finetune.gold_day import WRITTEN_AT


@dataclass(frozen=True)
class WriterQuestion:
    """One email to ask for: the prompt's variables, and what the answer is checked against."""

    id: str
    company: str
    variables: dict[str, Any]
    checked_against: CheckCase

    @property
    def brief(self) -> Brief:
        return self.checked_against.brief

    @property
    def case(self) -> WriterCase:
        """The case as the results keep it."""
        prospect = self.checked_against.prospect
        return WriterCase(
            id=self.id,
            company=prospect.company,
            prospect=prospect.full_name,
            title=prospect.title,
            offer=self.brief.offer,
            quotes=tuple(item.quote for item in self.checked_against.evidence),
        )


@dataclass(frozen=True)
class ResearchQuestion:
    """One choice to ask for, and the numbers that are right."""

    case: ResearchCase
    variables: dict[str, Any]

    @property
    def facts(self) -> int:
        """How many sentences may be chosen."""
        return int(self.variables["facts"])


def writer_question(row: DatasetRow) -> WriterQuestion:
    """The row as a first attempt: without the reasons of an earlier one.

    Raises:
        InputError: the row's variables are not those of the writer's prompt.
    """
    variables = {**row.example.variables, "reasons": [], "previous": None}
    try:
        checked = case_of(variables)
    except (KeyError, TypeError, ValidationError) as error:
        raise _unusable(row) from error
    return WriterQuestion(row.id, row.example.company, variables, checked)


def research_question(row: DatasetRow) -> ResearchQuestion | None:
    """The row as a first question; None without labels, which leave nothing to measure by.

    Raises:
        InputError: the row's variables are not those of the researcher's prompt.
    """
    if "must" not in row.example.labels:
        return None
    variables = {**row.example.variables, "reasons": []}
    try:
        case = ResearchCase(
            id=row.id,
            company=row.example.company,
            signals=tuple(signal["name"] for signal in variables["signals"] if signal["kinds"] and variables["today"]),
            sentences=tuple(sentence["text"] for sentence in variables["sentences"]),
            must=row.example.labels["must"],
            may=row.example.labels.get("may", ()),
        )
    except (KeyError, TypeError, ValidationError) as error:
        raise _unusable(row) from error
    return ResearchQuestion(case, variables)


def bm25_choice(question: ResearchQuestion, facts: int) -> tuple[int, ...]:
    """What a campaign without a researcher would take: at most `facts` sentences, none that matches no signal.

    The sentences are ranked anew among themselves, by the signals' names and descriptions, which is all that the
    question holds of them; a query that a brief states for its search is not known here.
    """
    case = question.case
    text = "\n".join(case.sentences)
    page = Page(url=URL, text=text, text_hash=text_hash(text), fetched_at=WRITTEN_AT)
    prospect = Prospect(email=ADDRESS, company=str(question.variables["company"]))
    ranked = rank_sentences([page], _searching(question.variables["signals"]), prospect)
    gathered = Gathered(
        pages=(PageReference(url=URL, title="", text_hash=page.text_hash, published=None, fetched_at=WRITTEN_AT),),
        sentences=tuple(RankedSentence(text=one.sentence, page=0, signal=one.signal) for one in ranked),
    )
    numbers = {sentence: number for number, sentence in enumerate(case.sentences, start=1)}
    return tuple(numbers[fact.quote] for fact in best_ranked(gathered, facts) if fact.quote in numbers)


def _searching(signals: list[dict[str, Any]]) -> Brief:
    """A brief that says no more than what is looked for."""
    sender = {"name": "-", "company": "-", "email": ADDRESS, "postal_address": "-"}
    return Brief.model_validate(
        {"offer": "-", "claims": ["-"], "call_to_action": "-", "sender": sender, "signals": list(map(_signal, signals))}
    )


def _signal(variables: dict[str, Any]) -> Signal:
    return Signal(name=variables["name"], describes=variables["describes"])


def _unusable(row: DatasetRow) -> InputError:
    return InputError(
        f"the {row.example.role}'s example {row.id} lacks variables of the prompt as it is now",
        hint="Build the dataset again: miniatures dataset build.",
    )
