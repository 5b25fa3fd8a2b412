"""What an evaluation asks: its settings, and the questions that a dataset holds for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

from miniatures.datamodel.dataset import Split
from miniatures.datamodel.errors import InputError
from miniatures.finetune.dataset.folder import Dataset
from miniatures.finetune.evaluate import researching, writing
from miniatures.finetune.evaluate.cases import ResearchQuestion, WriterQuestion, research_question, writer_question

ROLES = (researching.ROLE, writing.ROLE)


@dataclass(frozen=True)
class EvaluationSettings:
    """What is asked, and how. `limit` is a number of cases for each role."""

    split: Split = Split.TEST
    roles: tuple[str, ...] = ROLES
    limit: int | None = None
    best_of: int = 8
    rewrites: int = 1
    concurrency: int = 16
    machine_usd_per_hour: float | None = None
    seed: int = 7


@dataclass(frozen=True)
class Questions:
    """Everything that each backend is asked."""

    writer: list[WriterQuestion] = field(default_factory=list)
    research: list[ResearchQuestion] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.writer) + len(self.research)

    @property
    def roles(self) -> list[str]:
        """The roles that are asked for anything."""
        asked = {researching.ROLE: self.research, writing.ROLE: self.writer}
        return [role for role, questions in asked.items() if questions]


def read_questions(dataset: Dataset, settings: EvaluationSettings) -> Questions:
    """The first `limit` cases of each role, in the dataset's order, which is by hash.

    Raises:
        InputError: the split holds no case of these roles, or rows that cannot be asked.
    """
    writer, research = [], []
    if writing.ROLE in settings.roles:
        rows = dataset.rows(settings.split, [writing.ROLE])
        writer = [writer_question(row) for row in islice(rows, settings.limit)]
    if researching.ROLE in settings.roles:
        labelled = filter(None, map(research_question, dataset.rows(settings.split, [researching.ROLE])))
        research = list(islice(labelled, settings.limit))
    if not writer and not research:
        raise InputError(
            f"{dataset.folder} has no case for {' or '.join(settings.roles)} in its {settings.split} split",
            hint="Name another split or other roles; a researcher's questions need labels.",
        )
    return Questions(writer, research)
