"""What a run tells while it goes on and when it ends; the command line and the report read nothing else."""

from __future__ import annotations

import operator
from collections.abc import Callable

from pydantic import Field

from miniatures.agents.runner import RunOutcome
from miniatures.datamodel.backend import Bill
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.live_verdict import GuardrailHit
from miniatures.datamodel.moment import Moment
from miniatures.datamodel.prospect import BadRow, Prospect


class Progress(Frozen):
    """How far a run is. One that goes on for long tells it after each item."""

    done: int = Field(description="Settled in this run, reused ones included.")
    total: int | None = Field(description="Null while the source's length is unknown.")
    failed: int
    reused: int
    bill: Bill
    seconds: float

    @property
    def about(self) -> str:
        """What was settled last, in a few words."""
        return "asking"


class RunEvent(Progress):
    """One prospect was settled; the counts are of the run so far."""

    status: DraftStatus
    prospect: Prospect

    @property
    def about(self) -> str:
        return f"{self.prospect.company[:24]}: {self.status.value.replace('_', ' ')}"


class StoppedArm(Frozen):
    """An arm of an A/B test in which nothing is written any more, because it crossed a guardrail."""

    left_out: int = Field(description="Its prospects for whom a run would still have written an email.")
    stopped_at: Moment
    stopped_by: str
    hits: tuple[GuardrailHit, ...] = Field(description="What stopped it.")


class RunSummary(Frozen):
    """What a run did."""

    run_id: str
    campaign: str
    outcome: RunOutcome
    message: str = Field(default="", description="Why it ended early.")
    hint: str = ""
    by_status: dict[DraftStatus, int]
    new: int
    reused: int
    bad_rows: tuple[BadRow, ...] = Field(default=(), description="The first hundred.")
    bad_row_count: int = 0
    bill: Bill
    seconds: float
    stopped: StoppedArm | None = Field(
        default=None, exclude_if=operator.not_, description="Of an arm that was stopped before: why it did not run."
    )
    arms: dict[str, RunSummary] = Field(
        default_factory=dict, exclude_if=operator.not_, description="Of an A/B test: what the run of each arm did."
    )


OnEvent = Callable[[RunEvent], None]


def ignore_event(_: Progress) -> None:
    """The listener of a run that nobody watches."""
