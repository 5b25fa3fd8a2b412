"""Who answered, at what price, with how many tokens: the facts about a backend that traces and budgets keep."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from miniatures.datamodel.frozen import Frozen, Strict


class BackendIdentity(Frozen):
    """What makes two backends the same one: equal identities may share results, different ones never do."""

    provider: str = Field(description="Kind of backend: litellm, openai-compatible, local, transformers, ...")
    model: str = Field(description="The model's name, and for an endpoint its address.")
    adapter: str | None = Field(default=None, description="SHA-256 of the adapter's weights; null without one.")
    quantization: str | None = Field(default=None, description="Weight format, such as Q4_1 or bf16; null if unknown.")
    weights: str | None = Field(
        default=None, description="SHA-256 of the base weights; null if they are not ours to read."
    )

    def __str__(self) -> str:
        adapter = f"+{self.adapter[:8]}" if self.adapter else ""
        return f"{self.provider}:{self.model}{adapter}"


class Usage(Frozen):
    """Tokens of one or more model calls. `cached_tokens` are the part of the input that a prefix cache answered."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0

    @property
    def total_tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
        )


class Price(Strict):
    """USD per million tokens. An unknown price is the absence of a `Price`, never a zero."""

    input_per_million: float = Field(ge=0)
    output_per_million: float = Field(ge=0)
    cached_per_million: float | None = Field(default=None, ge=0, description="Cached input; as other input if null.")

    def cost(self, usage: Usage) -> float:
        """USD for the usage."""
        cached_price = self.input_per_million if self.cached_per_million is None else self.cached_per_million
        fresh_tokens = usage.input_tokens - usage.cached_tokens
        millionths = (
            fresh_tokens * self.input_per_million
            + usage.cached_tokens * cached_price
            + usage.output_tokens * self.output_per_million
        )
        return millionths / 1_000_000


class Bill(Frozen):
    """What model calls took: tokens, and USD, which are null as soon as the cost of one call is not known."""

    usage: Usage = Usage()
    cost_usd: float | None = 0.0

    def __add__(self, other: Bill) -> Bill:
        unknown = self.cost_usd is None or other.cost_usd is None
        cost = None if unknown else (self.cost_usd or 0.0) + (other.cost_usd or 0.0)
        return Bill(usage=self.usage + other.usage, cost_usd=cost)

    @classmethod
    def total(cls, bills: Iterable[Bill]) -> Bill:
        """All of them together; of none, nothing for nothing."""
        return sum(bills, cls())

    @classmethod
    def of(cls, usage: Usage, price: Price | None) -> Bill:
        """The bill of one call at this price."""
        return cls(usage=usage, cost_usd=None if price is None else price.cost(usage))
