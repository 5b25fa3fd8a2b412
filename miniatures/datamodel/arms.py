"""The arms of an A/B test: whole policies, and who is in which. It is settled before the first prospect is enrolled."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import Field

from miniatures.datamodel.frozen import Frozen, Strict
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.moment import Moment
from miniatures.datamodel.verdict import VerdictRule

UNKNOWN_GATEWAY = "unknown"
"""Of a company whose mail's host nobody named when it was asked for."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_CLOSE_TO_ONE = 1e-6
_WRITERS = ("fallback", "shadow")


class ArmSettings(Strict):
    """One arm as the campaign file has it: what differs from the campaign's own roles and prompts.

    Only `fallback` and `shadow` are never taken over: an arm falls back, or has a shadow, if it says so itself.
    """

    share: float | None = Field(
        default=None, gt=0, lt=1, description="Of the companies; the arms' shares add up to 1. Equal if none is given."
    )
    researcher: str | None = Field(default=None, description="Name of a backend, or `none`; the campaign's if null.")
    assessor: str | None = Field(default=None, description="Name of a backend, or `none`; the campaign's if null.")
    writer: str | None = Field(default=None, description="Name of a backend, or `none`; the campaign's if null.")
    verifier: str | None = Field(default=None, description="Name of a backend, or `checks`; the campaign's if null.")
    planner: str | None = Field(default=None, description="Name of a backend, or `none`; the campaign's if null.")
    fallback: str = Field(default="none", description="Of the writer: name of a backend, or `none`.")
    shadow: str = Field(default="none", description="Of the writer: name of a backend, or `none`.")
    prompts: Path | None = Field(
        default=None, description="Folder of prompt templates that override ours; the campaign's if null."
    )

    @property
    def roles(self) -> dict[str, str]:
        """The roles that it fills itself, each with the name that it gives."""
        given = ((role, getattr(self, role)) for role in ("researcher", "assessor", "writer", "verifier", "planner"))
        return {role: name for role, name in given if name is not None}

    @property
    def writers_seats(self) -> dict[str, str]:
        """Who sits beside the writer, by seat."""
        return {seat: name for seat in _WRITERS if (name := getattr(self, seat)) != "none"}


class AbRule(VerdictRule):
    """The rule of the verdict as the campaign file has it."""

    reference: str = Field(min_length=1, description="The arm that the others are compared with.")

    @property
    def version(self) -> str:
        """Names exactly this rule."""
        return content_hash(self)[:16]


class AbTest(Frozen):
    """What was settled at the first enrolment and is not changed afterwards."""

    campaign: str
    salt: str = Field(description="Hashed with each company; drawn once, so that no two tests share their groups.")
    shares: dict[str, float] = Field(description="Of each arm, adding up to 1.")
    rule: str = Field(default="", description="Hash of the rule of the verdict.")
    started_at: Moment


class Enrolment(Frozen):
    """One prospect's place in the test."""

    prospect: str = Field(description="Key.")
    company: str = Field(description="Key of the company: all its people are in one arm.")
    arm: str
    gateway: str = Field(
        default="", description="Who takes the company's mail; `unknown` if nobody answered, empty if nobody asked yet."
    )
    enrolled_at: Moment


def shares_of(arms: Mapping[str, ArmSettings]) -> dict[str, float]:
    """The share of each arm."""
    return {name: 1 / len(arms) if arm.share is None else arm.share for name, arm in arms.items()}


def faults_of(arms: Mapping[str, ArmSettings], rule: AbRule | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What is wrong with the arms by themselves, each with the key that it is wrong at."""
    if len(arms) == 1:
        yield "one arm is compared with nothing; name another, or take `arms` out", ("arms",)
    for name in arms:
        if not _NAME.fullmatch(name):
            yield "an arm's name is letters, digits, dots, dashes and underscores, 40 at most", ("arms", name)
    yield from ((fault, ("arms",)) for fault in _faults_of_shares(arms))
    if rule is not None and not arms:
        yield "a rule decides between arms; name them in `arms`, or take it out", ("test",)
    elif rule is not None and rule.reference not in arms:
        yield f"no arm is named {rule.reference!r}; this file has {', '.join(arms)}", ("test", "reference")


def _faults_of_shares(arms: Mapping[str, ArmSettings]) -> Iterator[str]:
    silent = [name for name, arm in arms.items() if arm.share is None]
    if silent and len(silent) < len(arms):
        yield f"a share is given for some and not for {', '.join(silent)}; give it for all, or for none"
    elif arms and not silent and abs((total := sum(shares_of(arms).values())) - 1) > _CLOSE_TO_ONE:
        yield f"the shares of the arms add up to {total:g}, and not to 1"
