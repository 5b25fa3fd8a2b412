"""What the promotion gate asks for, and what it found: kept with every promotion, so that it can be judged later."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from miniatures.datamodel.frozen import Frozen, Strict


class GateSettings(Strict):
    """How sure one has to be that a version is not worse than the live one."""

    margin: float = Field(default=0.05, gt=0, lt=1, description="Loss of share that is still `not worse`.")
    alpha: float = Field(default=0.05, gt=0, lt=0.5, description="Chance of a wrong word over all measures together.")
    least_cases: int = Field(default=100, ge=1, description="Fewer cases that both answered say nothing.")


class GateOutcome(StrEnum):
    """What is known of a version beside the live one."""

    NOT_WORSE = "not worse"
    WORSE = "worse"
    NOT_YET_KNOWN = "not yet known"


class MeasureDecision(Frozen):
    """What is known by one measure."""

    measure: str
    outcome: GateOutcome
    decides: bool = Field(description="Whether it has to be shown `not worse`; the others only may not be `worse`.")
    cases: int
    difference: float
    p_not_worse: float | None = Field(description="Adjusted; null if the pairs were not counted.")
    p_worse: float = Field(description="Adjusted.")
    cases_needed: int | None = Field(
        default=None,
        description="To show it 4 times in 5 if both are equally good; null if the pairs were not counted.",
    )


class GateDecision(Frozen):
    """What is known by all measures, and what was asked for."""

    settings: GateSettings
    measures: tuple[MeasureDecision, ...]
    missing: tuple[str, ...] = Field(default=(), description="Measures that decide, and by which nothing was compared.")

    @property
    def outcome(self) -> GateOutcome:
        """Worse by any measure is worse; not worse is what every measure that decides has shown."""
        if any(one.outcome is GateOutcome.WORSE for one in self.measures):
            return GateOutcome.WORSE
        deciding = [one.outcome for one in self.measures if one.decides]
        shown = not self.missing and set(deciding) == {GateOutcome.NOT_WORSE}
        return GateOutcome.NOT_WORSE if shown else GateOutcome.NOT_YET_KNOWN
