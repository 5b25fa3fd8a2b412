"""The arms of an A/B test: whole policies, and who is in which. It is settled before the first prospect is enrolled."""

from __future__ import annotations

from pydantic import Field

from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.moment import Moment


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
    gateway: str = Field(default="", description="Who takes the company's mail, where that was looked up.")
    enrolled_at: Moment
