"""A decision is kept once, as it was first taken."""

from __future__ import annotations

from datetime import timedelta

from miniatures.datamodel.ab_decision import AbAction, AbDecision, decision_id
from miniatures.store.store import Store
from tests.store.mail.emails import CAMPAIGN, MONDAY


def decision(arm: str, action: AbAction = AbAction.STOPPED, day: int = 0, by: str = "ada") -> AbDecision:
    return AbDecision(
        id=decision_id(CAMPAIGN, arm, action, ""),
        campaign=CAMPAIGN,
        arm=arm,
        action=action,
        why="It bounced.",
        decided_by=by,
        decided_at=MONDAY + timedelta(days=day),
    )


async def test_the_same_decision_is_kept_as_it_was_first_taken(store: Store) -> None:
    assert await store.mail.decisions.keep(decision("student"))
    assert not await store.mail.decisions.keep(decision("student", by="bo", day=3))
    assert store.mail.decisions.of(CAMPAIGN) == [decision("student")]


async def test_decisions_come_in_the_order_in_which_they_were_taken(store: Store) -> None:
    for arm, action, day in (("b", AbAction.PROMOTED, 2), ("a", AbAction.STOPPED, 1), ("c", AbAction.STOPPED, 3)):
        await store.mail.decisions.keep(decision(arm, action, day))
    assert [one.arm for one in store.mail.decisions.of(CAMPAIGN)] == ["a", "b", "c"]
    assert store.mail.decisions.stopped(CAMPAIGN) == {"a", "c"}
    assert store.mail.decisions.stopped("another") == frozenset()
