"""Which miniatures of the registry an arm was answered by that the reference was not: what a verdict is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from miniatures.backends.cards import KIND
from miniatures.datamodel.campaign import arm_campaign
from miniatures.datamodel.policy import Policy
from miniatures.datamodel.seat import Seat
from miniatures.delivery.ab_report import AbReport
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.store.store import Store
from miniatures.weights.errors import UnknownMiniature
from miniatures.weights.registry import Registry

_VERSION = 12
"""Digits of the adapter's hash that name a version."""


@dataclass(frozen=True)
class ArmsMiniatures:
    """Name and version of each; without any, why, in a sentence."""

    versions: tuple[tuple[str, str], ...]
    why_none: str = ""


class _Seated(NamedTuple):
    """A version that a role was played by."""

    role: str
    name: str
    version: str


def miniatures_to_judge(
    loaded: LoadedCampaign, store: Store, report: AbReport, registry: Registry
) -> dict[str, ArmsMiniatures]:
    """The miniatures of each challenger that stand or fall with the verdict on it."""
    theirs = _of_arm(loaded, store, report, report.rule.reference)
    return {verdict.arm: _to_judge(verdict.arm, loaded, store, report, registry, theirs) for verdict in report.verdicts}


def _to_judge(
    arm: str,
    loaded: LoadedCampaign,
    store: Store,
    report: AbReport,
    registry: Registry,
    theirs: frozenset[_Seated],
) -> ArmsMiniatures:
    mine = _of_arm(loaded, store, report, arm)
    found = sorted({(one.name, one.version) for one in mine} - {(one.name, one.version) for one in theirs})
    for role in sorted({one.role for one in mine}):
        versions = sorted(f"{one.name}@{one.version}" for one in mine if one.role == role)
        if len(versions) > 1:
            told = f"{arm}'s {role} was answered by several versions ({', '.join(versions)}), so none is judged."
            return ArmsMiniatures((), told)
    gone = [f"{name}@{version}" for name, version in found if not _is_known(registry, name, version)]
    if gone:
        return ArmsMiniatures((), f"{' and '.join(gone)} is not in the registry of this machine.")
    if not found:
        told = f"{arm} has no miniature of the registry that {report.rule.reference} has not, so nothing goes live."
        return ArmsMiniatures((), told)
    return ArmsMiniatures(tuple(found))


def _of_arm(loaded: LoadedCampaign, store: Store, report: AbReport, arm: str) -> frozenset[_Seated]:
    """What was asked first in the policies that wrote what counts. Weights that a spec names by hand have no name."""
    policies = (store.policy(hash) for hash in report.arm(arm).policies)
    names = _names(loaded, arm)
    return frozenset(
        _Seated(role, names[role], version)
        for role, version in _versions(policy for policy in policies if policy is not None)
        if role in names
    )


def _versions(policies: Iterable[Policy]) -> Iterable[tuple[str, str]]:
    for policy in policies:
        for role in policy.seats:
            seat = policy.seat(role, Seat.FIRST)
            if seat is not None and seat.backend.adapter is not None:
                yield role, seat.backend.adapter[:_VERSION]


def _names(loaded: LoadedCampaign, arm: str) -> dict[str, str]:
    """The miniature that each role of an arm is played by, as the file names it."""
    campaign = arm_campaign(loaded.campaign, arm)
    found = {}
    for role, seats in campaign.roles.seats.items():
        kind, _, rest = campaign.backends[seats[Seat.FIRST]].use.strip().partition(":")
        if kind == KIND:
            found[role] = rest.partition("@")[0]
    return found


def _is_known(registry: Registry, name: str, version: str) -> bool:
    try:
        return registry.resolve(name, version) == version
    except UnknownMiniature:
        return False
