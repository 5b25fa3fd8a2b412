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
        if change.action is AbAction.STOPPED:
            made.append(await stop_arm(change, report.campaign, store, by))
            continue
        _change_live(change, registry)
        decision = _decision(change, report.campaign, 0, by, store.now())
        await store.mail.decisions.keep(decision)
        made.append(decision)
    return made


async def stop_arm(change: Change, campaign: str, store: Store, by: str) -> AbDecision:
    """Let nothing more leave in an arm, and keep why."""
    cancelled = await store.mail.outbox.cancel_arm(campaign, change.arm, CancelReason.ARM_STOPPED)
    decision = _decision(change, campaign, cancelled, by, store.now())
    await store.mail.decisions.keep(decision)
    # What was queued while the arm was not yet known to be stopped.
    await store.mail.outbox.cancel_arm(campaign, change.arm, CancelReason.ARM_STOPPED)
    return decision


def _change_live(change: Change, registry: Registry) -> None:
    """Let another version answer. A promotion passes the gate by, and the reason for either is the verdict."""
    match change.action:
        case AbAction.PROMOTED:
            go_live(registry, change.name, change.version, force=change.why)
        case AbAction.ROLLED_BACK:
            registry.rollback(change.name, reason=change.why)
        case AbAction.STOPPED | AbAction.NOTED:
            pass
        case _:
            assert_never(change.action)


def _decision(change: Change, campaign: str, cancelled: int, by: str, now: datetime) -> AbDecision:
    return AbDecision(
        id=change.id,
        campaign=campaign,
        arm=change.arm,
        action=change.action,
        why=f"{change.will} {change.why}",
        miniature=change.miniature,
        cancelled=cancelled,
        hits=change.hits,
        verdict=change.verdict,
        decided_by=by,
        decided_at=now,
    )
