"""Has the assessor weigh the best few reasons of a reader, each for the person who would be written to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.language_models import BaseChatModel

from miniatures.agents.passages import Passage
from miniatures.agents.roles.assessor import ASSESSOR, Assessment, AssessorVariables, assessment_schema
from miniatures.agents.together import together
from miniatures.backends.ask import Answer, capabilities_of
from miniatures.datamodel.backend import Bill
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.prospect import Recipient
from miniatures.prompts.library import PromptLibrary

ASSESSED = 0.5
"""The least probability of a good reason."""
_AT_ITS_WORD = {"good": 1.0, "fair": 0.25, "poor": 0.0}
"""How sure a backend counts as that cannot tell."""


@dataclass(frozen=True)
class Assessed:
    """What the assessor makes of one reason: its signal by name, empty for none, and how sure it is that it is good.

    `angle` and `claim` are what goes with it, empty for none; None where the assessor was not asked.
    """

    signal: str
    sure: float
    trace: str | None
    angle: str | None = None
    claim: str | None = None


@dataclass(frozen=True)
class Assessments:
    """One for each passage, in their order."""

    each: tuple[Assessed, ...]
    bill: Bill
    error: str | None = None

    @property
    def trace(self) -> str | None:
        """The call that weighed the best reason."""
        return max(self.each, key=lambda one: one.sure).trace if self.each else None


async def assess(
    model: BaseChatModel,
    prompts: PromptLibrary,
    brief: Brief,
    recipient: Recipient,
    passages: Sequence[Passage],
    **options: Any,
) -> Assessments:
    """How good a reason each of the passages is to write to the recipient; `options` are those of `ask`.

    A backend that tells how probable an answer is is held to "good", and tells how probable that is.

    Raises:
        BackendError: the assessor could not be asked.
    """
    tells = capabilities_of(model).probability
    if tells:
        schema = assessment_schema(len(brief.signals), ("good",))
        options = {**options, "response_schema": schema, "probability": True}
    questions = [AssessorVariables.of(brief, recipient, passage) for passage in passages]
    answers = await together([ASSESSOR.ask(model, prompts, question, **options) for question in questions])
    error = next((answer.error for answer in answers if answer.error), None)
    each = tuple(_assessed(answer, brief, tells) for answer in answers)
    return Assessments(each, Bill.total(answer.bill for answer in answers), error)


def _assessed(answer: Answer[Assessment], brief: Brief, tells: bool) -> Assessed:
    if answer.value is None:
        return Assessed("", 0.0, answer.trace)
    said = answer.value
    sure = (answer.probability or 0.0) if tells else _AT_ITS_WORD[said.reason]
    signal = _numbered([one.name for one in brief.signals], said.signal)
    angle = None if said.angle is None else _numbered(brief.angles_of(signal), said.angle)
    claim = None if said.claim is None else _numbered(brief.claims, said.claim)
    return Assessed(signal, round(sure, 4), answer.trace, angle, claim)


def _numbered(texts: Sequence[str], number: int) -> str:
    """The text of that number, counted from 1; empty where there is none."""
    return texts[number - 1] if 0 < number <= len(texts) else ""
