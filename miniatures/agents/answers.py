"""The schemas of what the models answer; the writer's is `EmailText`."""

from __future__ import annotations

from pydantic import BaseModel, Field

from miniatures.datamodel.news import NewsKind, NoNews


class Choice(BaseModel):
    """One sentence that the researcher chose."""

    number: int = Field(description="Number of the sentence.")
    signal: str = Field(description="Name of the signal that it speaks to.")


class Selection(BaseModel):
    """The researcher's answer, best sentence first."""

    choices: list[Choice] = Field(max_length=12, description="Bounded, so that a small model cannot go on for ever.")


class Sighting(BaseModel):
    """A small researcher's answer about one sentence: the kind of news that it is, or why it is none."""

    kind: NewsKind | NoNews


class PlannedQuery(BaseModel):
    """One search query."""

    signal: str
    query: str


class Plan(BaseModel):
    """The planner's answer."""

    queries: list[PlannedQuery]


class Opinion(BaseModel):
    """The verifier's answer: an opinion, which decides nothing."""

    sendable: bool
    comment: str = Field(max_length=600)

    def __str__(self) -> str:
        return f"{'would send' if self.sendable else 'would not send'}: {self.comment}"
