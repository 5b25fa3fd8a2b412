"""A verdict promotes, rolls back or stops by the rule that was settled before the start, once, and why is kept."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from miniatures.datamodel.ab_decision import AbAction, AbDecision
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.live_verdict import VerdictWord
from miniatures.datamodel.message import CancelReason, MessageState
from miniatures.delivery.ab_decide import decide, plan_for
from miniatures.delivery.ab_plan import Plan
from miniatures.delivery.ab_record import report_record
from miniatures.delivery.ab_report import AbReport, ab_report
from miniatures.delivery.ab_words import decided_words
from miniatures.inputs.campaign import LoadedCampaign, load_campaign
from miniatures.store.open import open_store
from miniatures.store.store import Store
from miniatures.weights.registry import Registry
from tests.delivery.ab_campaign import (
    NAME,
    NOW,
    RULE,
    SENT,
    Did,
    enrol,
    message,
    policy_with,
    prospect,
    result,
    send,
    write_ab_campaign,
    write_files,
)
from tests.weights.miniatures_made import card_of, tiny_adapter

ALIKE = {"student": Did(400, replied=120), "teacher": Did(400, replied=120)}
LOST = {"student": Did(400, replied=40), "teacher": Did(400, replied=130)}
FEW = {"student": Did(60, replied=10), "teacher": Did(60, replied=10)}
BOUNCING = {"student": Did(200, replied=40, bounced=40), "teacher": Did(200, replied=50)}


@dataclass
class World:
    """A registry whose `mine` has two versions, of which the first is live, and where campaigns are made."""

    folder: Path
    registry: Registry
    first: str
    second: str

    def adapters(self, student: str = "") -> dict[str, str]:
        return {
            arm: self.registry.card("mine", version).adapter_sha256
            for arm, version in (("student", student or self.second), ("teacher", self.first))
        }

    @property
    def live(self) -> str | None:
        return self.registry.state("mine").live


@pytest.fixture
def world(tmp_path: Path) -> World:
    registry = Registry(tmp_path / "registry", shipped=tmp_path / "shipped")
    versions = []
    for seed in (1, 2):
        adapter = tiny_adapter(tmp_path / f"adapter{seed}", seed)
        versions.append(registry.register(card_of(adapter, name="mine"), adapter))
    registry.promote("mine", versions[0])
    return World(tmp_path, registry, *versions)


@dataclass
class Case:
    """A campaign that is open, and what follows from it as of now."""

    loaded: LoadedCampaign
    store: Store
    registry: Registry

    def plan(self) -> tuple[AbReport, Plan]:
        report = ab_report(self.loaded, self.store, NOW)
        return report, plan_for(self.loaded, self.store, report, self.registry)

    async def decide(self) -> list[AbDecision]:
        report, plan = self.plan()
        return await decide(plan, report, self.store, self.registry, "ada")


@contextmanager
def case(world: World, arms: dict[str, Did], *, student: str = "", **rule: Any) -> Iterator[Case]:
    """A campaign in which the student was answered by a version, the second unless another is named."""
    adapters = world.adapters(student)
    loaded = write_in_a_thread(world.folder / "autumn", arms, RULE | rule, adapters)
    with open_store(loaded.store_url, now=lambda: NOW) as store:
        yield Case(loaded, store, world.registry)


def write_in_a_thread(
    folder: Path, arms: dict[str, Did], rule: dict[str, Any], adapters: dict[str, str]
) -> LoadedCampaign:
    """A loop runs in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(write_ab_campaign, folder, arms, rule=rule, adapters=adapters).result()


async def test_no_worse_promotes_the_miniature_and_the_verdict_is_the_reason(world: World) -> None:
    with case(world, ALIKE) as campaign:
        _, plan = campaign.plan()
        assert [change.will for change in plan.changes] == [
            f"Promote mine@{world.second}: it goes live in place of {world.first}."
        ]
        assert world.live == world.first, "a plan changes nothing"
        [made] = await campaign.decide()
        assert world.live == world.second
        promotion = world.registry.state("mine").history[-1]
        assert promotion.forced is not None and "student is no worse than teacher" in promotion.forced
        assert "120 of 400 (30.0 %" in promotion.forced
        [kept] = campaign.store.mail.decisions.of(NAME)
        assert kept.model_dump_json() == made.model_dump_json()
        assert kept.action is AbAction.PROMOTED and kept.miniature == f"mine@{world.second}"
        assert kept.verdict is not None and kept.verdict.word is VerdictWord.NO_WORSE


async def test_what_was_decided_is_not_decided_again_whatever_people_do_since(world: World) -> None:
    with case(world, ALIKE) as campaign:
        await campaign.decide()
        assert await campaign.decide() == []
        world.registry.rollback("mine")
        _, plan = campaign.plan()
        assert plan.changes == () and [one.action for one in plan.before] == [AbAction.PROMOTED]
        assert await campaign.decide() == [] and world.live == world.first
        assert len(campaign.store.mail.decisions.of(NAME)) == 1


async def test_worse_and_live_goes_back_to_what_was_live_before(world: World) -> None:
    world.registry.promote("mine", world.second)
    with case(world, LOST) as campaign:
        [made] = await campaign.decide()
        assert made.action is AbAction.ROLLED_BACK and "student is worse than teacher" in made.why
        back = world.registry.state("mine").history[-1]
        assert world.live == world.first and back.rolled_back
        assert back.reason is not None and "student is worse than teacher" in back.reason
        assert await campaign.decide() == []


async def test_worse_and_not_live_is_noted(world: World) -> None:
    with case(world, LOST) as campaign:
        [made] = await campaign.decide()
        assert (made.action, world.live) == (AbAction.NOTED, world.first)
        assert made.why.startswith(f"Keep the verdict. mine@{world.second} is not live")


async def test_worse_and_nothing_before_is_noted(world: World) -> None:
    with case(world, LOST, student=world.first) as campaign:
        _, plan = campaign.plan()
        assert "has no miniature of the registry that teacher has not" in plan.changes[0].will


async def test_not_yet_known_changes_nothing_and_says_what_is_missing(world: World) -> None:
    with case(world, FEW) as campaign:
        report, plan = campaign.plan()
        assert report.verdicts[0].word is VerdictWord.NOT_YET_KNOWN and plan.changes == ()
        [missing] = plan.missing
        assert (
            missing.startswith("Not yet known whether student is no worse than teacher: ") and "more people" in missing
        )
        assert await campaign.decide() == [] and world.live == world.first
        assert campaign.store.mail.decisions.of(NAME) == []


async def test_a_guardrail_stops_its_arm_and_cancels_what_waits_in_it(world: World) -> None:
    with case(world, BOUNCING) as campaign:
        people = [prospect("student", number) for number in range(1_000, 1_003)]
        await campaign.store.enrol(NAME, people)
        await enrol(campaign.store, "student", people)
        for one in people:
            await campaign.store.save_result(result("student", "p", one))
        await campaign.store.mail.outbox.queue(
            [message("student", "p", one) for one in people], due_at=NOW, decisions={}
        )
        made = await campaign.decide()
        [stop] = [one for one in made if one.action is AbAction.STOPPED]
        assert (stop.arm, stop.cancelled) == ("student", 3) and "the 3 emails that wait are cancelled" in stop.why
        assert campaign.store.mail.decisions.stopped(NAME) == {"student"}
        rows = list(campaign.store.mail.outbox.stream(NAME, MessageState.CANCELLED))
        assert [row.why for row in rows] == [CancelReason.ARM_STOPPED] * 3
        assert world.live == world.first, "a stopped arm takes nothing over"
        after, plan = campaign.plan()
        assert (after.verdicts, after.hits, plan.changes) == ((), (), ())
        assert after.arm("student").so_far.bounced == 40, "its figures are still told"
        [kept] = after.kept
        record = report_record(after)
        assert [one["arm"] for one in record["kept_verdicts"]] == ["student"] and record["verdicts"] == []
        [first, *_] = record["decisions"]
        assert first["verdict"]["headline"] == record["kept_verdicts"][0]["headline"]
        assert first["verdict"]["headline"].startswith("not yet known whether student is no worse than teacher")
        assert [one["guardrail"] for one in first["hits"]] == ["bounced"]
        assert stop.verdict is not None and kept.model_dump_json() == stop.verdict.model_dump_json()
        assert [one.id for one in after.decided(kept)] == [one.id for one in made], "and so is its last verdict"
        assert decided_words(stop) == "Decided on 2026-11-02 by ada: the arm student was stopped."


async def test_a_stopped_reference_ends_the_comparison_and_guards_the_others_still(world: World) -> None:
    with case(world, {"student": Did(200), "teacher": Did(200, bounced=60)}) as campaign:
        made = await campaign.decide()
        assert [(one.arm, one.action) for one in made] == [("teacher", AbAction.STOPPED)]
        report, plan = campaign.plan()
        assert report.reference_stopped and report.verdicts == ()
        assert plan.missing == ("The reference arm teacher was stopped, so nothing is compared with it any more.",)


@pytest.mark.parametrize("same_as_teacher", [True, False])
async def test_two_versions_in_one_arm_cannot_be_judged(world: World, same_as_teacher: bool) -> None:
    with case(world, ALIKE) as campaign:
        policy = policy_with("student", world.adapters()["teacher"] if same_as_teacher else "f" * 64)
        await campaign.store.keep_policy(policy)
        one = prospect("student", 5_000)
        await campaign.store.enrol(NAME, [one])
        await enrol(campaign.store, "student", [one])
        await campaign.store.save_result(result("student", policy.hash, one))
        await send(campaign.store, [message("student", policy.hash, one)], SENT)
        with open_store(campaign.loaded.store_url) as later:
            report = ab_report(campaign.loaded, later, NOW + timedelta(days=30))
            plan = plan_for(campaign.loaded, later, report, world.registry)
        assert "student's writer was answered by several versions (mine@" in plan.changes[0].will


async def test_of_two_that_may_take_over_one_name_the_first_in_the_file_does(world: World) -> None:
    adapter = tiny_adapter(world.folder / "adapter3", 3)
    third = world.registry.register(card_of(adapter, name="mine"), adapter)
    alike = {"small": Did(700, replied=210), **{arm: Did(700, replied=210) for arm in ("student", "teacher")}}
    hashes = world.adapters() | {"small": world.registry.card("mine", third).adapter_sha256}
    loaded = write_in_a_thread(world.folder / "autumn", alike, RULE, hashes)
    with open_store(loaded.store_url, now=lambda: NOW) as store:
        made = await Case(loaded, store, world.registry).decide()
    assert [(one.arm, one.action) for one in made] == [("small", AbAction.PROMOTED), ("student", AbAction.NOTED)]
    assert "small, which stands before it in the campaign's file, takes mine over" in made[1].why
    assert world.live == third


async def test_arms_without_their_shares_decide_nothing(world: World) -> None:
    with case(world, {"student": Did(250, replied=75), "teacher": Did(500, replied=150)}) as campaign:
        report, plan = campaign.plan()
        assert {alarm.where for alarm in report.verdicts[0].withheld} == {"enrolled", "reached", "mail.example"}
        assert plan.changes == ()
        assert any(line.startswith("No verdict: the companies enrolled") for line in plan.missing)


async def test_a_version_that_is_not_here_is_not_promoted(world: World) -> None:
    with case(world, ALIKE) as campaign:
        world.registry.remove("mine", world.second)
        _, plan = campaign.plan()
        assert f"mine@{world.second} is not in the registry of this machine" in plan.changes[0].will


async def test_a_rule_that_was_written_after_the_start_decides_nothing(world: World) -> None:
    with case(world, ALIKE) as campaign:
        write_files(campaign.loaded.folder, ALIKE, RULE | {"margin": 0.2})
        changed = load_campaign(campaign.loaded.path)
        with pytest.raises(InputError, match="a rule that is written after the start proves nothing"):
            ab_report(changed, campaign.store, NOW)


def test_a_campaign_without_arms_or_people_has_no_report(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    loaded = write_files(tmp_path / "c", FEW)
    with open_store(loaded.store_url) as store:
        with pytest.raises(InputError, match="nobody is enrolled in the arms of autumn yet"):
            ab_report(loaded, store, NOW)
        plain = loaded.campaign.model_copy(update={"arms": {}, "test": None})
        with pytest.raises(InputError, match="compares no arms"):
            ab_report(replace(loaded, campaign=plain), store, NOW)
