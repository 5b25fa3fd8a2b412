"""Lets a shadow answer beside the backend whose answer is used, so that both can be compared on real work.

The shadow is asked by the same role from the same variables, in the way that its own capabilities ask for. To
everything outside it is not there: none of its failures is raised, what it spends counts against its own and the
campaign's budget and never against the prospect's, and its traces name the call that they stand beside. The answer is
given when both are done: a kill loses neither, and a slow shadow slows the run instead of piling up behind it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol, TypeVar

from langchain_core.language_models import BaseChatModel

from miniatures.agents.context import CampaignContext
from miniatures.backends.ask import identity_of
from miniatures.backends.wrappers.spending import prospect_spending
from miniatures.datamodel.errors import described
from miniatures.datamodel.seat import Seat
from miniatures.datamodel.trace import Span, Trace
from miniatures.store.tracing import current_scope, narrow_scope

_log = logging.getLogger(__name__)


class Traced(Protocol):
    """An answer that knows the call which gave it."""

    @property
    def trace(self) -> str | None: ...


T = TypeVar("T", bound=Traced)
Ask = Callable[[BaseChatModel, Seat], Awaitable[T]]


async def ask_seat(context: CampaignContext, role: str, ask: Ask[T], seat: Seat = Seat.FIRST) -> T:
    """What the model in the seat answers; where the first seat has a shadow, that is asked at the same time.

    Raises: what asking the seat's own model raises; its shadow is given up then.
    """
    model, shadow = context.model(role, seat), context.seat(role, Seat.SHADOW)
    if shadow is None or seat is not Seat.FIRST:
        return await ask(model, seat)
    held = _HeldTraces()
    beside = asyncio.create_task(_beside(shadow, ask, held))
    used = None
    try:
        answer = await ask(model, seat)
        used = answer.trace
        await beside
        return answer
    finally:
        if beside.cancel():
            with suppress(asyncio.CancelledError):
                await beside
        held.release(used)


async def _beside(shadow: BaseChatModel, ask: Ask[T], held: _HeldTraces) -> None:
    """The context is the shadow's own: no reset is owed."""
    prospect_spending.set(None)
    try:
        with narrow_scope(sink=held):
            await ask(shadow, Seat.SHADOW)
    except Exception as error:
        _log.warning("the shadow %s gave no answer: %s", identity_of(shadow), described(error))


class _HeldTraces:
    """Keeps the shadow's traces until it is known beside which call they stand."""

    def __init__(self) -> None:
        scope = current_scope()
        self._sink = scope.sink if scope else None
        self._held: list[Trace | Span] = []

    def record(self, entry: Trace | Span) -> None:
        self._held.append(entry)

    def release(self, used: str | None) -> None:
        """Pass them on, each with the used call's id."""
        for entry in self._held:
            if self._sink is not None:
                linked = entry.model_copy(update={"shadow_of": used}) if isinstance(entry, Trace) else entry
                self._sink.record(linked)
