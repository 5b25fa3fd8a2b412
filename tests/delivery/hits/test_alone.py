"""A hit that is judged for all that look like it has the class that it has by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miniatures.datamodel.hit import Hit, HitKind
from miniatures.delivery.hits.alone import class_alone
from miniatures.delivery.hits.classify import classify
from miniatures.delivery.hits.rules import known_rules
from tests.delivery.ab_campaign import BROWSER, HEADERS, SENT, hit, prospect

RULES = known_rules()
ADA = prospect("student", 1)
DURATIONS = [0.0, *(getattr(RULES, name) for name in type(RULES).model_fields if name.endswith("_s"))]
AGENTS = ["", BROWSER, RULES.agents.apple, RULES.agents.scanners[0], RULES.agents.image_proxies[0], "curl/8"]
ADDRESSES = ["", "203.0.113.9", *(str(network[1]) for network in list(RULES.ranges)[:4])]


def alone(one: Hit) -> None:
    [judged] = classify([one], SENT)
    assert class_alone(one, SENT) is judged.hit_class


@given(
    st.sampled_from(HitKind),
    st.sampled_from([0.0, *DURATIONS]),
    st.sampled_from([-1.0, -1e-6, 0.0, 1e-6, 1.0, 90_000.0]),
    st.sampled_from(AGENTS),
    st.sampled_from(ADDRESSES),
    st.sampled_from([{}, HEADERS, {"accept": "*/*"}, {"own": "cookie"}, {"purpose": "prefetch"}]),
    st.sampled_from(["GET", "HEAD"]),
    st.sampled_from([0, 1]),
)
@settings(max_examples=600)
def test_it_has_the_class_that_the_rules_give(
    kind: HitKind,
    age: float,
    more: float,
    agent: str,
    address: str,
    headers: dict[str, str],
    method: str,
    link: int,
) -> None:
    told = {"user_agent": agent, "address": address, "headers": headers, "method": method, "link": link}
    alone(hit(ADA, kind, SENT + timedelta(seconds=age + more), **told))


@pytest.mark.parametrize("kind", HitKind)
def test_an_email_of_which_nobody_knows_when_it_left(kind: HitKind) -> None:
    one = hit(ADA, kind, SENT)
    [judged] = classify([one], None)
    assert class_alone(one, None) is judged.hit_class
