"""One backend that is asked an evaluation's questions, through the real graphs and the same runner as a campaign.

Every call is traced into the evaluation's own store and every answer is remembered by its ledger: an evaluation that
was killed goes on, and another prompt or other weights are asked anew. What was answered is not paid for twice, but for
the samples of one batch that broke off.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel

from miniatures.agents.context import CampaignContext, seat_policy
from miniatures.agents.ledgered import once
from miniatures.agents.roles.role import Variables
from miniatures.agents.runner import Runner
from miniatures.backends.base import Backend
from miniatures.backends.wrappers.wrap import dress
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.campaign import BackendSettings, WritingSettings
from miniatures.datamodel.trace import Span, Trace, new_id
from miniatures.prompts.library import PromptLibrary
from miniatures.store.ledger import StageKey
from miniatures.store.store import Store
from miniatures.store.tracing import Scope, TraceSink, enter_scope


class Question(Protocol):
    """What is asked: it has a name of its own, by which its traces are found again."""

    @property
    def id(self) -> str: ...


Q = TypeVar("Q", bound=Question)
Found = TypeVar("Found")
Kept = TypeVar("Kept", bound=BaseModel)


class Asker:
    """Asks one backend, at most `concurrency` calls at a time; `on_answer` is told of each answer."""

    def __init__(
        self,
        name: str,
        backend: Backend,
        store: Store,
        *,
        concurrency: int,
        on_answer: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self.backend = dress(backend, settings=BackendSettings(use=name, max_concurrency=concurrency))
        self.prompts = PromptLibrary()
        self._store = store
        self._ledger = store.ledger(name)
        self._concurrency = concurrency
        self._sink = _Counted(store.recorder, on_answer)
        self._run_id = new_id()

    def context(self, role: str, brief: Brief, write: WritingSettings) -> CampaignContext:
        """What a graph is run with to ask this backend in one role."""
        return CampaignContext(
            models={role: self.backend}, brief=brief, write=write, prompts=self.prompts, ledger=self._ledger
        )

    async def remembered(
        self, role: str, question: Question, variables: Variables, kind: type[Kept], ask: Callable[[], Awaitable[Kept]]
    ) -> Kept:
        """What was found for a question that no graph asks; asked once."""
        seat = seat_policy(role, self.backend, self.prompts)
        key = StageKey.of("evaluate", question.id, role=role, variables=variables, seat=seat)
        return (await once(self._ledger, key, kind, ask))[0]

    async def ask_all(self, questions: Sequence[Q], ask: Callable[[Q], Awaitable[Found]]) -> list[Found]:
        """What is found for each question, many at a time.

        Raises:
            BackendError: the backend could not be asked; what was found so far is remembered.
        """
        work = _Survey(questions, ask, lambda one: Scope(self._sink, self._run_id, self.name, one.id))
        end = await Runner(work, concurrency=max(self._concurrency, 1)).run()
        if end.error is not None:
            raise end.error
        return [work.found[question.id] for question in questions]

    def traces(self, ids: Iterable[str]) -> list[Trace]:
        """The calls of these ids."""
        return list(self._store.traces_named(list(ids)).values())


class _Survey(Generic[Q, Found]):
    """Questions as a stream of work; the first that cannot be asked ends it."""

    def __init__(
        self, questions: Sequence[Q], ask: Callable[[Q], Awaitable[Found]], scope: Callable[[Q], Scope]
    ) -> None:
        self._questions, self._ask, self._scope = questions, ask, scope
        self.found: dict[str, Found] = {}

    async def claim(self) -> AsyncIterator[Q]:
        for question in self._questions:
            yield question

    def needs(self, item: Q) -> frozenset[str]:
        return frozenset()

    async def do(self, item: Q) -> Found:
        with enter_scope(self._scope(item)):
            return await self._ask(item)

    async def failed(self, item: Q, error: Exception) -> Any:
        raise error

    async def settle(self, item: Q, done: Found) -> None:
        self.found[item.id] = done


class _Counted:
    """A trace sink that tells of each answer."""

    def __init__(self, sink: TraceSink, on_answer: Callable[[], None]) -> None:
        self._sink, self._on_answer = sink, on_answer

    def record(self, entry: Trace | Span) -> None:
        self._sink.record(entry)
        if isinstance(entry, Trace):
            self._on_answer()
