"""A miniature: a base model, one adapter, and the card that says where it came from and how good it was found."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pydantic import Field, model_validator

from miniatures.datamodel.capabilities import Trust
from miniatures.datamodel.example import CHAT
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.gate import GateDecision
from miniatures.datamodel.moment import Moment

MINIATURE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_MOST_CASES = 10**9


class Stage(StrEnum):
    """The two moving names of a registry entry; every version also has its hash."""

    CANDIDATE = "candidate"
    LIVE = "live"


class Score(Frozen):
    """One measured share with its 95 % Wilson interval."""

    passed: int
    total: int
    low: float
    high: float

    @property
    def share(self) -> float | None:
        """Null when nothing was measured."""
        return self.passed / self.total if self.total else None


class Comparison(Frozen):
    """How one version did beside another on the same cases."""

    against: str = Field(description="The other side: a version of the same miniature, or a spec.")
    dataset: str = Field(description="Hash of the manifest of the cases.")
    measure: str = Field(default="all_checks", description="What was counted as passed.")
    cases: int = Field(ge=1, le=_MOST_CASES)
    difference: float = Field(ge=-1, le=1, description="This one's share less the other's.")
    low: float = Field(ge=-1, le=1, description="95 % interval of the difference, by bootstrap over companies.")
    high: float = Field(ge=-1, le=1)
    p_value: float = Field(ge=0, le=1, description="Exact McNemar test.")
    gained: int | None = Field(default=None, ge=0, description="Cases that only this one passed, if counted.")
    lost: int | None = Field(default=None, ge=0, description="Cases that only the other passed, if counted.")
    design_effect: float = Field(
        default=1.0,
        ge=1,
        allow_inf_nan=False,
        description="How much less the cases say because those of one company resemble one another.",
    )

    @model_validator(mode="after")
    def _counts_fit(self) -> Comparison:
        if (self.gained or 0) + (self.lost or 0) > self.cases:
            raise ValueError(f"{self.gained} gained and {self.lost} lost are more than {self.cases} cases")
        return self


class Readings(Frozen):
    """What readers who saw all pages, and not the system, said of drafts that it called ready: the result, where check
    rates are instruments.
    """

    on: str = Field(description="Which prospects and sites, in words that stand after `on`.")
    ready: int = Field(ge=0, description="Drafts that were called ready, and read.")
    sent_as_it_stood: int = Field(ge=0, description="Could be sent as they stood.")
    sent_after_an_edit: int = Field(ge=0, description="Could be sent after a small edit.")
    false_statement: int = Field(ge=0, description="Held a false statement.")


class SureReading(Frozen):
    """A draft that was read: how sure the miniature had been of the reason to write, and what it led to."""

    sure: float = Field(ge=0, le=1)
    false: bool = Field(description="Whether a reader found a false statement.")


class MiniatureCard(Frozen):
    """One version of a miniature."""

    name: str = Field(pattern=MINIATURE_NAME.pattern)
    base: str = Field(description="As the recipe names it.")
    base_sha256: str = Field(description="Hash of the exact weights it was tuned on.")
    base_licence: str
    base_parameters: int
    adapter_sha256: str = Field(description="`adapter_hash` of the adapter folder; names the version.")
    adapter_bytes: int
    dataset: str | None = Field(default=None, description="Hash of the dataset's manifest.")
    companies: tuple[str, ...] | None = Field(default=None, description="Hashes of those it was trained on, if known.")
    prompt_versions: dict[str, str] = Field(description="Version of each prompt that it was trained on, by name.")
    trust: Trust = Field(description="What it may be trusted with: how it was trained to be asked.")
    taxonomy: str = Field(default="", description="Hash of the kinds of news that it was trained on.")
    recipe: dict[str, Any]
    training: dict[str, Any] = Field(default_factory=dict, description="Steps, tokens, seconds, losses, peak memory.")
    readings: tuple[Readings, ...] = ()
    sure_readings: tuple[SureReading, ...] = Field(
        default=(), description="Of drafts for prospects that it had not learned: what `ready: {risk}` is bound by."
    )
    scores: dict[str, Score] = Field(default_factory=dict)
    comparisons: tuple[Comparison, ...] = ()
    evaluated_on: str | None = Field(default=None, description="Hash of the manifest of the evaluation's dataset.")
    created_at: Moment = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def roles(self) -> tuple[str, ...]:
        """What it was trained for: of its recipe's roles those whose prompts it knows, and chat, which has none."""
        stated = self.recipe.get("roles")
        asked = stated if stated and isinstance(stated, list | tuple) else tuple(self.prompt_versions)
        return tuple(role for role in asked if role == CHAT or role in tuple(self.prompt_versions))

    @property
    def only_chats(self) -> bool:
        """Whether it was trained on chats alone, which nothing here measures."""
        return self.roles == (CHAT,)

    @property
    def version(self) -> str:
        """The short form of the adapter's hash, as specs pin it."""
        return self.adapter_sha256[:12]


class Promotion(Frozen):
    """One change of what is live, kept for ever."""

    version: str
    replaced: str | None = None
    forced: str | None = Field(default=None, description="The reason given with --force.")
    gate: GateDecision | None = Field(
        default=None, description="How it stood beside the version it replaced; null where there was none."
    )
    rolled_back: bool = Field(default=False, description="It went back to a version that had been live before.")
    reason: str | None = Field(default=None, description="Why it went back, if that was said.")
    at: Moment = Field(default_factory=lambda: datetime.now(UTC))
