"""Guards a backend with hard budgets: its own, the campaign's, and that of the prospect at hand.

Prompt tokens are estimated from above (no provider tells before the call), and where a limit is set a call that names
no `max_tokens` gets one, so that the most it can cost is known. What is spent is what the backend reports afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import Field

from miniatures.backends.base import Backend, usage_of
from miniatures.backends.errors import BackendError, MalformedAnswer, TimedOut
from miniatures.backends.grounded_text import without_grounding
from miniatures.backends.wrappers.observed import ObservedBackend, Watch
from miniatures.backends.wrappers.spending import (
    Amount,
    Reservation,
    Spending,
    areserve,
    prospect_spending,
    reserve,
)
from miniatures.backends.wrappers.wrapper import message_of
from miniatures.datamodel.backend import Bill, Usage

__all__ = ["BudgetedBackend", "Spending", "estimate_tokens", "prospect_spending"]

DEFAULT_ANSWER_TOKENS = 2048
_MESSAGE_OVERHEAD = 8  # role markers and turn ends of the common chat templates
_CHARACTERS_PER_TOKEN = 3  # English averages four


class BudgetedBackend(ObservedBackend):
    """Calls `inner` only while every spending has room for the most that the call can cost.

    Raises (from each call):
        BudgetReached: names the limit, what was spent and how to raise it.
        InputError: the prospect's budget limits USD and the price is not known.
    """

    spendings: tuple[Spending, ...] = ()
    answer_tokens: int = Field(default=DEFAULT_ANSWER_TOKENS, description="`max_tokens` of calls that name none.")

    def __init__(
        self, inner: Backend, *, spendings: Sequence[Spending] = (), answer_tokens: int = DEFAULT_ANSWER_TOKENS
    ) -> None:
        super().__init__(inner, spendings=tuple(spendings), answer_tokens=answer_tokens)
        for spending in self.spendings:
            spending.check_price(str(self.identity), known=self.price is not None)

    def _watch(self, messages: list[BaseMessage], options: dict[str, Any]) -> Watch | None:
        guards = self._guards()
        return _BudgetWatch(self, reserve(guards, self._most(guards, messages, options))) if guards else None

    async def _awatch(self, messages: list[BaseMessage], options: dict[str, Any]) -> Watch | None:
        guards = self._guards()
        return _BudgetWatch(self, await areserve(guards, self._most(guards, messages, options))) if guards else None

    def _guards(self) -> tuple[Spending, ...]:
        prospect = prospect_spending.get()
        if prospect is None:
            return self.spendings
        prospect.check_price(str(self.identity), known=self.price is not None)
        return (*self.spendings, prospect)

    def _most(self, guards: Sequence[Spending], messages: list[BaseMessage], options: dict[str, Any]) -> Amount:
        if not any(guard.limited for guard in guards):
            return Amount()
        answer_tokens = options.setdefault("max_tokens", self.answer_tokens)
        prompt_tokens = estimate_tokens(messages, options.get("response_schema"))
        usage = Usage(input_tokens=prompt_tokens, output_tokens=answer_tokens)
        return Amount(usage.total_tokens, self.price.cost(usage) if self.price else 0.0)


class _BudgetWatch:
    """Settles one call's reservation, whatever becomes of the call."""

    def __init__(self, backend: Backend, reservation: Reservation) -> None:
        self._price = backend.price
        self._reservation = reservation
        self._began_to_answer = False
        self._usage = Usage()
        self._metadata: dict[str, Any] = {}

    def chunk(self, chunk: ChatGenerationChunk) -> None:
        self._began_to_answer = True
        if isinstance(chunk.message, AIMessage):
            self._note(chunk.message)

    def answered(self, result: ChatResult) -> None:
        self._note(message_of(result))
        self.streamed()

    def streamed(self) -> None:
        if self._usage.total_tokens == 0:
            self._settle_unreported()
            return
        bill = self._bill()
        self._reservation.settle(Amount(self._usage.total_tokens, bill.cost_usd or 0.0), bill)

    def failed(self, error: BaseException) -> None:
        refused = isinstance(error, BackendError) and not isinstance(error, TimedOut | MalformedAnswer)
        if refused and not self._began_to_answer:
            self._reservation.settle(Amount(), Bill())
        else:
            self._settle_unreported()

    def _settle_unreported(self) -> None:
        """A call that was cut off, or whose backend says nothing: the most it may have cost counts, none is known."""
        self._reservation.settle(self._reservation.most, Bill(usage=self._usage, cost_usd=None))

    def _bill(self) -> Bill:
        if "cost_usd" in self._metadata:
            return Bill(usage=self._usage, cost_usd=self._metadata["cost_usd"])
        return Bill.of(self._usage, self._price)

    def _note(self, message: AIMessage) -> None:
        self._metadata.update(message.response_metadata)
        if message.usage_metadata is not None:
            self._usage = self._usage + usage_of(message)


def estimate_tokens(messages: list[BaseMessage], response_schema: dict[str, Any] | None = None) -> int:
    """Prompt tokens, estimated from above: ASCII text at 3 characters a token, everything else at one a byte."""
    texts = [str(message.text) for message in messages]
    if response_schema is not None:
        texts.append(str(without_grounding(response_schema)))
    return sum(_text_tokens(text) for text in texts) + _MESSAGE_OVERHEAD * len(messages)


def _text_tokens(text: str) -> int:
    if text.isascii():
        return len(text) // _CHARACTERS_PER_TOKEN + 1
    ascii_characters = len(text.encode("ascii", "ignore"))
    other_bytes = len(text.encode("utf-8", "surrogatepass")) - ascii_characters
    return ascii_characters // _CHARACTERS_PER_TOKEN + other_bytes + 1
