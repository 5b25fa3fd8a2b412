"""What a live A/B test said of an arm: kept with what it led to, so that it can be judged later."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.verdict import Guardrail, VerdictRule


class VerdictWord(StrEnum):
    """What is known of a challenger beside the reference arm."""

    NO_WORSE = "no worse than"
    WORSE = "worse"
    NOT_YET_KNOWN = "not yet known"


class Rate(Frozen):
    """A counted share with its 95 % Wilson interval (Wilson 1927), widened where people of one company answer alike."""

    count: int
    base: int
    low: float
    high: float

    @property
    def share(self) -> float | None:
        """Null when there was nobody."""
        return self.count / self.base if self.base else None


class Difference(Frozen):
    """The challenger's rate less the reference's, by one way of counting."""

    counted: str = Field(description="How it was counted; of opens there are three ways, of all else one.")
    ours: Rate
    theirs: Rate
    difference: float | None = Field(description="Null while one arm has nobody.")
    low: float = Field(description="The true difference is below with a chance of at most `alpha`.")
    high: float = Field(description="The true difference is above with a chance of at most `alpha`.")
    p_no_worse: float = Field(description="Small where a loss of the margin or more is refuted; not adjusted.")
    p_worse: float = Field(description="Small where it is refuted that the challenger is as good; not adjusted.")

    def margin_counts(self, margin: float) -> bool:
        """Whether the reference's rate is above the margin; else an arm that nobody ever answers would be no worse."""
        return self.theirs.share is not None and self.theirs.share > margin


class GuardrailHit(Frozen):
    """A rate that is above its limit beyond chance, whenever it was looked at: the arm has to stop."""

    arm: str
    guardrail: Guardrail
    rate: Rate
    limit: float
    low: float = Field(description="Always-valid lower bound of the rate.")


class RatioAlarm(Frozen):
    """Arms that do not have the shares they were given: who is in which was not left to chance."""

    where: str = Field(description="Whose shares: enrolled, reached, or those behind one mail gateway.")
    companies: dict[str, int] = Field(description="Per arm; companies are what is assigned.")
    p_value: float = Field(description="Adjusted for the number of places looked at.")


class ReadersVerdict(Frozen):
    """What blind readings say: evidence by readers, beside the outcomes and never merged with them."""

    word: VerdictWord
    difference: Difference
    more: int | None = Field(description="Readings of each arm still needed; null if decided, or if none would do.")


class LiveVerdict(Frozen):
    """One challenger beside the reference arm."""

    arm: str
    reference: str
    rule: VerdictRule
    word: VerdictWord
    p_no_worse: float = Field(description="Adjusted for the number of challengers.")
    p_worse: float = Field(description="Adjusted for the number of challengers.")
    more: int | None = Field(
        description="People of this arm still needed to show it at the rule's power, if both are equally good and the "
        "reference grows alike; null if decided or withheld, while an arm has nobody, or if no number would do."
    )
    outcomes: tuple[Difference, ...]
    withheld: tuple[RatioAlarm, ...] = Field(description="While there is one, no word but `not yet known` is given.")
    stopped: tuple[GuardrailHit, ...]
    readers: ReadersVerdict | None
    lines: tuple[str, ...] = Field(default=(), description="The evidence in plain words.")

    @property
    def may_take_over(self) -> bool:
        """No worse by what people did, and stopped by no guardrail of its own."""
        return self.word is VerdictWord.NO_WORSE and not any(hit.arm == self.arm for hit in self.stopped)
