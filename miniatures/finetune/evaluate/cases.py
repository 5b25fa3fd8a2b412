"""The questions that a dataset's rows hold, as first questions: what is asked, and what is right."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from miniatures.agents.candidates import match_signals
from miniatures.agents.roles.researcher import ListVariables
from miniatures.agents.roles.role import role_named
from miniatures.agents.roles.shared import quotes_of
from miniatures.agents.roles.writer import WriterVariables
from miniatures.agents.select import best_of_each_signal
from miniatures.datamodel.brief import Signal
from miniatures.datamodel.dataset import DatasetRow
from miniatures.datamodel.dossier import Dossier, DossierStatus
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.evaluation import ResearchCase, WriterCase


@dataclass(frozen=True)
class WriterQuestion:
    """One email to ask for."""

    id: str
    company: str
    variables: WriterVariables

    @property
    def dossier(self) -> Dossier:
        """What the write graph starts from: the quotes that the prompt shows."""
        return Dossier(status=DossierStatus.FOUND, facts=quotes_of(self.variables.quotes))

    @property
    def case(self) -> WriterCase:
        """The case as the results keep it."""
        recipient = self.variables.prospect
        return WriterCase(
            id=self.id,
            company=recipient.company,
            prospect=recipient.full_name,
            title=recipient.title,
            offer=self.variables.brief.offer,
            quotes=tuple(line.text for line in self.variables.quotes),
        )


@dataclass(frozen=True)
class ResearchQuestion:
    """One choice to ask for, and the numbers that are right."""

    case: ResearchCase
    variables: ListVariables

    @property
    def id(self) -> str:
        return self.case.id


def writer_question(row: DatasetRow) -> WriterQuestion:
    """The row as a first attempt: without the reasons of an earlier one.

    Raises:
        InputError: the row's variables are not those of the writer's prompt.
    """
    try:
        variables = role_named(row.example.role).read(row.example.variables).first_question()
    except ValidationError as error:
        raise _unusable(row) from error
    return WriterQuestion(row.id, row.example.company, variables)


def research_question(row: DatasetRow) -> ResearchQuestion | None:
    """The row as a first question; None without labels, which leave nothing to measure by.

    Raises:
        InputError: the row's variables are not those of the researcher's prompt.
    """
    if "must" not in row.example.labels:
        return None
    try:
        variables = ListVariables.model_validate(row.example.variables).first_question()
        case = ResearchCase(
            id=row.id,
            company=row.example.company,
            signals=tuple(signal.name for signal in variables.signals),
            sentences=tuple(sentence.text for sentence in variables.sentences),
            must=row.example.labels["must"],
            may=row.example.labels.get("may", ()),
        )
    except ValidationError as error:
        raise _unusable(row) from error
    if not variables.today or not all(signal.kinds for signal in variables.signals):
        raise _unusable(row)
    return ResearchQuestion(case, variables)


@dataclass(frozen=True)
class _Ranked:
    number: int
    signal: str
    score: float


def bm25_choice(question: ResearchQuestion, facts: int) -> tuple[int, ...]:
    """What a campaign without a researcher would take: at most `facts` sentences, none that matches no signal.

    The sentences are ranked anew among themselves, by the signals' names and descriptions, which is all that the
    question holds of them; a query that a brief states for its search is not known here.
    """
    variables = question.variables
    signals = tuple(Signal(name=line.name, describes=line.describes) for line in variables.signals)
    matches = match_signals([line.text for line in variables.sentences], signals, variables.company)
    ranked = [_Ranked(number, *match) for number, match in enumerate(matches, start=1)]
    ranked.sort(key=lambda one: -one.score)
    return tuple(one.number for one in best_of_each_signal(ranked, facts))


def _unusable(row: DatasetRow) -> InputError:
    return InputError(
        f"the {row.example.role}'s example {row.id} lacks variables of the prompt as it is now",
        hint="Build the dataset again: miniatures dataset build.",
    )
