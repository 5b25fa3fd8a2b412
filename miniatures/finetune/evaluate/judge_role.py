"""The judge: compares two emails to the same person, whose they are not being told."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from miniatures.agents.roles.role import Role, Variables
from miniatures.agents.roles.shared import QuoteLine
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.capabilities import Capabilities, Variant
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.prospect import Recipient


class Better(BaseModel):
    """The judge's answer: the reason first, so that it is thought of before the choice."""

    reason: str = Field(max_length=400)
    better: Literal["first", "second", "tie"]


class JudgeVariables(Variables):
    """What the judge is told; which email stands first was drawn by lot."""

    brief: Brief
    prospect: Recipient
    quotes: tuple[QuoteLine, ...]
    rubric: str
    first: EmailText
    second: EmailText


class Judge(Role[JudgeVariables, Better]):
    """Says which of two emails it would rather send."""

    name = "judge"
    variables = JudgeVariables
    answer = Better

    def variant(self, capabilities: Capabilities) -> Variant:
        """There is one template: a comparison takes a large model."""
        return Variant.FULL


JUDGE = Judge()
