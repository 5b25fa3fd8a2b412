"""Guards a backend with hard budgets: its own, the campaign's, and that of the prospect at hand.

Prompt tokens are estimated from above (no provider tells before the call), and where a limit is set a call that names
no `max_tokens` gets one, so that the most it can cost is known. What is spent is what the backend reports afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from langchain_core.messages import BaseMessage
from pydantic import Field

from miniatures.backends.base import Backend
from miniatures.backends.errors import BackendError, MalformedAnswer, TimedOut
from miniatures.backends.grounded_text import without_grounding
from miniatures.backends.wrappers.call import Call
from miniatures.backends.wrappers.parts import Heard
from miniatures.backends.wrappers.spending import Amount, Spending, areserve, prospect_spending
from miniatures.backends.wrappers.wrapper import WrappedBackend
from miniatures.datamodel.backend import Bill, Usage
from miniatures.datamodel.json_types import JsonSchema

__all__ = ["BudgetedBackend", "Spending", "estimate_tokens", "prospect_spending"]

DEFAULT_ANSWER_TOKENS = 2048
_MESSAGE_OVERHEAD = 8  # role markers and turn ends of the common chat templates
_CHARACTERS_PER_TOKEN = 3  # English averages four


class BudgetedBackend(WrappedBackend):
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

    async def around(self, call: Call) -> None:
        guards = self._guards()
        call, most = self._bounded(call, guards)
        reservation = await areserve(guards, most)
        heard = Heard()
        try:
            await call.heard_by(heard.note).ask(self.inner)
        except BaseException as error:
            refused = isinstance(error, BackendError) and not isinstance(error, TimedOut | MalformedAnswer)
            if refused and not heard.begun:
                reservation.settle(Amount(), Bill())
            else:
                reservation.settle(most, Bill(usage=heard.usage, cost_usd=None))
            raise
        bill = heard.bill(self.price)
        unreported = bill.usage.total_tokens == 0
        reservation.settle(most if unreported else Amount(bill.usage.total_tokens, bill.cost_usd or 0.0), bill)

    def _guards(self) -> tuple[Spending, ...]:
        prospect = prospect_spending.get()
        if prospect is None:
            return self.spendings
        prospect.check_price(str(self.identity), known=self.price is not None)
        return (*self.spendings, prospect)

    def _bounded(self, call: Call, guards: Sequence[Spending]) -> tuple[Call, Amount]:
        """The call with an end to its answer, and the most that it can cost; as it is where nothing limits it."""
        if not any(guard.limited for guard in guards):
            return call, Amount()
        options = {"max_tokens": self.answer_tokens, **call.options}
        prompt_tokens = estimate_tokens(call.messages, options.get("response_schema"))
        usage = Usage(input_tokens=prompt_tokens, output_tokens=options["max_tokens"])
        most = Amount(usage.total_tokens, self.price.cost(usage) if self.price else 0.0)
        return replace(call, options=options), most


def estimate_tokens(messages: list[BaseMessage], response_schema: JsonSchema | None = None) -> int:
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
