"""The rule of a live A/B test as a campaign file writes it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from miniatures.datamodel.verdict import Guardrail, GuardrailLimits, LiveMetric, Look, RateBase, VerdictRule


def test_a_rule_names_its_metric_and_margin_and_the_rest_is_cautious():
    rule = VerdictRule.model_validate({"metric": "positive", "margin": 0.002})
    assert (rule.metric, rule.look, rule.per) == (LiveMetric.POSITIVE, Look.DAILY, RateBase.DELIVERED)
    assert (rule.alpha, rule.power, rule.answer_days) == (0.05, 0.8, 14)


@pytest.mark.parametrize(
    "wrong", [{"margin": 0}, {"margin": 1}, {"metric": "liked"}, {"alpha": 0.5}, {"look": "hourly"}, {"margins": 0.1}]
)
def test_a_rule_that_means_nothing_is_refused(wrong: dict[str, object]):
    with pytest.raises(ValidationError):
        VerdictRule.model_validate({"metric": "replied", "margin": 0.01, **wrong})


def test_a_limit_left_empty_is_no_limit():
    limits = GuardrailLimits.model_validate({"bounced": None, "complained": 0.001})
    assert limits.in_force == {Guardrail.UNSUBSCRIBED: 0.02, Guardrail.COMPLAINED: 0.001}
