"""The assessor: says how good a reason a piece of news is to write to one person about the offer.

A reader of sentences compares them with what a brief looks for, one text with another. Whether a quarry's night loading
concerns its head of personnel takes knowledge of the world, so this is asked of a language model, about the best few
sentences alone.
"""

from __future__ import annotations

from functools import lru_cache
from typing import get_args

from pydantic import BaseModel, Field

from miniatures.agents.as_data import as_data
from miniatures.agents.passages import Passage
from miniatures.agents.roles.role import Role, Variables
from miniatures.agents.roles.shared import SignalLine, signal_lines
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.capabilities import Capabilities, Variant
from miniatures.datamodel.json_types import JsonSchema, StructuredAnswer
from miniatures.datamodel.prospect import Recipient
from miniatures.datamodel.review import Choice
from miniatures.prompts.library import PromptLibrary

_MOST_SHOWN = 500
"""Characters of the news that are shown."""
GRADES: tuple[Choice, ...] = get_args(Choice)


class AssessorVariables(Variables):
    """One piece of news, who would be written to, and the offer. Signals are numbered from 1."""

    offer: str
    signals: tuple[SignalLine, ...] = Field(min_length=1)
    angles: tuple[tuple[str, ...], ...] = Field(default=(), description="Of each signal, in its order.")
    claims: tuple[str, ...] = ()
    company: str
    title: str = Field(description="The job of whoever would be written to; may be empty.")
    page: str
    news: str

    @classmethod
    def of(cls, brief: Brief, recipient: Recipient, passage: Passage) -> AssessorVariables:
        """What a campaign asks about this passage."""
        places = (as_data(place) for place in (passage.title, passage.heading) if place)
        return cls(
            offer=as_data(brief.offer),
            signals=signal_lines(brief),
            angles=tuple(tuple(map(as_data, signal.angles)) for signal in brief.signals),
            claims=tuple(map(as_data, brief.claims)),
            company=as_data(recipient.company),
            title=as_data(recipient.title),
            page=" > ".join(dict.fromkeys(places)),
            news=as_data(passage.text[:_MOST_SHOWN]),
        )

    @property
    def told_company(self) -> str:
        return self.company


class Assessment(BaseModel):
    """The number of the signal that the news speaks to, of the angle and the claim that go with it, each 0 for none,
    and how good a reason it is. The compact prompt does not ask about angle and claim.
    """

    signal: int = Field(ge=0)
    angle: int | None = Field(default=None, ge=0)
    claim: int | None = Field(default=None, ge=0)
    reason: Choice


class Assessor(Role[AssessorVariables, Assessment]):
    """Weighs news as a reason to write."""

    name = "assessor"
    variables = AssessorVariables
    answer = Assessment

    def schema(self, variables: AssessorVariables, capabilities: Capabilities, prompts: PromptLibrary) -> JsonSchema:
        if not _asks_for_parts(capabilities):
            return assessment_schema(len(variables.signals), GRADES)
        most = max(map(len, variables.angles), default=0)
        return assessment_schema(len(variables.signals), GRADES, angle=most, claim=len(variables.claims))

    def wanted(
        self, variables: AssessorVariables, answer: StructuredAnswer, capabilities: Capabilities
    ) -> StructuredAnswer:
        """Without what the backend's prompt does not ask for."""
        return answer if _asks_for_parts(capabilities) else {name: answer[name] for name in ("signal", "reason")}

    def faults(self, variables: AssessorVariables, answer: Assessment) -> tuple[str, ...]:
        """A number may name only what there is."""
        angles = variables.angles[answer.signal - 1 : answer.signal] if answer.signal else ()
        there_are = {
            "signal": (answer.signal, len(variables.signals)),
            "angle": (answer.angle or 0, sum(map(len, angles))),
            "claim": (answer.claim or 0, len(variables.claims)),
        }
        return tuple(f"there is no {name} {number}" for name, (number, most) in there_are.items() if number > most)


def _asks_for_parts(capabilities: Capabilities) -> bool:
    """Whether angle and claim are asked for: by the full prompt, of a backend that is taken at its word."""
    return capabilities.variant is Variant.FULL and not capabilities.probability


@lru_cache(maxsize=64)
def assessment_schema(signals: int, grades: tuple[Choice, ...], **parts: int) -> JsonSchema:
    """`Assessment` as engines read it, held to these grades: held to one, a backend tells how probable that one is.

    `parts` are the most that an angle and a claim may be, where they are asked for.
    """
    numbers = {
        name: {"type": "integer", "minimum": 0, "maximum": most} for name, most in {"signal": signals, **parts}.items()
    }
    properties = {**numbers, "reason": {"type": "string", "enum": [*grades]}}
    return {
        "title": Assessment.__name__,
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


ASSESSOR = Assessor()
