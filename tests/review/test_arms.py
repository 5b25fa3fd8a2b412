"""Where policies are listed to be compared, those of a test have the names of their arms."""

from __future__ import annotations

from pathlib import Path

from miniatures.agents.arms import run_side_by_side
from miniatures.agents.campaign import CampaignRunner
from miniatures.agents.enrolment import Enrolled
from miniatures.datamodel.arms import AbTest
from miniatures.datamodel.backend import BackendIdentity
from miniatures.review.arms import arm_of_policy, arms_of, policies_of
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.chaos.small_campaign import NAME, NOW, SteadyBackend, prospects, small_context, sqlite_url

ARMS = {"student": "steady", "teacher": "other"}


async def ran(store: Store) -> None:
    """Half of four prospects by each arm."""
    people = list(prospects(4))
    arms = {one.key: arm for one, arm in zip(people, [*ARMS, *ARMS], strict=True)}
    enrolled = Enrolled(arms=arms)
    runners = {
        arm: CampaignRunner(
            campaign=NAME,
            context=small_context(
                SteadyBackend(identity=BackendIdentity(provider="steady", model=model)), store.ledger(NAME)
            ),
            store=store,
        )
        for arm, model in ARMS.items()
    }
    await run_side_by_side(runners, enrolled, lambda: people)


async def test_the_policies_of_a_test_are_named_by_their_arms(tmp_path: Path) -> None:
    with open_store(sqlite_url(tmp_path)) as store:
        shares = {"student": 0.5, "teacher": 0.5}
        await store.mail.enrolments.settle(AbTest(campaign=NAME, salt="s", shares=shares, started_at=NOW))
        await ran(store)
        policies = policies_of(store, NAME)
        assert [arm_of_policy(store, NAME, policy) for policy in policies] == ["student", "teacher"]
        words = [arm.words for arm in arms_of(store, NAME)][:2]
        assert words[0].startswith(f"arm student, {policies[0][:8]}: ")
        assert words[1].startswith(f"arm teacher, {policies[1][:8]}: ")
        assert len({result.arm for result in store.results(NAME)}) == 2


async def test_a_campaign_that_is_no_test_has_no_arm_to_name(tmp_path: Path) -> None:
    with open_store(sqlite_url(tmp_path)) as store:
        await ran(store)
        assert not any("arm" in arm.words for arm in arms_of(store, NAME))
