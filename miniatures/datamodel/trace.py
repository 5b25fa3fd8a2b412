"""What happened while a prospect was worked on: model calls (traces) and other steps (spans), one tree."""

from __future__ import annotations

import os
import random
import time
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, Field

from miniatures.datamodel.backend import BackendIdentity, Bill
from miniatures.datamodel.json_types import Options, StructuredAnswer
from miniatures.datamodel.moment import Moment
from miniatures.datamodel.prompt import ChatMessage
from miniatures.datamodel.seat import Seat

_CLOCK_START_NS = time.time_ns() - time.monotonic_ns()
_random = random.Random()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_random.seed)


def new_id() -> str:
    """A fresh identifier for a trace, span or run: 32 hexadecimal digits that sort by when they were made.

    The first half is nanoseconds since 1970 by a clock that never steps back within a process; the second is random.
    Sorted identifiers keep a database's index compact: new entries go to its end.
    """
    return f"{_CLOCK_START_NS + time.monotonic_ns():016x}{_random.getrandbits(64):016x}"


class Span(BaseModel):
    """One step that is no model call: search, fetch, extract, check, or a stage that holds others."""

    id: str = Field(default_factory=new_id)
    parent_id: str | None = None
    run_id: str
    campaign: str
    prospect: str | None = Field(default=None, description="Pseudonym key.")
    kind: str = Field(description="search, fetch, extract, check or stage.")
    name: str
    attributes: dict[str, Any] = Field(default_factory=dict)
    error: str | None = None
    started_at: Moment = Field(default_factory=lambda: datetime.now(UTC))
    total_ms: float = 0.0


class Trace(BaseModel):
    """One model call."""

    id: str = Field(default_factory=new_id)
    parent_id: str | None = None
    run_id: str
    campaign: str
    prospect: str | None = Field(default=None, description="Pseudonym key.")
    policy: str = Field(default="", description="Hash of the policy that the run was under.")
    role: str
    seat: Seat = Seat.FIRST
    node: str
    attempt: int = 1
    prompt_name: str | None = None
    prompt_version: str | None = None
    prompt_variant: str | None = None
    variables: dict[str, Any] = Field(default_factory=dict)
    sources: tuple[str, ...] = Field(
        default=(),
        description="The calls whose answers it was asked with: those that chose its facts, and a refused draft.",
    )
    shadow_of: str | None = Field(default=None, description="The call beside which a shadow answered.")
    backend: BackendIdentity
    options: Options = Field(default_factory=dict, description="Sampling and bounds of this one call.")
    messages: tuple[ChatMessage, ...]
    output: str = ""
    structured: StructuredAnswer | None = None
    probability: float | None = Field(default=None, description="What the model gave to its answer, where it can tell.")
    finish_reason: str | None = None
    bill: Bill = Bill(cost_usd=None)
    queue_ms: float | None = None
    first_token_ms: float | None = None
    total_ms: float = 0.0
    error: str | None = None
    started_at: Moment = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def whole(self) -> bool:
        """Whether it came to its end and is the JSON that was asked for."""
        return self.error is None and self.structured is not None
