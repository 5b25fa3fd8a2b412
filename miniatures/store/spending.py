"""What model calls used: tokens, and cost so far as it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func

from miniatures.datamodel.backend import Usage
from miniatures.store.tables import traces


@dataclass(frozen=True)
class Spending:
    """What some model calls used. Calls whose price is unknown are counted beside the sum, never added as zero."""

    calls: int = 0
    usage: Usage = field(default_factory=Usage)
    known_usd: float = 0.0
    unknown_calls: int = 0

    def __add__(self, other: Spending) -> Spending:
        return Spending(
            calls=self.calls + other.calls,
            usage=self.usage + other.usage,
            known_usd=self.known_usd + other.known_usd,
            unknown_calls=self.unknown_calls + other.unknown_calls,
        )

    @property
    def cost_usd(self) -> float | None:
        """The whole cost in USD; None if part of it is unknown."""
        return None if self.unknown_calls else self.known_usd


@dataclass(frozen=True)
class Spent:
    """Spending of a campaign or a prospect, earlier runs included, in all and by backend identity."""

    total: Spending
    by_backend: dict[str, Spending]


def summed() -> list[ColumnElement[Any]]:
    """The sums over calls that `spending_of` reads."""
    columns = traces.c
    sums = [func.sum(columns[name]) for name in ("input_tokens", "output_tokens", "cached_tokens", "cost_usd")]
    return [*sums, func.count(), func.count(columns.cost_usd)]


def spending_of(sums: Sequence[float | None]) -> Spending:
    """What a row of `summed` says."""
    inputs, outputs, cached, usd, calls, known = (number or 0 for number in sums)
    return Spending(
        calls=int(calls),
        usage=Usage(input_tokens=int(inputs), output_tokens=int(outputs), cached_tokens=int(cached)),
        known_usd=float(usd),
        unknown_calls=int(calls - known),
    )
