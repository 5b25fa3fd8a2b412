"""Asks a second backend when the first one cannot answer. Falling back because checks fail is the graph's business."""

from __future__ import annotations

from langchain_core.outputs import ChatResult

from miniatures.backends.base import Backend, bill_of
from miniatures.backends.errors import BackendError
from miniatures.backends.wrappers.call import Call
from miniatures.backends.wrappers.parts import Part, message_of
from miniatures.backends.wrappers.wrapper import WrappedBackend


class FallbackBackend(WrappedBackend):
    """`inner` is asked first, and `then` when it raises a `BackendError`.

    Identity, price and capabilities are the first one's; `answered_by` and `cost_usd` in `response_metadata` say who
    answered and at what cost. A stream falls back only before its first chunk: half an answer is never continued by
    another model. A budget that is reached is no backend error and is not spent elsewhere.
    """

    then: Backend

    def __init__(self, first: Backend, then: Backend) -> None:
        super().__init__(first, then=then)

    async def around(self, call: Call) -> None:
        first = _Signature(self.inner)
        try:
            await call.heard_by(first.sign).ask(self.inner)
        except BackendError:
            if first.signed:
                raise
            await call.heard_by(_Signature(self.then).sign).ask(self.then)


class _Signature:
    """Signs the first part of an answer; prices a whole one, and the chunk of a stream that tells the usage."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.signed = False

    def sign(self, part: Part) -> None:
        message = message_of(part)
        if not self.signed:
            message.response_metadata.setdefault("answered_by", str(self._backend.identity))
            self.signed = True
        if isinstance(part, ChatResult) or message.usage_metadata is not None:
            message.response_metadata.setdefault("cost_usd", bill_of(message, self._backend.price).cost_usd)
