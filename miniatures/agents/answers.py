"""The schemas of what the models answer; the writer's is `EmailText`."""

from __future__ import annotations

from pydantic import BaseModel, Field, RootModel

NOTHING = "-"
"""The label of a sentence that is worth nothing; no signal can have this name."""


class Choice(BaseModel):
    """One sentence that the researcher chose."""

    number: int = Field(description="Number of the sentence.")
    signal: str = Field(description="Name of the signal that it speaks to.")


class Selection(BaseModel):
    """The researcher's answer, best sentence first."""

    choices: list[Choice] = Field(max_length=12, description="Bounded, so that a small model cannot go on for ever.")


class Labels(RootModel[dict[str, str]]):
    """A small model's answer: a label for every sentence by number, a signal's name or a dash.

    Going through the list and judging each sentence where it stands is easier to learn than naming the best ones, and
    every sentence teaches.
    """

    @classmethod
    def of(cls, selection: Selection, sentences: int) -> Labels:
        """The labels that say the same as a selection out of so many sentences."""
        chosen = {choice.number: choice.signal for choice in selection.choices}
        return cls({str(number): chosen.get(number, NOTHING) for number in range(1, sentences + 1)})

    def selection(self, limit: int) -> Selection:
        """The labelled sentences in their order, which is BM25's, at most `limit`."""
        labelled = [(number, label) for number, label in self.root.items() if label != NOTHING and number.isdecimal()]
        return Selection(choices=[Choice(number=int(number), signal=label) for number, label in labelled[:limit]])


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
