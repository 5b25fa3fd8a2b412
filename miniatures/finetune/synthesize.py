"""Asks a teacher for training data, checks what it answers, and leaves what passes where reviewers find it.

Each question becomes a trace of a real campaign, one campaign a brief, so that review and dataset need to know nothing
of where it came from. A question whose answer is in the ledger is never asked again: a run that was stopped, or ended
at its budget, goes on where it was.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from miniatures.agents.answers import Selection
from miniatures.agents.researcher import selection_schema
from miniatures.agents.run_events import OnEvent, RunEvent, RunOutcome, ignore_event
from miniatures.backends.ask import Answer, ask, identity_of, profile_of, to_langchain
from miniatures.backends.base import Backend
from miniatures.backends.errors import BackendError
from miniatures.backends.wrappers.budgeted import estimate_tokens
from miniatures.checks import CheckCase, run_checks
from miniatures.datamodel.backend import Profile, Usage, add_costs
from miniatures.datamodel.dossier import Dossier, DossierStatus
from miniatures.datamodel.draft import Draft, DraftStatus, EmailText
from miniatures.datamodel.errors import BudgetReached, MiniaturesError, StoreError
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.prompt import RenderedPrompt
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.trace import new_id
from miniatures.finetune.dataset.trace_examples import SYNTHESIZE
from miniatures.finetune.example_checks import RESEARCHER, WRITER, faults
from miniatures.finetune.gold_day import WRITTEN_AT
from miniatures.finetune.situations import Situation
from miniatures.prompts.library import PromptLibrary
from miniatures.store.ledger import StageKey
from miniatures.store.store import Store
from miniatures.store.tracing import Scope, enter_scope

_FAILURES_IN_A_ROW = 5
_TOKENS_PER_WORD = 1.5
_TOKENS_AROUND = 40
_CHOICE_TOKENS = 20


class SynthesisEstimate(BaseModel):
    """What is still to be asked, with tokens estimated from above and the cost in USD; null without a known price."""

    situations: int
    answered_before: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None


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
    usage: Usage = field(default_factory=Usage)
    cost_usd: float | None = 0.0
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def done(self) -> int:
        return self.reused + self.passed + self.refused + self.unanswered


def campaign_of(name: str, situation: Situation) -> str:
    """The campaign that a situation belongs to: one for each brief."""
    return f"{name}-{situation.brief_slug}"


class Synthesis:
    """One order of training data from one teacher. `teacher` is dressed: it records, retries and keeps its budget."""

    def __init__(
        self,
        name: str,
        teacher: Backend,
        store: Store,
        situations: Sequence[Situation],
        *,
        concurrency: int = 8,
    ) -> None:
        self._name = name
        self._teacher = teacher
        self._store = store
        self._situations = situations
        self._concurrency = concurrency
        self._on_event: OnEvent = ignore_event
        self._stop = asyncio.Event()
        self._prompts = PromptLibrary()
        self._run_ids = {campaign_of(name, situation): new_id() for situation in situations}
        self._failures = 0
        self._started = time.perf_counter()
        self.summary = SynthesisSummary()

    async def estimate(self) -> SynthesisEstimate:
        """What answering everything that is not answered yet would take."""
        left = [one for one in self._situations if await self._recall(one) is None]
        asked = sum(estimate_tokens(to_langchain(self._prompt(one).messages), _schema(one)) for one in left)
        usage = Usage(input_tokens=asked, output_tokens=sum(map(_answer_tokens, left)))
        return SynthesisEstimate(
            situations=len(self._situations),
            answered_before=len(self._situations) - len(left),
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost_usd=None if self._teacher.price is None else self._teacher.price.cost(usage),
        )

    async def run(self, on_event: OnEvent = ignore_event, stop: asyncio.Event | None = None) -> SynthesisSummary:
        """Ask everything, until `stop`, the budget, or five failures in a row; each settled question is told.

        Raises:
            StoreError: an answer could not be kept.
        """
        self._on_event, self._stop = on_event, stop or asyncio.Event()
        for campaign, run_id in self._run_ids.items():
            await self._store.start_run(run_id, campaign, self._policy)
        waiting = iter(self._situations)
        try:
            async with asyncio.TaskGroup() as workers:
                for _ in range(self._concurrency):
                    workers.create_task(self._work(waiting))
        except* StoreError as group:
            raise group.exceptions[0] from None
        if self._stop.is_set() and self.summary.outcome is RunOutcome.COMPLETED:
            self.summary.outcome = RunOutcome.INTERRUPTED
        for run_id in self._run_ids.values():
            await self._store.finish_run(run_id, self.summary.outcome.value)
        return self.summary

    @property
    def _policy(self) -> str:
        versions = {role: self._prompts.version(role, Profile.FULL) for role in (WRITER, RESEARCHER)}
        return content_hash({"teacher": identity_of(self._teacher), "prompts": versions})[:16]

    async def _work(self, waiting: Iterator[Situation]) -> None:
        for situation in waiting:
            if self._stop.is_set() or self.summary.outcome is not RunOutcome.COMPLETED:
                return
            known = await self._recall(situation)
            if known is None:
                await self._settle(situation)
            else:
                self.summary.reused += 1
                self._tell(situation, DraftStatus(known["status"]))

    async def _settle(self, situation: Situation) -> None:
        campaign = campaign_of(self._name, situation)
        scope = Scope(self._store.recorder, self._run_ids[campaign], campaign, situation.prospect.key)
        try:
            with enter_scope(scope):
                answer = await self._ask(situation)
        except BudgetReached as error:
            self._end(RunOutcome.BUDGET_REACHED, error)
            return
        except BackendError as error:
            self._failures += 1
            self.summary.unanswered += 1
            self._tell(situation, DraftStatus.FAILED)
            if self._failures >= _FAILURES_IN_A_ROW:
                self._end(RunOutcome.BACKEND_UNAVAILABLE, error)
            return
        self._failures = 0
        await self._keep(situation, answer)

    async def _ask(self, situation: Situation) -> Answer[Any]:
        kind: type[BaseModel] = Selection if situation.role == RESEARCHER else EmailText
        options: dict[str, Any] = {"response_schema": _schema(situation), **self._ceiling(situation)}
        prompt = self._prompt(situation)
        return await ask(self._teacher, prompt, kind, role=situation.role, node=SYNTHESIZE, **options)

    def _ceiling(self, situation: Situation) -> dict[str, int]:
        """Small models may never end an answer; a large teacher may think before it writes."""
        small = profile_of(self._teacher) is Profile.COMPACT
        return {"max_tokens": 2 * _answer_tokens(situation)} if small else {}

    async def _keep(self, situation: Situation, answer: Answer[Any]) -> None:
        """Save the result, then remember that the question was answered."""
        self.summary.usage += answer.usage
        self.summary.cost_usd = add_costs(self.summary.cost_usd, answer.cost_usd)
        result = _result(situation, answer, campaign_of(self._name, situation), self._policy)
        await self._store.save_result(result)
        await self._store.ledger(result.campaign).finish(self._key(situation), {"status": result.status.value})
        if result.status is DraftStatus.READY:
            self.summary.passed += 1
        else:
            self.summary.refused += 1
            self.summary.faults.update(_fault_names(result))
        self._tell(situation, result.status)

    def _end(self, outcome: RunOutcome, error: MiniaturesError) -> None:
        summary = self.summary
        summary.outcome, summary.message, summary.hint = outcome, error.message, error.hint

    def _prompt(self, situation: Situation) -> RenderedPrompt:
        return self._prompts.render(situation.role, Profile.FULL, situation.variables)

    def _key(self, situation: Situation) -> StageKey:
        return StageKey.of(
            SYNTHESIZE,
            situation.prospect.key,
            variables=situation.variables,
            prompt=self._prompts.version(situation.role, Profile.FULL),
            backend=identity_of(self._teacher),
        )

    async def _recall(self, situation: Situation) -> dict[str, str] | None:
        return await self._store.ledger(campaign_of(self._name, situation)).recall(self._key(situation))

    def _tell(self, situation: Situation, status: DraftStatus) -> None:
        summary = self.summary
        self._on_event(
            RunEvent(
                done=summary.done,
                total=len(self._situations),
                failed=summary.refused + summary.unanswered,
                reused=summary.reused,
                status=status,
                prospect=situation.prospect,
                tokens=summary.usage.total_tokens,
                cost_usd=summary.cost_usd,
                seconds=time.perf_counter() - self._started,
            )
        )


def _schema(situation: Situation) -> dict[str, Any]:
    """The schema that the answer is held to, the same as in a campaign."""
    if situation.role == RESEARCHER:
        signals = tuple(signal.name for signal in situation.brief.signals)
        return selection_schema(len(situation.sentences), situation.variables["facts"], signals)
    return EmailText.model_json_schema()


def _answer_tokens(situation: Situation) -> int:
    if situation.role == RESEARCHER:
        return int(situation.variables["facts"]) * _CHOICE_TOKENS
    return round(situation.brief.length.max_words * _TOKENS_PER_WORD) + _TOKENS_AROUND


def _result(situation: Situation, answer: Answer[Any], campaign: str, policy: str) -> ProspectResult:
    """What the campaign's store keeps: a draft that passed is ready and waits for review, any other has failed."""
    draft, error = None, answer.error
    if isinstance(answer.value, EmailText):
        draft = _draft(situation, answer.value, answer)
        error = "; ".join(f"{check.name.value}: {check.reason}" for check in draft.failed_checks)
    elif answer.value is not None:
        error = "; ".join(faults(situation.role, situation.variables, answer.value.model_dump()))
    return ProspectResult(
        campaign=campaign,
        policy=policy,
        prospect=situation.prospect,
        status=DraftStatus.FAILED if error else DraftStatus.READY,
        draft=draft,
        dossier=Dossier(status=DossierStatus.FOUND, facts=situation.evidence) if situation.evidence else None,
        error=error or None,
        usage=answer.usage,
        cost_usd=answer.cost_usd,
    )


def _draft(situation: Situation, email: EmailText, answer: Answer[Any]) -> Draft:
    case = CheckCase(prospect=situation.prospect, brief=situation.brief, evidence=situation.evidence, now=WRITTEN_AT)
    report = run_checks(email, case)
    return Draft(
        subject=email.subject,
        body=email.body,
        statements=report.statements,
        evidence=situation.evidence,
        checks=report.results,
        status=DraftStatus.READY if report.passed else DraftStatus.FAILED,
        backend=str(answer.identity),
        usage=answer.usage,
        cost_usd=answer.cost_usd,
    )


def _fault_names(result: ProspectResult) -> list[str]:
    return [check.name.value for check in result.draft.failed_checks] if result.draft else ["schema"]
