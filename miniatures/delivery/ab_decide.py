"""Does what the verdict on the arms leads to, once, and keeps why."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from miniatures.datamodel.ab_decision import AbAction, AbDecision
from miniatures.datamodel.message import CancelReason
from miniatures.delivery.ab_miniatures import miniatures_to_judge
from miniatures.delivery.ab_plan import Change, Plan, planned
from miniatures.delivery.ab_report import AbReport
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.measure.going_live import go_live
from miniatures.store.store import Store
from miniatures.weights.registry import Registry


def plan_for(loaded: LoadedCampaign, store: Store, report: AbReport, registry: Registry) -> Plan:
    """What the report leads to, as the registry is now.

    Raises:
        RegistryError: a file of the registry is damaged.
    """
    return planned(report, miniatures_to_judge(loaded, store, report, registry), registry)


async def decide(plan: Plan, report: AbReport, store: Store, registry: Registry, by: str) -> list[AbDecision]:
    """Do what was planned, one change after the other, each kept as soon as it is done.

    Raises:
        RegistryError: the registry was changed meanwhile; what was done before is done and kept.
    """
    made = []
    for change in plan.changes:
        cancelled = await _do(change, report.campaign, store, registry)
        decision = _decision(change, report.campaign, cancelled, by, store.now())
        await store.mail.decisions.keep(decision)
        if change.action is AbAction.STOPPED:  # What was queued while the arm was not yet known to be stopped.
            await _do(change, report.campaign, store, registry)
        made.append(decision)
    return made


async def _do(change: Change, campaign: str, store: Store, registry: Registry) -> int:
    """Do it; returns how many emails were cancelled. A promotion passes the gate by, and its reason is the verdict."""
    match change.action:
        case AbAction.PROMOTED:
            go_live(registry, change.name, change.version, force=change.why)
        case AbAction.ROLLED_BACK:
            registry.rollback(change.name)
        case AbAction.STOPPED:
            return await store.mail.outbox.cancel_arm(campaign, change.arm, CancelReason.ARM_STOPPED)
        case AbAction.NOTED:
            pass
        case _:
            assert_never(change.action)
    return 0


def _decision(change: Change, campaign: str, cancelled: int, by: str, now: datetime) -> AbDecision:
    return AbDecision(
        id=change.id,
        campaign=campaign,
        arm=change.arm,
        action=change.action,
        why=f"{change.will} {change.why}",
        miniature=change.miniature,
        cancelled=cancelled,
        verdict=change.verdict,
        decided_by=by,
        decided_at=now,
    )
