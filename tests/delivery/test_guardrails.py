"""An arm stops by itself: counted as the report counts, kept as `ab decide` keeps it, and looked at only for news."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from miniatures.datamodel.ab_decision import AbAction, AbDecision
from miniatures.datamodel.errors import InputError, StoreError
from miniatures.datamodel.hit import HitKind
from miniatures.datamodel.inbound import InboundKind, ReplyClass
from miniatures.datamodel.message import CancelReason, Message, MessageState, ServerReply
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.verdict import Guardrail, RateBase
from miniatures.delivery.ab_decide import plan_for
from miniatures.delivery.ab_report import ab_report
from miniatures.delivery.arm_counts import arm_counts
from miniatures.delivery.guardrails import Guard, harmed
from miniatures.delivery.hits.classify import OWN
from miniatures.delivery.inbound.hear import Heard
from miniatures.delivery.outcomes import outcomes
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.measure.live.guardrails import lower_bound
from miniatures.store.mail.harm import Concerned, Harm
from miniatures.store.mail.outbox_claim import Claim
from miniatures.store.mail.transitions import Settled
from miniatures.store.open import open_store
from miniatures.store.store import Store
from miniatures.weights.registry import Registry
from tests.delivery.ab_campaign import (
    NAME,
    NOW,
    RULE,
    SENT,
    Did,
    begin,
    enrol,
    hit,
    inbound,
    message,
    prospect,
    result,
    write_ab_campaign,
    write_files,
)

DAY = timedelta(days=1)
MAILBOX = "rosa@sender.example"
TAKEN = ServerReply(stage="data", code=250, text="taken")
UNKNOWN = ServerReply(stage="rcpt", code=550, text="5.1.1 no such user here", enhanced="5.1.1")
BLOCKED = ServerReply(stage="rcpt", code=550, text="5.7.1 blocked for spam", enhanced="5.7.1")
FULL = ServerReply(stage="rcpt", code=552, text="5.2.2 mailbox full", enhanced="5.2.2")
FEW = {"student": Did(60), "teacher": Did(60)}


async def answered(store: Store, emails: Sequence[Message], said: ServerReply) -> None:
    """Queue the emails and let a server answer each."""
    state = MessageState.ACCEPTED if said.code == 250 else MessageState.REJECTED
    await store.mail.outbox.queue(emails, due_at=SENT, decisions={})
    while rows := await store.mail.outbox.claim(Claim(NAME, MAILBOX, "one", SENT + DAY, 500)):
        await store.mail.outbox.start_sending([row.message.id for row in rows], "one")
        await store.mail.outbox.settle([Settled(row, state, said) for row in rows], "one")


@dataclass(frozen=True)
class Person:
    """What happened to one of an arm's people, of whom there are up to three in a company."""

    arm: str
    said: ServerReply | None
    follow_up: bool
    came: tuple[tuple[InboundKind, ReplyClass | None, int | None, bool], ...]
    pressed: str


_CAME = st.tuples(
    st.sampled_from([InboundKind.BOUNCE, InboundKind.BOUNCE, *InboundKind]),
    st.sampled_from([None, None, ReplyClass.POSITIVE, ReplyClass.OPT_OUT]),
    st.sampled_from([0, 0, 1, None]),
    st.booleans(),
)
_PERSON = st.builds(
    Person,
    arm=st.sampled_from(["student", "teacher"]),
    said=st.sampled_from([None, TAKEN, TAKEN, TAKEN, UNKNOWN, BLOCKED, FULL]),
    follow_up=st.booleans(),
    came=st.lists(_CAME, max_size=2).map(tuple),
    pressed=st.sampled_from(["", "", "person", "sender"]),
)


async def _happen(store: Store, number: int, one: Person) -> None:
    who = prospect(one.arm, number, a_company=3)
    await store.enrol(NAME, [who])
    await enrol(store, one.arm, [who])
    if one.said is not None:
        await answered(store, [message(one.arm, "p", who)], one.said)
        if one.follow_up and one.said is TAKEN:
            await answered(store, [message(one.arm, "p+1", who, step=1)], TAKEN)
    for kind, said, step, policy in one.came:
        await store.mail.inbox.take_in(
            inbound(who, kind, SENT + 2 * DAY, step, reply_class=said, policy_rejection=policy)
        )
    if one.pressed:
        headers = {OWN: "its cookie"} if one.pressed == "sender" else {}
        await store.mail.hits.add(hit(who, HitKind.UNSUBSCRIBE_POST, SENT + DAY, headers=headers))


@pytest.mark.slow
@given(st.lists(_PERSON, min_size=1, max_size=9))
@settings(max_examples=40, deadline=None)
def test_harm_is_counted_as_the_report_counts_it(
    tmp_path_factory: pytest.TempPathFactory, people: list[Person]
) -> None:
    async def happen() -> None:
        with open_store(str(tmp_path_factory.mktemp("s") / "store.sqlite")) as store:
            for number, one in enumerate(people):
                await _happen(store, number, one)
            told = outcomes(store, NAME, [], by_risk=False)
            by_company = store.mail.harm.taken_by_company(NAME)
            counted = {arm.name: arm.counts(by_company) for arm in harmed(store.mail.harm, NAME)}
        for arm in {one.arm for one in people}:
            whole = arm_counts(arm, [one for one in told if one.arm == arm], RateBase.ENROLLED)
            if arm not in counted:
                assert whole.bounced == whole.unsubscribed == whole.complained == 0
                continue
            for guardrail in Guardrail:
                mine, theirs = counted[arm].harm(guardrail), whole.harm(guardrail)
                assert (mine.count, mine.base) == (theirs.count, theirs.base), guardrail
                assert not mine.base or mine.effect == pytest.approx(theirs.effect), guardrail

    asyncio.run(happen())


def test_an_address_that_does_not_exist_is_a_bounce_at_once_and_a_refused_sender_none(tmp_path: Path) -> None:
    async def happen() -> None:
        with open_store(str(tmp_path / "store.sqlite")) as store:
            for number, said in enumerate((TAKEN, UNKNOWN, BLOCKED, FULL)):
                await _happen(store, number, Person("student", said, False, (), ""))
            turned_away = (InboundKind.BOUNCE, None, 0, True), (InboundKind.BOUNCE, None, 0, False)
            for number, came in enumerate(turned_away, start=4):
                await _happen(store, number, Person("student", TAKEN, False, (came,), ""))
            people = outcomes(store, NAME, [], by_risk=False)
        counts = arm_counts("student", people, RateBase.DELIVERED)
        assert (counts.sent, counts.delivered, counts.bounced) == (4, 1, 2)
        assert sum(one.left_out for one in people) == 2, "what was refused for another reason never left"

    asyncio.run(happen())


@pytest.fixture
def autumn(tmp_path: Path) -> LoadedCampaign:
    """60 people in each arm, to whom an email left, and nothing came back."""
    return write_ab_campaign(tmp_path / "autumn", FEW)


async def _bounces(store: Store, arm: str, numbers: Sequence[int]) -> None:
    for number in numbers:
        await store.mail.inbox.take_in(inbound(prospect(arm, number), InboundKind.BOUNCE, SENT + DAY))


async def _waiting(store: Store, arm: str, number: int) -> Prospect:
    one = prospect(arm, number)
    await store.enrol(NAME, [one])
    await enrol(store, arm, [one])
    await store.save_result(result(arm, "p", one))
    await store.mail.outbox.queue([message(arm, "p", one)], due_at=NOW, decisions={})
    return one


def test_an_arm_stops_as_ab_decide_would_stop_it_and_the_others_go_on(autumn: LoadedCampaign, tmp_path: Path) -> None:
    async def happen() -> None:
        told: list[AbDecision] = []
        with open_store(autumn.store_url, now=lambda: NOW) as store:
            guard = Guard(autumn, store, told.append)
            mine, theirs = await _waiting(store, "student", 900), await _waiting(store, "teacher", 900)
            await guard.look()
            assert told == []
            await _bounces(store, "student", range(15))
            report = ab_report(autumn, store, NOW)
            plan = plan_for(autumn, store, report, Registry(tmp_path / "none"))
            await guard.look()
            [stopped] = told
            assert [row.why for row in store.mail.outbox.thread(NAME, mine.key)] == [CancelReason.ARM_STOPPED]
            assert [row.state for row in store.mail.outbox.thread(NAME, theirs.key)] == [MessageState.QUEUED]
            assert [one.model_dump_json() for one in store.mail.decisions.of(NAME)] == [stopped.model_dump_json()]
            await guard.look()
            assert len(told) == 1
        [change] = plan.changes
        assert (stopped.id, stopped.action, stopped.why) == (
            change.id,
            AbAction.STOPPED,
            "Stop the arm student: the one email that waits is cancelled, and none is sent in it any more. Bounced 15 "
            "of 60, surely above 8.1 %, where at most 5.0 % is allowed.",
        )
        assert (stopped.cancelled, stopped.decided_by, stopped.decided_at) == (1, "guardrail", NOW)
        assert stopped.verdict == change.verdict and stopped.verdict is not None
        [hit] = stopped.hits
        assert (hit.guardrail, hit.rate.count, hit.rate.base, hit.limit) == (Guardrail.BOUNCED, 15, 60, 0.05)

    asyncio.run(happen())


def test_addresses_that_servers_refuse_stop_an_arm(tmp_path: Path) -> None:
    (tmp_path / "autumn").mkdir()
    loaded = write_files(tmp_path / "autumn", FEW)

    async def happen() -> None:
        told: list[AbDecision] = []
        with open_store(loaded.store_url, now=lambda: NOW) as store:
            await begin(store, loaded)
            for arm, said in (("student", UNKNOWN), ("teacher", BLOCKED)):
                people = [prospect(arm, number) for number in range(12)]
                await enrol(store, arm, people)
                await answered(store, [message(arm, "p", one) for one in people], said)
            await Guard(loaded, store, told.append).look()
        assert [one.arm for one in told] == ["student"]
        assert "Bounced 12 of 12" in told[0].why

    asyncio.run(happen())


def test_without_news_nobody_looks_and_a_changed_word_on_an_answer_is_news(
    autumn: LoadedCampaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []

    def counted(harm: Harm, campaign: str) -> list[Concerned]:
        looks.append(campaign)
        return []

    monkeypatch.setattr(Harm, "concerned", counted)

    async def happen() -> None:
        with open_store(autumn.store_url, now=lambda: NOW) as store:
            guard = Guard(autumn, store)
            await guard.look()
            await guard.look()
            assert len(looks) == 1
            reply = inbound(prospect("student", 1), InboundKind.REPLY, SENT + DAY, reply_class=ReplyClass.NEUTRAL)
            await store.mail.inbox.take_in(reply)
            await guard.look()
            await guard.look()
            assert len(looks) == 2
            [mail] = store.mail.inbox.of_prospect(NAME, prospect("student", 1).key)
            await store.mail.inbox.correct(mail.id, ReplyClass.OPT_OUT, "ada")
            await guard.look()
            assert len(looks) == 3
            await answered(store, [message("student", "p", prospect("student", 901))], UNKNOWN)
            await guard.look()
            assert len(looks) == 4

    asyncio.run(happen())


def test_an_arm_stops_while_emails_leave_by_what_came_back_meanwhile(
    autumn: LoadedCampaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("miniatures.delivery.guardrails._EVERY", timedelta(milliseconds=5))

    async def happen() -> None:
        stopped = asyncio.Event()
        with open_store(autumn.store_url, now=lambda: NOW) as store:
            heard = iter(range(15))

            async def listen() -> Heard:
                await _bounces(store, "student", list(heard))
                return Heard()

            guard = Guard(autumn, store, lambda decision: stopped.set())
            stop = asyncio.Event()
            async with guard.on_duty(listen, stop):
                await asyncio.wait_for(stopped.wait(), 30)
            assert store.mail.decisions.stopped(NAME) == {"student"} and not stop.is_set()

    asyncio.run(happen())


def test_a_failure_meanwhile_ends_the_sending_and_is_told_then(
    autumn: LoadedCampaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("miniatures.delivery.guardrails._EVERY", timedelta())

    async def happen() -> None:
        stop = asyncio.Event()

        async def listen() -> Heard:
            raise StoreError("the disk is full")

        with open_store(autumn.store_url) as store, pytest.raises(StoreError, match="the disk is full"):
            async with Guard(autumn, store).on_duty(listen, stop):
                await asyncio.wait_for(stop.wait(), 30)
        assert stop.is_set()

    asyncio.run(happen())


def test_an_arm_that_is_being_stopped_when_the_emails_have_left_is_stopped_whole(
    autumn: LoadedCampaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("miniatures.delivery.guardrails._EVERY", timedelta(milliseconds=5))

    async def happen() -> None:
        told: list[AbDecision] = []
        with open_store(autumn.store_url, now=lambda: NOW) as store:
            one = await _waiting(store, "student", 900)
            await _bounces(store, "student", range(15))
            cancelled, keep = asyncio.Event(), store.mail.decisions.keep

            async def slow(decision: AbDecision) -> bool:
                cancelled.set()
                await asyncio.sleep(0.05)
                return await keep(decision)

            monkeypatch.setattr(store.mail.decisions, "keep", slow)
            async with Guard(autumn, store, told.append).on_duty(None, asyncio.Event()):
                await asyncio.wait_for(cancelled.wait(), 30)
            assert [row.why for row in store.mail.outbox.thread(NAME, one.key)] == [CancelReason.ARM_STOPPED]
            assert store.mail.decisions.stopped(NAME) == {"student"}
        assert [(decision.arm, decision.cancelled) for decision in told] == [("student", 1)]

    asyncio.run(happen())


def test_people_whose_email_left_before_they_were_enrolled_count_in_their_arm(tmp_path: Path) -> None:
    (tmp_path / "autumn").mkdir()
    loaded = write_files(tmp_path / "autumn", FEW)

    async def happen() -> None:
        told: list[AbDecision] = []
        with open_store(loaded.store_url, now=lambda: NOW) as store:
            people = [prospect("student", number) for number in range(20)]
            await store.enrol(NAME, people)
            await answered(store, [message("", "p", one) for one in people], TAKEN)
            await begin(store, loaded)
            await enrol(store, "student", people)
            await _bounces(store, "student", range(12))
            await Guard(loaded, store, told.append).look()
        assert [one.arm for one in told] == ["student"] and "Bounced 12 of 20" in told[0].why

    asyncio.run(happen())


def test_a_campaign_without_a_test_has_nothing_to_guard(autumn: LoadedCampaign, tmp_path: Path) -> None:
    async def happen() -> None:
        plain = replace(autumn, campaign=autumn.campaign.model_copy(update={"arms": {}, "test": None}))
        with open_store(str(tmp_path / "plain.sqlite"), now=lambda: NOW) as store:
            people = [prospect("", number) for number in range(30)]
            await answered(store, [message("", "p", one) for one in people], TAKEN)
            guard = Guard(plain, store)
            await _bounces(store, "", range(30))
            await guard.look()
            async with guard.on_duty(None, asyncio.Event()):
                await asyncio.sleep(0)
            assert store.mail.decisions.of(NAME) == []

    asyncio.run(happen())


@pytest.mark.parametrize("taken_out", [{"test": None}, {"arms": {}, "test": None}])
def test_a_test_that_is_taken_out_of_the_file_is_not_left_unguarded(
    autumn: LoadedCampaign, taken_out: dict[str, object]
) -> None:
    plain = replace(autumn, campaign=autumn.campaign.model_copy(update=taken_out))
    with open_store(autumn.store_url) as store, pytest.raises(InputError, match="began"):
        Guard(plain, store)


def test_a_rule_that_was_changed_after_the_start_guards_nothing(autumn: LoadedCampaign) -> None:
    changed = write_files(autumn.folder, FEW, RULE | {"guardrails": {"bounced": 0.5}})
    with open_store(autumn.store_url) as store, pytest.raises(InputError, match="proves nothing"):
        Guard(changed, store)


def _effects(ones: np.ndarray, size: int) -> np.ndarray:
    """The design effect at each look, where people of companies of this size come one after the other."""
    people = np.arange(1, ones.shape[1] + 1)
    place, companies = (people - 1) % size, (people - 1) // size + 1
    so_far = ones.cumsum(axis=1)
    before = np.concatenate([np.zeros((len(ones), 1)), so_far[:, size - 1 :: size]], axis=1)
    own = so_far - before[:, companies - 1]  # of the company that is not complete yet
    whole = np.diff(before, axis=1)
    squares = np.concatenate([np.zeros((len(ones), 1)), (whole**2).cumsum(axis=1)], axis=1)[:, companies - 1]
    mean = so_far / people
    done = (companies - 1) * size
    between = squares - 2 * mean * size * before[:, companies - 1] + mean**2 * size * done
    between += (own - mean * (place + 1)) ** 2
    alone = so_far * (1 - mean)
    with np.errstate(divide="ignore", invalid="ignore"):
        told = np.maximum(1.0, between * companies / (companies - 1) / (alone * people / (people - 1)))
        few = (student.ppf(0.975, companies - 1) / student.ppf(0.975, people - 1)) ** 2
        told = np.minimum(people, told * few)
    return np.asarray(np.where((alone == 0) | (companies < 2), people / companies, told))


@pytest.mark.parametrize(("size", "alike"), [(1, 0.0), (3, 0.0), (3, 0.5), (3, 1.0)])
@pytest.mark.parametrize("limit", [0.003, 0.02, 0.05])
def test_looking_after_every_single_email_stops_an_arm_that_keeps_to_its_limit_no_more_often_than_stated(
    size: int, alike: float, limit: float
) -> None:
    """A share of companies answers as its first person does, the others each alone."""
    random, campaigns, people = np.random.default_rng(7), 400, 450
    own = random.random((campaigns, people)) < limit
    leads = np.repeat(own[:, ::size], size, axis=1)
    follows = np.repeat(random.random((campaigns, people // size)) < alike, size, axis=1)
    ones = np.where(follows, leads, own).astype(float)
    effects = _effects(ones, size)
    low = lower_bound(ones.cumsum(axis=1) / effects, np.arange(1.0, people + 1) / effects, limit, 0.05)
    assert (low > limit).any(axis=1).mean() <= 0.05


@given(st.integers(1, 2_000), st.integers(0, 200), st.floats(1, 20), st.sampled_from([0.003, 0.02, 0.05]))
def test_colleagues_who_answer_alike_never_make_a_limit_crossed(
    people: int, count: int, effect: float, limit: float
) -> None:
    count = min(count, people)
    alone, alike = (float(lower_bound(count / by, people / by, limit, 0.01)) for by in (1, effect))
    assert alone > limit or alike <= limit


@given(st.integers(1, 2_000), st.integers(0, 40), st.integers(0, 40))
def test_harm_that_is_still_to_be_reported_only_lowers_the_bound(people: int, known: int, late: int) -> None:
    known, late = min(known, people), min(known + late, people)
    low, later = (float(lower_bound(count, people, 0.02, 0.05)) for count in (known, late))
    assert low <= later
    assert float(lower_bound(known, people + 1, 0.02, 0.05)) <= low
