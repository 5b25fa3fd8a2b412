"""The frozen document of all that changes an answer, stored by its hash with every run under it.

Stage keys, results, evaluation and arms are projections of it: what one of them depends on is read out of the policy,
never gathered a second time. What only changes when an answer comes (pace, concurrency, budgets) is no part of it.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from pydantic import Field

from miniatures.datamodel.backend import BackendIdentity
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.campaign import ResearchSettings, WritingSettings
from miniatures.datamodel.capabilities import Capabilities
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.json_types import Options
from miniatures.datamodel.seat import Seat


class SeatPolicy(Frozen):
    """One backend in one seat: which weights answer, how they are asked, and with which prompt."""

    backend: BackendIdentity
    capabilities: Capabilities
    sampling: Options = Field(default_factory=dict, description="What its calls are made with unless they differ.")
    prompts: dict[str, str] = Field(description="Version of each prompt that the role asks it with, by name.")


class Policy(Frozen):
    """One way of doing the whole job."""

    format: int = 1
    brief: Brief
    seats: dict[str, dict[Seat, SeatPolicy]] = Field(description="By role.")
    research: ResearchSettings
    write: WritingSettings
    search: str | None = Field(description="Where is looked: the provider with its address or path.")
    fetch: dict[str, Any] = Field(default_factory=dict, description="What decides which text a page gives.")
    taxonomy: str = Field(description="Hash of the kinds of news.")
    checks: str = Field(description="Version of the email checks.")
    sure_bound: float | None = Field(
        default=None,
        exclude_if=lambda bound: bound is None,
        description="How sure of the reason to write a ready draft must be, where a risk is stated.",
    )

    @cached_property
    def hash(self) -> str:
        """The policy's name wherever it is referred to."""
        return content_hash(self)[:16]

    @cached_property
    def brief_version(self) -> str:
        """The brief's own hash, as stages of one prospect name it."""
        return self.brief.version

    def seat(self, role: str, seat: Seat = Seat.FIRST) -> SeatPolicy | None:
        """What is known of one seat; null where nobody sits."""
        return self.seats.get(role, {}).get(seat)
