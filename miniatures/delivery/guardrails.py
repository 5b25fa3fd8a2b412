"""Stops an arm by itself: a sender looks at the guardrails before anything leaves, as often as something came in.

That it looks so often makes no arm stop by chance. The bound that is held against a limit holds at every moment of a
test (see `measure.live.guardrails`): harm that is still to be reported can only make it lower than it will be.

Harm is counted here among the few of whom some may have come, by the words that the report counts by; of all others
the database says how many there are. Only if a limit is crossed by that is the whole report made, and what it says is
done and kept as `ab decide` does.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

from miniatures.agents.enrolment import require_as_settled
from miniatures.datamodel.ab_decision import AbDecision
from miniatures.datamodel.arms import AbRule
from miniatures.datamodel.verdict import Guardrail
from miniatures.delivery.ab_decide import stop_arm
from miniatures.delivery.ab_plan import Change, stops
from miniatures.delivery.ab_report import ab_report
from miniatures.delivery.inbound.hearing import Listen
from miniatures.delivery.outcomes import first_email, tried_at
from miniatures.delivery.reactions import Reactions, reactions
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.measure.live.counts import ArmCounts
from miniatures.measure.live.guardrails import guardrail_hits
from miniatures.measure.non_inferiority import design_effect_of_counts
from miniatures.store.mail.harm import Harm
from miniatures.store.store import Store

BY = "guardrail"
"""Who decided, where nobody was asked."""
_EVERY = timedelta(minutes=1)

OnStopped = Callable[[AbDecision], None]
"""Is told of each arm that was stopped."""


def ignore_stopped(_decision: AbDecision) -> None:
    """The listener of a process that nobody watches."""


class Guard:
    """Stops the arms of a campaign that have to stop; of one without a `test`, none has to.

    Raises:
        InputError: the campaign's file has another test than was settled, so nobody knows by which rule to stop.
    """

    def __init__(self, loaded: LoadedCampaign, store: Store, on_stopped: OnStopped = ignore_stopped) -> None:
        self._loaded, self._store, self._on_stopped = loaded, store, on_stopped
        self._rule = loaded.campaign.test
        self._seen: tuple[object, ...] = ()
        require_as_settled(store.mail.enrolments.test(loaded.name), loaded.campaign)

    @asynccontextmanager
    async def on_duty(self, listen: Listen | None, stop: asyncio.Event) -> AsyncIterator[None]:
        """Look every minute while emails leave, at what came back first. If that fails, `stop` is set, so that nothing
        more leaves unguarded, and the error is raised at the end of the block."""
        duty = asyncio.create_task(self._look_again_and_again(listen, stop))
        try:
            yield
        finally:
            duty.cancel()
            with suppress(asyncio.CancelledError):
                await duty

    async def _look_again_and_again(self, listen: Listen | None, stop: asyncio.Event) -> None:
        try:
            while self._rule is not None:
                await asyncio.sleep(_EVERY.total_seconds())
                if listen is not None:
                    await listen()
                await self.look()
        except Exception:
            stop.set()
            raise

    async def look(self) -> None:
        """Judge what came in since the last look, if something did."""
        if self._rule is None:
            return
        news = await asyncio.to_thread(self._store.mail.harm.news, self._loaded.name)
        if news == self._seen:
            return
        await _to_its_end(self._stop(await asyncio.to_thread(self._stops, self._rule)))
        self._seen = news

    async def _stop(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self._on_stopped(await stop_arm(change, self._loaded.name, self._store, BY))

    def _stops(self, rule: AbRule) -> list[Change]:
        stopped = self._store.mail.decisions.stopped(self._loaded.name)
        if not _is_crossed(self._store.mail.harm, self._loaded.name, rule, stopped):
            return []
        return stops(ab_report(self._loaded, self._store, self._store.now()))


async def _to_its_end(work: Coroutine[None, None, None]) -> None:
    """Do something whole, even if whoever waits for it is cancelled: an arm is not to be stopped by half."""
    doing = asyncio.create_task(work)
    try:
        await asyncio.shield(doing)
    except asyncio.CancelledError:
        await doing
        raise


def _is_crossed(harm: Harm, campaign: str, rule: AbRule, stopped: Collection[str]) -> bool:
    """Whether an arm that goes on has crossed a limit.

    Companies are looked up only if one has that is counted as if everybody answered alone: that colleagues answer alike
    takes evidence away and adds none (by Jensen's inequality, for it is taken to a power below 1 before it is mixed).
    """
    arms = [arm for arm in harmed(harm, campaign) if arm.name not in stopped]
    taken = harm.taken(campaign)
    if not _hits((arm.as_if_alone(taken) for arm in arms), rule):
        return False
    by_company = harm.taken_by_company(campaign)
    return _hits((arm.counts(by_company) for arm in arms), rule)


def _hits(arms: Iterable[ArmCounts], rule: AbRule) -> bool:
    return bool(guardrail_hits(arms, rule.guardrails, rule.alpha))


def harmed(harm: Harm, campaign: str) -> list[Harmed]:
    """The arms that did harm."""
    arms: dict[str, Harmed] = {}
    for one in harm.concerned(campaign):
        first = first_email(one.emails)
        if first is not None and tried_at(first) is not None:
            did = reactions(one.emails, one.inbound, one.opt_outs)
            arms.setdefault(one.arm, Harmed(one.arm)).note(one.company, did, at_once=first.refusal is not None)
    return list(arms.values())


@dataclass(frozen=True)
class Harmed:
    """An arm's people to whom an email did harm, each by their company."""

    name: str
    at_once: Counter[str] = field(default_factory=Counter)
    """Whose address was refused, so that no server took an email to it."""
    undelivered: Counter[str] = field(default_factory=Counter)
    did: defaultdict[Guardrail, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def note(self, company: str, did: Reactions, *, at_once: bool) -> None:
        self.at_once[company] += at_once
        self.undelivered[company] += did.bounced_at is not None or did.turned_away_at is not None
        self.did[Guardrail.BOUNCED][company] += did.bounced_at is not None
        self.did[Guardrail.UNSUBSCRIBED][company] += did.unsubscribed_at is not None
        self.did[Guardrail.COMPLAINED][company] += did.complained_at is not None

    def as_if_alone(self, taken: Mapping[str, int]) -> ArmCounts:
        """The counts as if nobody had colleagues, from how many people's email a server took."""
        return self._counts(taken.get(self.name, 0) + self.at_once.total(), dict.fromkeys(Guardrail, 1.0))

    def counts(self, taken: Mapping[str, Mapping[str, int]]) -> ArmCounts:
        """What guardrails are held against, as the report counts it, and nothing else; from how many people's email a
        server took in each company."""
        sent = Counter(taken.get(self.name, {})) + self.at_once
        delivered = sent - self.undelivered
        among = {rail: sent if rail is Guardrail.BOUNCED else delivered for rail in Guardrail}
        effects = {rail: design_effect_of_counts(+self.did[rail], of) for rail, of in among.items() if of}
        return self._counts(sent.total(), effects)

    def _counts(self, sent: int, effects: Mapping[Guardrail, float]) -> ArmCounts:
        return ArmCounts(
            arm=self.name,
            enrolled=sent,
            sent=sent,
            delivered=sent - self.undelivered.total(),
            bounced=self.did[Guardrail.BOUNCED].total(),
            unsubscribed=self.did[Guardrail.UNSUBSCRIBED].total(),
            complained=self.did[Guardrail.COMPLAINED].total(),
            design_effects=dict(effects),
        )
