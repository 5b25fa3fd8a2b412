"""The rule by which a live A/B test is decided: written in the campaign file before the first email goes out.

What is settled beforehand cannot be chosen to fit the answer: what counts, how much loss is still no loss, and how
often somebody looks.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from miniatures.datamodel.frozen import Strict


class LiveMetric(StrEnum):
    """What people did, by which arms are compared; the surest sign of interest first."""

    POSITIVE = "positive"
    REPLIED = "replied"
    CLICKED = "clicked"
    OPENED = "opened"


class Guardrail(StrEnum):
    """What people did that harms the sender."""

    BOUNCED = "bounced"
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"


class RateBase(StrEnum):
    """Of whom a rate is a share."""

    DELIVERED = "delivered"
    """Those whom an email reached: comparable only while both arms reach the same share of their prospects."""
    ENROLLED = "enrolled"
    """Everybody assigned to the arm: comparable always, also where one arm leaves more prospects without an email."""


class Look(StrEnum):
    """How often somebody looks at the answer, which decides how it may be computed."""

    ONCE = "once"
    """At one size, fixed before: the test of a fixed sample, which needs the fewest people."""
    DAILY = "daily"
    """At any time, as often as one likes: an always-valid confidence sequence."""


class GuardrailLimits(Strict):
    """Rates above which an arm is stopped; null is no limit. Bounces are a share of the sent, the others of the
    delivered.

    Amazon SES reviews an account at 5 % bounces, and Google asks bulk senders never to reach 0.3 % complaints. The
    limit of opt-outs is a choice.
    """

    bounced: float | None = Field(default=0.05, gt=0, lt=1)
    unsubscribed: float | None = Field(default=0.02, gt=0, lt=1)
    complained: float | None = Field(default=0.003, gt=0, lt=1)

    @property
    def in_force(self) -> dict[Guardrail, float]:
        """The limits that there are."""
        return {rail: limit for rail in Guardrail if (limit := getattr(self, rail.value)) is not None}


class VerdictRule(Strict):
    """What a challenger has to show beside the reference arm."""

    metric: LiveMetric = Field(description="What decides. Everything else is told, and decides nothing.")
    margin: float = Field(gt=0, lt=1, description="Loss of rate that is still `no worse`: 0.01 is one in a hundred.")
    per: RateBase = Field(default=RateBase.DELIVERED, description="Of whom the rate is a share.")
    alpha: float = Field(
        default=0.05, gt=0, lt=0.5, description="Chance of each kind of wrong word, over all challengers together."
    )
    power: float = Field(default=0.8, gt=0.5, lt=1, description="Chance of the right word that sizes are planned for.")
    look: Look = Look.DAILY
    min_per_arm: int = Field(
        default=100,
        ge=20,
        description="People in each arm before any word; with `look: once`, the size at which the one look is taken.",
    )
    answer_days: int = Field(
        default=14,
        ge=1,
        description="An email counts from this many days after it was sent, with what its reader did in them.",
    )
    readings_margin: float = Field(
        default=0.1, gt=0, lt=1, description="The margin for the share that blind readers would send as it stands."
    )
    guardrails: GuardrailLimits = GuardrailLimits()
