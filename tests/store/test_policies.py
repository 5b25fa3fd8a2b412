"""The document behind a policy's hash is kept once and comes back as it was."""

from __future__ import annotations

from sqlalchemy import text

from miniatures.datamodel.backend import BackendIdentity
from miniatures.datamodel.brief import Brief, Sender, Signal
from miniatures.datamodel.campaign import ResearchSettings, WritingSettings
from miniatures.datamodel.capabilities import Capabilities
from miniatures.datamodel.policy import Policy, SeatPolicy
from miniatures.datamodel.seat import Seat
from miniatures.store.open import Store

WRITER = SeatPolicy(
    backend=BackendIdentity(provider="local", model="small"),
    capabilities=Capabilities(),
    sampling={"temperature": 0.7},
    prompts={"writer": "abc"},
)


def policy_of(**fields: object) -> Policy:
    plain = {
        "brief": Brief(
            offer="Sensors.",
            claims=("They fit in a day.",),
            call_to_action="A call?",
            sender=Sender(name="Mara", company="Frostline", email="m@frostline.example", postal_address="Kaikatu 4"),
            signals=(Signal(name="expansion", describes="new store", query="{company} expansion"),),
        ),
        "seats": {"writer": {Seat.FIRST: WRITER}},
        "research": ResearchSettings(),
        "write": WritingSettings(),
        "search": "local:sites",
        "taxonomy": "t",
        "checks": "c",
    }
    return Policy.model_validate(plain | fields)


async def test_a_policy_is_kept_once_and_found_by_its_hash(store: Store) -> None:
    policy, other = policy_of(), policy_of(search=None)
    for one in (policy, other, policy):
        await store.keep_policy(one)
    assert store.policy(policy.hash) == policy
    assert store.policy(other.hash) == other
    assert store.policy("unknown") is None
    with store._database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM policies")) == 2
