"""Asks a teacher for training data, checks what it answers, and leaves what passes where reviewers find it.

Each answer is a trace of the campaign of its brief, so that review and dataset need to know nothing of where it came
from; there are no prospects behind it and no results. A question whose answer is in the ledger is never asked again: a
run that was stopped, or ended at its budget, goes on where it was.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, Field

from miniatures.agents.context import CampaignContext, seat_policy
from miniatures.agents.roles.researcher import ListVariables
from miniatures.agents.roles.role import role_named
from miniatures.agents.roles.writer import WriterVariables
from miniatures.agents.run_events import Progress, ignore_event
from miniatures.agents.runner import Runner, RunOutcome
from miniatures.backends.ask import Answer, to_langchain
from miniatures.backends.base import Backend
from miniatures.backends.wrappers.budgeted import estimate_tokens
from miniatures.checks import run_checks
from miniatures.datamodel.backend import Bill, Usage
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.draft import Draft, DraftStatus, EmailText
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.policy import Policy
from miniatures.datamodel.trace import new_id
from miniatures.finetune.dataset.trace_examples import SYNTHESIZE
from miniatures.finetune.situations import Situation
from miniatures.prompts.library import PromptLibrary
from miniatures.store.ledger import StageKey
from miniatures.store.sql_ledger import SqlLedger
from miniatures.store.store import Store
from miniatures.store.tracing import Scope, enter_scope

_TOKENS_PER_WORD = 1.5
_TOKENS_AROUND = 40
_CHOICE_TOKENS = 20


class SynthesisEstimate(BaseModel):
    """What is still to be asked, with tokens estimated from above and the cost in USD; null without a known price."""

    situations: int
    answered_before: int
    bill: Bill


@dataclass
class SynthesisSummary:
    """What came of it. `passed` waits for a reviewer; `message` says why the run ended early."""

    outcome: RunOutcome = RunOutcome.COMPLETED
    message: str = ""
    hint: str = ""
    reused: int = 0
    passed: int = 0
    refused: int = 0
    unanswered: int = 0
    bill: Bill = field(default_factory=Bill)
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def done(self) -> int:
        return self.reused + self.passed + self.refused + self.unanswered


class Synthesized(Frozen):
    """One answer as the ledger remembers it: the call, and why it is not one to learn from."""

    trace: str | None
    faults: tuple[str, ...] = ()
    draft: Draft | None = Field(default=None, description="One that passed; it waits for review, not in the ledger.")
    bill: Bill = Bill()


def campaign_of(name: str, situation: Situation) -> str:
    """The campaign that a situation belongs to: one for each brief."""
    return f"{name}-{situation.brief_slug}"


class Synthesis:
    """One order of training data from one teacher. `teacher` is dressed: it records, retries and keeps its budget."""

    def __init__(
        self, name: str, teacher: Backend, store: Store, situations: Sequence[Situation], *, concurrency: int = 8
    ) -> None:
        self._name = name
        self._teacher = teacher
        self._store = store
        self._situations = situations
        self._concurrency = concurrency
        self._on_event: Callable[[Progress], None] = ignore_event
        self._prompts = PromptLibrary()
        briefs = {campaign_of(name, situation): situation.brief for situation in situations}
        self._policies = {campaign: self._policy(brief) for campaign, brief in briefs.items()}
        self._run_ids = {campaign: new_id() for campaign in briefs}
        self._started = time.perf_counter()
        self.summary = SynthesisSummary()

    async def estimate(self) -> SynthesisEstimate:
        """What answering everything that is not answered yet would take."""
        left = [one for one in self._situations if await self._recall(one) is None]
        usage = Usage(input_tokens=sum(map(self._prompt_tokens, left)), output_tokens=sum(map(_answer_tokens, left)))
        return SynthesisEstimate(
            situations=len(self._situations),
            answered_before=len(self._situations) - len(left),
            bill=Bill.of(usage, self._teacher.price),
        )

    async def run(
        self, on_event: Callable[[Progress], None] = ignore_event, stop: asyncio.Event | None = None
    ) -> SynthesisSummary:
        """Ask everything, until `stop`, the budget, or a teacher that is down; each settled question is told.

        Raises:
            StoreError: an answer could not be kept.
        """
        self._on_event = on_event
        for campaign, run_id in self._run_ids.items():
            policy = self._policies[campaign]
            await self._store.keep_policy(policy)
            await self._store.start_run(run_id, campaign, policy.hash)
        end = await Runner(self, concurrency=self._concurrency, stop=stop).run()
        self.summary.outcome = end.outcome
        if end.error is not None:
            self.summary.message, self.summary.hint = end.error.message, end.error.hint
        for run_id in self._run_ids.values():
            await self._store.finish_run(run_id, end.outcome.value)
        return self.summary

    async def claim(self) -> AsyncIterator[Situation]:
        """The questions that nobody answered yet; the others are told on the way."""
        for situation in self._situations:
            if await self._recall(situation) is None:
                yield situation
            else:
                self.summary.reused += 1
                self._tell()

    def needs(self, item: Situation) -> frozenset[str]:
        return frozenset()

    async def do(self, item: Situation) -> Synthesized:
        """Ask one question and check its answer."""
        campaign = campaign_of(self._name, item)
        policy = self._policies[campaign].hash
        scope = Scope(self._store.recorder, self._run_ids[campaign], campaign, item.id, policy=policy)
        role = role_named(item.role)
        with enter_scope(scope):
            answer = await role.ask(self._teacher, self._prompts, item.variables, node=SYNTHESIZE, **self._bounds(item))
        faults = _faults(item, answer)
        draft = None if faults else _draft(item, answer)
        return Synthesized(trace=answer.trace, faults=faults, draft=draft, bill=answer.bill)

    async def failed(self, item: Situation, error: Exception) -> None:
        """Nothing is remembered: it is asked again by the next run."""

    async def settle(self, item: Situation, done: Synthesized | None) -> None:
        """Remember the answer, and put an email that passed every check where a reviewer finds it."""
        summary = self.summary
        if done is None:
            summary.unanswered += 1
            self._tell()
            return
        if done.draft is not None:
            campaign = campaign_of(self._name, item)
            await self._store.queue_draft(done.draft, campaign, policy=self._policies[campaign].hash)
        await self._ledger(item).finish(self._key(item), done.model_dump(mode="json", exclude={"draft"}))
        summary.bill += done.bill
        if done.faults:
            summary.refused += 1
            summary.faults.update(fault.partition(":")[0] for fault in done.faults)
        else:
            summary.passed += 1
        self._tell()

    def _bounds(self, item: Situation) -> dict[str, int]:
        """Small models may never end an answer; a large teacher may think before it writes."""
        return {"max_tokens": 2 * _answer_tokens(item)} if self._teacher.capabilities.held else {}

    def _policy(self, brief: Brief) -> Policy:
        models = dict.fromkeys(sorted({one.role for one in self._situations}), self._teacher)
        return CampaignContext(models=models, brief=brief, prompts=self._prompts).policy

    def _prompt_tokens(self, item: Situation) -> int:
        role, capabilities = role_named(item.role), self._teacher.capabilities
        prompt = role.prompt(item.variables, self._prompts, capabilities)
        schema = role.schema(item.variables, capabilities, self._prompts) or role.answer.model_json_schema()
        return estimate_tokens(to_langchain(prompt.messages), schema)

    def _key(self, item: Situation) -> StageKey:
        seat = seat_policy(item.role, self._teacher, self._prompts)
        return StageKey.of(SYNTHESIZE, item.id, variables=item.variables, seat=seat)

    def _ledger(self, item: Situation) -> SqlLedger:
        return self._store.ledger(campaign_of(self._name, item))

    async def _recall(self, item: Situation) -> object | None:
        return await self._ledger(item).recall(self._key(item))

    def _tell(self) -> None:
        summary = self.summary
        self._on_event(
            Progress(
                done=summary.done,
                total=len(self._situations),
                failed=summary.refused + summary.unanswered,
                reused=summary.reused,
                bill=summary.bill,
                seconds=time.perf_counter() - self._started,
            )
        )


def _faults(item: Situation, answer: Answer[BaseModel]) -> tuple[str, ...]:
    """Why the answer is not one to learn from. An email is held to its case as the situation was drawn."""
    if answer.value is None:
        return (f"schema: {answer.error}",)
    if isinstance(answer.value, EmailText):
        return run_checks(answer.value, item.case).reasons
    return role_named(item.role).faults(item.variables, answer.value)


def _draft(item: Situation, answer: Answer[BaseModel]) -> Draft | None:
    if not isinstance(answer.value, EmailText) or answer.trace is None:
        return None
    return Draft(
        id=answer.trace,
        trace=answer.trace,
        **answer.value.model_dump(),
        evidence=item.evidence,
        status=DraftStatus.READY,
        backend=str(answer.identity),
        bill=answer.bill,
    )


def _answer_tokens(item: Situation) -> int:
    match item.variables:
        case ListVariables() as asked:
            return asked.facts * _CHOICE_TOKENS
        case WriterVariables() as asked:
            return round(asked.brief.length.max_words * _TOKENS_PER_WORD) + _TOKENS_AROUND
