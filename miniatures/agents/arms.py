"""Runs the arms of an A/B test side by side: whatever ends one of them leaves the others to finish."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from miniatures.agents.campaign import SETTLED, CampaignRunner
from miniatures.agents.enrolment import Enrolled
from miniatures.agents.run_events import OnEvent, RunEvent, RunSummary, StoppedArm
from miniatures.agents.runner import RunOutcome
from miniatures.backends.errors import BackendError
from miniatures.datamodel.ab_decision import AbDecision
from miniatures.datamodel.backend import Bill
from miniatures.datamodel.campaign import arm_campaign
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.prospect import BadRow, Prospect
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.store.store import Store

_FROM_GOOD_TO_BAD = (
    RunOutcome.COMPLETED,
    RunOutcome.INTERRUPTED,
    RunOutcome.BUDGET_REACHED,
    RunOutcome.BACKEND_UNAVAILABLE,
)


def loaded_arms(loaded: LoadedCampaign) -> dict[str, LoadedCampaign]:
    """The campaign as each of its arms runs it; one that is no test is its own single arm, without a name.

    Raises:
        InputError: an arm's prompts are not there.
    """
    if not loaded.campaign.arms:
        return {"": loaded}
    return {name: _loaded_arm(loaded, name) for name in loaded.campaign.arms}


def _loaded_arm(loaded: LoadedCampaign, name: str) -> LoadedCampaign:
    arm, prompts = replace(loaded, campaign=arm_campaign(loaded.campaign, name)), loaded.campaign.arms[name].prompts
    if prompts is not None and arm.prompts_folder is None:
        raise InputError(f"arm {name}: there is no folder {prompts}", hint="Make it, or take `prompts` out of the arm.")
    return arm


async def run_side_by_side(
    runners: Mapping[str, CampaignRunner], enrolled: Enrolled, rows: Callable[[], Iterable[Prospect | BadRow]]
) -> dict[str, RunSummary]:
    """Run each arm over its own prospects of the list, and return how each ended.

    Raises:
        StoreError, InputError: as a single run does, once every arm has ended.
    """
    begun: list[str] = []
    for arm, runner in runners.items():
        begun.append(await runner.begin(arm, beside=begun))
    runs = (runner.run(enrolled.rows_of(arm, rows()), enrolled.people[arm]) for arm, runner in runners.items())
    ends = await asyncio.gather(*runs, return_exceptions=True)
    summaries = {}
    for arm, end in zip(runners, ends, strict=True):
        if isinstance(end, BaseException):
            raise end
        summaries[arm] = end
    return summaries


class ArmsProgress:
    """Tells of all arms together, as if they were one run."""

    def __init__(self, total: int, on_event: OnEvent) -> None:
        self._total = total
        self._on_event = on_event
        self._last: dict[str, RunEvent] = {}

    def listener(self, arm: str) -> OnEvent:
        """What is told of one arm's run."""

        def listen(event: RunEvent) -> None:
            self._last[arm] = event
            self._on_event(event.model_copy(update=self._sums()))

        return listen

    def _sums(self) -> dict[str, object]:
        last = self._last.values()
        return {
            "done": sum(event.done for event in last),
            "total": self._total,
            "failed": sum(event.failed for event in last),
            "reused": sum(event.reused for event in last),
            "bill": Bill.total(event.bill for event in last),
            "seconds": max(event.seconds for event in last),
        }


def never_opened(campaign: str, error: BackendError) -> RunSummary:
    """The summary of an arm that has a backend which cannot be opened."""
    did = _nothing_done(campaign, RunOutcome.BACKEND_UNAVAILABLE)
    return did.model_copy(update={"message": error.message, "hint": error.hint})


def left_out(store: Store, decision: AbDecision, prospects: Iterable[Prospect]) -> RunSummary:
    """The summary of an arm that was stopped, whose prospects are these: nothing is written for them any more."""
    written = store.mail.people.written(decision.campaign)
    stopped = StoppedArm(
        left_out=sum(one.key not in written or written[one.key].status not in SETTLED for one in prospects),
        stopped_at=decision.decided_at,
        stopped_by=decision.decided_by,
        hits=decision.hits,
    )
    return _nothing_done(decision.campaign, RunOutcome.COMPLETED).model_copy(update={"stopped": stopped})


def _nothing_done(campaign: str, outcome: RunOutcome) -> RunSummary:
    return RunSummary(
        run_id="", campaign=campaign, outcome=outcome, by_status={}, new=0, reused=0, bill=Bill(), seconds=0
    )


def summary_of_test(campaign: str, arms: Mapping[str, RunSummary], enrolled: Enrolled) -> RunSummary:
    """All arms together; it ended as the arm did that fared worst."""
    by_status: Counter[DraftStatus] = Counter()
    for summary in arms.values():
        by_status.update(summary.by_status)
    told = [f"{arm}: {summary.message}" for arm, summary in arms.items() if summary.message]
    return RunSummary(
        run_id=next((summary.run_id for summary in arms.values() if summary.run_id), ""),
        campaign=campaign,
        outcome=max((summary.outcome for summary in arms.values()), key=_FROM_GOOD_TO_BAD.index),
        message="\n".join(told),
        hint=next((summary.hint for summary in arms.values() if summary.hint), ""),
        by_status=dict(by_status),
        new=sum(summary.new for summary in arms.values()),
        reused=sum(summary.reused for summary in arms.values()),
        bad_rows=tuple(enrolled.bad_rows.first),
        bad_row_count=enrolled.bad_rows.count,
        bill=Bill.total(summary.bill for summary in arms.values()),
        seconds=max(summary.seconds for summary in arms.values()),
        arms=dict(arms),
    )
